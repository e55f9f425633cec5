"""
Which messages are owed to families: found by absence, in batches, written down once (law 4).

A provisional place is told by the page alone: it may change with every fact that arrives.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
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
    Annulment,
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
    Write down what families are told of their own doing: registered, withdrawn.

    Two workers at once write each message once: a notice is unique by application, kind and
    occasion.

    :param limit: of each kind
    :returns: how many were found missing
    """
    return _owe(_OF_FAMILIES, at=at, limit=limit)


def owe_notices_of_rounds(*, at: datetime, limit: int = BATCH) -> int:
    """
    The same of what rounds brought: confirmed, harmed, on the reserve list, asked for the school.

    :param limit: of each kind
    :returns: how many were found missing
    """
    return _owe(_OF_ROUNDS, at=at, limit=limit)


def _owe(kinds: "Mapping[Notice.Kind, Missing]", *, at: datetime, limit: int) -> int:
    found = 0
    for kind, missing in kinds.items():
        owed = [
            Notice(application=application, kind=kind, occasion=occasion, text=text, owed_at=at)
            for application, occasion, text in missing(limit)
        ]
        # One statement a kind, and so all or none: what is owed in order has no gap.
        Notice.objects.bulk_create(owed, ignore_conflicts=True)
        found += len(owed)
    return found


Owed = tuple[Application, str, str]
"""Whom, on which occasion, what."""
Missing = Callable[[int], Iterable[Owed]]
"""So many, at most, of those that nobody has owed yet."""


def _registered(limit: int) -> Iterator[Owed]:
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


def _withdrawn(limit: int) -> Iterator[Owed]:
    told = Notice.objects.filter(kind=Notice.Kind.WITHDRAWN, occasion="")
    asked = Retraction.objects.filter(kind=Retraction.Kind.WITHDRAWAL).order_by("received_at", "id")
    by_id = asked.exclude(Exists(told.filter(application=OuterRef("application_id"))))
    rows = list(by_id.filter(application_id__isnull=False)[:limit])
    applications = _applications(row.application_id for row in rows)
    named = [(row, applications.get(row.application_id)) for row in rows if row.application_id is not None]
    # A number may mean two applications, after a clone: both families are told.
    by_number = {row.application_number: row for row in asked.filter(application_id=None).reverse()}
    untold = Application.objects.filter(number__in=by_number).exclude(
        Exists(told.filter(application=OuterRef("id")))
    )
    named += [(by_number[one.number], one) for one in untold.order_by("received_at", "id")[:limit]]
    for row, application in named:
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


def _confirmed(limit: int) -> Iterator[Owed]:
    """Each confirmed place once, also a second one that the child likes better; granted ones, too."""
    told = Notice.objects.filter(application=OuterRef("application_id"), kind=Notice.Kind.CONFIRMED)
    places = (
        ConfirmedPlace.objects.filter(annulment=None, confirmation__in=_unfinished())
        .annotate(occasion=Cast("confirmation_id", CharField()))
        .exclude(Exists(told.filter(occasion=OuterRef("occasion"))))
        .order_by("confirmation_id", "intake_id", "slot")
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


def _unfinished() -> list[UUID]:
    """
    Confirmations of which some family may not have been told.

    A cost: hundreds of thousands of places need not be looked through a minute. Those of a
    confirmation come at once and are owed in order, so it is enough to look at its last one.
    """
    annulled = Annulment.objects.filter(place=OuterRef("pk"))
    places = ConfirmedPlace.objects.filter(~Exists(annulled), confirmation=OuterRef("pk"))
    last = places.order_by("-intake_id", "-slot").values("application_id")[:1]
    ends = dict(Confirmation.objects.annotate(last=Subquery(last)).values_list("pk", "last"))
    told = set(
        Notice.objects.filter(
            kind=Notice.Kind.CONFIRMED, application__in=set(ends.values()), occasion__in=map(str, ends)
        ).values_list("application_id", "occasion")
    )
    return [key for key, end in ends.items() if end is not None and (end, str(key)) not in told]


def _granted(limit: int) -> list[tuple[UUID, str, int]]:
    """Places above capacity as they stand on a list: who is on it in such a slot."""
    grants = {
        (intake, slot, child): str(key)
        for key, intake, slot, child in SlotChange.objects.filter(kind=SlotChange.Kind.GRANTED).values_list(
            "pk", "intake", "slot", "child_key"
        )
    }
    entries = RosterEntry.objects.filter(
        child_key__in={child for _intake, _slot, child in grants}, is_confirmed=True
    ).values_list("application_id", "intake_id", "slot", "child_key")
    rows = [
        (application, grants[intake, slot, child], intake)
        for application, intake, slot, child in entries
        if slot is not None and (intake, slot, child) in grants
    ]
    told = set(
        Notice.objects.filter(
            application__in=[application for application, *_rest in rows], kind=Notice.Kind.CONFIRMED
        ).values_list("application_id", "occasion")
    )
    return [row for row in rows if row[:2] not in told][:limit]


def _reserve(limit: int) -> Iterator[Owed]:
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
    rows = untold.order_by("application_id").values_list("application_id", "child_key").distinct()
    found = list(rows[:limit])
    ids, children = [id_ for id_, _child in found], [child for _id, child in found]
    lines = waiting.filter(child_key__in=children, application_id__in=ids)
    entries = list(lines.select_related("intake__school__district"))
    numbers, applications = places_in_line(entries), _applications(ids)
    entries.sort(key=lambda entry: entry.application_id)
    for application_id, its in groupby(entries, key=lambda entry: entry.application_id):
        application = applications.get(application_id)
        if application is None:
            continue
        rank = {choice: n for n, choice in enumerate(application.choices)}
        entry = min(its, key=lambda line: rank.get(line.intake.name, len(rank)))
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


def _contested(limit: int) -> Iterator[Owed]:
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


def _harmed(limit: int) -> Iterator[Owed]:
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


_OF_FAMILIES: Final[Mapping[Notice.Kind, Missing]] = {
    Notice.Kind.REGISTERED: _registered,
    Notice.Kind.WITHDRAWN: _withdrawn,
}
_OF_ROUNDS: Final[Mapping[Notice.Kind, Missing]] = {
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
