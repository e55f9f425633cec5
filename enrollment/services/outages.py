"""Recording when a door did not work; families must not lose a minute by it (docs/reference/rule.md, "Moment")."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from enrollment.models import Outage, OutageEnd, OutageForecast
from schools.models import Campaign, District
from schools.rules import Refusal
from schools.rules.letters import name_key

PROBE: Final = "probe"
"""Who records an outage that was measured from outside; otherwise two officials do."""


class NotByTwo(Refusal):
    message = _("An outage is recorded by the probe or by two different officials, with a reason.")


class NotByProbe(Refusal):
    message = _("That no centre of a district took families is recorded by two officials, not by the probe.")


class NoSuchDistrict(Refusal):
    message = _("There is no district with the code %(district)s.")


class NoSuchOutage(Refusal):
    message = _("There is no such outage.")


class AlreadyEnded(Refusal):
    message = _("This outage is already recorded as ended.")


class EndsBeforeItStarts(Refusal):
    message = _("An outage cannot end before it starts.")


class InTheFuture(Refusal):
    message = _("Only what has happened is recorded: this time lies in the future.")


class NoOpenOutage(Refusal):
    message = _("No outage of the whole country is recorded as going on.")


class HourOrNews(Refusal):
    message = _("Either the hour of reopening is announced, or the hour of the next news: one of the two.")


class HourHasPassed(Refusal):
    message = _("This hour has passed: only a coming one can be announced.")


@transaction.atomic
def open_outage(
    *,
    campaign: Campaign,
    started_at: datetime,
    reason: str,
    recorded_by: Sequence[str],
    district: str | None,
    at: datetime,
) -> Outage:
    """
    Record that families could not get through from `started_at` on; nothing deletes it.

    :param recorded_by: `PROBE`, or the names of two officials; one person counts once, however typed
    :param district: KATO code of the only district it counts for; None: the portal, the whole country
    :raises NotByTwo: neither the probe nor two different people, or no reason
    :raises NotByProbe: a district's outage without two officials
    :raises NoSuchDistrict: no district has this code
    :raises InTheFuture: it has not started yet
    """
    people = {name_key(name): " ".join(name.split()) for name in recorded_by}
    people.pop("", None)
    was_probed = people.pop(name_key(PROBE), None) is not None
    is_by_two = len(people) >= 2
    if not reason.strip() or not (is_by_two or (was_probed and not people)):
        raise NotByTwo
    if district is not None and not is_by_two:
        raise NotByProbe
    if district is not None and not District.objects.filter(kato=district).exists():
        raise NoSuchDistrict(district=district)
    if started_at > at:
        raise InTheFuture
    return Outage.objects.create(
        id=uuid4(),
        campaign=campaign,
        district_id=district,
        started_at=started_at,
        reason=reason.strip(),
        recorded_at=at,
        recorded_by=sorted(people.values()) or [PROBE],
    )


@transaction.atomic
def expect_end(
    *,
    campaign: Campaign,
    reopens_at: datetime | None,
    next_news_at: datetime | None,
    at: datetime,
) -> OutageForecast:
    """
    Announce when the portal reopens, or when families are told more; the latest word counts.

    It is said of the national outage that goes on; of several, of the one that started last.

    :raises HourOrNews: both hours, or none
    :raises HourHasPassed: the hour is not ahead
    :raises NoOpenOutage: no national outage of the campaign goes on
    """
    hour = reopens_at or next_news_at
    if hour is None or (reopens_at is not None and next_news_at is not None):
        raise HourOrNews
    if hour <= at:
        raise HourHasPassed
    going_on = Outage.objects.filter(campaign=campaign, district=None, end=None)
    outage = going_on.order_by("started_at", "recorded_at", "id").last()
    if outage is None:
        raise NoOpenOutage
    return OutageForecast.objects.create(
        id=uuid4(), outage=outage, reopens_at=reopens_at, next_news_at=next_news_at, recorded_at=at
    )


def close_outage(*, outage_id: UUID, ended_at: datetime, at: datetime) -> OutageEnd:
    """
    Record when an outage ended; an end is recorded once.

    :raises NoSuchOutage: there is none with this id
    :raises EndsBeforeItStarts: it ended before or when it started
    :raises InTheFuture: it has not ended yet
    :raises AlreadyEnded: its end is recorded
    """
    outage = Outage.objects.filter(id=outage_id).first()
    if outage is None:
        raise NoSuchOutage
    if OutageEnd.objects.filter(outage=outage).exists():
        raise AlreadyEnded
    if ended_at <= outage.started_at:
        raise EndsBeforeItStarts
    if ended_at > at:
        raise InTheFuture
    try:
        with transaction.atomic():
            return OutageEnd.objects.create(outage=outage, ended_at=ended_at, recorded_at=at)
    except IntegrityError:
        # A race: two people end it at the same instant; the first one's word stands.
        raise AlreadyEnded from None
