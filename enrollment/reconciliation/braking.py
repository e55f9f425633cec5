"""
The brake: a run that would move many children of a district away from what was confirmed or
acknowledged is not published before a person has looked (law 9).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from django.utils.translation import gettext as _

from enrollment.reading import Facts
from enrollment.reconciliation.rosters import Roster
from schools.models import Campaign, Case
from schools.rules import Policy


@dataclass(frozen=True, slots=True)
class Stop:
    """One district whose roster would move too many children."""

    district: str
    moved: int
    of: int
    """How many the reference holds."""
    places: Mapping[str, str]
    """The candidate: choice by child key."""
    components: frozenset[str]
    """What is not published."""


def stops(
    *,
    policy: Policy,
    facts: Facts,
    roster: Roster,
    elsewhere: Mapping[str, str] = MappingProxyType({}),
) -> list[Stop]:
    """
    The districts in which more children than the policy allows would be elsewhere, or nowhere.

    A district is compared with its last confirmation or acknowledgement, the later one, and with
    the places confirmed before that its children still hold.

    :param elsewhere: published places of children that this roster does not tell of
    """
    if not facts.references:
        return []
    places = dict(elsewhere) | roster.places()
    district_of = {one.choice: one.district for one in roster.lists}
    found = []
    for district, reference in sorted(facts.references.items()):
        before = {
            child: one.intake
            for child, one in roster.holders.items()
            if district_of.get(one.intake) == district and one.given_at <= reference.at
        } | dict(reference.places)
        moved = sum(places.get(child) != choice for child, choice in before.items())
        if moved > max(len(before) * policy.brake_percent / 100, policy.brake_children):
            found.append(
                Stop(
                    district=district,
                    moved=moved,
                    of=len(before),
                    places={
                        child: choice
                        for child, choice in places.items()
                        if district_of.get(choice) == district
                    },
                    components=frozenset(one.component for one in roster.lists if one.district == district),
                )
            )
    return found


def note_stops(*, campaign: Campaign, stopped: list[Stop], at: datetime) -> None:
    """One open case for each stopped district; those of districts that are free again are closed."""
    cases = Case.objects.filter(campaign=campaign, kind=Case.Kind.BRAKE)
    for stop in stopped:
        detail = {"places": dict(stop.places), "moved": stop.moved, "of": stop.of}
        case = cases.filter(subject=stop.district).first()
        if case is None or case.closed_at is not None:
            Case.objects.update_or_create(
                campaign=campaign,
                kind=Case.Kind.BRAKE,
                subject=stop.district,
                defaults={
                    "district_id": stop.district,
                    "detail": detail,
                    "opened_at": at,
                    "closed_at": None,
                    "resolution": "",
                },
            )
        elif case.detail != detail:
            cases.filter(pk=case.pk).update(detail=detail)
    free = cases.filter(closed_at=None).exclude(subject__in=[stop.district for stop in stopped])
    free.update(closed_at=at, resolution=_("The run is not stopped any more."))
