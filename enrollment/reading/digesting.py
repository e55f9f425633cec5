"""
One hash for the set of facts that a roster was made of, one for the campaign they are about.

A set has no order: each kind of facts is hashed in the order of its ids, which their senders
mint; computation times and times of arrival at the centre are left out (law 6).
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from django.db import connection

from enrollment import keys
from schools.models import Campaign
from schools.services.publishing.copying import copied_out

_BUCKET = 3
"""Applications are hashed in 4,096 parts, by the first hex digits of their ids."""

_INTAKE = (
    "JOIN schools_intake i ON i.id = {}.intake_id CROSS JOIN LATERAL"
    " (SELECT i.school_id || '/' || i.language AS choice) AS named"
)
_KINDS: Mapping[str, str] = {
    "retraction": (
        "SELECT id, kind, application_id, application_number, person_key, is_verified, desk, seq, lodged_at"
        " FROM enrollment_retraction WHERE campaign_id = %s ORDER BY id"
    ),
    "decision": (
        "SELECT id, kind, subject, decided_at FROM enrollment_decision WHERE campaign_id = %s ORDER BY id"
    ),
    "outage": (
        "SELECT id, district_id, started_at FROM enrollment_outage WHERE campaign_id = %s ORDER BY id"
    ),
    "outage_end": (
        "SELECT e.outage_id, e.ended_at FROM enrollment_outageend e"
        " JOIN enrollment_outage o ON o.id = e.outage_id WHERE o.campaign_id = %s ORDER BY e.outage_id"
    ),
    "day_seed": "SELECT date, s, v FROM enrollment_dayseed WHERE campaign_id = %s ORDER BY date",
    "check": (
        "SELECT id, application_id, subject, agrees, found, checked_at"
        " FROM enrollment_check WHERE campaign_id = %s ORDER BY id"
    ),
    "child_link": (
        "SELECT id, child_key, other_key, is_same, decided_at"
        " FROM enrollment_childlink WHERE campaign_id = %s ORDER BY id"
    ),
    "twins_wish": "SELECT id, applications FROM enrollment_twinswish WHERE campaign_id = %s ORDER BY id",
    "confirmation": (
        "SELECT c.id, r.number, c.district_id, c.facts_sha256, c.roster_sha256, c.confirmed_at"
        " FROM schools_confirmation c JOIN schools_round r ON r.id = c.round_id"
        " WHERE c.campaign_id = %s ORDER BY c.id"
    ),
    "confirmed_place": (
        "SELECT p.confirmation_id, choice, p.slot, p.child_key, p.application_id"  # noqa: S608 (our own words only)
        " FROM schools_confirmedplace p JOIN schools_confirmation c ON c.id = p.confirmation_id "
        + _INTAKE.format("p")
        + " WHERE c.campaign_id = %s ORDER BY p.confirmation_id, choice, p.slot"
    ),
    "annulment": (
        "SELECT a.id, p.confirmation_id, p.child_key, a.annulled_at FROM schools_annulment a"
        " JOIN schools_confirmedplace p ON p.id = a.place_id"
        " JOIN schools_confirmation c ON c.id = p.confirmation_id WHERE c.campaign_id = %s ORDER BY a.id"
    ),
    "slot_change": (
        "SELECT s.id, choice, s.kind, s.slot, s.in_force_date, s.child_key, s.recorded_at"  # noqa: S608 (our own words only)
        " FROM schools_slotchange s "
        + _INTAKE.format("s")
        + " WHERE i.campaign_id = %s ORDER BY s.id"
    ),
    "spoken_closing": (
        "SELECT id, door, through, last_seq, last_sha256, school_bins"
        " FROM schools_spokenclosing WHERE campaign_id = %s ORDER BY id"
    ),
    "acknowledgement": (
        "SELECT id, district_id, places, acknowledged_at"
        " FROM schools_acknowledgement WHERE campaign_id = %s ORDER BY id"
    ),
}  # fmt: skip

_SETUP = """
    SELECT string_agg(part, E'\\n' ORDER BY part) FROM (
        SELECT 'campaign' || c.opens_at || c.policy_data::text AS part
            FROM schools_campaign c WHERE c.year = %(year)s
        UNION ALL SELECT 'round' || number || ' ' || closes_at
            FROM schools_round WHERE campaign_id = %(year)s
        UNION ALL SELECT 'intake' || i.school_id || '/' || i.language || ' ' || s.district_id || ' ' || i.slots
            FROM schools_intake i JOIN schools_school s ON s.bin = i.school_id WHERE i.campaign_id = %(year)s
        UNION ALL SELECT 'territory' || md5(string_agg(t, E'\\n' ORDER BY t))
            FROM (SELECT concat_ws(' ', school_id, district_id, street_keys::text, first_house, last_house, parity) t
                  FROM schools_territory WHERE campaign_id = %(year)s) AS served
        UNION ALL SELECT 'undelivered' || s.id
            FROM schools_spokenclosing s
            LEFT JOIN schools_horizon h ON h.campaign_id = s.campaign_id AND h.door = s.door
            WHERE s.campaign_id = %(year)s AND (h.through IS NULL OR h.through < s.through)
    ) AS parts
"""


def count_facts(*, campaign: Campaign) -> int:
    """How many facts there are: they are only ever added, so the count tells whether there are new ones."""
    counts = " + ".join(
        f"(SELECT count(*) FROM ({statement}) AS some_{kind})"  # noqa: S608 (our own words only)
        for kind, statement in _KINDS.items()
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT (SELECT count(*) FROM enrollment_application WHERE campaign_id = %s) + {counts}",  # noqa: S608 (our own words only)
            [campaign.pk] * (len(_KINDS) + 1),
        )
        (count,) = cursor.fetchone()
    return int(count)


class Buckets:
    """The hash of each part of the applications, which come in the order of their ids."""

    def __init__(self) -> None:
        self._found: dict[str, bytes] = {}
        self._current, self._digest = b"", hashlib.sha256()

    def add(self, row: bytes) -> None:
        """:param row: an application as COPY writes it, its id first"""
        if not row.startswith(self._current) or not self._current:
            self.found()
            self._current, self._digest = row[:_BUCKET], hashlib.sha256()
        self._digest.update(row)

    def found(self) -> dict[str, bytes]:
        """The hashes so far, by the first hex digits of the ids."""
        if self._current:
            self._found[self._current.decode()] = self._digest.digest()
        return self._found


@dataclass(frozen=True, slots=True)
class Parts:
    """The hashes of which that of all facts is made."""

    buckets: Mapping[str, bytes]
    """Of the applications, by the first hex digits of their ids."""
    kinds: Mapping[str, tuple[int, bytes]]
    """Of every other kind how many there are, and their hash."""

    @property
    def sha256(self) -> bytes:
        """The hash of the whole set, 32 bytes; equal for equal sets, however they arrived."""
        whole = hashlib.sha256(b"application\n")
        for bucket in sorted(self.buckets):
            whole.update(bucket.encode() + self.buckets[bucket])
        for kind in _KINDS:
            whole.update(kind.encode() + b"\n" + self.kinds[kind][1])
        return whole.digest()


def read_kinds(
    *, campaign: Campaign, known: Mapping[str, tuple[int, bytes]] = MappingProxyType({})
) -> dict[str, tuple[int, bytes]]:
    """
    Count and hash of every kind of facts but the applications.

    :param known: facts are only ever added, so where the count is the same the hash is
    """
    counts = ", ".join(
        f"(SELECT count(*) FROM ({statement}) AS some_{kind})"  # noqa: S608 (our own words only)
        for kind, statement in _KINDS.items()
    )
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {counts}", [campaign.pk] * len(_KINDS))
        counted = dict(zip(_KINDS, cursor.fetchone(), strict=True))
    found = {}
    for kind, count in counted.items():
        if kind in known and known[kind][0] == count:
            found[kind] = known[kind]
            continue
        digest = hashlib.sha256()
        for row in copied_out(_KINDS[kind], values=[campaign.pk]):
            digest.update(row)
        found[kind] = count, digest.digest()
    return found


def setup_sha256(*, campaign: Campaign) -> bytes:
    """
    The hash of what a campaign fixes and of K; also of what desks read aloud but did not deliver yet.

    A roster made with another one must be computed again, without any new fact.
    """
    with connection.cursor() as cursor:
        cursor.execute(_SETUP, {"year": campaign.pk})
        (text,) = cursor.fetchone()
    return hashlib.sha256(hashlib.sha256(keys.draw_key()).digest() + (text or "").encode()).digest()
