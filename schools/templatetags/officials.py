"""What pages of lists need to say times."""

from datetime import datetime, timedelta

from django import template
from django.utils.formats import date_format
from django.utils.timezone import localtime

from schools.models import RosterEntry
from schools.selectors import rosters

register = template.Library()


@register.filter
def as_clock(value: datetime | None, at: datetime) -> str:
    """The hour when it is of the day of `at`, with its date otherwise; a dash for None."""
    if value is None:
        return "–"
    shown, today = localtime(value), localtime(at)
    return date_format(shown, "TIME_FORMAT" if shown.date() == today.date() else "SHORT_DATETIME_FORMAT")


@register.filter
def as_closing(value: datetime | None) -> str:
    """A closing as people say it: midnight is 24:00 of the day that ends."""
    if value is None:
        return "–"
    shown = localtime(value)
    if (shown.hour, shown.minute) != (0, 0):
        return date_format(shown, "SHORT_DATETIME_FORMAT")
    return f"{date_format(shown.date() - timedelta(days=1), 'SHORT_DATE_FORMAT')} 24:00"


@register.filter
def held_reasons(entry: RosterEntry) -> str:
    """Why a place is held, in words; empty where it is not."""
    return "; ".join(str(reason) for reason in rosters.held_reasons(entry))


@register.filter
def fingerprint(value: bytes) -> str:
    """A hash in groups of four, to be read and compared by people."""
    digits = bytes(value).hex()
    return " ".join(digits[start : start + 4] for start in range(0, len(digits), 4))


@register.filter
def telephone(value: str) -> str:
    """The number as a link calls it."""
    return "".join(symbol for symbol in value if symbol.isdigit() or symbol == "+")
