"""One process that knows every central door: for tests."""

import os

os.environ.setdefault("DEMO", "1")

from .operator import *
from .operator import MIDDLEWARE

MIDDLEWARE = [*MIDDLEWARE, "enrollment.passes.PassMiddleware"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
