"""The calendar of rounds: planned by working days, moved by what happens, reached by what is drawn."""

from datetime import date, datetime, timedelta

from enrollment.arrival import Interval, Outage, effective_closing, intervals_by_district
from enrollment.rounds import RoundAt, current_round, needed_days, planned_closings
from schools.clock import ALMATY

OPENING = datetime(2027, 4, 1, 9, tzinfo=ALMATY)
MEDEU = "751710000"
DAY, MINUTE, INSTANT = timedelta(days=1), timedelta(minutes=1), timedelta(microseconds=1)


def at(day: int, hour: int = 0, minute: int = 0, *, month: int = 4) -> datetime:
    return datetime(2027, month, day, hour, minute, tzinfo=ALMATY)


def end_of(day: int, *, month: int = 4) -> datetime:
    return datetime(2027, month, day, tzinfo=ALMATY) + DAY


def planned(opens_at: datetime, closes_at: datetime, moved: dict[date, bool] | None = None) -> list[datetime]:
    return planned_closings(opens_at=opens_at, closes_at=closes_at, moved=moved or {})


# What is planned


def test_every_working_day_closes_at_midnight():
    assert planned(OPENING, end_of(8)) == [end_of(day) for day in (1, 2, 5, 6, 7, 8)]


def test_holidays_are_no_rounds():
    assert planned(at(30), end_of(4, month=5)) == [end_of(30), end_of(4, month=5)]


def test_a_whole_campaign_has_one_round_on_each_of_its_working_days():
    closings = planned(OPENING, end_of(31, month=8))

    assert len(closings) == 105
    assert (closings[0], closings[-1]) == (end_of(1), end_of(31, month=8))


def test_moved_days_are_respected():
    moved = {date(2027, 4, 2): False, date(2027, 4, 3): True}

    assert planned(OPENING, end_of(5), moved) == [end_of(1), end_of(3), end_of(5)]


def test_the_first_round_is_the_first_working_day_on_or_after_the_opening_day():
    assert planned(at(3, 9), end_of(6))[0] == end_of(5)
    assert planned(at(2, 23, 59), end_of(6))[0] == end_of(2)
    assert planned(OPENING, end_of(2), {date(2027, 4, 1): False}) == [end_of(2)]


def test_what_is_handed_in_on_a_last_day_off_has_a_round_too():
    assert planned(OPENING, end_of(3)) == [end_of(1), end_of(2), end_of(5)]


def test_no_round_is_planned_past_the_end():
    assert planned(OPENING, end_of(2)) == [end_of(1), end_of(2)]
    assert planned(OPENING, at(2, 18)) == [end_of(1), end_of(2)]
    assert planned(OPENING, end_of(2) + INSTANT) == [end_of(1), end_of(2), end_of(5)]


def test_a_campaign_of_an_hour_has_one_round():
    assert planned(OPENING, at(1, 10)) == [end_of(1)]


def test_before_march_2024_midnight_in_almaty_was_an_hour_earlier():
    closings = planned_closings(
        opens_at=datetime(2024, 2, 28, 9, tzinfo=ALMATY),
        closes_at=datetime(2024, 3, 2, tzinfo=ALMATY),
        moved={},
    )

    assert [f"{closing:%d %H:%M}" for closing in closings] == ["28 18:00", "29 19:00", "01 19:00"]


# When a round really closes


def test_outside_every_interval_a_closing_stays():
    assert effective_closing(end_of(2), intervals_by_district={}) == end_of(2)
    apart = {MEDEU: [Interval(at(2, 20), at(2, 23)), Interval(at(3, 0, 1), at(3, 2))]}
    assert effective_closing(end_of(2), intervals_by_district=apart) == end_of(2)


def test_the_end_of_an_interval_is_outside_it_and_its_start_is_in_it():
    assert effective_closing(end_of(2), intervals_by_district={"": [Interval(at(2, 20), at(3))]}) == end_of(2)
    assert effective_closing(end_of(2), intervals_by_district={"": [Interval(at(3), at(3, 4))]}) == at(3, 4)


def test_an_interval_of_one_district_moves_the_closing_of_the_country():
    intervals = {"": [], MEDEU: [Interval(at(2, 23), at(3, 3))]}

    assert effective_closing(end_of(2), intervals_by_district=intervals) == at(3, 3)


def test_a_closing_moves_on_while_it_falls_into_another_interval():
    intervals = {
        "": [Interval(at(2, 23), at(3, 3))],
        "a": [Interval(at(3, 2), at(3, 5))],
        "b": [Interval(at(3, 5), at(3, 7)), Interval(at(3, 8), at(3, 9))],
    }

    assert effective_closing(end_of(2), intervals_by_district=intervals) == at(3, 7)


def test_while_an_outage_goes_on_no_round_closes():
    intervals = {"": [Interval(at(2, 23), at(3, 3))], MEDEU: [Interval(at(3, 3), None)]}

    assert effective_closing(end_of(1), intervals_by_district=intervals) == end_of(1)
    assert effective_closing(end_of(2), intervals_by_district=intervals) is None
    assert effective_closing(end_of(5), intervals_by_district=intervals) is None


def test_the_opening_interval_ends_where_the_first_round_closes():
    first_day = intervals_by_district(outages=[], opens_at=OPENING, grain=MINUTE, has_opening_interval=True)

    assert effective_closing(at(1, 18), intervals_by_district=first_day) == end_of(1)
    assert effective_closing(end_of(1), intervals_by_district=first_day) == end_of(1)


def test_an_outage_over_midnight_moves_the_closing_into_the_next_day():
    over_midnight = intervals_by_district(
        outages=[Outage(at(1, 23), at(2, 1))], opens_at=OPENING, grain=MINUTE, has_opening_interval=True
    )

    assert effective_closing(end_of(1), intervals_by_district=over_midnight) == at(2, 3)


def test_districts_without_outages_of_their_own_share_their_intervals():
    by_district = intervals_by_district(
        outages=[Outage(at(2, 9), at(2, 10)), Outage(at(2, 10), at(2, 11), MEDEU)],
        opens_at=OPENING,
        grain=MINUTE,
        has_opening_interval=False,
    )

    assert by_district == {
        "": [Interval(at(2, 9), at(2, 11))],
        MEDEU: [Interval(at(2, 9), at(2, 13))],
    }


# Which round is the current one


def test_a_round_needs_the_seed_of_every_day_before_its_closing():
    assert needed_days(OPENING, end_of(1)) == [date(2027, 4, 1)]
    assert needed_days(OPENING, end_of(1) + INSTANT) == [date(2027, 4, 1), date(2027, 4, 2)]
    assert needed_days(at(2, 23), end_of(5)) == [date(2027, 4, day) for day in (2, 3, 4, 5)]


ROUNDS = list(enumerate(planned(OPENING, end_of(8)), start=1))


def current(*days: int, **intervals: list[Interval]) -> RoundAt | None:
    return current_round(
        rounds=ROUNDS,
        opens_at=OPENING,
        intervals_by_district=intervals,
        seeded=[date(2027, 4, day) for day in days],
    )


def test_before_the_first_seed_there_is_no_round():
    assert current() is None
    assert current(2, 3, 4, 5) is None


def test_the_highest_round_whose_days_are_all_drawn_is_current():
    assert current(1) == RoundAt(1, end_of(1))
    assert current(1, 2) == RoundAt(2, end_of(2))
    assert current(1, 2, 3, 4) == RoundAt(2, end_of(2))
    assert current(1, 2, 3, 4, 5) == RoundAt(3, end_of(5))
    assert current(1, 2, 4, 5) == RoundAt(2, end_of(2))


def test_a_moved_closing_waits_for_the_seed_of_the_day_it_moved_to():
    moved = Interval(at(2, 23), at(3, 3))

    assert current(1, 2, medeu=[moved]) == RoundAt(1, end_of(1))
    assert current(1, 2, 3, medeu=[moved]) == RoundAt(2, at(3, 3))


def test_two_rounds_that_close_together_are_the_later_one():
    over_two_closings = Interval(at(1, 23), at(3, 5))

    assert current(1, 2, 3, medeu=[over_two_closings]) == RoundAt(2, at(3, 5))


def test_an_open_outage_keeps_the_round_before_it():
    assert current(1, 2, 3, 4, 5, medeu=[Interval(at(5, 20), None)]) == RoundAt(2, end_of(2))
    assert current(1, medeu=[Interval(at(1, 20), None)]) is None


def test_the_order_of_rounds_does_not_matter():
    assert current_round(
        rounds=ROUNDS[::-1], opens_at=OPENING, intervals_by_district={}, seeded=[date(2027, 4, 1)]
    ) == RoundAt(1, end_of(1))
