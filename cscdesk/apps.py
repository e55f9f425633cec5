from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CscdeskConfig(AppConfig):
    name = "cscdesk"
    verbose_name = _("Service centres")
