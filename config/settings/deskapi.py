"""The counters' API: signed calls only, no cookie, no session, own pool and connections."""

from .central import *
from .central import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "rest_framework"]
ROOT_URLCONF = "config.urls.deskapi"
# A counter's clock and host name say nothing: what counts is the signature over the call.
ALLOWED_HOSTS = ["*"]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "config.health.HealthMiddleware",
]
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": [],
    "UNAUTHENTICATED_USER": None,
}
# No page, no cookie: neither framing nor forged forms can be. A signature over the whole call stands instead.
SILENCED_SYSTEM_CHECKS = ["security.W002", "security.W003"]
