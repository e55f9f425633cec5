"""
The demonstration after its first morning: what officials would do by hand, done by those it has.

Nothing here is a way around a rule: values, checks and confirmations go through the services that
the officials' own pages use, and are refused as they would be there.
"""

import secrets
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from time import monotonic, sleep
from typing import Final, TypeVar
from uuid import uuid4

from django.utils.translation import gettext_lazy as _

from cscdesk.agreement import find_entries_without_outcome
from enrollment.models import Application, Check, DaySeed, PublicValue
from enrollment.services.checking import record_checks
from enrollment.services.draws import DEMO, enter_public_value
from schools.clock import ALMATY
from schools.models import Account, Campaign, District, Harmed, RosterEntry, RosterState
from schools.rules import Refusal
from schools.services.confirming import FactsNotRead, NotHeardFrom, confirm_round

from .personas import DISTRICT_OFFICIAL

_T = TypeVar("_T")

PATIENCE: Final = 90.0
"""Seconds in which a worker that runs has done it, and a counter that runs has called."""
_PAUSE: Final = 0.3
_CHECKS_AT_ONCE: Final = 200
_BASIS: Final = "Demonstration: made-up papers, looked at in bulk"

Step = tuple[str, dict[str, object]]
"""What has happened, by name, with its facts."""
Now = Callable[[], datetime]
"""What the time is when a step begins: between two of them the story waits for others."""


class NobodyWorks(Refusal):
    message = _("Nothing happened in %(seconds)s seconds: is the worker running?")


def close_days(*, campaign: Campaign, now: Now) -> Iterator[Step]:
    """
    Enter the public value of each day that is over; the running worker makes seeds and the list.

    :raises NobodyWorks: no worker did
    """
    days = [
        day
        for day in _days_over(campaign, now())
        if not PublicValue.objects.filter(campaign=campaign, date=day)
    ]
    for day in days:
        value = f"demo {secrets.token_hex(16)}"
        enter_public_value(campaign=campaign, date=day, value=value, entered_by=[DEMO], at=now())
        yield "value", {"date": day, "value": value}
    for day in days:
        seed = _awaited(DaySeed.objects.filter(campaign=campaign, date=day).first)
        yield "seed", {"date": day, "at": seed.made_at}
    last = DaySeed.objects.filter(campaign=campaign).order_by("-made_at").first()
    states = RosterState.objects.filter(campaign=campaign, round__isnull=False).select_related("round")
    if last is not None:
        states = states.filter(known_at__gte=last.made_at)
    yield from _list(campaign, _awaited(states.first))


def check_district(*, campaign: Campaign, district: District, now: Now) -> Iterator[Step]:
    """An official of the district looks at the relation and the address of every application to its schools."""
    official = official_of(district=district)
    choices = [intake.name for intake in campaign.intakes.filter(school__district=district)]
    wanted = Application.objects.filter(campaign=campaign, choices__overlap=choices)
    done = set(Check.objects.filter(campaign=campaign).values_list("application_id", "subject"))
    open_ones = [
        (application, subject)
        for application, relation in wanted.order_by("id").values_list("id", "form__relation")
        for subject in Check.Subject.values
        # A relative without authority over the child is taken in and never confirmed.
        if (application, subject) not in done and (subject, relation) != (Check.Subject.RELATION, "relative")
    ]
    for start in range(0, len(open_ones), _CHECKS_AT_ONCE):
        record_checks(
            press_id=uuid4(),
            looked_at=open_ones[start : start + _CHECKS_AT_ONCE],
            agrees=True,
            basis=_BASIS,
            official=official,
            at=now(),
        )
    at = now()
    yield "checked", {"count": len(open_ones), "official": official.full_name}
    known = RosterState.objects.filter(campaign=campaign, known_at__gte=at).select_related("round")
    yield from _list(campaign, _awaited(known.first))


def confirm_district(*, campaign: Campaign, district: District, now: Now) -> Iterator[Step]:
    """
    The district's official confirms the current round, as soon as its desks have called.

    :raises Refusal: as on the officials' own page
    """
    until = monotonic() + PATIENCE
    while True:
        try:
            confirmation = confirm_round(
                campaign=campaign, district=district, official=official_of(district=district), at=now()
            )
            break
        except (NotHeardFrom, FactsNotRead):
            # A counter calls once a minute; the roster is read every few seconds.
            if monotonic() > until:
                raise
            sleep(_PAUSE)
    yield "confirmed", {"places": confirmation.places.count(), "round": confirmation.round.number}


def harmed_in(*, campaign: Campaign, district: District, now: Now) -> Iterator[Step]:
    """
    Who would have won a place, had everything been known at the closing.

    :raises NobodyWorks: no worker took the desks' entries in, or looked at what they change
    """
    delivered_at = now()
    _awaited(lambda: None if find_entries_without_outcome(older_than=delivered_at).exists() else True)
    at = now()
    yield "taken_in", {}
    _awaited(RosterState.objects.filter(campaign=campaign, known_at__gte=at).first)
    yield "harmed", {"count": Harmed.objects.filter(campaign=campaign, district=district).count()}


def official_of(*, district: District) -> Account:
    """The demonstration's official who answers for the district."""
    wanted = DISTRICT_OFFICIAL.email if district.kato == DISTRICT_OFFICIAL.district else None
    accounts = Account.objects.filter(scopes__district=district)
    return accounts.get(email=wanted) if wanted else accounts.order_by("email")[0]


def _days_over(campaign: Campaign, at: datetime) -> Iterator[date]:
    day, today = campaign.opens_at.astimezone(ALMATY).date(), at.astimezone(ALMATY).date()
    last = campaign.closes_at.astimezone(ALMATY).date()
    while day < today and day <= last:
        yield day
        day += timedelta(days=1)


def _list(campaign: Campaign, state: RosterState) -> Iterator[Step]:
    if state.round is not None:
        placed = RosterEntry.objects.filter(campaign=campaign, slot__isnull=False).count()
        yield "list", {"round": state.round.number, "at": state.known_at, "places": placed}


def _awaited(look: Callable[[], _T | None]) -> _T:
    """What a process elsewhere makes soon. :raises NobodyWorks: it did not"""
    until = monotonic() + PATIENCE
    while (found := look()) is None:
        if monotonic() > until:
            raise NobodyWorks(seconds=int(PATIENCE))
        sleep(_PAUSE)
    return found
