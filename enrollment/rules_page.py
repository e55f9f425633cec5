"""The page of the rule: a small example that is placed for real, and every number of the policy in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final

from django.utils.formats import date_format
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from enrollment import arrival
from schools import placement
from schools.clock import ALMATY
from schools.models import Campaign
from schools.rules import Policy, default_policy_data, parse_policy, slots
from schools.rules.policy import MODEL_RULES, NEEDS_AN_ORDER

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_OPENS_AT: Final = datetime(2027, 4, 1, 9, tzinfo=ALMATY)
_PLACES: Final = 6
_SCHOOL: Final = "school"
OUTAGE: Final = arrival.Outage(
    datetime(2027, 4, 2, 11, 5, tzinfo=ALMATY), datetime(2027, 4, 2, 11, 20, tzinfo=ALMATY)
)
"""The example's late outage: known only after everybody has applied."""


@dataclass(frozen=True, slots=True)
class ExampleChild:
    """One child of the example; the number stands for the 64 digits of a real draw."""

    id: str
    name: "StrOrPromise"
    is_territory: bool
    lodged_at: datetime
    number: str


def _at(day: int, hour: int, minute: int) -> datetime:
    return datetime(2027, 4, day, hour, minute, tzinfo=ALMATY)


CHILDREN: Final = (
    ExampleChild("1", _("Ayala"), is_territory=True, lodged_at=_at(1, 9, 2), number="b2"),
    ExampleChild("2", _("Bekzat"), is_territory=True, lodged_at=_at(1, 17, 40), number="1f"),
    ExampleChild("3", _("Dana"), is_territory=True, lodged_at=_at(2, 10, 0), number="e4"),
    ExampleChild("4", _("Yerzhan"), is_territory=True, lodged_at=_at(2, 11, 7), number="5c"),
    ExampleChild("5", _("Ilyas"), is_territory=True, lodged_at=_at(2, 11, 12), number="c3"),
    ExampleChild("6", _("Zhanel"), is_territory=True, lodged_at=_at(2, 11, 31), number="1a"),
    ExampleChild("7", _("Kamila"), is_territory=False, lodged_at=_at(1, 12, 0), number="90"),
    ExampleChild("8", _("Nurlan"), is_territory=False, lodged_at=_at(1, 20, 15), number="37"),
    ExampleChild("9", _("Madina"), is_territory=False, lodged_at=_at(2, 9, 30), number="08"),
)
_CHILD: Final = {child.id: child for child in CHILDREN}


@dataclass(frozen=True, slots=True)
class Standing:
    """A child as it stands in one list of the example."""

    child: ExampleChild
    moment: datetime
    place: int | None
    """From 1; None in a reserve line."""
    kind: str
    """T or O of the place; empty in a line."""
    why: str
    """earlier, draw, alone, no_outside or no_territory; empty in a line."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the rule makes of the example."""

    placed: list[Standing]
    territory: list[Standing]
    outside: list[Standing]


@dataclass(frozen=True, slots=True)
class Example:
    """The example without and with the outage that becomes known later."""

    slots: str
    children: Sequence[ExampleChild]
    before: Outcome
    after: Outcome
    outage: arrival.Outage
    interval: arrival.Interval
    """What the outage became: rounded, lengthened once."""
    gained: list[ExampleChild]
    lost: list[ExampleChild]


def policy_of(campaign: Campaign | None) -> Policy:
    """The campaign's rules, or those of a new campaign."""
    return campaign.policy if campaign else Policy()


def example(*, policy: Policy) -> Example:
    """Place the example's children by `schools.placement`, under this policy."""
    pattern = slots(_PLACES, policy.slot_pattern)
    before, after = (_outcome(outages, pattern, policy) for outages in ((), (OUTAGE,)))
    had = {one.child.id for one in before.placed}
    has = {one.child.id for one in after.placed}
    around = arrival.intervals_for(
        district="", outages=[OUTAGE], opens_at=_OPENS_AT, grain=policy.grain, has_opening_interval=False
    )
    return Example(
        slots=pattern,
        children=CHILDREN,
        before=before,
        after=after,
        outage=OUTAGE,
        interval=around[0],
        gained=[_CHILD[id_] for id_ in sorted(has - had)],
        lost=[_CHILD[id_] for id_ in sorted(had - has)],
    )


def _outcome(outages: Sequence[arrival.Outage], pattern: str, policy: Policy) -> Outcome:
    intervals = arrival.intervals_for(
        district="",
        outages=outages,
        opens_at=_OPENS_AT,
        grain=policy.grain,
        has_opening_interval=policy.opening_interval,
    )
    moments = {
        child.id: arrival.moment(child.lodged_at, opens_at=_OPENS_AT, intervals=intervals, grain=policy.grain)
        for child in CHILDREN
    }
    result = placement.place(
        intakes=[placement.Intake(id=_SCHOOL, slots=pattern)],
        children=[
            placement.Child(
                id=child.id,
                choices=[_SCHOOL],
                moments=[(moments[child.id] - _EPOCH) // timedelta(microseconds=1)],
                number=child.number.ljust(64, "0"),
                territory=[_SCHOOL] if child.is_territory else [],
            )
            for child in CHILDREN
        ],
        hold_territory=policy.territory_hold_until is not None,
    )
    reserve = result.reserves.get(_SCHOOL, placement.Reserve([], []))
    in_order = sorted(result.slots, key=lambda id_: result.slots[id_])
    return Outcome(
        placed=[
            Standing(
                child=_CHILD[id_],
                moment=moments[id_],
                place=result.slots[id_] + 1,
                kind=pattern[result.slots[id_]],
                why=_why(id_, pattern[result.slots[id_]], in_order, reserve, moments),
            )
            for id_ in in_order
        ],
        territory=[Standing(_CHILD[id_], moments[id_], None, "", "") for id_ in reserve.territory],
        outside=[Standing(_CHILD[id_], moments[id_], None, "", "") for id_ in reserve.outside],
    )


def _why(
    id_: str, kind: str, in_order: Sequence[str], reserve: placement.Reserve, moments: Mapping[str, datetime]
) -> str:
    """Against the next one of the same group: was the child earlier, or did the draw decide?"""
    child = _CHILD[id_]
    if kind == placement.TERRITORY and not child.is_territory:
        return "no_territory"
    if kind == placement.OUTSIDE and child.is_territory:
        return "no_outside"
    later = in_order[in_order.index(id_) + 1 :]
    line = [one for one in later if _CHILD[one].is_territory == child.is_territory]
    line += reserve.territory if child.is_territory else reserve.outside
    if not line:
        return "alone"
    return "draw" if moments[line[0]] == moments[id_] else "earlier"


@dataclass(frozen=True, slots=True)
class PolicyKey:
    """One number of the policy, for readers."""

    name: str
    meaning: "StrOrPromise"
    value: "StrOrPromise"
    legal_basis: "StrOrPromise"
    needs_an_order: bool


MEANINGS: Final[Mapping[str, "StrOrPromise"]] = {
    "class_size_max": _("Most children in one class"),
    "slot_pattern": _("Turn of places: T for the school's territory, O for children from outside"),
    "territory_hold_until": _("Until when free places of the territory are kept for its children"),
    "grain": _("Applications within so long count as handed in at the same time"),
    "opening_interval": _("All applications of the first day count as handed in at the same time"),
    "choices_max": _("How many schools one application may name"),
    "turns_years": _("Age that a child reaches within the year"),
    "age_wish_after": _("Who reaches this age after this day starts only if the parents wish"),
    "turns_years_max": _("Highest age that a child reaches within the year"),
    "unopposed_withdrawal_hours": _(
        "A withdrawal at a service centre without the family's code counts after"
    ),
    "hold_unchecked": _("What must be checked before a place is confirmed"),
    "twins_share_token": _("Twins have one number in the draw if their parents wish"),
    "must_act_days": _("Term for the department to find a place for a child of the territory"),
    "silent_desk_hours": _("When two officials may confirm without a service centre that does not answer"),
    "notice_days": _("Time between a change of the number of places and the day it counts"),
    "brake_percent": _(
        "A new list that moves more than this part of a district's children waits for a person"
    ),
    "brake_children": _("… and more than so many children"),
}
_CHECKED: Final[Mapping[str, "StrOrPromise"]] = {
    "address": _("Registered address"),
    "relation": _("Relation to the child"),
}
_BASES: Final[Mapping[str, "StrOrPromise"]] = {
    MODEL_RULES: _("Order No. 564 of 12.10.2018, as in force from 15.09.2025"),
    NEEDS_AN_ORDER: _("Demonstration rule: needs an order of the ministry"),
}


def policy_keys(campaign: Campaign) -> list[PolicyKey]:
    """Every key of the campaign's policy, those it does not store with their defaults."""
    stored = {**default_policy_data(), **campaign.policy_data}
    policy = parse_policy(stored)
    keys = []
    for name, meaning in MEANINGS.items():
        basis = str(stored[name]["legal_basis"])
        keys.append(
            PolicyKey(
                name=name,
                meaning=meaning,
                value=_in_words(name, policy),
                legal_basis=_BASES.get(basis, basis),
                needs_an_order=basis == NEEDS_AN_ORDER,
            )
        )
    return keys


def _in_words(name: str, policy: Policy) -> "StrOrPromise":
    value = getattr(policy, name)
    words: StrOrPromise
    match value:
        case None:
            words = _("not at all")
        case bool():
            words = _("yes") if value else _("no")
        case date():
            words = date_format(value)
        case timedelta():
            words = _duration(value)
        case (int() as month, int() as day):
            words = date_format(date(2000, month, day), "MONTH_DAY_FORMAT")
        case tuple():
            words = ", ".join(str(_CHECKED[one]) for one in value) or _("nothing")
        case _number if name.endswith("_hours"):
            words = ngettext("%(n)d hour", "%(n)d hours", value) % {"n": value}
        case _number if name.endswith("_days"):
            words = ngettext("%(n)d working day", "%(n)d working days", value) % {"n": value}
        case _number:
            words = format_lazy("{}%", value) if name == "brake_percent" else str(value)
    return words


def _duration(length: timedelta) -> str:
    minutes, seconds = divmod(int(length.total_seconds()), 60)
    if seconds:
        total = int(length.total_seconds())
        return ngettext("%(n)d second", "%(n)d seconds", total) % {"n": total}
    return ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}
