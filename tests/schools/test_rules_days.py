"""Working days of Kazakhstan."""

from datetime import date

import pytest

from schools.rules import (
    InvalidMovedDays,
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
    ("day", "worked"), [("2027-02-30", True), ("20270401", True), ("soon", False), ("2027-04-01", 1)]
)
def test_moved_days_that_say_nothing_are_refused(day: str, worked: object) -> None:
    with pytest.raises(InvalidMovedDays):
        parse_moved_days({day: worked})
