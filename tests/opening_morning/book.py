"""
What the story itself knows: who pressed when, who was shown which receipt, what was promised.

Nothing here is read from the application's database: only what families and clerks saw.
"""

import threading
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from schools import clock
from tests.opening_morning.families import Wish
from tests.opening_morning.rule import Asked

CLOCK_DOUBT = timedelta(seconds=1)
"""Rounding of printed times; the clocks of all processes are one."""


@dataclass
class Receipt:
    """One receipt that somebody has seen."""

    number: str
    wish: Wish
    door: str
    printed_at: datetime
    """The time that stands on it."""
    pressed_at: datetime
    """When the family first handed in, by the story's own clock."""
    shown_at: datetime
    seen_times: int = 1
    state: str = "alive"
    """alive, withdrawn, void, parked or replaced: what the story did to it afterwards."""
    replaces: str = ""
    keeps_time_of: str = ""

    def asked(self) -> Asked:
        return Asked(
            number=self.number,
            child=self.wish.child.iin,
            person=self.wish.applicant.iin,
            choice=self.wish.choice,
            is_proven=self.wish.is_proven,
            handed_in_at=self.printed_at,
            keeps_time_of=self.keeps_time_of,
            district=self.wish.address.district,
            street=self.wish.address.street,
            house=self.wish.address.house,
        )


@dataclass
class Book:
    """Everything that was seen, by any of the story's threads."""

    receipts: dict[str, Receipt] = field(default_factory=dict)
    by_key: dict[str, str] = field(default_factory=dict)
    """Number by the name of the request: one request, one receipt (law 3)."""
    broken: list[str] = field(default_factory=list)
    """Promises that were not kept, in words."""
    timeline: list[tuple[float, datetime, str]] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    over: threading.Event = field(default_factory=threading.Event)
    """Set when the story ends, however it ends: whoever still tries gives up."""
    began: float = field(default_factory=time.monotonic)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def tell(self, words: str) -> None:
        """One line of the timeline, printed at once."""
        with self._lock:
            now = clock.now()
            self.timeline.append((time.monotonic() - self.began, now, words))
            print(
                f"{self.timeline[-1][0]:6.1f} s  {now.astimezone(clock.ALMATY):%d.%m %H:%M:%S}  {words}",
                flush=True,
            )

    def count(self, what: str, by: int = 1) -> None:
        with self._lock:
            self.counts[what] = self.counts.get(what, 0) + by

    def breach(self, words: str) -> None:
        """A promise was not kept."""
        with self._lock:
            self.broken.append(words)
        self.tell(f"NOT KEPT: {words}")

    def shown(
        self, *, wish: Wish, door: str, number: str, printed_at: datetime, pressed_at: datetime
    ) -> Receipt:
        """
        Somebody sees a receipt: the first one of this request, or the same once more.

        Two receipts for one request, or a time outside of the press, are promises not kept.
        """
        now = clock.now()
        with self._lock:
            known = self.receipts.get(number)
            first = self.by_key.setdefault(wish.key, number)
            if first != number:
                self.breach(f"{wish.key} was sent once more and got {number} after {first}")
            if known is None:
                known = self.receipts[number] = Receipt(number, wish, door, printed_at, pressed_at, now)
            else:
                known.seen_times += 1
                if known.wish.child != wish.child:
                    self.breach(f"{number} was given to two families")
                if known.printed_at != printed_at:
                    self.breach(f"{number} has another time when shown again")
            if not known.pressed_at - CLOCK_DOUBT <= printed_at <= now + CLOCK_DOUBT:
                self.breach(f"{number} says {printed_at}, handed in after {known.pressed_at}, shown {now}")
            return known

    def receipt_of(self, key: str) -> Receipt | None:
        with self._lock:
            number = self.by_key.get(key)
            return self.receipts[number] if number else None
