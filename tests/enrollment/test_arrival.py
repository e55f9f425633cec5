import time
from datetime import UTC, date, datetime, timedelta

import pytest

from enrollment.arrival import (
    Interval,
    Outage,
    ceil_to,
    day_of,
    effective_closing,
    end_of_day,
    floor_to,
    intervals_for,
    merged,
    midnight_after,
    moment,
    outage_intervals,
)
from schools.clock import ALMATY

MINUTE = timedelta(minutes=1)
AUEZOV, MEDEU = "751310000", "751710000"


def at(day: int, hour: int = 0, minute: int = 0, second: int = 0, microsecond: int = 0) -> datetime:
    return datetime(2027, 4, day, hour, minute, second, microsecond, tzinfo=ALMATY)


OPENS = at(1, 9)


def worked_out(
    *outages: Outage, district: str = AUEZOV, has_opening_interval: bool = False, opens_at: datetime = OPENS
) -> list[Interval]:
    return intervals_for(
        district=district,
        outages=outages,
        opens_at=opens_at,
        grain=MINUTE,
        has_opening_interval=has_opening_interval,
    )


def counted(lodged_at: datetime, *outages: Outage, **options: object) -> datetime:
    intervals = worked_out(*outages, **options)
    return moment(lodged_at, opens_at=OPENS, intervals=intervals, grain=MINUTE)


# Grain and opening


def test_an_arrival_is_floored_to_the_grain():
    assert counted(at(2, 10, 5, 59, 999999)) == at(2, 10, 5)
    assert counted(at(2, 10, 6)) == at(2, 10, 6)


def test_an_arrival_before_the_opening_counts_as_the_opening():
    assert counted(at(1, 8, 59)) == OPENS


def test_no_moment_lies_before_an_opening_that_is_off_the_grain():
    opens_at = at(1, 9, 0, 30)
    assert moment(at(1, 9, 0, 40), opens_at=opens_at, intervals=[], grain=MINUTE) == opens_at


def test_the_grain_is_counted_on_the_wall_clocks_of_kazakhstan():
    assert floor_to(at(2, 3), timedelta(days=1)) == at(2)
    assert ceil_to(at(2, 3), timedelta(days=1)) == at(3)
    assert floor_to(at(2, 3, 17), timedelta(minutes=15)) == at(2, 3, 15)


def test_rounding_leaves_a_step_where_it_is():
    assert floor_to(at(2, 3), MINUTE) == ceil_to(at(2, 3), MINUTE) == at(2, 3)
    assert ceil_to(at(2, 3, 0, 0, 1), MINUTE) == at(2, 3, 1)


def test_a_day_ends_at_midnight_in_almaty():
    assert end_of_day(at(1, 9)) == at(2)
    assert end_of_day(at(1)) == at(2)
    assert end_of_day(datetime(2027, 4, 1, 20, tzinfo=UTC)) == at(3)


def test_a_grain_that_does_not_divide_the_hour_is_counted_from_midnight():
    grain = timedelta(minutes=45)
    assert floor_to(at(2, 9, 44), grain) == at(2, 9)
    assert floor_to(at(2, 10, 29), grain) == at(2, 9, 45)
    assert ceil_to(at(2, 9, 46), grain) == at(2, 10, 30)
    assert ceil_to(at(2, 23, 59), grain) == at(3)
    assert floor_to(at(3, 0, 44), grain) == at(3)


def test_days_before_march_2024_were_six_hours_ahead():
    # Kazakhstan went from UTC+6 to UTC+5 on 1 March 2024.
    before, after = datetime(2024, 2, 27, 18, tzinfo=UTC), datetime(2024, 3, 2, 18, tzinfo=UTC)
    assert end_of_day(before) == datetime(2024, 2, 28, 18, tzinfo=UTC)
    assert end_of_day(after) == datetime(2024, 3, 2, 19, tzinfo=UTC)
    assert (day_of(before), day_of(after)) == (date(2024, 2, 28), date(2024, 3, 2))
    assert floor_to(before + MINUTE, timedelta(days=1)) == before


@pytest.fixture(params=["America/New_York", "Asia/Tokyo"])
def abroad(request, monkeypatch):
    """The machine's own zone is another one."""
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("abroad")
def test_the_zone_of_the_machine_changes_nothing():
    quarter = timedelta(hours=6)
    evening = datetime(2027, 4, 2, 20, 30, tzinfo=UTC)  # 01:30 on the 3rd in Almaty
    assert day_of(evening) == date(2027, 4, 3)
    assert midnight_after(date(2027, 4, 3)) == end_of_day(evening) == datetime(2027, 4, 3, 19, tzinfo=UTC)
    assert floor_to(evening, quarter) == datetime(2027, 4, 2, 19, tzinfo=UTC)
    assert ceil_to(evening, quarter) == datetime(2027, 4, 3, 1, tzinfo=UTC)


def test_times_are_given_in_utc():
    for instant in (
        floor_to(at(2, 3), MINUTE),
        ceil_to(at(2, 3), MINUTE),
        end_of_day(at(2)),
        midnight_after(date(2027, 4, 2)),
        moment(at(2, 9), opens_at=OPENS, intervals=[], grain=MINUTE),
        moment(at(1, 8), opens_at=OPENS, intervals=[Interval(OPENS, at(2))], grain=MINUTE),
        effective_closing(at(3), intervals_by_district={}),
        effective_closing(at(3), intervals_by_district={"": [Interval(at(2), at(4))]}),
    ):
        assert instant.tzinfo is UTC


# The opening interval


def test_on_day_one_nobody_has_to_hurry():
    for lodged_at in (at(1, 9), at(1, 9, 0, 1), at(1, 15, 30), at(1, 23, 59, 59)):
        assert counted(lodged_at, has_opening_interval=True) == OPENS
    assert counted(at(2), has_opening_interval=True) == at(2)


def test_the_opening_interval_is_policy():
    assert counted(at(1, 15, 30), has_opening_interval=False) == at(1, 15, 30)


# Outages


def test_in_an_outage_every_arrival_counts_as_its_start():
    outage = Outage(at(2, 9), at(2, 10))
    assert counted(at(2, 9, 40), outage) == at(2, 9)
    assert counted(at(2, 8, 59, 59), outage) == at(2, 8, 59)


def test_an_outage_is_rounded_outward_and_lengthened_once_by_its_own_length():
    assert worked_out(Outage(at(2, 9, 0, 30), at(2, 9, 9, 30))) == [Interval(at(2, 9), at(2, 9, 20))]


def test_the_end_of_an_interval_is_outside_it():
    outage = Outage(at(2, 9), at(2, 10))
    assert counted(at(2, 10, 59, 59), outage) == at(2, 9)
    assert counted(at(2, 11), outage) == at(2, 11)


def test_an_outage_is_not_lengthened_past_the_day_of_its_last_instant():
    assert worked_out(Outage(at(2, 20), at(2, 23))) == [Interval(at(2, 20), at(3))]
    assert worked_out(Outage(at(2, 20), at(3))) == [Interval(at(2, 20), at(3))]
    assert worked_out(Outage(at(2, 23), at(3, 1))) == [Interval(at(2, 23), at(3, 3))]


def test_a_union_is_lengthened_as_a_whole():
    overlapping = (Outage(at(2, 9), at(2, 10)), Outage(at(2, 9, 30), at(2, 11)))
    assert worked_out(*overlapping) == [Interval(at(2, 9), at(2, 13))]


def test_touching_outages_are_one():
    assert worked_out(Outage(at(2, 9), at(2, 10)), Outage(at(2, 10), at(2, 11))) == [
        Interval(at(2, 9), at(2, 13))
    ]


def test_outages_that_touch_only_after_rounding_are_one():
    outages = (Outage(at(2, 9), at(2, 9, 59, 30)), Outage(at(2, 10, 0, 20), at(2, 11)))
    assert worked_out(*outages) == [Interval(at(2, 9), at(2, 13))]


def test_what_touches_only_after_lengthening_is_merged_but_not_lengthened_again():
    outages = (Outage(at(2, 9), at(2, 10)), Outage(at(2, 11), at(2, 12)))
    assert worked_out(*outages) == [Interval(at(2, 9), at(2, 13))]


def test_separate_outages_stay_separate():
    outages = (Outage(at(2, 9), at(2, 10)), Outage(at(2, 11, 1), at(2, 12)))
    assert worked_out(*outages) == [Interval(at(2, 9), at(2, 11)), Interval(at(2, 11, 1), at(2, 12, 59))]


def test_what_lies_before_the_opening_is_cut_off_before_it_is_lengthened():
    assert worked_out(Outage(at(1, 7), at(1, 10))) == [Interval(OPENS, at(1, 11))]
    assert worked_out(Outage(at(1, 7), at(1, 9))) == []
    off_the_grain = at(1, 9, 0, 30)
    assert worked_out(Outage(at(1, 7), off_the_grain), opens_at=off_the_grain) == []


def test_an_instant_of_outage_is_a_step_of_the_grain():
    assert worked_out(Outage(at(2, 9, 0, 30), at(2, 9, 0, 30))) == [Interval(at(2, 9), at(2, 9, 2))]


def test_an_outage_without_length_on_a_step_is_nothing():
    assert worked_out(Outage(at(2, 9), at(2, 9))) == []
    assert worked_out(Outage(OPENS, OPENS)) == []


def test_an_outage_over_midnight_is_capped_by_its_last_day_alone():
    assert worked_out(Outage(at(2, 12), at(3, 12))) == [Interval(at(2, 12), at(4))]
    assert worked_out(Outage(at(2, 12), at(4, 0, 0, 30))) == [Interval(at(2, 12), at(5))]


def test_two_outages_joined_over_midnight_are_capped_by_the_later_day():
    outages = (Outage(at(2, 20), at(3)), Outage(at(3), at(3, 1)))
    assert worked_out(*outages) == [Interval(at(2, 20), at(3, 6))]


def test_the_same_outage_recorded_twice_is_one():
    outage = Outage(at(2, 9), at(2, 10))
    assert worked_out(outage, outage) == [Interval(at(2, 9), at(2, 11))]


def test_an_outage_inside_another_adds_nothing():
    assert worked_out(Outage(at(2, 9), at(2, 12)), Outage(at(2, 10), at(2, 11))) == [
        Interval(at(2, 9), at(2, 15))
    ]


def test_rounding_reaches_before_an_opening_that_is_off_the_grain_but_no_moment_does():
    opens_at = at(1, 9, 0, 30)
    intervals = worked_out(Outage(at(1, 8), at(1, 9, 10)), opens_at=opens_at)
    assert intervals == [Interval(at(1, 9), at(1, 9, 20))]
    assert moment(at(1, 9, 5), opens_at=opens_at, intervals=intervals, grain=MINUTE) == opens_at


def test_an_outage_counts_for_the_intakes_of_its_district_only():
    outage = Outage(at(2, 9), at(2, 10), district=MEDEU)
    assert counted(at(2, 9, 40), outage, district=MEDEU) == at(2, 9)
    assert counted(at(2, 9, 40), outage, district=AUEZOV) == at(2, 9, 40)


def test_national_and_own_outages_are_worked_out_together():
    national, own = Outage(at(2, 9), at(2, 10)), Outage(at(2, 9, 30), at(2, 11), district=MEDEU)
    assert worked_out(national, own, district=MEDEU) == [Interval(at(2, 9), at(2, 13))]
    assert worked_out(national, own, district=AUEZOV) == [Interval(at(2, 9), at(2, 11))]


def test_an_outage_into_the_second_day_is_one_with_the_opening_interval():
    outage = Outage(at(1, 23), at(2, 1))
    assert worked_out(outage, has_opening_interval=True) == [Interval(OPENS, at(2, 3))]
    assert counted(at(2, 2), outage, has_opening_interval=True) == OPENS


def test_the_opening_interval_does_not_lengthen_an_outage():
    outage = Outage(at(1, 12), at(1, 15))
    assert worked_out(outage, has_opening_interval=True) == [Interval(OPENS, at(2))]


# Open outages


def test_an_open_outage_has_no_end_yet_and_arrivals_carry_its_start():
    outage = Outage(at(2, 9))
    assert worked_out(outage) == [Interval(at(2, 9), None)]
    assert counted(at(5, 17), outage) == at(2, 9)
    assert counted(at(2, 8), outage) == at(2, 8)


def test_an_open_outage_swallows_what_comes_after_its_start():
    outages = (Outage(at(2, 9)), Outage(at(2, 8), at(2, 9)), Outage(at(3, 9), at(3, 10)))
    assert worked_out(*outages) == [Interval(at(2, 8), None)]


def test_an_outage_open_since_before_the_opening_begins_with_it():
    assert worked_out(Outage(at(1, 7))) == [Interval(OPENS, None)]


def test_an_outage_cannot_end_before_it_begins():
    with pytest.raises(ValueError, match="cannot end"):
        Outage(at(2, 10), at(2, 9))


# Pieces


def test_merging_leaves_out_what_is_empty():
    assert merged([Interval(at(2, 9), at(2, 9)), Interval(at(2, 10), at(2, 11))]) == [
        Interval(at(2, 10), at(2, 11))
    ]


def test_without_outages_there_are_no_intervals():
    assert outage_intervals([], opens_at=OPENS, grain=MINUTE) == []
