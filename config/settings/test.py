"""One process that knows every central door: for tests, checks and translations."""

import os

os.environ.setdefault("DEMO", "1")

from .accounts import *  # noqa: E402
from .accounts import INSTALLED_APPS, MIDDLEWARE  # noqa: E402

INSTALLED_APPS = [*INSTALLED_APPS, "django.contrib.admin", "rest_framework"]
MIDDLEWARE = [*MIDDLEWARE, "enrollment.passes.PassMiddleware"]
ROOT_URLCONF = "config.urls.portal"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
