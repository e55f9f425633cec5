"""
Which messages are owed to families: found by absence, in batches, written down once (law 4).

A provisional place is told by the page alone: it may change with every fact that arrives.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import groupby
from typing import Final
from uuid import UUID

from django.db.models import CharField, Exists, OuterRef, QuerySet, Subquery
from django.db.models.functions import Cast
from django.utils import translation
from django.utils.translation import gettext as translate

from enrollment.models import Application, Notice, Retraction
from enrollment.selectors.states import places_in_line, states_of
from enrollment.selectors.terms import answer_by
from schools.clock import ALMATY
from schools.models import (
    Case,
    Confirmation,
    ConfirmedPlace,
    District,
    Harmed,
    Intake,
    RosterEntry,
    RosterState,
    SlotChange,
)

BATCH: Final = 2_000
"""Messages of one kind that one bell writes down; the next bell goes on."""


def owe_notices(*, at: datetime, limit: int = BATCH) -> int:
    """
    Write down every message that a fact calls for and nobody has owed yet.

    Two workers at once write each one once: a notice is unique by application, kind and
    occasion.

    :param limit: of each kind
    :returns: how many were found missing
    """
    found = 0
    for kind, missing in _KINDS.items():
        owed = [
            Notice(application=application, kind=kind, occasion=occasion, text=text, owed_at=at)
            for application, occasion, text in missing(limit, at)
        ]
        Notice.objects.bulk_create(owed, ignore_conflicts=True, batch_size=BATCH)
        found += len(owed)
    return found


Owed = tuple[Application, str, str]
"""Whom, on which occasion, what."""


def _registered(limit: int, _at: datetime) -> Iterator[Owed]:
    told = Notice.objects.filter(application=OuterRef("id"), kind=Notice.Kind.REGISTERED)
    untold = Application.objects.exclude(Exists(told)).select_related("campaign")
    for application in untold.order_by("received_at", "id")[:limit]:
        lodged_at = application.lodged_at.astimezone(ALMATY)
        due = answer_by(lodged_at=application.lodged_at, campaign=application.campaign)
        with translation.override(application.language):
            text = translate(
                "Your application is registered. Time: %(time)s. Number: %(number)s. "
                "This is not yet a decision on admission. Answer by: %(date)s. Help: 1414."
            ) % {
                "time": f"{lodged_at:%d.%m.%Y %H:%M}",
                "number": application.number,
                "date": f"{due:%d.%m.%Y}",
            }
        yield application, "", text


def _withdrawn(limit: int, _at: datetime) -> Iterator[Owed]:
    told = Notice.objects.filter(application=OuterRef("application_id"), kind=Notice.Kind.WITHDRAWN)
    retractions = Retraction.objects.filter(
        kind=Retraction.Kind.WITHDRAWAL, application_id__isnull=False
    ).exclude(Exists(told.filter(occasion="")))
    rows = list(retractions.order_by("received_at", "id")[:limit])
    applications = _applications(row.application_id for row in rows)
    for row in rows:
        application = None if row.application_id is None else applications.get(row.application_id)
        if application is None:
            continue
        with translation.override(application.language):
            sentence = (
                translate("Application %(number)s is withdrawn. Help: 1414.")
                if row.is_verified
                else translate(
                    "A service centre was asked to withdraw application %(number)s. "
                    "If it was not you, call 1414 at once: otherwise it will stand."
                )
            )
        yield application, "", sentence % {"number": application.number}


def _confirmed(limit: int, _at: datetime) -> Iterator[Owed]:
    """Each confirmed place once, also a second one that the child likes better; granted ones, too."""
    told = Notice.objects.filter(application=OuterRef("application_id"), kind=Notice.Kind.CONFIRMED)
    places = (
        ConfirmedPlace.objects.filter(annulment=None)
        .annotate(occasion=Cast("confirmation_id", CharField()))
        .exclude(Exists(told.filter(occasion=OuterRef("occasion"))))
        .order_by("pk")
    )
    rows = [(p.application_id, p.occasion, p.intake_id) for p in places[:limit]]
    rows += _granted(limit)
    intakes = _intakes(intake for _application, _occasion, intake in rows)
    applications = _applications(application for application, _occasion, _intake in rows)
    for application_id, occasion, intake_id in rows:
        application = applications.get(application_id)
        if application is None:
            continue
        with translation.override(application.language):
            intake = intakes[intake_id]
            yield (
                application,
                occasion,
                translate(
                    "Your child's place is confirmed: %(school)s, %(language)s. "
                    "Application %(number)s. Help: %(help_line)s."
                )
                % _words(application, intake),
            )


def _granted(limit: int) -> list[tuple[UUID, str, int]]:
    """Places above capacity as they stand on a list: who is on it in such a slot."""
    told = Notice.objects.filter(application=OuterRef("application_id"), kind=Notice.Kind.CONFIRMED)
    grants = SlotChange.objects.filter(
        kind=SlotChange.Kind.GRANTED,
        intake=OuterRef("intake"),
        slot=OuterRef("slot"),
        child_key=OuterRef("child_key"),
    )
    rows = (
        RosterEntry.objects.filter(Exists(grants), is_confirmed=True)
        .annotate(occasion=Cast(Subquery(grants.values("pk")[:1]), CharField()))
        .exclude(Exists(told.filter(occasion=OuterRef("occasion"))))
    )
    return list(rows.values_list("application_id", "occasion", "intake_id")[:limit])


def _reserve(limit: int, _at: datetime) -> Iterator[Owed]:
    """Once an application: when a confirmed round has left its child without a place."""
    told = Notice.objects.filter(application=OuterRef("application_id"), kind=Notice.Kind.RESERVE)
    placed = RosterEntry.objects.filter(
        campaign=OuterRef("campaign"), child_key=OuterRef("child_key"), slot__isnull=False
    )
    harmed = Harmed.objects.filter(campaign=OuterRef("campaign"), child_key=OuterRef("child_key"))
    waiting: QuerySet[RosterEntry] = RosterEntry.objects.none()
    for year, round_id in RosterState.objects.filter(round__isnull=False).values_list("pk", "round"):
        confirmed = list(Confirmation.objects.filter(round=round_id).values_list("district", flat=True))
        waiting |= RosterEntry.objects.filter(campaign=year, district__in=confirmed, slot=None)
    untold = waiting.exclude(Exists(told)).exclude(Exists(placed)).exclude(Exists(harmed))
    ids = list(untold.order_by("application_id").values_list("application_id", flat=True).distinct()[:limit])
    entries = list(waiting.filter(application_id__in=ids).select_related("intake__school__district"))
    numbers, applications = places_in_line(entries), _applications(ids)
    entries.sort(key=lambda entry: entry.application_id)
    for application_id, lines in groupby(entries, key=lambda entry: entry.application_id):
        application = applications.get(application_id)
        if application is None:
            continue
        rank = {choice: n for n, choice in enumerate(application.choices)}
        entry = min(lines, key=lambda line: rank.get(line.intake.name, len(rank)))
        with translation.override(application.language):
            yield (
                application,
                "",
                translate(
                    "There are no free places now: %(school)s, %(language)s. Your child's number on the reserve "
                    "list: %(n)s. If a place opens we tell you at once. Application %(number)s. Help: %(help_line)s."
                )
                % {**_words(application, entry.intake), "n": numbers[entry.pk]},
            )


def _contested(limit: int, _at: datetime) -> Iterator[Owed]:
    """Everybody whose application is in an open case, once a case; nobody hears of the other's school."""
    cases = Case.objects.filter(kind=Case.Kind.CONTESTED, closed_at=None)
    asked = [
        (UUID(application), f"{case.opened_at:%Y-%m-%dT%H:%M:%S}", case)
        for case in cases.order_by("opened_at", "pk")
        for application in case.detail.get("applications", ())
    ]
    told = set(
        Notice.objects.filter(
            kind=Notice.Kind.CONTESTED, application__in=[application for application, *_case in asked]
        ).values_list("application_id", "occasion")
    )
    untold = [one for one in asked if one[:2] not in told][:limit]
    applications = _applications(application for application, *_case in untold)
    states = states_of(list(applications.values()))
    departments = District.objects.in_bulk([case.district_id for _a, _o, case in untold if case.district_id])
    for application_id, occasion, case in untold:
        application = applications.get(application_id)
        if application is None:
            continue
        due = states[application_id].school_by
        if due is None:
            # No longer contested: the case closes with its next sweep.
            continue
        district = departments.get(case.district_id or "")
        with translation.override(application.language):
            yield (
                application,
                occasion,
                translate(
                    "Two applications for your child name different schools. Both are kept; for now the earlier one "
                    "counts. Please confirm the school: %(help_line)s. By: %(date)s. Application %(number)s."
                )
                % {
                    "help_line": (district.help_line if district else "") or "1414",
                    "date": f"{due:%d.%m.%Y}",
                    "number": application.number,
                },
            )


def _harmed(limit: int, _at: datetime) -> Iterator[Owed]:
    """Each child once a school."""
    told = Notice.objects.filter(application=OuterRef("application_id"), kind=Notice.Kind.HARMED)
    rows = (
        Harmed.objects.annotate(occasion=Cast("intake_id", CharField()))
        .exclude(Exists(told.filter(occasion=OuterRef("occasion"))))
        .select_related("intake__school__district")
        .order_by("application_id")[:limit]
    )
    found = list(rows)
    applications = _applications(row.application_id for row in found)
    for row in found:
        application = applications.get(row.application_id)
        if application is None:
            continue
        with translation.override(application.language):
            yield (
                application,
                row.occasion,
                translate(
                    "Something that happened in time became known only after the list was confirmed. Had it been known, "
                    "your child would have a place here: %(school)s, %(language)s. When a place becomes free there, "
                    "your child goes first. Application %(number)s. Help: %(help_line)s."
                )
                % _words(application, row.intake),
            )


_KINDS: Final[dict[Notice.Kind, Callable[[int, datetime], Iterable[Owed]]]] = {
    Notice.Kind.REGISTERED: _registered,
    Notice.Kind.WITHDRAWN: _withdrawn,
    Notice.Kind.CONFIRMED: _confirmed,
    Notice.Kind.HARMED: _harmed,
    Notice.Kind.RESERVE: _reserve,
    Notice.Kind.CONTESTED: _contested,
}


def _words(application: Application, intake: Intake) -> dict[str, str]:
    """In the language that is active."""
    return {
        "school": str(intake.school),
        "language": intake.get_language_display(),
        "number": application.number,
        "help_line": ", ".join(filter(None, (intake.school.district.help_line, "1414"))),
    }


def _applications(ids: Iterable[UUID | None]) -> dict[UUID, Application]:
    return Application.objects.in_bulk([id_ for id_ in ids if id_ is not None])


def _intakes(ids: Iterable[int]) -> dict[int, Intake]:
    return Intake.objects.select_related("school__district").in_bulk(list(set(ids)))
