"""Sign-in for parents: a pool of its own, so that a slow provider cannot freeze the pages."""

from .accounts import *
from .accounts import MIDDLEWARE, SECURE

ROOT_URLCONF = "config.urls.signin"
SESSION_COOKIE_NAME = "__Secure-qabyldau_signin" if SECURE else "qabyldau_signin"
SESSION_COOKIE_AGE = 3600
MIDDLEWARE = [*MIDDLEWARE, "enrollment.passes.PassMiddleware"]

ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 600
ACCOUNT_LOGIN_BY_CODE_MAX_ATTEMPTS = 5
ACCOUNT_ADAPTER = "enrollment.adapter.ParentAdapter"
ACCOUNT_FORMS = {"request_login_code": "enrollment.signin_forms.RequestCodeForm"}
LOGIN_URL = "account_request_login_code"
LOGIN_REDIRECT_URL = "/"
