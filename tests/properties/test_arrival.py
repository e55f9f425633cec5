"""What is true of every calendar of outages."""

from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from enrollment.arrival import Outage, end_of_day, intervals_for, merged, moment
from schools.clock import ALMATY

OPENS = datetime(2027, 4, 1, 9, tzinfo=ALMATY)
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
    return st.sampled_from(
        [timedelta(seconds=1), timedelta(minutes=1), timedelta(minutes=15), timedelta(hours=1)]
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
    assert all(i.start >= OPENS for i in intervals)
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
