"""
Only what new facts touch is computed again.

Choices connect intakes to *components*; what happens in one changes nothing in another. New
facts are found by their absence among those read (law 4), their children and everything that
speaks of them by closure, the components of all schools they name or stand at. The result
equals the full computation (`tests/properties/test_campaign.py`); whatever is not sure to, is
left to that: `None`.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from enrollment.models import Reading
from enrollment.reading import Facts, Part, Parts, Setup, count_before, read_facts, read_kinds, read_setup
from enrollment.reading.applications import read_buckets
from enrollment.reading.digesting import Buckets
from enrollment.reconciliation.braking import stops
from enrollment.reconciliation.computing import compute_roster
from enrollment.reconciliation.rosters import Roster
from schools.models import (
    Campaign,
    Case,
    Confirmation,
    Intake,
    IntakeState,
    RetoldRound,
    RosterEntry,
    RosterState,
)

MANY = 5_000
"""More new facts than this touch most of the country anyway."""
TOUCHING = ("retraction", "decision", "check")
"""Kinds of facts, besides applications, that touch only the children they are about."""

# A cost: ids alone are compared, in the order of their indexes; only what is new is looked up.
_NEW = """
    SELECT fresh.kind, fresh.id FROM (
        SELECT 'application' AS kind, id FROM enrollment_application a
            WHERE NOT EXISTS (SELECT 1 FROM enrollment_readfact r WHERE r.id = a.id)
        UNION ALL SELECT 'retraction', id FROM enrollment_retraction t
            WHERE NOT EXISTS (SELECT 1 FROM enrollment_readfact r WHERE r.id = t.id)
        UNION ALL SELECT 'decision', id FROM enrollment_decision d
            WHERE NOT EXISTS (SELECT 1 FROM enrollment_readfact r WHERE r.id = d.id)
        UNION ALL SELECT 'check', id FROM enrollment_check c
            WHERE NOT EXISTS (SELECT 1 FROM enrollment_readfact r WHERE r.id = c.id)
        OFFSET 0
    ) AS fresh
    WHERE CASE fresh.kind
        WHEN 'application' THEN EXISTS (
            SELECT 1 FROM enrollment_application f WHERE f.id = fresh.id AND f.campaign_id = %(year)s)
        WHEN 'retraction' THEN EXISTS (
            SELECT 1 FROM enrollment_retraction f WHERE f.id = fresh.id AND f.campaign_id = %(year)s)
        WHEN 'decision' THEN EXISTS (
            SELECT 1 FROM enrollment_decision f WHERE f.id = fresh.id AND f.campaign_id = %(year)s)
        ELSE EXISTS (SELECT 1 FROM enrollment_check f WHERE f.id = fresh.id AND f.campaign_id = %(year)s)
    END
"""
_NOT_NOTED = """
    SELECT f.id FROM (
        SELECT id FROM enrollment_application WHERE campaign_id = %(year)s
        UNION ALL SELECT id FROM enrollment_retraction WHERE campaign_id = %(year)s
        UNION ALL SELECT id FROM enrollment_decision WHERE campaign_id = %(year)s
        UNION ALL SELECT id FROM enrollment_check WHERE campaign_id = %(year)s
    ) AS f WHERE NOT EXISTS (SELECT 1 FROM enrollment_readfact r WHERE r.id = f.id) ORDER BY f.id
"""
_CHILDREN_OF_NEW = """
    WITH new AS (SELECT unnest(%(ids)s::uuid[]) AS id),
    retracted AS (
        SELECT r.* FROM enrollment_retraction r WHERE r.id IN (SELECT id FROM new) OR r.id IN (
            SELECT d.subject FROM enrollment_decision d JOIN new ON new.id = d.id)
    ),
    named AS (
        SELECT id FROM new
        UNION SELECT application_id FROM retracted
        UNION SELECT d.subject FROM enrollment_decision d JOIN new ON new.id = d.id
        UNION SELECT c.application_id FROM enrollment_check c JOIN new ON new.id = c.id
    )
    SELECT a.child_key FROM enrollment_application a JOIN named ON named.id = a.id WHERE a.campaign_id = %(year)s
    UNION SELECT a.child_key FROM enrollment_application a JOIN retracted r
        ON r.application_id IS NULL AND r.application_number = a.number WHERE a.campaign_id = %(year)s
"""
_SPOKEN_OF_TOGETHER = """
    SELECT a.child_key, o.child_key FROM enrollment_application a
        JOIN enrollment_application o ON o.id = a.replaces
        WHERE a.campaign_id = %(year)s AND a.replaces IS NOT NULL AND o.child_key <> a.child_key
    UNION SELECT child_key, other_key FROM enrollment_childlink WHERE campaign_id = %(year)s
    UNION SELECT one.child_key, other.child_key FROM enrollment_twinswish w
        JOIN enrollment_application one ON one.id = w.applications[1]
        JOIN enrollment_application other ON other.id = ANY(w.applications)
        WHERE w.campaign_id = %(year)s
    UNION SELECT one.child_key, other.child_key FROM enrollment_twinswish w
        JOIN enrollment_application one ON one.id = ANY(w.applications)
        JOIN enrollment_application other ON other.id = ANY(w.applications)
        WHERE w.campaign_id = %(year)s
    UNION SELECT one.child_key, other.child_key FROM enrollment_retraction r
        JOIN enrollment_application one ON one.number = r.application_number
        JOIN enrollment_application other ON other.number = r.application_number
        WHERE r.campaign_id = %(year)s AND r.application_id IS NULL AND one.child_key <> other.child_key
"""
_NAMED_INTAKES = """
    SELECT DISTINCT unnest(choices) FROM enrollment_application
    WHERE campaign_id = %(year)s AND child_key = ANY(%(children)s)
"""
_LATE_CHILDREN = """
    SELECT DISTINCT child_key FROM enrollment_application
    WHERE campaign_id = %(year)s AND lodged_at >= %(closing)s AND choices::text[] && %(names)s::text[]
"""


@dataclass(frozen=True, slots=True)
class Increment:
    """A part of a roster, and all that is needed to publish it."""

    setup: Setup
    facts: Facts
    roster: Roster
    fresh: Collection[str]
    """The ids of the new facts."""


def note_read(*, campaign: Campaign, facts: Facts, fresh: Collection[str] | None = None) -> None:
    """
    Remember which facts are on the published roster; in the transaction that publishes it.

    :param fresh: the ids that were not read before, where they are known
    """
    with connection.cursor() as cursor:
        if fresh is None:
            cursor.execute(f"INSERT INTO enrollment_readfact (id) {_NOT_NOTED}", {"year": campaign.pk})
        else:
            cursor.execute("INSERT INTO enrollment_readfact (id) SELECT unnest(%s::uuid[])", [list(fresh)])
    Reading.objects.update_or_create(
        campaign=campaign,
        defaults={
            "buckets": {name: sha256.hex() for name, sha256 in facts.parts.buckets.items()},
            "kinds": {kind: [n, sha256.hex()] for kind, (n, sha256) in facts.parts.kinds.items()},
        },
    )


def increment(*, campaign: Campaign, state: RosterState) -> Increment | None:
    """
    What the new facts change on the published roster; None where everything must be computed.

    For a campaign that is as it was when the roster was made.
    """
    reading = Reading.objects.filter(campaign=campaign).first()
    if reading is None or state.closing_at is None or _is_braked(campaign):
        return None
    known = {kind: (n, bytes.fromhex(sha256)) for kind, (n, sha256) in reading.kinds.items()}
    kinds = read_kinds(campaign=campaign, known=known)
    if any(kinds[kind] != known.get(kind) for kind in kinds if kind not in TOUCHING):
        return None
    fresh = _rows(_NEW, year=campaign.pk)
    if not fresh or len(fresh) > MANY:
        return None
    together = _together(campaign)
    touched = _closure(_keys(_CHILDREN_OF_NEW, year=campaign.pk, ids=[id_ for _kind, id_ in fresh]), together)
    names = _connected(campaign, touched)
    members = set(
        RosterEntry.objects.filter(intake__in=_ids(campaign, names)).values_list("child_key", flat=True)
    )
    late = _keys(_LATE_CHILDREN, year=campaign.pk, closing=state.closing_at, names=sorted(names))
    part = Part(
        children=sorted(_closure(members | touched | late, together)),
        intakes=sorted(names),
        parts=Parts(_buckets(campaign, reading, fresh), kinds),
    )
    if _became_known_too_late(campaign):
        return None
    setup = read_setup(campaign=campaign, part=names, sha256=bytes(state.setup_sha256))
    facts = read_facts(campaign=campaign, part=part)
    roster = compute_roster(setup=setup, facts=facts)
    elsewhere = _elsewhere(campaign, facts, part)
    is_stopped = stops(policy=setup.policy, facts=facts, roster=roster, elsewhere=elsewhere)
    if is_stopped or not _is_same_round(roster, state.closing_at):
        return None
    return Increment(setup, facts, roster, [id_ for _kind, id_ in fresh])


def _is_braked(campaign: Campaign) -> bool:
    return Case.objects.filter(campaign=campaign, kind=Case.Kind.BRAKE, closed_at=None).exists()


def _became_known_too_late(campaign: Campaign) -> bool:
    """Whether a confirmed round must be told again: then whoever it touches may live anywhere."""
    told = dict(RetoldRound.objects.filter(round__campaign=campaign).values_list("round__number", "facts"))
    counted: dict[datetime, int] = {}
    rows = Confirmation.objects.filter(campaign=campaign, closing_at__isnull=False)
    for number, closing, facts in rows.values_list("round__number", "closing_at", "round_facts").distinct():
        if closing is None:
            continue
        if closing not in counted:
            counted[closing] = count_before(campaign=campaign, closing=closing)
        if counted[closing] not in (facts, told.get(number)):
            return True
    return False


def _is_same_round(roster: Roster, closing_at: datetime) -> bool:
    return roster.round is not None and roster.round.closing == closing_at


def _buckets(campaign: Campaign, reading: Reading, fresh: Iterable[tuple[str, object]]) -> dict[str, bytes]:
    changed = sorted({str(id_)[:3] for kind, id_ in fresh if kind == "application"})
    buckets = Buckets()
    for row in read_buckets(campaign=campaign, buckets=changed):
        buckets.add(row)
    return {name: bytes.fromhex(sha256) for name, sha256 in reading.buckets.items()} | buckets.found()


def _together(campaign: Campaign) -> dict[str, set[str]]:
    """Child keys that one fact speaks of together, by each of them."""
    found: dict[str, set[str]] = defaultdict(set)
    for one, other in _rows(_SPOKEN_OF_TOGETHER, year=campaign.pk):
        if one != other:
            found[one].add(other)
            found[other].add(one)
    return found


def _closure(keys: Collection[str], together: dict[str, set[str]]) -> set[str]:
    found, rest = set(keys), list(keys)
    while rest:
        fresh = together.get(rest.pop(), set()) - found
        found |= fresh
        rest += fresh
    return found


def _connected(campaign: Campaign, children: Collection[str]) -> set[str]:
    """The names of all intakes of the components that these children name, or stand at."""
    listed = RosterEntry.objects.filter(campaign=campaign, child_key__in=list(children))
    named = _keys(_NAMED_INTAKES, year=campaign.pk, children=sorted(children)) | {
        f"{bin_}/{language}"
        for bin_, language in listed.values_list("intake__school_id", "intake__language").distinct()
    }
    component = {
        f"{bin_}/{language}": component
        for bin_, language, component in IntakeState.objects.filter(intake__campaign=campaign).values_list(
            "intake__school_id", "intake__language", "component"
        )
    }
    touched = {component[name] for name in named if name in component}
    return {name for name, its in component.items() if its in touched}


def _ids(campaign: Campaign, names: Collection[str]) -> list[int]:
    rows = Intake.objects.filter(campaign=campaign).values_list("id", "school_id", "language")
    return [id_ for id_, bin_, language in rows if f"{bin_}/{language}" in names]


def _elsewhere(campaign: Campaign, facts: Facts, part: Part) -> dict[str, str]:
    """Published places of children of the brake's references that are not computed again."""
    if not facts.references:
        return {}
    own = set(part.children)
    keys = {key for reference in facts.references.values() for key in reference.places} - own
    rows = RosterEntry.objects.filter(campaign=campaign, slot__isnull=False).extra(
        where=["child_key = ANY(%s)"], params=[sorted(keys)]
    )
    return {
        key: f"{bin_}/{language}"
        for key, bin_, language in rows.values_list("child_key", "intake__school_id", "intake__language")
    }


def _rows(statement: str, **values: Any) -> list[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())


def _keys(statement: str, **values: Any) -> set[str]:
    return {row[0] for row in _rows(statement, **values)}
