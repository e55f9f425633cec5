"""Working days of Kazakhstan."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schools.rules import (
    InvalidMovedDays,
    answer_date,
    is_working_day,
    next_working_day,
    parse_moved_days,
    working_days_after,
)


@pytest.mark.parametrize(
    "day",
    [
        date(2027, 4, 3),
        date(2027, 4, 4),
        date(2027, 3, 8),
        date(2027, 3, 22),
        date(2027, 7, 6),
        date(2026, 12, 16),
    ],
)
def test_weekends_and_holidays_are_not_worked(day: date) -> None:
    assert not is_working_day(day)


@pytest.mark.parametrize("day", [date(2027, 4, 1), date(2027, 8, 31), date(2027, 3, 25)])
def test_other_days_are_worked(day: date) -> None:
    assert is_working_day(day)


def test_a_holiday_on_a_weekend_frees_the_next_day() -> None:
    assert not is_working_day(date(2027, 5, 3))  # 1 May 2027 is a Saturday


def test_moved_days_go_before_the_calendar() -> None:
    moved = {date(2027, 4, 2): False, date(2027, 4, 3): True}

    assert not is_working_day(date(2027, 4, 2), moved)
    assert is_working_day(date(2027, 4, 3), moved)
    assert next_working_day(date(2027, 4, 1), moved) == date(2027, 4, 3)


def test_a_holiday_that_is_worked_and_a_weekend_that_stays_one() -> None:
    moved = {date(2027, 5, 7): True, date(2027, 5, 8): False}

    assert is_working_day(date(2027, 5, 7), moved)
    assert not is_working_day(date(2027, 5, 7))
    assert not is_working_day(date(2027, 5, 8), moved)


def test_a_term_over_moved_days_counts_only_what_is_worked() -> None:
    moved = {date(2027, 4, 2): False, date(2027, 4, 3): True, date(2027, 4, 5): False}

    assert working_days_after(date(2027, 4, 1), 1, moved) == date(2027, 4, 3)
    assert working_days_after(date(2027, 4, 1), 2, moved) == date(2027, 4, 6)


@pytest.mark.parametrize(
    ("handed_in", "answered"),
    [
        pytest.param(date(2027, 3, 20), date(2027, 4, 2), id="before the opening: with the first list"),
        pytest.param(date(2027, 4, 1), date(2027, 4, 2), id="on the opening day"),
        pytest.param(date(2027, 4, 2), date(2027, 4, 5), id="on Friday: on Monday"),
        pytest.param(date(2027, 4, 3), date(2027, 4, 6), id="on Saturday: in Monday's list"),
        pytest.param(date(2027, 4, 4), date(2027, 4, 6), id="on Sunday: in Monday's list"),
        pytest.param(date(2027, 4, 5), date(2027, 4, 6), id="on Monday"),
    ],
)
def test_the_answer_is_due_one_working_day_after_the_day_its_list_closes(
    handed_in: date, answered: date
) -> None:
    assert answer_date(handed_in, opening_date=date(2027, 4, 1)) == answered


def test_the_answer_knows_moved_days() -> None:
    moved = {date(2027, 4, 3): True, date(2027, 4, 5): False}

    assert answer_date(date(2027, 4, 2), opening_date=date(2027, 4, 1), moved=moved) == date(2027, 4, 3)
    assert answer_date(date(2027, 4, 3), opening_date=date(2027, 4, 1), moved=moved) == date(2027, 4, 6)
    assert answer_date(date(2027, 4, 4), opening_date=date(2027, 4, 1), moved=moved) == date(2027, 4, 7)


@given(day=st.dates(date(2026, 1, 1), date(2028, 1, 1)), count=st.integers(0, 15), data=st.data())
def test_between_a_day_and_the_end_of_a_term_lie_exactly_its_working_days(day, count, data) -> None:
    near = st.integers(-2, 20).map(lambda days: day + timedelta(days=days))
    moved = data.draw(st.dictionaries(near, st.booleans(), max_size=8))

    end = working_days_after(day, count, moved)

    span = [day + timedelta(days=1 + index) for index in range((end - day).days)]
    assert sum(is_working_day(one, moved) for one in span) == count
    assert not span or is_working_day(end, moved)


def test_the_next_working_day_is_never_the_day_itself() -> None:
    assert next_working_day(date(2027, 4, 1)) == date(2027, 4, 2)
    assert next_working_day(date(2027, 4, 2)) == date(2027, 4, 5)


def test_nauryz_is_stepped_over() -> None:
    assert next_working_day(date(2027, 3, 19)) == date(2027, 3, 25)


def test_a_term_of_working_days_ends_with_its_last_one() -> None:
    assert working_days_after(date(2027, 4, 1), 5) == date(2027, 4, 8)
    assert working_days_after(date(2027, 4, 1), 0) == date(2027, 4, 1)


def test_moved_days_are_read_from_data() -> None:
    assert parse_moved_days({"2027-03-26": False, "2027-04-03": True}) == {
        date(2027, 3, 26): False,
        date(2027, 4, 3): True,
    }


@pytest.mark.parametrize(
    ("day", "worked"),
    [
        ("2027-02-30", True),
        ("20270401", True),
        ("2027-W13-4", True),
        ("2027-04-01T00:00", True),
        (" 2027-04-01", True),
        ("", False),
        ("soon", False),
        ("2027-04-01", 1),
        ("2027-04-01", "true"),
        ("2027-04-01", None),
    ],
)
def test_moved_days_that_say_nothing_are_refused(day: str, worked: object) -> None:
    with pytest.raises(InvalidMovedDays):
        parse_moved_days({day: worked})
