"""District officials and the administration: an own pool, database sessions, second factor."""

from .accounts import *
from .accounts import INSTALLED_APPS, MIDDLEWARE, SECURE

INSTALLED_APPS = [*INSTALLED_APPS, "django.contrib.admin", "rest_framework"]
ROOT_URLCONF = "config.urls.officials"
SESSION_COOKIE_NAME = "__Secure-qabyldau_official" if SECURE else "qabyldau_official"
SESSION_COOKIE_AGE = 8 * 3600
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
CSRF_COOKIE_NAME = "__Secure-qabyldau_official_csrf" if SECURE else "qabyldau_official_csrf"
MIDDLEWARE = [*MIDDLEWARE, "schools.officials_only.OfficialsOnlyMiddleware"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "officials:start"
