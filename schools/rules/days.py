"""Working days of Kazakhstan: the calendar's holidays, and what the government moved, as data."""

from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache
from types import MappingProxyType

from django.utils.translation import gettext_lazy as _

from schools.rules.refusals import Refusal

MovedDays = Mapping[date, bool]
"""Days that differ from the calendar: True, it is worked; False, it is not."""

NONE_MOVED: MovedDays = MappingProxyType({})
_SATURDAY = 5


class InvalidMovedDays(Refusal):
    message = _("Moved day “%(day)s”: a date (YYYY-MM-DD) with true (worked) or false (off) is needed.")


@cache
def _holidays(year: int) -> frozenset[date]:
    # A cost: importing it takes 0.2 s, which the counter's start need not wait for.
    import holidays

    return frozenset(holidays.country_holidays("KZ", years=year))


def is_working_day(day: date, moved: MovedDays = NONE_MOVED) -> bool:
    """Whether `day` is worked: not a weekend, not a holiday, unless `moved` says otherwise."""
    if day in moved:
        return moved[day]
    return day.weekday() < _SATURDAY and day not in _holidays(day.year)


def working_day_from(day: date, moved: MovedDays = NONE_MOVED) -> date:
    """`day` itself where it is worked, else the first working day after it."""
    return day if is_working_day(day, moved) else next_working_day(day, moved)


def next_working_day(day: date, moved: MovedDays = NONE_MOVED) -> date:
    """The first working day after `day`."""
    return working_days_after(day, 1, moved)


def working_days_after(day: date, count: int, moved: MovedDays = NONE_MOVED) -> date:
    """The `count`-th working day after `day`: a term of `count` working days ends with it."""
    for _step in range(count):
        day += timedelta(days=1)
        while not is_working_day(day, moved):
            day += timedelta(days=1)
    return day


def answer_date(day: date, *, opening_date: date, moved: MovedDays = NONE_MOVED) -> date:
    """
    By when a family is answered that hands in on `day`: one working day after the day its round closes on.

    That round is the one of the first working day on or after `day`, never before the opening
    day. What an outage moves is not in it.
    """
    return next_working_day(working_day_from(max(day, opening_date), moved), moved)


def parse_moved_days(data: Mapping[str, object]) -> dict[date, bool]:
    """
    Moved days as a campaign stores them: `{"2027-03-26": false}`.

    :raises InvalidMovedDays: not a date, or neither true nor false
    """
    moved = {}
    for text, worked in data.items():
        try:
            day = date.fromisoformat(text)
        except ValueError:
            raise InvalidMovedDays(day=text) from None
        if not isinstance(worked, bool) or day.isoformat() != text:
            raise InvalidMovedDays(day=text)
        moved[day] = worked
    return moved
