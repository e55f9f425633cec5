"""Children to whom something is owed: a check, a place, an answer; and what the brake would have moved."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.utils.module_loading import import_string

from schools.clock import ALMATY
from schools.models import (
    Campaign,
    Case,
    Harmed,
    Intake,
    Lane,
    RosterEntry,
    SlotChange,
)
from schools.selectors.offers import Offer, offers_of_schools
from schools.selectors.rounds import IS_HELD
from schools.selectors.visibility import Visible


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many children stand on each of a district's lists for officials; none before the first closing."""

    held: int = 0
    must_act: int = 0
    harmed: int = 0


def waiting_counts(*, visible: Visible, campaign: Campaign, district: str) -> Waiting:
    """How long the three lists of a district are. Three queries."""
    return Waiting(
        held=held(visible=visible, campaign=campaign, district=district).count(),
        must_act=_must_act(visible, campaign, district).count(),
        harmed=harmed(visible=visible, campaign=campaign, district=district).count(),
    )


def held(*, visible: Visible, campaign: Campaign, district: str) -> QuerySet[RosterEntry]:
    """Places that are neither given away nor confirmed, because something is still open."""
    return (
        visible.entries.filter(campaign=campaign, district=district, slot__isnull=False, is_confirmed=False)
        .filter(IS_HELD)
        .select_related("intake__school")
        .order_by("intake__school__name_kk", "intake_id", "slot")
    )


@dataclass(frozen=True, slots=True)
class MustAct:
    """A child of a school's territory without a place: the district must find one."""

    entry: RosterEntry
    deadline: date | None
    """None: an outage goes on in which that round was to close."""
    is_late: bool
    nearby: list[Offer]
    """Schools of the district with the same language of instruction and free places."""
    granted: SlotChange | None


def _must_act(visible: Visible, campaign: Campaign, district: str) -> QuerySet[RosterEntry]:
    placed = RosterEntry.objects.filter(campaign=campaign, slot__isnull=False).values("child_key")
    return visible.entries.filter(
        campaign=campaign, district=district, slot__isnull=True, lane=Lane.TERRITORY
    ).exclude(child_key__in=placed)


def must_act(
    *, visible: Visible, campaign: Campaign, district: str, at: datetime, start: int, count: int
) -> list[MustAct]:
    """
    Children of territories without a place, the longest waiting first.

    The deadline is the one that the family is told: `policy.must_act_days` working days from
    when the first round that the child was in really closed. Five queries.
    """
    found = _must_act(visible, campaign, district)
    entries = list(
        found.select_related("intake__school").order_by("arrived_at", "application_id")[start : start + count]
    )
    due: Mapping[datetime, date | None] = import_string(settings.ROSTER_MUST_ACT_BY)(
        campaign=campaign, arrivals={entry.arrived_at for entry in entries}
    )
    granted = {
        (one.intake_id, one.child_key): one
        for one in SlotChange.objects.filter(
            kind=SlotChange.Kind.GRANTED, child_key__in=[entry.child_key for entry in entries]
        )
    }
    free = _free(visible, campaign, district)
    today = at.astimezone(ALMATY).date()
    rows = []
    for entry in entries:
        deadline = due[entry.arrived_at]
        rows.append(
            MustAct(
                entry=entry,
                deadline=deadline,
                is_late=deadline is not None and today > deadline,
                nearby=free.get(entry.intake.language, [])[:3],
                granted=granted.get((entry.intake_id, entry.child_key)),
            )
        )
    return rows


def _free(visible: Visible, campaign: Campaign, district: str) -> dict[str, list[Offer]]:
    schools = visible.schools.filter(district=district).values_list("bin", flat=True)
    free: dict[str, list[Offer]] = {}
    for offer in offers_of_schools(campaign=campaign, schools=schools):
        if offer.free:
            free.setdefault(offer.intake.language, []).append(offer)
    for offers in free.values():
        offers.sort(key=lambda offer: -offer.free)
    return free


def harmed(*, visible: Visible, campaign: Campaign, district: str) -> QuerySet[Harmed]:
    """Children that would have won a place, had everything that happened before a closing been known."""
    return (
        visible.harmed.filter(campaign=campaign, district=district)
        .select_related("intake__school", "round")
        .order_by("round__number", "intake__school__name_kk", "application_id")
    )


def granted_to(*, children: Collection[str], campaign: Campaign) -> dict[tuple[int, str], SlotChange]:
    """Places above capacity that these children were given, by intake and child."""
    rows = SlotChange.objects.filter(
        kind=SlotChange.Kind.GRANTED, intake__campaign=campaign, child_key__in=children
    )
    return {(row.intake_id, row.child_key): row for row in rows}


@dataclass(frozen=True, slots=True)
class ChildOwed:
    """A child to whom a person may give a place above capacity."""

    child_key: str
    child_name: str
    application_number: str
    is_harmed: bool


def child_owed(*, visible: Visible, intake: Intake, application: UUID) -> ChildOwed | None:
    """The child that this application speaks for, if it waits at the intake or was harmed there. Two queries."""
    late = visible.harmed.filter(intake=intake, application_id=application).first()
    waits = visible.entries.filter(intake=intake, application_id=application, slot__isnull=True).first()
    found = late or waits
    if found is None:
        return None
    return ChildOwed(found.child_key, found.child_name, found.application_number, is_harmed=late is not None)


@dataclass(frozen=True, slots=True)
class Moved:
    """A child that the stopped list has elsewhere or nowhere."""

    application_number: str
    child_name: str
    was: str
    """School and language of instruction, in words."""
    is_now: str
    """The same; empty where the child would have no place."""


@dataclass(frozen=True, slots=True)
class Stop:
    """Why the brake is on."""

    case: Case
    moved: list[Moved]
    placed: int
    """Children that the stopped list places in the district."""


def stop_seen(*, visible: Visible, campaign: Campaign, case: Case) -> Stop:
    """
    Whom the stopped list would move, against the list that stands now. Two queries.

    Only children of the reader's own lists are named; where they would go is named for anybody.
    """
    candidate: dict[str, str] = case.detail["places"]
    words = {
        intake.name: f"{intake.school}, {intake.get_language_display()}"
        for intake in Intake.objects.filter(campaign=campaign).select_related("school")
    }
    placed = (
        visible.entries.filter(campaign=campaign, district=case.district, slot__isnull=False)
        .select_related("intake__school")
        .order_by("intake__school__name_kk", "intake_id", "slot")
    )
    moved = [
        Moved(
            application_number=entry.application_number,
            child_name=entry.child_name,
            was=words[entry.intake.name],
            is_now=words.get(candidate.get(entry.child_key, ""), ""),
        )
        for entry in placed
        if candidate.get(entry.child_key) != entry.intake.name
    ]
    return Stop(case=case, moved=moved, placed=len(candidate))
