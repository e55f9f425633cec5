"""Rosters: published whole, written only where they changed."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from schools.models import Campaign, RosterEntry, RosterState
from schools.rules import Refusal, kazakh_sort_key

_ROSTER_LOCK = 0x51414259  # "QABY": the first key of the advisory locks of this room


class FewerFactsRead(Refusal):
    message = _("A roster that has read more facts is already published.")


@dataclass(frozen=True, slots=True)
class Line:
    """One child on one intake's list, as the floor above worked it out."""

    intake_id: int
    district: str
    choice: str
    child_key: str
    child_name: str
    application_id: UUID
    application_number: str
    door: str
    lane: str
    slot: int | None
    """None: the child waits."""
    arrived_at: datetime
    moment: datetime
    draw_number: str
    is_contested: bool

    @property
    def canonical(self) -> tuple[object, ...]:
        """What the roster says, without row ids and computation times (law 6)."""
        return (
            self.choice,
            -1 if self.slot is None else self.slot,
            self.lane,
            self.moment.astimezone(UTC).isoformat(),
            self.draw_number,
            str(self.application_id),
            self.child_key,
            self.application_number,
            self.arrived_at.astimezone(UTC).isoformat(),
            self.is_contested,
        )


def roster_sha256(lines: Sequence[Line]) -> bytes:
    """The hash of a roster's canonical form, 32 bytes; equal for equal rosters, whatever made them."""
    digest = hashlib.sha256()
    for line in sorted(lines, key=lambda line: line.canonical[:6]):
        digest.update(json.dumps(line.canonical, ensure_ascii=False, separators=(",", ":")).encode())
    return digest.digest()


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


def publish_roster(*, campaign: Campaign, lines: Sequence[Line], facts_read: int, at: datetime) -> int:
    """
    Make the published roster say exactly `lines`; rows that already do are left alone.

    :param facts_read: how many facts the computation has seen
    :returns: rows written or removed; 0 when nothing changed
    :raises FewerFactsRead: the published roster knows more; nothing is written
    """
    with transaction.atomic():
        RosterState.objects.get_or_create(campaign=campaign)
        # Compare-and-set: whoever read fewer facts finds no row to update.
        fresh = RosterState.objects.filter(campaign=campaign, facts_read__lte=facts_read).update(
            facts_read=facts_read, known_at=at, roster_sha256=roster_sha256(lines)
        )
        if not fresh:
            raise FewerFactsRead
        written = _write_changes(campaign, lines)
        if written:
            RosterState.objects.filter(campaign=campaign).update(published_at=at)
    return written


def note_nothing_new(*, campaign: Campaign, facts_read: int, at: datetime) -> None:
    """Say that at `at` the facts were read and were the ones already on the roster."""
    RosterState.objects.filter(campaign=campaign, facts_read=facts_read).update(known_at=at)


def _write_changes(campaign: Campaign, lines: Sequence[Line]) -> int:
    wanted = {(line.intake_id, line.child_key): _values(line) for line in lines}
    stored: dict[tuple[int, str], tuple[int, Mapping[str, object]]] = {}
    for row in (
        RosterEntry.objects.filter(campaign=campaign).values("id", "child_key", *_COPIED).iterator(5000)
    ):
        stored[row["intake_id"], row["child_key"]] = row.pop("id"), row
    gone = [id_ for key, (id_, row) in stored.items() if wanted.get(key) != row]
    fresh = [
        RosterEntry(campaign=campaign, **values)
        for key, values in wanted.items()
        if key not in stored or stored[key][1] != values
    ]
    # First out, then in: two children that change slots would meet in one slot otherwise.
    RosterEntry.objects.filter(id__in=gone).delete()
    RosterEntry.objects.bulk_create(fresh, batch_size=2000)
    return max(len(gone), len(fresh))


_COPIED = (
    "intake_id",
    "district_id",
    "child_name",
    "name_key",
    "application_id",
    "application_number",
    "door",
    "lane",
    "slot",
    "arrived_at",
    "moment",
    "draw_number",
    "is_contested",
    "is_held",
)


def _values(line: Line) -> dict[str, object]:
    return {
        "intake_id": line.intake_id,
        "district_id": line.district,
        "child_key": line.child_key,
        "child_name": line.child_name,
        "name_key": kazakh_sort_key(line.child_name),
        "application_id": line.application_id,
        "application_number": line.application_number,
        "door": line.door,
        "lane": line.lane,
        "slot": line.slot,
        "arrived_at": line.arrived_at,
        "moment": line.moment,
        "draw_number": line.draw_number,
        "is_contested": line.is_contested,
        # A place that rests on a contested request is shown as held until a person has asked.
        "is_held": line.is_contested and line.slot is not None,
    }
