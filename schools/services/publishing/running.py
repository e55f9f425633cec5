"""One reconciliation of a campaign at a time."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from schools.rules import Refusal

_ROSTER_LOCK = 0x51414259  # "QABY": the first key of the advisory locks of this room


class AnotherRuns(Refusal):
    message = _("Another reconciliation of this campaign is at work.")


@contextmanager
def one_run_at_a_time(*, year: int, wait: bool) -> Iterator[None]:
    """
    Be the only reconciliation of this campaign, and read one snapshot of the facts.

    The lock is a session's, taken before the transaction: a lock inside it would be waited
    for with a snapshot already taken, and the run would read facts older than its lock. A
    killed worker's session ends, and its lock with it.

    :raises AnotherRuns: without `wait`, when another one is at work
    """
    with connection.cursor() as cursor:
        if wait:
            cursor.execute("SELECT pg_advisory_lock(%s, %s)", [_ROSTER_LOCK, year])
        else:
            cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [_ROSTER_LOCK, year])
            if cursor.fetchone() == (False,):
                raise AnotherRuns
    try:
        with transaction.atomic():
            _take_one_snapshot()
            yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [_ROSTER_LOCK, year])


def _take_one_snapshot() -> None:
    # Inside a caller's transaction the level can no longer be chosen; tests run so.
    if len(connection.savepoint_ids) == 0:
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
