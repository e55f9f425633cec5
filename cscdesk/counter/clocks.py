"""
What this machine's clocks say, read by doors while nobody else writes.

A delivery promises that nothing earlier is missing beyond the stated head. It can promise
this because every entry takes its time inside the same turn in which it is appended.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import NamedTuple

from schools import clock

_turn = threading.Lock()


class Reading(NamedTuple):
    """Both clocks at one instant."""

    wall: datetime
    boot: str
    """Names one start of the machine."""
    boot_ms: int
    """Since that start, suspend included."""


def reading() -> Reading:
    """What the clocks say now; for doors only."""
    return Reading(wall=clock.now(), boot=clock.boot_id(), boot_ms=clock.boot_ms())


@contextmanager
def turn() -> Iterator[Reading]:
    """
    One writer at a time, with the time at which its turn began.

    A lock of this process is enough: `hold_journal` lets only one process write.
    """
    with _turn:
        yield reading()
