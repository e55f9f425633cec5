"""
Who came first: the moment in which an arrival counts, for a child and a choice.

The rule: docs/reference/rule.md, "Moment". Times are aware; days are those of Asia/Almaty.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from schools.clock import ALMATY

_LATTICE = datetime(1970, 1, 1, tzinfo=UTC)
"""Steps of the grain are counted from this midnight on the wall clocks of Kazakhstan."""
INSTANT = timedelta(microseconds=1)
"""The smallest step of time: what ends at midnight has its last instant on the day before."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A stretch of time in which every arrival counts as its start; without an end it is not known yet."""

    start: datetime
    end: datetime | None

    def __contains__(self, at: datetime) -> bool:
        return self.start <= at and (self.end is None or at < self.end)


@dataclass(frozen=True, slots=True)
class Outage:
    """
    A recorded stretch in which a door did not work; `end` is None while it goes on.

    `district`: the KATO code of the only district it counts for; None: the whole country
    (a portal outage).
    """

    start: datetime
    end: datetime | None = None
    district: str | None = None

    def __post_init__(self) -> None:
        if self.end is not None and self.end < self.start:
            raise ValueError(f"an outage cannot end ({self.end}) before it begins ({self.start})")


def floor_to(at: datetime, grain: timedelta) -> datetime:
    """The last step of the grain that is not after `at`, in UTC."""
    wall = at.astimezone(ALMATY).replace(tzinfo=UTC)
    return _from_wall(wall - (wall - _LATTICE) % grain)


def ceil_to(at: datetime, grain: timedelta) -> datetime:
    """The first step of the grain that is not before `at`, in UTC."""
    wall = at.astimezone(ALMATY).replace(tzinfo=UTC)
    return _from_wall(wall + (_LATTICE - wall) % grain)


def day_of(at: datetime) -> date:
    """The calendar day of `at` in Kazakhstan."""
    return at.astimezone(ALMATY).date()


def midnight_after(day: date) -> datetime:
    """24:00 of `day` in Kazakhstan, in UTC."""
    return datetime.combine(day + timedelta(days=1), time(), ALMATY).astimezone(UTC)


def end_of_day(at: datetime) -> datetime:
    """24:00 of the day of `at` in Kazakhstan, in UTC."""
    return midnight_after(day_of(at))


def merged(intervals: Iterable[Interval]) -> list[Interval]:
    """The same stretches in order, overlapping and touching ones made one, empty ones left out."""
    unions: list[Interval] = []
    for interval in sorted(intervals, key=lambda i: i.start):
        if interval.end is not None and interval.end <= interval.start:
            continue
        last = unions[-1] if unions else None
        if last is None or (last.end is not None and last.end < interval.start):
            unions.append(interval)
        else:
            unions[-1] = Interval(last.start, _later(last.end, interval.end))
    return unions


def outage_intervals(outages: Iterable[Interval], *, opens_at: datetime, grain: timedelta) -> list[Interval]:
    """
    Cut off what lies before the opening, round outward, merge, lengthen each union once, merge again.

    A union grows by its own length, because the crowd needs as long again to come
    through; never past the end of the day of its last instant. What goes on has no end.
    """
    after_opening = (
        Interval(max(o.start, opens_at), o.end) for o in outages if o.end is None or o.end > opens_at
    )
    unions = merged(_rounded_outward(o, grain) for o in after_opening)
    return merged(_lengthened(union) for union in unions)


def opening_interval(opens_at: datetime) -> Interval:
    """From the opening to the end of day one: on the first day nobody has to hurry, by either door."""
    return Interval(opens_at, end_of_day(opens_at))


def intervals_for(
    *,
    district: str,
    outages: Iterable[Outage],
    opens_at: datetime,
    grain: timedelta,
    has_opening_interval: bool,
) -> list[Interval]:
    """
    The intervals that count for the intakes of one district, in order.

    National outages and the district's own are worked out together.
    """
    own = [Interval(o.start, o.end) for o in outages if o.district is None or o.district == district]
    intervals = outage_intervals(own, opens_at=opens_at, grain=grain)
    return merged([*intervals, opening_interval(opens_at)]) if has_opening_interval else intervals


def intervals_by_district(
    *,
    outages: Collection[Outage],
    opens_at: datetime,
    grain: timedelta,
    has_opening_interval: bool,
) -> dict[str, list[Interval]]:
    """The intervals of each district with outages of its own by code, and under "" those of all the others."""
    return {
        district: intervals_for(
            district=district,
            outages=outages,
            opens_at=opens_at,
            grain=grain,
            has_opening_interval=has_opening_interval,
        )
        for district in {"", *(o.district for o in outages if o.district is not None)}
    }


def moment(
    lodged_at: datetime, *, opens_at: datetime, intervals: Sequence[Interval], grain: timedelta
) -> datetime:
    """
    The step of time in which an arrival counts, in UTC; equal moments are drawn for.

    Never before the opening; in an interval its start, elsewhere floored to the grain.
    """
    at = max(lodged_at, opens_at)
    step = next((i.start for i in intervals if at in i), None) or floor_to(at, grain)
    return max(step, opens_at).astimezone(UTC)


def nationwide(intervals_by_district: Mapping[str, Iterable[Interval]]) -> list[Interval]:
    """The intervals of all districts, overlapping and touching ones joined."""
    return merged(interval for intervals in intervals_by_district.values() for interval in intervals)


def effective_closing(
    closes_at: datetime, *, intervals_by_district: Mapping[str, Iterable[Interval]]
) -> datetime | None:
    """
    When a round that was to close at `closes_at` really closes, in UTC; None while nobody can know.

    Inside an interval of any district it moves to that interval's end, for the whole country; if that
    lies inside another one, to the end of that one, and so on: to the end of all that are joined. While
    one of them has no end there is no closing.
    """
    return closing_among(closes_at, joined=nationwide(intervals_by_district))


def closing_among(closes_at: datetime, *, joined: Iterable[Interval]) -> datetime | None:
    """`effective_closing` for many rounds: `joined` is what `nationwide` made of the districts' intervals."""
    around = next((interval for interval in joined if closes_at in interval), None)
    end = closes_at if around is None else around.end
    return None if end is None else end.astimezone(UTC)


def _rounded_outward(interval: Interval, grain: timedelta) -> Interval:
    end = None if interval.end is None else ceil_to(interval.end, grain)
    return Interval(floor_to(interval.start, grain), end)


def _lengthened(union: Interval) -> Interval:
    if union.end is None:
        return union
    longer = union.end + (union.end - union.start)
    return Interval(union.start, min(longer, end_of_day(union.end - INSTANT)))


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return None if one is None or other is None else max(one, other)


def _from_wall(wall: datetime) -> datetime:
    """What the wall clocks of Kazakhstan show, written as if it were UTC, as an instant."""
    return wall.replace(tzinfo=ALMATY).astimezone(UTC)
