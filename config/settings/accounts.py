"""What the two processes that sign people in share: sessions in the database, allauth."""

from .central import *
from .central import INSTALLED_APPS, MIDDLEWARE, TEMPLATES

INSTALLED_APPS = [*INSTALLED_APPS, "allauth", "allauth.account"]
SESSION_ENGINE = "django.contrib.sessions.backends.db"
TEMPLATES[0]["OPTIONS"]["context_processors"].append("django.contrib.auth.context_processors.auth")
MIDDLEWARE = [
    *MIDDLEWARE[:3],
    "django.contrib.sessions.middleware.SessionMiddleware",
    *MIDDLEWARE[3:6],
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    *MIDDLEWARE[6:],
    "allauth.account.middleware.AccountMiddleware",
]
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_NOTIFICATIONS = False
ACCOUNT_PREVENT_ENUMERATION = True
# The front is the one proxy before us; its X-Forwarded-For has one address that counts.
ALLAUTH_TRUSTED_PROXY_COUNT = 1
