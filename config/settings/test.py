"""One process that knows every central door: for tests."""

import os

os.environ.setdefault("DEMO", "1")

from .operator import *
from .operator import MIDDLEWARE

# Nothing is collected for tests, so nothing is served from the collection either.
MIDDLEWARE = [name for name in MIDDLEWARE if "whitenoise" not in name] + ["enrollment.passes.PassMiddleware"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
