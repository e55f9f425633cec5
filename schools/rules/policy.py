"""A campaign's rules as data: what may change from year to year, each key with its legal basis."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from schools.rules.refusals import Refusal

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

MODEL_RULES = "Order No. 564 of 12.10.2018, as in force from 15.09.2025"
NEEDS_AN_ORDER = "demo rule, needs an order"
CHECKABLE = ("address", "relation")
_DAY_SECONDS = 24 * 60 * 60


class InvalidPolicy(Refusal):
    message = _("Policy, “%(key)s”: %(reason)s")


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules of one campaign; the meaning of each key stands in `docs/reference/rule.md`."""

    class_size_max: int = 25
    slot_pattern: str = "TTTO"
    # Rounds that close after this day may give T slots to children from outside; None: any round.
    territory_hold_until: date | None = None
    # Arrivals within one step of this length count as one moment.
    grain: timedelta = timedelta(minutes=1)
    opening_interval: bool = True
    choices_max: int = 1
    turns_years: int = 6
    # (month, day): who reaches `turns_years` later starts only if the parents wish.
    age_wish_after: tuple[int, int] = (9, 1)
    turns_years_max: int = 8
    unopposed_withdrawal_hours: int = 48
    # What must be checked before a place is confirmed: any of `CHECKABLE`.
    hold_unchecked: tuple[str, ...] = ("address", "relation")
    # Twins whose parents wish it have one token, and so one number.
    twins_share_token: bool = True
    # Working days within which a district must find a place for a child of a school's territory.
    must_act_days: int = 5
    # After so many hours past a closing two officials may confirm without a dark desk.
    silent_desk_hours: int = 72
    # Working days between a change of capacity and the day it is in force.
    notice_days: int = 5
    # A run that moves more than this part of a district's children, and more than so many, is stopped.
    brake_percent: int = 2
    brake_children: int = 5


class _SenselessError(Exception):
    def __init__(self, reason: "StrOrPromise") -> None:
        super().__init__(reason)
        self.reason = reason


def _whole_number(least: int, most: int) -> Callable[[object], int]:
    def read(value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise _SenselessError(
                format_lazy(_("a whole number from {least} to {most} is needed"), least=least, most=most)
            )
        return value

    return read


def _pattern(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch("[TO]{1,40}", value):
        raise _SenselessError(_("1 to 40 letters T (territory) and O (outside) are needed"))
    return value


def _day_or_none(value: object) -> date | None:
    if value is None:
        return None
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise _SenselessError(_("a date (YYYY-MM-DD) or null is needed"))


def _grain(value: object) -> timedelta:
    seconds = _whole_number(1, _DAY_SECONDS)(value)
    if _DAY_SECONDS % seconds:
        raise _SenselessError(_("a number of seconds that divides the day is needed"))
    return timedelta(seconds=seconds)


def _yes_or_no(value: object) -> bool:
    if not isinstance(value, bool):
        raise _SenselessError(_("true or false is needed"))
    return value


def _checkable(value: object) -> tuple[str, ...]:
    if (
        not isinstance(value, list)
        or not all(one in CHECKABLE for one in value)
        or len(set(value)) < len(value)
    ):
        raise _SenselessError(
            format_lazy(_("a list of some of these is needed: {names}"), names=", ".join(CHECKABLE))
        )
    return tuple(sorted(value))


def _month_and_day(value: object) -> tuple[int, int]:
    if isinstance(value, str) and re.fullmatch(r"\d{2}-\d{2}", value, re.ASCII):
        try:
            day = date.fromisoformat(f"2000-{value}")
        except ValueError:
            pass
        else:
            return day.month, day.day
    raise _SenselessError(_("a month and day (MM-DD) is needed"))


@dataclass(frozen=True, slots=True)
class _Key:
    value: object
    legal_basis: str
    read: Callable[[object], Any]


_KEYS: dict[str, _Key] = {
    "class_size_max": _Key(25, MODEL_RULES, _whole_number(1, 40)),
    "slot_pattern": _Key("TTTO", MODEL_RULES, _pattern),
    "territory_hold_until": _Key(None, NEEDS_AN_ORDER, _day_or_none),
    "grain": _Key(60, NEEDS_AN_ORDER, _grain),
    "opening_interval": _Key(value=True, legal_basis=NEEDS_AN_ORDER, read=_yes_or_no),
    "choices_max": _Key(1, MODEL_RULES, _whole_number(1, 3)),
    "turns_years": _Key(6, MODEL_RULES, _whole_number(5, 8)),
    "age_wish_after": _Key("09-01", MODEL_RULES, _month_and_day),
    "turns_years_max": _Key(8, NEEDS_AN_ORDER, _whole_number(5, 18)),
    "unopposed_withdrawal_hours": _Key(48, NEEDS_AN_ORDER, _whole_number(1, 720)),
    "hold_unchecked": _Key(["address", "relation"], NEEDS_AN_ORDER, _checkable),
    "twins_share_token": _Key(value=True, legal_basis=NEEDS_AN_ORDER, read=_yes_or_no),
    "must_act_days": _Key(5, NEEDS_AN_ORDER, _whole_number(1, 60)),
    "silent_desk_hours": _Key(72, NEEDS_AN_ORDER, _whole_number(1, 720)),
    "notice_days": _Key(5, NEEDS_AN_ORDER, _whole_number(0, 60)),
    "brake_percent": _Key(2, NEEDS_AN_ORDER, _whole_number(0, 100)),
    "brake_children": _Key(5, NEEDS_AN_ORDER, _whole_number(0, 10_000)),
}


def default_policy_data() -> dict[str, dict[str, object]]:
    """The policy of a new campaign as it is stored: `grain` in seconds, days as texts."""
    return {name: {"value": key.value, "legal_basis": key.legal_basis} for name, key in _KEYS.items()}


def parse_policy(data: Mapping[str, object]) -> Policy:
    """
    The policy that stored data means; a key that is not stored has its default.

    :param data: `{key: {"value": …, "legal_basis": "…"}}`
    :raises InvalidPolicy: a key that nobody knows, one without legal basis, or a senseless value
    """
    if not isinstance(data, Mapping):
        raise InvalidPolicy(key="", reason=_("an object with keys is needed"))
    values = {name: _read(name, stored) for name, stored in data.items()}
    policy = Policy(**values)
    if policy.turns_years_max < policy.turns_years:
        raise InvalidPolicy(key="turns_years_max", reason=_("it is smaller than turns_years"))
    return policy


def _read(name: str, stored: object) -> Any:
    if name not in _KEYS:
        raise InvalidPolicy(key=name, reason=_("there is no such key"))
    if not isinstance(stored, Mapping) or not {"value"} <= stored.keys() <= {"value", "legal_basis"}:
        raise InvalidPolicy(key=name, reason=_("a value and a legal basis are needed, nothing else"))
    basis = stored.get("legal_basis")
    if not isinstance(basis, str) or not basis.strip():
        raise InvalidPolicy(key=name, reason=_("the legal basis is missing"))
    try:
        return _KEYS[name].read(stored["value"])
    except _SenselessError as senseless:
        raise InvalidPolicy(key=name, reason=senseless.reason) from None
