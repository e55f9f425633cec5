"""What every page of the counter is given; asked only where a page shows it."""

from collections.abc import Callable
from typing import Any

from django.db import DatabaseError
from django.http import HttpRequest

from cscdesk.counter import offers, selectors


def desk(_request: HttpRequest) -> dict[str, Callable[[], Any]]:
    """Gauges, names, help line: functions, so that a page that does not show them reads nothing."""
    return {
        "gauges": selectors.gauges,
        "desk_name": _desk_name,
        "centre_name": _centre_name,
        "is_desk_open": selectors.is_desk_open,
        "help_line": _help_line,
    }


def _desk_name() -> str:
    identity = selectors.identity()
    return identity.name if identity else ""


def _centre_name() -> str:
    catalogue = selectors.catalogue()
    return offers.in_words(catalogue.centre.names) if catalogue else ""


def _help_line() -> str:
    # It stands on the page that says that the disk is full, too.
    try:
        catalogue = selectors.catalogue()
    except DatabaseError:
        return ""
    if catalogue is None:
        return ""
    own = catalogue.centre.district
    return next((d.help_line for d in catalogue.districts if d.code == own), "")
