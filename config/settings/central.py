"""What all processes at the centre share: PostgreSQL, Valkey, the three apps, Celery."""

from .base import *
from .base import DATA_DIR, DEMO, PORT_BASE, SECURE, env

# Without the demo there are no defaults: who knows the key signs in as anybody, who knows K foresees the draw.
SECRET_KEY = env("SECRET_KEY", default="only-for-a-first-look-" + "0" * 40 if DEMO else "")
# Signs anchors, certificates and receipts: a PEM file with an Ed25519 private key.
CENTRE_KEY_FILE = env("CENTRE_KEY_FILE", default=str(DATA_DIR / "keys" / "centre.pem"))
# K of the draw (docs/reference/rule.md): 32 bytes as hex, kept apart from the database.
DRAW_KEY = env("DRAW_KEY", default="00" * 32 if DEMO else "")
# What the chain of the draw's daily secrets is made of: 32 bytes as hex, kept like K, elsewhere than K.
DRAW_CHAIN_SECRET = env("DRAW_CHAIN_SECRET", default="11" * 32 if DEMO else "")

INSTALLED_APPS = [
    "config",
    "schools",
    "enrollment",
    "cscdesk",
    "pgtrigger",
    "django.forms",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "csp",
]
AUTH_USER_MODEL = "schools.Account"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

DATABASES = {"default": env.db("DATABASE_URL", default="postgres://qabyldau@127.0.0.1:8032/qabyldau")}
DATABASES["default"]["ATOMIC_REQUESTS"] = False
# A new connection a request costs four times the request: served processes keep a small pool.
if env.bool("DB_POOL", default=False):
    DATABASES["default"]["OPTIONS"] = {"pool": {"min_size": 2, "max_size": 4, "timeout": 5}}

REDIS_URL = env("REDIS_URL", default="redis://127.0.0.1:8033/0")
CACHES = {"default": {"BACKEND": "config.cache.FailOpenRedisCache", "LOCATION": REDIS_URL}}

CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
# A bell is not kept for later: the next one finds the same work. Late acknowledgements of what ran while
# Valkey was lost break the worker: kombu asks a closed connection for its address.
CELERY_TASK_ACKS_LATE = False
CELERY_TASK_DEFAULT_QUEUE = "intake"
CELERY_TASK_ROUTES = {
    "cscdesk.tasks.*": {"queue": "intake"},
    "enrollment.tasks.reconcile_rosters": {"queue": "roster"},
    "enrollment.tasks.compute_scenarios": {"queue": "roster"},
    "enrollment.tasks.settle_withdrawals": {"queue": "roster"},
    "enrollment.tasks.make_due_seeds": {"queue": "roster"},
    "enrollment.tasks.send_notices": {"queue": "notify"},
    "enrollment.tasks.owe_notices_of_rounds": {"queue": "notify"},
}
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_timeout": 5, "socket_connect_timeout": 5, "visibility_timeout": 60}
# Bells expire before the next one rings, so that a dead worker finds no backlog of bells.
CELERY_BEAT_SCHEDULE = {
    "take_in_entries": {"task": "cscdesk.tasks.take_in_entries", "schedule": 2, "options": {"expires": 10}},
    "reconcile_rosters": {
        "task": "enrollment.tasks.reconcile_rosters",
        "schedule": 5,
        "options": {"expires": 15},
    },
    "settle_withdrawals": {
        "task": "enrollment.tasks.settle_withdrawals",
        "schedule": 60,
        "options": {"expires": 60},
    },
    "make_due_seeds": {"task": "enrollment.tasks.make_due_seeds", "schedule": 5, "options": {"expires": 15}},
    "compute_scenarios": {
        "task": "enrollment.tasks.compute_scenarios",
        "schedule": 5,
        "options": {"expires": 15},
    },
    "send_notices": {"task": "enrollment.tasks.send_notices", "schedule": 5, "options": {"expires": 15}},
    # Looks through the lists: seldom enough to cost nothing; places are confirmed once a day.
    "owe_notices_of_rounds": {
        "task": "enrollment.tasks.owe_notices_of_rounds",
        "schedule": 60,
        "options": {"expires": 60},
    },
    "open_matters": {"task": "enrollment.tasks.open_matters", "schedule": 60, "options": {"expires": 60}},
    # Reads the names of all children: seldom enough to cost nothing, often enough for a person's day.
    "open_near_duplicates": {
        "task": "enrollment.tasks.open_near_duplicates",
        "schedule": 600,
        "options": {"expires": 600},
    },
    "forget_nonces": {"task": "cscdesk.tasks.forget_nonces", "schedule": 3600, "options": {"expires": 600}},
    "render_outage_pages": {
        "task": "enrollment.tasks.render_outage_pages",
        "schedule": 30,
        "options": {"expires": 30, "queue": "notify"},
    },
}
# What `schools` asks of the floors above it, about rounds; it imports none of them.
ROSTER_BRING_UP_TO_DATE = "enrollment.reconciliation.reconcile"
ROSTER_MUST_ACT_BY = "enrollment.selectors.terms.must_act_by"
ROSTER_STILL_TO_TAKE_IN = "cscdesk.selectors.entries_to_take_in"
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "run" / "beat")

# In the demo messages become files that the director's phone shows; nothing leaves the machine.
MESSAGES_DIR = DATA_DIR / "messages"
EMAIL_BACKEND = env(
    "EMAIL_BACKEND",
    default="django.core.mail.backends.filebased.EmailBackend"
    if DEMO
    else "django.core.mail.backends.smtp.EmailBackend",
)
EMAIL_FILE_PATH = str(MESSAGES_DIR / "mail")
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", default="Qabyldau <no-reply@qabyldau.example>")
SMS_BACKEND = env("SMS_BACKEND", default="enrollment.sms.FileSms" if DEMO else "enrollment.sms.ConsoleSms")
OUTAGE_PAGES_DIR = DATA_DIR / "front" / "outage"

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.health.HealthMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
]
FRONT_PORT = PORT_BASE
CSRF_COOKIE_NAME = "__Secure-qabyldau_csrf" if SECURE else "qabyldau_csrf"
