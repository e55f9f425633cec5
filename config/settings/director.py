"""The demo director: only in a demonstration, only on this machine; no database, no key of the centre."""

import secrets

from django.core.exceptions import ImproperlyConfigured

from .base import *
from .base import CONTENT_SECURITY_POLICY, DATA_DIR, DEMO, STORAGES, TEMPLATES

if not DEMO:
    raise ImproperlyConfigured("The director plays people and kills processes: only where DEMO=1 is set.")

# Nothing outlives this process; it could not sign in the name of another one.
SECRET_KEY = secrets.token_urlsafe(48)
ALLOWED_HOSTS = ["localhost", "127.0.0.1"]
INSTALLED_APPS = ["config", "config.demo", "django.forms", "django.contrib.staticfiles", "csp"]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
]
ROOT_URLCONF = "config.urls.director"
TEMPLATES = [
    {
        **TEMPLATES[0],
        "OPTIONS": {
            "context_processors": ["django.template.context_processors.request", "config.context.demo"]
        },
    }
]
# A press on a person ends at another port of this machine, and browsers hold redirects of forms to this list.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        **CONTENT_SECURITY_POLICY["DIRECTIVES"],
        "form-action": ["'self'", "http://localhost:*", "http://127.0.0.1:*"],
    }
}
CSRF_COOKIE_NAME = "qabyldau_director_csrf"
LANGUAGE_COOKIE_NAME = "qabyldau_director_language"
MESSAGES_DIR = DATA_DIR / "messages"
STORAGES = {
    **STORAGES,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True
DATABASES: dict[str, object] = {}
