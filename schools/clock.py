"""
The only room that reads a clock: wall time, and time since the machine started.

Doors call it and pass the time on as `at`; nothing below a door asks what time it is.
The demo and the rehearsals shift it for all processes at once with one small file
(setting `QABYLDAU_CLOCK_FILE`): JSON `{"real": s, "shown": s, "rate": r}`, seconds since
1970. Without the file the machine's own clock is shown.
"""

import json
import os
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

ALMATY = ZoneInfo("Asia/Almaty")
"""The zone of the law's days and hours: all of Kazakhstan, UTC+5 since 2024."""


@dataclass(frozen=True, slots=True)
class Shift:
    """How the shown clock follows the real one; both in seconds since 1970."""

    real: float = 0.0
    shown: float = 0.0
    rate: float = 1.0

    def of(self, real: float) -> float:
        return self.shown + (real - self.real) * self.rate


def _shift() -> Shift:
    """The shift in force; one `stat` a call, so that every process follows within that call."""
    name = os.environ.get("QABYLDAU_CLOCK_FILE")
    if not name:
        return Shift()
    path = Path(name)
    try:
        stat = path.stat()
    except FileNotFoundError:
        return Shift()
    return _read(path, version=(stat.st_mtime_ns, stat.st_ino))


@lru_cache(maxsize=4)
def _read(path: Path, *, version: tuple[int, int]) -> Shift:  # noqa: ARG001 - the version names the cached text
    return Shift(**json.loads(path.read_text()))


def now() -> datetime:
    """The wall clock, aware, in UTC."""
    return datetime.fromtimestamp(_shift().of(time.time()), UTC)


def today() -> date:
    """The calendar day in Kazakhstan."""
    return now().astimezone(ALMATY).date()


def boot_ms() -> int:
    """Milliseconds since the machine started, suspend included; only differences mean anything."""
    return int(time.clock_gettime(time.CLOCK_BOOTTIME) * 1000 * _shift().rate)


def boot_id() -> str:
    """Names one start of the machine: elapsed time is comparable only within it."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except FileNotFoundError:
        return f"{time.time() - time.monotonic():.0f}"


def write_shift(path: Path, *, shown: datetime, rate: float = 1.0) -> None:
    """Make every process that reads `path` show `shown` from now on, running `rate` times as fast."""
    text = json.dumps({"real": time.time(), "shown": shown.timestamp(), "rate": rate})
    fresh = path.with_suffix(".new")
    fresh.write_text(text)
    fresh.replace(path)
