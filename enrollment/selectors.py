"""What can be asked about applications. Everything but `public_state` is scoped to one account."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from django.core.cache import cache
from django.db.models import Q
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from enrollment.claims import Ending, Lodged, Retracted, standing_claims
from enrollment.models import Application, Decision, Draft, Retraction
from enrollment.outage_page import OpenDesk, OutageNotice
from enrollment.reading import retracted
from enrollment.receipts import parse_number
from schools.clock import ALMATY
from schools.models import Horizon, RosterEntry
from schools.rules import Refusal, next_working_day

STATUS_TRIES: Final = 5
STATUS_WINDOW: Final = 3600
"""Seconds in which a number may be asked about `STATUS_TRIES` times."""

HEARD_JUST_NOW: Final = timedelta(minutes=10)
"""A desk that called within this time takes families now, as far as anybody can know."""


class TooManyTries(Refusal):
    message = _("This number was asked about five times within an hour. Try again in an hour, or call 1414.")


class NothingFound(Refusal):
    message = _("There is no application with this number and these last four digits. Check both.")


@dataclass(frozen=True, slots=True)
class State:
    """Where one application stands, as far as the family that sent it may know."""

    ending: Ending
    entry: RosterEntry | None
    """The child's line on a roster, when it is there for the choices of this very application."""
    place_in_line: int | None
    """The number in the child's own line, from 1, while it waits."""
    withdrawal_waits: bool
    """A desk was asked to withdraw it and the term has not run out."""

    @property
    def has_place(self) -> bool:
        return self.entry is not None and self.entry.slot is not None

    @property
    def code(self) -> str:
        """One word for templates: withdrawn, void, contested, place, reserve, linked or registered."""
        if self.ending in (Ending.WITHDRAWN, Ending.VOID, Ending.CONTESTED):
            return self.ending.value
        if self.has_place:
            return "place"
        if self.place_in_line is not None:
            return "reserve"
        return "linked" if self.ending is Ending.LINKED else "registered"


def own_applications(*, account_id: int) -> list[Application]:
    """All applications of an account, the latest first."""
    return list(Application.objects.filter(account_id=account_id).order_by("-lodged_at", "id"))


def own_application(*, account_id: int, number: str) -> Application | None:
    """The account's application with this number; None also for somebody else's."""
    return Application.objects.filter(account_id=account_id, number=number).first()


def sent_number(*, account_id: int, draft_id: UUID) -> str | None:
    """The number of the receipt that a draft became."""
    sent = Application.objects.filter(account_id=account_id, id=draft_id)
    return sent.values_list("number", flat=True).first()


def own_draft(*, account_id: int, draft_id: UUID) -> Draft | None:
    """The account's draft with its campaign; None also for somebody else's."""
    return Draft.objects.select_related("campaign").filter(id=draft_id, account_id=account_id).first()


def answer_by(lodged_at: datetime) -> date:
    """The day by which the family has an answer: one working day after it applied."""
    return next_working_day(lodged_at.astimezone(ALMATY).date())


def states_of(applications: list[Application]) -> dict[UUID, State]:
    """
    Where applications stand; a fixed number of queries, however many.

    The same pure claims that make the roster are asked, over the facts of these children
    alone. Of another person's application for the same child nothing leaves this room.
    """
    if not applications:
        return {}
    children = Q()
    for year in {a.campaign_id for a in applications}:
        keys = {a.child_key for a in applications if a.campaign_id == year}
        children |= Q(campaign_id=year, child_key__in=keys)
    facts = list(
        Application.objects.filter(children).only(
            "id", "number", "child_key", "person_key", "choices", "lodged_at", "is_proven", "replaces",
            "desk", "seq", "campaign_id",
        )
    )  # fmt: skip
    retracted = _retractions_of(facts)
    entries = {(e.campaign_id, e.child_key, e.intake.name): e for e in _entries(children)}
    states = {}
    for year in {a.campaign_id for a in applications}:
        standing = standing_claims([_lodged(f) for f in facts if f.campaign_id == year], retracted)
        for application in applications:
            if application.campaign_id != year:
                continue
            ending = standing.endings.get(application.id, Ending.STANDING)
            claim = standing.claims.get(application.child_key)
            # Another sender's other choice is nobody's business here.
            is_same = claim is not None and claim.choices == tuple(application.choices)
            found = [entries.get((year, application.child_key, choice)) for choice in application.choices]
            on_lists = [entry for entry in found if entry is not None]
            entry = next((e for e in on_lists if e.slot is not None), on_lists[0] if on_lists else None)
            is_alive = ending in (Ending.STANDING, Ending.LINKED, Ending.CONTESTED)
            shown = entry if is_same and is_alive else None
            states[application.id] = State(
                ending=ending,
                entry=shown,
                place_in_line=_place_in_line(shown) if shown is not None and shown.slot is None else None,
                withdrawal_waits=is_alive
                and any(not r.stands and r.application_id == application.id for r in retracted),
            )
    return states


def _entries(children: Q) -> list[RosterEntry]:
    return list(RosterEntry.objects.filter(children).select_related("intake__school__district"))


def _place_in_line(entry: RosterEntry) -> int:
    """Counted when asked: how many wait before this child in its own line, and itself."""
    before = (
        Q(moment__lt=entry.moment)
        | Q(moment=entry.moment, draw_number__lt=entry.draw_number)
        | Q(moment=entry.moment, draw_number=entry.draw_number, application_id__lt=entry.application_id)
    )
    line = RosterEntry.objects.filter(intake=entry.intake_id, lane=entry.lane, slot__isnull=True)
    return line.filter(before).count() + 1


def _lodged(application: Application) -> Lodged:
    return Lodged(
        id=application.id,
        number=application.number,
        child_key=application.child_key,
        person_key=application.person_key,
        choices=tuple(application.choices),
        lodged_at=application.lodged_at,
        is_proven=application.is_proven,
        replaces=application.replaces,
        desk=application.desk,
        seq=application.seq,
    )


def _retractions_of(facts: list[Application]) -> list[Retracted]:
    rows = list(
        Retraction.objects.filter(
            Q(application_id__in=[f.id for f in facts])
            | Q(application_id=None, application_number__in=[f.number for f in facts])
        )
    )
    return retracted(rows=rows, decisions=Decision.objects.filter(subject__in=[r.id for r in rows]))


def public_state(*, number: str, last_four: str) -> State:
    """
    The state of an application, for whoever knows its number and the child's last four digits.

    Tries are counted by number, also for numbers that do not exist, so that neither
    the digits nor the existence of an application can be found by trying.

    :raises InvalidNumber: no such number can exist
    :raises TooManyTries: five tries within an hour are used up
    :raises NothingFound: the number or the digits are wrong
    """
    number = parse_number(number)
    key = f"enrollment.status.{number}"
    cache.add(key, 0, STATUS_WINDOW)
    try:
        tries = cache.incr(key)
    except ValueError:  # it ran out between the two calls
        tries = 1
    if tries > STATUS_TRIES:
        raise TooManyTries
    digits = "".join(last_four.split()).upper()
    named = Application.objects.filter(number=number)
    matching = [a for a in named if len(digits) == 4 and a.child_key.endswith(digits)]
    if len(matching) != 1:
        raise NothingFound
    return states_of(matching)[matching[0].id]


def outage_notice(*, at: datetime) -> OutageNotice:
    """What a family may read while the portal does not open: the desks that were heard from just now."""
    heard = Horizon.objects.filter(heard_at__gte=at - HEARD_JUST_NOW, is_closed=False).exclude(door="portal")
    return OutageNotice(
        # Lazy: one notice is written in three languages.
        open_desks=[
            OpenDesk(name=format_lazy("{}", horizon), address="", phone=horizon.phone)
            for horizon in heard.order_by("name_kk")[:6]
        ],
    )
