"""The counter's settings on a folder of their own, for its tests."""

import os
import tempfile

os.environ["COUNTER_DIR"] = tempfile.mkdtemp(prefix="qabyldau-counter-")
os.environ.setdefault("DEMO", "1")

from .counter import *
from .counter import COUNTER_DIR, DATABASES

# A real file: threads, fsync and locks are what the tests are about.
DATABASES["default"]["TEST"] = {"NAME": Path(COUNTER_DIR) / "test.sqlite3"}
DATABASES["default"]["OPTIONS"]["timeout"] = 20
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
