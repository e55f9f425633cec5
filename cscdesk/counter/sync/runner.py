"""The thread that carries the journal to the centre, for ever."""

import logging
import random
import threading
from collections.abc import Callable
from typing import Final

from django.db import Error as DatabaseError
from django.db import close_old_connections, connection

from cscdesk.counter import deliveries, selectors
from cscdesk.counter.clocks import turn
from cscdesk.counter.sync import exchanging
from cscdesk.entry import ENTRIES_MAX
from schools.rules import Refusal

log = logging.getLogger(__name__)

HEARTBEAT_S: Final = 25.0
"""Between two calls while there is nothing to hand in: twice in each minute."""
AWAITING_S: Final = 4.0
"""While the centre still works on entries of this desk."""
BACKOFF_LEAST_S: Final = 2.0
BACKOFF_MOST_S: Final = 55.0
"""With the time a call may take, still one call in each minute."""
CATALOGUE_EVERY: Final = 20
"""Exchanges between two looks at the catalogue: each is one small call that mostly says 'the same'."""


def backoff(*, failures: int, jitter: Callable[[], float] = random.random) -> float:
    """
    Seconds to wait after so many failures in a row: 2, 4, 8 … at most 55, shortened by chance to no less than 2.

    By chance, so that the desks of a country do not all come back in one second.
    """
    longest = min(BACKOFF_MOST_S, BACKOFF_LEAST_S * 2.0 ** min(failures - 1, 10))
    return max(BACKOFF_LEAST_S, longest * (0.5 + jitter() / 2))


class Courier(threading.Thread):
    """Calls the centre again and again; `ring` after an append, `stop` at the end."""

    def __init__(self) -> None:
        super().__init__(name="courier", daemon=True)
        self._bell = threading.Event()
        self._stopping = threading.Event()
        self._failures = 0
        self._exchanges = 0
        self._entries_max = ENTRIES_MAX

    def ring(self) -> None:
        """There is something to hand in. Heard at once on a good line; a bad one is tried in its own time."""
        if self._failures == 0:
            self._bell.set()

    def stop(self) -> None:
        """End after the call that is under way."""
        self._stopping.set()
        self._bell.set()

    def run(self) -> None:
        while not self._stopping.is_set():
            wait = self.round()
            self._bell.wait(wait)
            self._bell.clear()
        connection.close()

    def round(self) -> float:
        """One exchange, and the seconds until the next; never raises."""
        close_old_connections()
        try:
            done = exchanging.exchange(entries_max=self._entries_max)
            self._fetch_news()
        except selectors.NotEnrolled:
            return HEARTBEAT_S
        except (Refusal, DatabaseError, OSError) as error:
            return self._after_failure(error)
        except Exception as error:
            log.exception("an exchange with the centre failed in an unforeseen way")
            return self._after_failure(error)
        self._failures = 0
        self._entries_max = min(ENTRIES_MAX, self._entries_max * 2)
        if done.is_more_unsent and done.has_moved:
            return 0.0
        if done.is_more_unsent:
            # Taken, but not covered: a gap on the way. No reason to hurry in circles.
            return BACKOFF_LEAST_S
        return AWAITING_S if deliveries.are_outcomes_awaited() else HEARTBEAT_S

    def _fetch_news(self) -> None:
        """News can wait: a fault here does not make the delivery one."""
        self._exchanges += 1
        try:
            if deliveries.are_outcomes_awaited():
                exchanging.fetch_outcomes()
            if self._exchanges % CATALOGUE_EVERY == 1:
                exchanging.fetch_catalogue()
        except Refusal as refusal:
            log.warning("no news from the centre: %s", refusal)

    def _after_failure(self, error: Exception) -> float:
        self._failures += 1
        # A slow or broken line may still carry less.
        self._entries_max = max(1, self._entries_max // 2)
        fault = (
            str(error.facts.get("what", error.code)) if isinstance(error, Refusal) else type(error).__name__
        )
        log.warning("the centre was not reached (%s in a row): %s", self._failures, fault)
        try:
            with turn():
                deliveries.note_failure(fault=fault)
        except DatabaseError:
            log.exception("the state of the line could not be noted")
        wait = backoff(failures=self._failures)
        asked = error.retry_after_s if isinstance(error, exchanging.CentreRefused) else 0
        return min(BACKOFF_MOST_S, max(wait, float(asked)))


_couriers: Final[list[Courier]] = []


def start_courier() -> Courier:
    """The one courier of this process."""
    courier = Courier()
    _couriers[:] = [courier]
    courier.start()
    return courier


def ring() -> None:
    """Tell the courier, where there is one; without it the next heartbeat finds the entry."""
    for courier in _couriers:
        courier.ring()
