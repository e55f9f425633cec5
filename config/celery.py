"""The bell: the timetable lives in settings, the work in the tables (law 4)."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.portal")

app = Celery("qabyldau")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
