"""What is recorded of outages, as people read it: the operators' list, the outage page, the portal's own word."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.utils.text import format_lazy

from enrollment.arrival import Interval, intervals_by_district, intervals_for, outage_intervals
from enrollment.arrival import Outage as RecordedOutage
from enrollment.models import Outage, OutageForecast
from enrollment.outage_page import OpenDesk, OutageNotice
from schools.models import Campaign, Horizon
from schools.selectors.offers import current_campaign

HEARD_JUST_NOW: Final = timedelta(minutes=10)
"""A desk that called within this time takes families now, as far as anybody can know."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """One line of the ledger: an outage, what was announced of it, and what it became."""

    outage: Outage
    ended_at: datetime | None
    forecasts: list[OutageForecast]
    """In the order in which they were announced."""
    became: list[tuple[str, Interval]]
    """
    By district the interval that it lies in by today's facts; code "": every district with none of its own.

    Empty when it changes nothing: all of it lay before the opening, or it has no length.
    """


def ledger(*, campaign: Campaign) -> list[Recorded]:
    """All outages of a campaign, the earliest first, as they count by the facts stored now."""
    rows = list(
        Outage.objects.filter(campaign=campaign)
        .select_related("end", "district")
        .prefetch_related("forecasts")
        .order_by("started_at", "recorded_at", "id")
    )
    intervals = _intervals(rows, campaign)
    return [
        Recorded(
            outage=row,
            ended_at=_recorded(row).end,
            forecasts=sorted(row.forecasts.all(), key=lambda f: (f.recorded_at, f.id)),
            became=_became(row, campaign, intervals),
        )
        for row in rows
    ]


def intervals_now(*, campaign: Campaign) -> dict[str, list[Interval]]:
    """The campaign's intervals by the facts stored now, as `arrival.intervals_by_district` names them."""
    return _intervals(Outage.objects.filter(campaign=campaign).select_related("end"), campaign)


def _intervals(rows: Iterable[Outage], campaign: Campaign) -> dict[str, list[Interval]]:
    policy = campaign.policy
    return intervals_by_district(
        outages=[_recorded(row) for row in rows],
        opens_at=campaign.opens_at,
        grain=policy.grain,
        has_opening_interval=policy.opening_interval,
    )


def _became(
    row: Outage, campaign: Campaign, intervals: dict[str, list[Interval]]
) -> list[tuple[str, Interval]]:
    one = outage_intervals(
        [Interval(row.started_at, _recorded(row).end)],
        opens_at=campaign.opens_at,
        grain=campaign.policy.grain,
    )
    if not one:
        return []
    districts: Collection[str] = sorted(intervals) if row.district_id is None else [row.district_id]
    return [
        (district, interval)
        for district in districts
        for interval in intervals[district]
        if one[0].start in interval
    ]


def _recorded(row: Outage) -> RecordedOutage:
    end = getattr(row, "end", None)
    return RecordedOutage(row.started_at, end.ended_at if end else None, row.district_id)


def felt_interval(*, campaign: Campaign, at: datetime) -> Interval | None:
    """
    The stretch around `at` in which an outage of the whole country makes all arrivals one; None outside any.

    It goes on for a while after the portal is back, as long as the rule lengthens it.
    """
    national = Outage.objects.filter(campaign=campaign, district=None, started_at__lte=at)
    outages = [_recorded(row) for row in national.select_related("end")]
    if not outages:
        return None
    intervals = intervals_for(
        district="",
        outages=outages,
        opens_at=campaign.opens_at,
        grain=campaign.policy.grain,
        has_opening_interval=False,
    )
    return next((interval for interval in intervals if at in interval), None)


def outage_notice(*, at: datetime) -> OutageNotice:
    """
    What a family may read while the portal does not open.

    The last word on the national outage that goes on, and the desks that were heard from just now.
    """
    heard = Horizon.objects.filter(heard_at__gte=at - HEARD_JUST_NOW, is_closed=False).exclude(door="portal")
    said = OutageForecast.objects.filter(
        outage__campaign=current_campaign(), outage__district=None, outage__end=None
    )
    last = said.order_by("recorded_at", "id").last()
    return OutageNotice(
        reopens_at=last.reopens_at if last else None,
        next_news_at=last.next_news_at if last else None,
        # Lazy: one notice is written in three languages.
        open_desks=[
            OpenDesk(name=format_lazy("{}", horizon), address="", phone=horizon.phone)
            for horizon in heard.order_by("name_kk")[:6]
        ],
    )
