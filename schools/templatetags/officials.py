"""What pages of lists need to say times."""

from datetime import datetime

from django import template
from django.utils.formats import date_format
from django.utils.timezone import localtime

register = template.Library()


@register.filter
def as_clock(value: datetime | None, at: datetime) -> str:
    """The hour when it is of the day of `at`, with its date otherwise; a dash for None."""
    if value is None:
        return "–"
    shown, today = localtime(value), localtime(at)
    return date_format(shown, "TIME_FORMAT" if shown.date() == today.date() else "SHORT_DATETIME_FORMAT")
