"""The operators' commands (`manage.py …`): every app of the centre, no door of its own."""

from .accounts import *
from .accounts import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "allauth.mfa", "django.contrib.admin", "rest_framework"]
ROOT_URLCONF = "config.urls.portal"
