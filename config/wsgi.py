"""The WSGI door of whichever process `DJANGO_SETTINGS_MODULE` names."""

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from config.encoding import as_utf8

# Django refuses to hand out an empty key, but only when somebody first signs in.
assert settings.SECRET_KEY
application = as_utf8(get_wsgi_application())
