"""What is true of every calendar of outages, and of the rounds that close among them."""

from datetime import date, datetime, timedelta
from itertools import pairwise
from math import inf

from hypothesis import given
from hypothesis import strategies as st

from enrollment.arrival import (
    Interval,
    Outage,
    ceil_to,
    effective_closing,
    end_of_day,
    floor_to,
    intervals_by_district,
    intervals_for,
    merged,
    moment,
)
from enrollment.rounds import current_round, needed_days, planned_closings
from schools.clock import ALMATY
from schools.rules import is_working_day

OPENS = datetime(2027, 4, 1, 9, tzinfo=ALMATY)
INSTANT, MINUTE = timedelta(microseconds=1), timedelta(minutes=1)
DISTRICTS = ("751310000", "751710000")


def instants() -> st.SearchStrategy[datetime]:
    return st.integers(-2 * 86400, 6 * 86400).map(lambda seconds: OPENS + timedelta(seconds=seconds))


@st.composite
def outages(draw: st.DrawFn) -> Outage:
    start = draw(instants())
    length = draw(st.none() | st.integers(0, 30 * 3600))
    end = None if length is None else start + timedelta(seconds=length)
    return Outage(start, end, draw(st.sampled_from((None, *DISTRICTS))))


def grains() -> st.SearchStrategy[timedelta]:
    # Some divide the day but not the hour.
    return st.sampled_from(
        [timedelta(seconds=1), *(timedelta(minutes=minutes) for minutes in (1, 15, 16, 45, 60, 1440))]
    )


def worked_out(calendar: list[Outage], *, grain: timedelta, first_day: bool, district: str = DISTRICTS[0]):
    return intervals_for(
        district=district, outages=calendar, opens_at=OPENS, grain=grain, has_opening_interval=first_day
    )


@given(calendar=st.lists(outages(), max_size=6), data=st.data(), grain=grains(), first_day=st.booleans())
def test_the_order_and_repetition_of_outages_change_nothing(calendar, data, grain, first_day):
    repeated = data.draw(st.permutations(calendar + calendar[:2]))
    assert worked_out(repeated, grain=grain, first_day=first_day) == worked_out(
        calendar, grain=grain, first_day=first_day
    )


@given(calendar=st.lists(outages(), max_size=6), grain=grains(), first_day=st.booleans())
def test_intervals_are_apart_in_order_and_after_the_opening(calendar, grain, first_day):
    intervals = worked_out(calendar, grain=grain, first_day=first_day)
    assert merged(intervals) == intervals
    assert all(i.start >= floor_to(OPENS, grain) for i in intervals)
    assert all(one.end is not None and one.end < other.start for one, other in pairwise(intervals))


@given(
    calendar=st.lists(outages(), max_size=6), lodged_at=instants(), grain=grains(), first_day=st.booleans()
)
def test_a_moment_is_never_later_than_the_arrival_and_never_before_the_opening(
    calendar, lodged_at, grain, first_day
):
    counted = moment(
        lodged_at,
        opens_at=OPENS,
        intervals=worked_out(calendar, grain=grain, first_day=first_day),
        grain=grain,
    )
    assert OPENS <= counted <= max(lodged_at, OPENS)


@given(
    calendar=st.lists(outages(), max_size=6),
    pair=st.tuples(instants(), instants()),
    grain=grains(),
    first_day=st.booleans(),
)
def test_who_came_earlier_never_counts_as_later(calendar, pair, grain, first_day):
    intervals = worked_out(calendar, grain=grain, first_day=first_day)
    early, late = (moment(a, opens_at=OPENS, intervals=intervals, grain=grain) for a in sorted(pair))
    assert early <= late


@given(
    calendar=st.lists(outages(), max_size=6), lodged_at=instants(), grain=grains(), first_day=st.booleans()
)
def test_a_moment_is_its_own_moment(calendar, lodged_at, grain, first_day):
    intervals = worked_out(calendar, grain=grain, first_day=first_day)
    once = moment(lodged_at, opens_at=OPENS, intervals=intervals, grain=grain)
    assert moment(once, opens_at=OPENS, intervals=intervals, grain=grain) == once


@given(calendar=st.lists(outages(), max_size=5), more=outages(), lodged_at=instants(), grain=grains())
def test_another_outage_never_makes_an_arrival_later(calendar, more, lodged_at, grain):
    def counted(known: list[Outage]) -> datetime:
        intervals = worked_out(known, grain=grain, first_day=False)
        return moment(lodged_at, opens_at=OPENS, intervals=intervals, grain=grain)

    assert counted([*calendar, more]) <= counted(calendar)


@given(calendar=st.lists(outages(), max_size=6), grain=grains())
def test_an_outage_of_another_district_changes_nothing(calendar, grain):
    mine = [o for o in calendar if o.district in (None, DISTRICTS[0])]
    assert worked_out(calendar, grain=grain, first_day=True) == worked_out(mine, grain=grain, first_day=True)


@given(calendar=st.lists(outages(), min_size=1, max_size=6), lodged_at=instants(), grain=grains())
def test_inside_an_outage_the_moment_is_no_later_than_its_start(calendar, lodged_at, grain):
    outage = calendar[0]
    if outage.start <= lodged_at and (outage.end is None or lodged_at < outage.end):
        intervals = worked_out(
            calendar, grain=grain, first_day=False, district=outage.district or DISTRICTS[1]
        )
        counted = moment(lodged_at, opens_at=OPENS, intervals=intervals, grain=grain)
        assert counted <= max(outage.start, OPENS)


@given(outage=outages(), grain=grains())
def test_one_outage_reaches_at_most_to_the_end_of_its_last_day(outage, grain):
    for interval in worked_out([Outage(outage.start, outage.end)], grain=grain, first_day=False):
        if interval.end is not None:
            assert interval.end <= end_of_day(outage.end)


@given(calendar=st.lists(outages(), max_size=6), grain=grains())
def test_outages_are_worked_out_as_the_rule_is_written(calendar, grain):
    """The rule once more, step by step and in whole seconds, without a line of the room."""
    grain_s = int(grain.total_seconds())
    midnight = OPENS.replace(hour=0)

    def joined(stretches: list[tuple[int, float]]) -> list[tuple[int, float]]:
        unions: list[tuple[int, float]] = []
        for start, end in sorted(stretches):
            if unions and start <= unions[-1][1]:
                unions[-1] = (unions[-1][0], max(unions[-1][1], end))
            elif end > start:
                unions.append((start, end))
        return unions

    def lengthened(start: int, end: float) -> tuple[int, float]:
        # 24:00 of the day of the last instant: the first midnight that is not before the end.
        return (start, min(end + end - start, -(-end // 86400) * 86400) if end < inf else end)

    def seconds(instant: datetime | None) -> float:
        return inf if instant is None else (instant - midnight).total_seconds()

    opening = seconds(OPENS)
    cut = [
        (max(seconds(o.start), opening), seconds(o.end))
        for o in calendar
        if o.district in (None, DISTRICTS[0])
    ]
    rounded = [
        (int(start // grain_s * grain_s), end if end == inf else -(-end // grain_s) * grain_s)
        for start, end in cut
        if end > opening
    ]
    expected = joined([lengthened(*union) for union in joined(rounded)])

    found = worked_out(calendar, grain=grain, first_day=False)
    assert [(seconds(i.start), seconds(i.end)) for i in found] == expected


@given(
    calendar=st.lists(outages(), max_size=6), lodged_at=instants(), grain=grains(), first_day=st.booleans()
)
def test_a_moment_is_the_start_of_its_interval_or_of_its_step(calendar, lodged_at, grain, first_day):
    intervals = worked_out(calendar, grain=grain, first_day=first_day)
    at = max(lodged_at, OPENS)

    counted = moment(lodged_at, opens_at=OPENS, intervals=intervals, grain=grain)

    around = [i for i in intervals if i.start <= at and (i.end is None or at < i.end)]
    assert counted == max(around[0].start if around else floor_to(at, grain), OPENS)


@given(instant=instants(), micro=st.integers(0, 999_999), grain=grains())
def test_an_instant_lies_between_two_steps_that_are_one_grain_apart_or_none(instant, micro, grain):
    at = instant + timedelta(microseconds=micro)
    floor, ceil = floor_to(at, grain), ceil_to(at, grain)
    assert floor <= at <= ceil
    assert ceil - floor == (grain if floor < at else timedelta(0))
    assert floor_to(floor, grain) == ceil_to(floor, grain) == floor


# Rounds


@st.composite
def campaigns(draw: st.DrawFn) -> tuple[datetime, dict[date, bool], list[datetime]]:
    """An opening, days that were moved, and what is planned."""
    opens_at = OPENS + timedelta(hours=draw(st.integers(-9, 7 * 24)))
    lasts = timedelta(hours=draw(st.integers(1, 12 * 24)))
    shift = st.integers(-3, 20).map(lambda days: OPENS.date() + timedelta(days=days))
    moved = draw(st.dictionaries(shift, st.booleans(), max_size=5))
    closings = planned_closings(opens_at=opens_at, closes_at=opens_at + lasts, moved=moved)
    end = opens_at + lasts
    days = [end_of_day(opens_at) + timedelta(days=index) for index in range(40)]
    worked = [day for day in days if is_working_day((day - INSTANT).astimezone(ALMATY).date(), moved)]
    assert closings == worked[: len(closings)]
    assert closings[-1] >= end
    assert all(closing < end for closing in closings[:-1])
    return opens_at, moved, closings


@given(campaign=campaigns())
def test_rounds_are_the_working_days_until_the_end_is_covered(campaign):
    # What is asserted stands where campaigns are drawn, so that every property rests on it.
    assert campaign[2]


def everywhere(calendar: list[Outage], *, grain: timedelta = MINUTE) -> dict[str, list[Interval]]:
    return intervals_by_district(outages=calendar, opens_at=OPENS, grain=grain, has_opening_interval=True)


@given(calendar=st.lists(outages(), max_size=6), grain=grains())
def test_every_districts_intervals_are_in_the_table_of_all(calendar, grain):
    table = everywhere(calendar, grain=grain)
    for district in (*DISTRICTS, "000000000"):
        assert table.get(district, table[""]) == worked_out(
            calendar, grain=grain, first_day=True, district=district
        )


@given(calendar=st.lists(outages(), max_size=6), closes_at=instants())
def test_a_closing_is_never_earlier_than_planned_and_never_inside_an_interval(calendar, closes_at):
    table = everywhere(calendar)
    everything = [interval for intervals in table.values() for interval in intervals]

    closing = effective_closing(closes_at, intervals_by_district=table)

    if closing is None:
        assert any(interval.end is None for interval in everything)
        return
    assert closing >= closes_at
    assert not any(closing in interval for interval in everything)
    assert effective_closing(closing, intervals_by_district=table) == closing


@given(calendar=st.lists(outages(), max_size=6), closes_at=instants())
def test_a_closing_moves_step_by_step_as_the_rule_is_written(calendar, closes_at):
    table = everywhere(calendar)

    closing: datetime | None = closes_at
    while closing is not None:
        around = [i for intervals in table.values() for i in intervals if closing in i]
        if not around:
            break
        closing = around[0].end

    assert effective_closing(closes_at, intervals_by_district=table) == closing


@given(calendar=st.lists(outages(), max_size=6), pair=st.tuples(instants(), instants()))
def test_what_was_to_close_earlier_never_closes_later(calendar, pair):
    table = everywhere(calendar)
    early, late = (effective_closing(c, intervals_by_district=table) for c in sorted(pair))
    assert late is None or (early is not None and early <= late)


@given(calendar=st.lists(outages(), max_size=5), more=outages(), closes_at=instants())
def test_another_outage_never_lets_a_round_close_earlier(calendar, more, closes_at):
    before = effective_closing(closes_at, intervals_by_district=everywhere(calendar))
    after = effective_closing(closes_at, intervals_by_district=everywhere([*calendar, more]))
    assert after is None or (before is not None and before <= after)


def seeds() -> st.SearchStrategy[set[date]]:
    return st.sets(st.integers(-2, 25).map(lambda days: OPENS.date() + timedelta(days=days)))


def reached(campaign, calendar: list[Outage], seeded: set[date]) -> tuple[int, datetime | None]:
    opens_at, _moved, closings = campaign
    found = current_round(
        rounds=list(enumerate(closings, start=1)),
        opens_at=opens_at,
        intervals_by_district=everywhere(calendar),
        seeded=seeded,
    )
    return (found.number, found.closing) if found else (0, None)


@given(campaign=campaigns(), calendar=st.lists(outages(), max_size=4), seeded=seeds(), more=seeds())
def test_another_seed_never_takes_a_round_back(campaign, calendar, seeded, more):
    assert reached(campaign, calendar, seeded)[0] <= reached(campaign, calendar, seeded | more)[0]


@given(campaign=campaigns(), calendar=st.lists(outages(), max_size=4), more=outages(), seeded=seeds())
def test_another_outage_never_reaches_a_later_round(campaign, calendar, more, seeded):
    assert reached(campaign, [*calendar, more], seeded)[0] <= reached(campaign, calendar, seeded)[0]


@given(campaign=campaigns(), calendar=st.lists(outages(), max_size=4), seeded=seeds())
def test_the_current_round_is_the_last_that_is_closed_and_drawn(campaign, calendar, seeded):
    opens_at, _moved, closings = campaign
    table = everywhere(calendar)

    def is_reached(closes_at: datetime) -> bool:
        closing = effective_closing(closes_at, intervals_by_district=table)
        return closing is not None and seeded.issuperset(needed_days(opens_at, closing))

    number, closing = reached(campaign, calendar, seeded)
    assert number == max((n for n, c in enumerate(closings, start=1) if is_reached(c)), default=0)
    if number:
        assert closing == effective_closing(closings[number - 1], intervals_by_district=table)


@given(campaign=campaigns())
def test_with_every_day_drawn_and_no_outage_the_last_round_is_reached(campaign):
    opens_at, _moved, closings = campaign
    days = set(needed_days(opens_at, closings[-1]))
    assert reached(campaign, [], days) == (len(closings), closings[-1])
    assert reached(campaign, [], days - {max(days)})[0] < len(closings)
