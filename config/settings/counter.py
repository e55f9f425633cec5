"""The clerk's program: one SQLite file, no portal, no PostgreSQL, no Redis, no Celery."""

import os
import secrets
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from .base import *
from .base import DATA_DIR, PORT_BASE, SECURE, env


def _own_secret(path: Path) -> str:
    """The secret key of this counter, made at the first start; nobody but its user may read it."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = path.with_name(f"{path.name}.{os.getpid()}")
        if not path.exists():
            with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(secrets.token_urlsafe(48))
            # Of two processes that start at once both go on with the key of the first.
            try:
                os.link(fresh, path)
            except FileExistsError:
                pass
            finally:
                fresh.unlink()
        return path.read_text()
    except OSError as error:
        raise ImproperlyConfigured(
            f"The counter cannot use its folder {path.parent}: {error.strerror}. "
            "Free space or permissions there, or name another folder in COUNTER_DIR."
        ) from error


COUNTER_DIR = Path(env("COUNTER_DIR", default=str(DATA_DIR / "counter")))
COUNTER_PORT = env.int("COUNTER_PORT", default=PORT_BASE + 100)
DESK_API_URL = env("DESK_API_URL", default=f"http://127.0.0.1:{PORT_BASE + 1}")
# What this process writes is for its user alone: key, journal, sessions.
os.umask(0o077)
SECRET_KEY = _own_secret(COUNTER_DIR / "secret.key")

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
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.health.HealthMiddleware",
    "cscdesk.counter.middleware.NoStoreMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
]
ROOT_URLCONF = "config.urls.counter"
TEMPLATES[0]["OPTIONS"]["context_processors"] += [
    "django.contrib.auth.context_processors.auth",
    "cscdesk.counter.context.desk",
]

# A receipt is shown after the commit, and a commit is on the disk: WAL with synchronous=FULL.
# IMMEDIATE: who writes holds the file from its first read on, so two never see one head.
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": COUNTER_DIR / "journal.sqlite3",
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 5,
            "init_command": (
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                " PRAGMA foreign_keys=ON; PRAGMA recursive_triggers=ON"
            ),
        },
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "counter.Clerk"
LOGIN_URL = "counter:sign_in"
LOGIN_REDIRECT_URL = "counter:desk"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 8}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
# Cookies ignore ports: each process has names of its own.
SESSION_COOKIE_NAME = "qabyldau_counter"
CSRF_COOKIE_NAME = "qabyldau_counter_csrf"
LANGUAGE_COOKIE_NAME = "qabyldau_counter_language"
SESSION_COOKIE_AGE = 12 * 60 * 60
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE

# One program, one folder: its static files are served where they lie, nothing is collected.
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
STATIC_ROOT = None  # type: ignore[assignment]
WHITENOISE_USE_FINDERS = True
