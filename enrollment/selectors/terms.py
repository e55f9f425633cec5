"""When families are answered: the round that decides about an arrival, and the days that follow from it."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from enrollment import arrival
from enrollment.models import Outage
from schools.models import Campaign, Round
from schools.rules import MovedDays, answer_date, next_working_day, parse_moved_days, working_days_after


def answer_by(*, lodged_at: datetime, campaign: Campaign) -> date:
    """
    The day by which the family has an answer: one working day after the day on which its round closes.

    The round is that of the first working day, from the opening day on, that is not over
    when the application is handed in. What an outage moves since then is not in it.
    """
    return answer_date(
        arrival.day_of(lodged_at),
        opening_date=arrival.day_of(campaign.opens_at),
        moved=parse_moved_days(campaign.moved_days),
    )


@dataclass(frozen=True, slots=True)
class Decided:
    """The round that decides about one arrival."""

    number: int
    closing_at: datetime | None
    """None: an outage goes on, and nobody knows yet when it closes."""
    moved: MovedDays

    @property
    def closing_date(self) -> date | None:
        """The day at whose end it closes (24:00 belongs to the day before midnight)."""
        return None if self.closing_at is None else arrival.day_of(self.closing_at - arrival.INSTANT)

    @property
    def answer_by(self) -> date | None:
        """The day by which its list is to be confirmed."""
        return None if self.closing_date is None else next_working_day(self.closing_date, self.moved)

    def must_act_by(self, days: int) -> date | None:
        """The day by which the department must find a place for a child of the territory."""
        return None if self.closing_date is None else working_days_after(self.closing_date, days, self.moved)


class Calendar:
    """The rounds of one campaign as outages moved them, read once for all applications asked about."""

    def __init__(
        self, campaign: Campaign, rounds: Iterable[Round], outages: Iterable[arrival.Outage]
    ) -> None:
        self.campaign = campaign
        self.moved = parse_moved_days(campaign.moved_days)
        self.outages = list(outages)
        self._planned = sorted((one.number, one.closes_at) for one in rounds)
        districts = {outage.district or "" for outage in self.outages} | {""}
        by_district = {district: self.intervals_of(district) for district in districts}
        self._everywhere = {"": arrival.nationwide(by_district)}

    def intervals_of(self, district: str) -> list[arrival.Interval]:
        """The intervals that count for the intakes of one district."""
        policy = self.campaign.policy
        return arrival.intervals_for(
            district=district,
            outages=self.outages,
            opens_at=self.campaign.opens_at,
            grain=policy.grain,
            has_opening_interval=policy.opening_interval,
        )

    def deciding(self, arrived_at: datetime) -> Decided | None:
        """The first round that really closes after an arrival; None where no round is planned for it."""
        for number, closes_at in self._planned:
            if closes_at <= arrived_at - _A_WEEK:
                continue
            closing = arrival.effective_closing(closes_at, intervals_by_district=self._everywhere)
            if closing is None or closing > arrived_at:
                return Decided(number, closing, self.moved)
        return None


_A_WEEK = timedelta(days=7)
"""A closing that lies further back is not asked how far it moved: an interval ends with its day."""


def must_act_by(*, campaign: Campaign, arrivals: Collection[datetime]) -> dict[datetime, date | None]:
    """
    For each arrival the day by which a child of the territory must be given a place; two queries.

    Officials' lists ask it by the setting `ROSTER_MUST_ACT_BY`, so that they name the day the
    family was told. None: an outage goes on, or no round is planned.
    """
    calendar = calendars(campaigns={campaign.pk: campaign})[campaign.pk]
    decided = {arrived_at: calendar.deciding(arrived_at) for arrived_at in arrivals}
    days = campaign.policy.must_act_days
    return {at: None if one is None else one.must_act_by(days) for at, one in decided.items()}


def calendars(*, campaigns: Mapping[int, Campaign]) -> dict[int, Calendar]:
    """The calendar of each campaign, by year; two queries."""
    rounds = list(Round.objects.filter(campaign_id__in=campaigns).only("campaign_id", "number", "closes_at"))
    outages = [
        (year, arrival.Outage(start=start, end=end, district=district))
        for year, start, end, district in Outage.objects.filter(campaign_id__in=campaigns).values_list(
            "campaign_id", "started_at", "end__ended_at", "district_id"
        )
    ]
    return {
        year: Calendar(
            campaign,
            [one for one in rounds if one.campaign_id == year],
            [outage for of_year, outage in outages if of_year == year],
        )
        for year, campaign in campaigns.items()
    }
