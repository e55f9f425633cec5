"""Parents' pages behind the front; also the worker and the beat."""

from .central import *
from .central import MIDDLEWARE

ROOT_URLCONF = "config.urls.portal"
# No session, no user row a page: who is asking is read from a signed cookie alone.
MIDDLEWARE = [
    *MIDDLEWARE[:6],
    "enrollment.passes.PassMiddleware",
    *MIDDLEWARE[6:],
]
