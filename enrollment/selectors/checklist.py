"""What of applications waits for somebody to look at it, in the reader's own districts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from enrollment.models import Application, Check, Retraction
from enrollment.rules import RELATIONS, decode_request, full_name
from enrollment.services.checking.scopes import first_choice_in, linked_child_keys, on_lists
from schools.models import Campaign, District, Intake, RosterEntry
from schools.selectors.visibility import Visible

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

PAGE: Final = 100
"""Lines on one page."""
RECENT: Final = 10
"""Checks of the reader's own that are shown to be corrected."""


@dataclass(frozen=True, slots=True)
class ToCheck:
    """One application with what it states and what of it waits."""

    application: Application
    child: str
    applicant: str
    relation: "StrOrPromise"
    is_relative: bool
    address: str
    intake: Intake | None
    subjects: tuple[str, ...]
    """Of `Check.Subject`: what is still to be looked at."""


@dataclass(frozen=True, slots=True)
class Looked:
    """A check of the reader's own, with what it was about."""

    check: Check
    number: str
    child: str


def places_to_check(*, visible: Visible, campaign: Campaign) -> QuerySet[RosterEntry]:
    """
    Places that cannot be confirmed before somebody has looked, by school.

    Without what was found as stated since the list was made: the next run of it knows that too.
    """
    last = Check.objects.filter(application_id=OuterRef("application_id")).order_by("-checked_at", "-id")
    known = {
        subject: Coalesce(
            Subquery(
                last.filter(subject=subject)
                .annotate(is_known=Q(agrees=True) | Q(found__isnull=False))
                .values("is_known")[:1]
            ),
            Value(False),  # noqa: FBT003 (a value of SQL)
        )
        for subject in ("relation", "address")
    }
    return (
        on_lists(visible=visible)
        .filter(campaign=campaign)
        .annotate(is_relation_known=known["relation"], is_address_known=known["address"])
        .filter(
            Q(held_for__contains=["relation"], is_relation_known=False)
            | Q(held_for__contains=["address"], is_address_known=False)
        )
        .select_related("intake__school")
        .order_by("intake__school_id", "intake__language", "name_key", "application_id")
    )


def arrivals_to_check(*, visible: Visible, campaign: Campaign) -> QuerySet[Application]:
    """
    Applications for the reader's schools that nobody has looked at, the earliest first.

    Without those that hold a place on a list: they are `places_to_check`. What its sender
    withdrew, or a correction replaced, is left out.
    """
    looked_at = Check.objects.filter(application_id=OuterRef("id"))
    wanted = campaign.policy.hold_unchecked
    waits = [Q(pk=None)]
    if "relation" in wanted:
        waits.append(Q(~Exists(looked_at.filter(subject=Check.Subject.RELATION)), is_proven=False))
    if "address" in wanted:
        waits.append(Q(~Exists(looked_at.filter(subject=Check.Subject.ADDRESS))))
    places = RosterEntry.objects.filter(slot__isnull=False)
    placed = places.filter(child_key=OuterRef("child_key"), application_id=OuterRef("id"))
    linked = places.filter(child_key__in=linked_child_keys()).values("application_id")
    ended = Retraction.objects.filter(application_id=OuterRef("id"), is_verified=True)
    replaced = Application.objects.filter(replaces=OuterRef("id"))
    bins = list(visible.schools.values_list("bin", flat=True))
    return (
        first_choice_in(bins)
        .filter(reduce(or_, waits), ~Exists(placed), ~Exists(ended), ~Exists(replaced), campaign=campaign)
        .exclude(id__in=linked)
        .order_by("lodged_at", "id")
    )


def lines_of_places(entries: Iterable[RosterEntry]) -> list[ToCheck]:
    """What is stated for each of these places."""
    listed = list(entries)
    applications = Application.objects.in_bulk([entry.application_id for entry in listed])
    districts = _districts(applications.values())
    return [
        _line(
            applications[entry.application_id],
            districts,
            intake=entry.intake,
            subjects=tuple(
                one
                for one in ("relation", "address")
                if one in entry.held_for and not getattr(entry, f"is_{one}_known", False)
            ),
        )
        for entry in listed
        if entry.application_id in applications
    ]


def lines_of_arrivals(found: Iterable[Application], *, campaign: Campaign) -> list[ToCheck]:
    """What each of these applications states."""
    applications = list(found)
    intakes = _intakes(applications, campaign)
    districts = _districts(applications)
    looked_at = set(
        Check.objects.filter(application_id__in=[a.id for a in applications]).values_list(
            "application_id", "subject"
        )
    )
    lines = []
    for application in applications:
        open_ones = [
            subject
            for subject in ("relation", "address")
            if subject in campaign.policy.hold_unchecked
            and (application.id, subject) not in looked_at
            and not (subject == "relation" and application.is_proven)
        ]
        lines.append(
            _line(
                application, districts, intake=intakes.get(application.choices[0]), subjects=tuple(open_ones)
            )
        )
    return lines


def lines_of(applications: Iterable[Application]) -> dict[UUID, ToCheck]:
    """What these applications state, whatever waits."""
    found = list(applications)
    districts = _districts(found)
    intakes = _intakes(found, found[0].campaign) if found else {}
    return {
        a.id: _line(a, districts, intake=intakes.get(a.choices[0]), subjects=("relation", "address"))
        for a in found
    }


def own_checks(*, account_id: int, campaign: Campaign) -> list[Looked]:
    """The reader's latest checks, to be corrected where one was wrong. Two queries."""
    checks = list(
        Check.objects.filter(campaign=campaign, official_id=account_id).order_by("-checked_at", "-id")[
            :RECENT
        ]
    )
    applications = Application.objects.in_bulk([check.application_id for check in checks])
    return [
        Looked(
            check=check,
            number=applications[check.application_id].number,
            child=full_name(decode_request(applications[check.application_id].form).child),
        )
        for check in checks
        if check.application_id in applications
    ]


def _line(
    application: Application,
    districts: Mapping[str, District],
    *,
    intake: Intake | None,
    subjects: tuple[str, ...],
) -> ToCheck:
    asked = decode_request(application.form)
    address = asked.address
    parts = [str(districts.get(address.district, "")), address.street, address.house, address.flat]
    return ToCheck(
        application=application,
        child=full_name(asked.child),
        applicant=full_name(asked.applicant),
        relation=RELATIONS.get(asked.relation, asked.relation),
        is_relative=asked.relation == "relative",
        address=", ".join(part for part in parts if part),
        intake=intake,
        subjects=subjects,
    )


def _districts(applications: Iterable[Application]) -> dict[str, District]:
    named = {a.form["address"]["district"] for a in applications}
    return {district.kato: district for district in District.objects.filter(kato__in=named)}


def _intakes(applications: Iterable[Application], campaign: Campaign) -> dict[str, Intake]:
    bins = {choice.partition("/")[0] for a in applications for choice in a.choices}
    found = Intake.objects.filter(campaign=campaign, school__in=bins).select_related("school")
    return {intake.name: intake for intake in found}
