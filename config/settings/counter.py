"""The clerk's program: one SQLite file, no portal, no PostgreSQL, no Redis, no Celery."""

from .base import *
from .base import DATA_DIR, env

COUNTER_DIR = Path(env("COUNTER_DIR", default=str(DATA_DIR / "counter")))
SECRET_KEY_FILE = COUNTER_DIR / "secret.key"
COUNTER_PORT = env.int("COUNTER_PORT", default=PORT_BASE + 100)
DESK_API_URL = env("DESK_API_URL", default=f"http://127.0.0.1:{PORT_BASE + 1}")

INSTALLED_APPS = [
    "config",
    "cscdesk.counter",
    "django.forms",
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "csp",
]
