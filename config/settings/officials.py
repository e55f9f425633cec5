"""District officials and the administration: an own pool, database sessions, second factor."""

from .accounts import *
from .accounts import BASE_DIR, INSTALLED_APPS, MIDDLEWARE, SECURE, TEMPLATES

INSTALLED_APPS = [*INSTALLED_APPS, "allauth.mfa", "django.contrib.admin", "rest_framework"]
ROOT_URLCONF = "config.urls.officials"
# A working day after the sign-in, or when the browser is closed.
SESSION_COOKIE_NAME = "__Secure-qabyldau_official" if SECURE else "qabyldau_official"
SESSION_COOKIE_AGE = 8 * 3600
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
CSRF_COOKIE_NAME = "__Secure-qabyldau_official_csrf" if SECURE else "qabyldau_official_csrf"
MIDDLEWARE = [*MIDDLEWARE, "schools.officials_only.OfficialsOnlyMiddleware"]
# The sign-in pages of officials go before those of parents, which bear the same names.
TEMPLATES = [
    {**TEMPLATES[0], "DIRS": [BASE_DIR / "templates" / "officials_account", BASE_DIR / "templates"]},
]

LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "officials:start"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_ADAPTER = "schools.second_factor.OfficialsAdapter"
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_FORMS = {"login": "schools.second_factor.SignInForm"}
ACCOUNT_RATE_LIMITS = {"login": "30/m/ip", "login_failed": "10/m/ip,5/300s/key"}

MFA_ADAPTER = "schools.second_factor.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp"]
MFA_FORMS = {
    "authenticate": "schools.second_factor.CodeForm",
    "activate_totp": "schools.second_factor.SetUpForm",
}
MFA_TOTP_ISSUER = "Qabyldau"
MFA_TOTP_TOLERANCE = 1
# The set-up follows the password within one sign-in, and a second factor is never taken off here.
MFA_REAUTHENTICATION_REQUIRED = False
