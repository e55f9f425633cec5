"""Flash messages under a name of the process's own: cookies ignore ports, so another process would show them."""

from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage


class OwnMessages(CookieStorage):
    """Django's signed cookie, named beside the process's CSRF cookie."""

    cookie_name = f"{settings.CSRF_COOKIE_NAME}_messages"
