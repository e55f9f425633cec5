"""Parents' pages behind the front; also the worker, the beat and the operators' commands."""

from .central import *  # noqa: F403
from .central import INSTALLED_APPS, MIDDLEWARE

INSTALLED_APPS = [*INSTALLED_APPS, "allauth", "allauth.account", "allauth.mfa"]
ROOT_URLCONF = "config.urls.portal"
# No session, no user row a page: who is asking is read from a signed cookie alone.
MIDDLEWARE = [
    *MIDDLEWARE[:6],
    "enrollment.passes.PassMiddleware",
    *MIDDLEWARE[6:],
]
