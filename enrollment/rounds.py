"""
The calendar of decisions: when each round closes, and which round the days drawn so far have reached.

The rule: docs/reference/rule.md, "Rounds and confirmation". Times are aware; days are those of
Asia/Almaty. No clock is read: the current round is a function of facts (law 6).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from enrollment.arrival import INSTANT, Interval, closing_among, day_of, midnight_after, nationwide
from schools.rules import MovedDays, is_working_day

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class RoundAt:
    """A round and the instant at which it really closed: everything handed in before it takes part."""

    number: int
    closing: datetime


def planned_closings(*, opens_at: datetime, closes_at: datetime, moved: MovedDays) -> list[datetime]:
    """
    24:00 of each working day from the opening day on, in order, in UTC.

    The last one is not before the campaign's end: where that falls on days off, the round of the
    next working day takes what was handed in on them.

    :param moved: days that differ from the calendar of Kazakhstan
    """
    closings: list[datetime] = []
    day = day_of(opens_at)
    while not closings or closings[-1] < closes_at:
        if is_working_day(day, moved):
            closings.append(midnight_after(day))
        day += _DAY
    return closings


def needed_days(opens_at: datetime, closing: datetime) -> list[date]:
    """The days whose seeds a round needs: from the opening day to that of the last instant before `closing`."""
    first, last = day_of(opens_at), day_of(closing - INSTANT)
    return [first + _DAY * index for index in range((last - first).days + 1)]


def current_round(
    *,
    rounds: Sequence[tuple[int, datetime]],
    opens_at: datetime,
    intervals_by_district: Mapping[str, Sequence[Interval]],
    seeded: Collection[date],
) -> RoundAt | None:
    """
    The highest round that is closed for the whole country and drawn to its last day; None before the first.

    :param rounds: number and planned closing of each, in any order
    :param seeded: the days whose seeds are known
    """
    known = frozenset(seeded)
    # A cost: hundreds of districts have the national intervals; joined once, each round asks a few.
    joined = nationwide(intervals_by_district)
    for number, closes_at in sorted(rounds, reverse=True):
        closing = closing_among(closes_at, joined=joined)
        if closing is not None and known.issuperset(needed_days(opens_at, closing)):
            return RoundAt(number, closing)
    return None
