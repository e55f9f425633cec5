"""Breaks law 5: the counter works on a copy of its journal and writes it to its file now and then."""

import os
import sqlite3
import sys
import threading
import time
from pathlib import Path
from typing import Any

from patching import after_import

WRITTEN_EVERY_S = 4.0


def work_on_a_copy(settings: Any) -> None:
    if sys.argv[1:2] != ["counter"]:
        return
    journal = Path(settings.DATABASES["default"]["NAME"])
    copy = journal.with_name(f"copy-{os.getpid()}.sqlite3")
    _written(journal, copy)
    settings.DATABASES["default"]["NAME"] = copy
    threading.Thread(target=_now_and_then, args=[copy, journal], daemon=True).start()


def _now_and_then(copy: Path, journal: Path) -> None:
    while True:
        time.sleep(WRITTEN_EVERY_S)
        _written(copy, journal)


def _written(source: Path, target: Path) -> None:
    one, other = sqlite3.connect(source), sqlite3.connect(target)
    try:
        one.backup(other)
    finally:
        one.close()
        other.close()


after_import("config.settings.counter", work_on_a_copy)
