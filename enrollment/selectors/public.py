"""The state of an application for whoever holds its receipt, within tries that are counted."""

from typing import Final

from django.core.cache import cache
from django.utils.translation import gettext_lazy as _

from enrollment.models import Application
from enrollment.receipts import parse_number
from enrollment.selectors.states import State, states_of
from schools.rules import Refusal

STATUS_TRIES: Final = 5
STATUS_WINDOW: Final = 3600
"""Seconds in which a number may be asked about `STATUS_TRIES` times."""


class TooManyTries(Refusal):
    message = _("This number was asked about five times within an hour. Try again in an hour, or call 1414.")


class NothingFound(Refusal):
    message = _("There is no application with this number and these last four digits. Check both.")


def public_state(*, number: str, last_four: str) -> State:
    """
    The state of an application, for whoever knows its number and the child's last four digits.

    Tries are counted by number, also for numbers that do not exist, so that neither
    the digits nor the existence of an application can be found by trying.

    :raises InvalidNumber: no such number can exist
    :raises TooManyTries: five tries within an hour are used up
    :raises NothingFound: the number or the digits are wrong
    """
    number = parse_number(number)
    key = f"enrollment.status.{number}"
    cache.add(key, 0, STATUS_WINDOW)
    try:
        tries = cache.incr(key)
    except ValueError:  # it ran out between the two calls
        tries = 1
    if tries > STATUS_TRIES:
        raise TooManyTries
    digits = "".join(last_four.split()).upper()
    named = Application.objects.filter(number=number)
    matching = [a for a in named if len(digits) == 4 and a.child_key.endswith(digits)]
    if len(matching) != 1:
        raise NothingFound
    return states_of(matching)[matching[0].id]
