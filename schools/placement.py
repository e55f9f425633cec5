"""
Who gets which place: nothing but this room decides it.

The rule: docs/reference/rule.md, "Places". Every intake fills its slots from the children
who ask it; children ask their choices in order (student-proposing deferred acceptance with
slot-specific priorities). With one choice a child that is one pass over every intake.

Why the order of asking changes nothing: one more asking child never lets an intake take a
child that it would have turned away without. So asking in crowds, keeping the taken and
forgetting the turned-away gives the one outcome in which every child has the best that it
can have without anybody being passed over.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from schools.rules.slots import REMOVED

TERRITORY = "T"
OUTSIDE = "O"


@dataclass(frozen=True, slots=True)
class Intake:
    """One school and language of instruction: its slots ("TTTO…", `-` removed) and who holds them."""

    id: str
    slots: str
    holders: Mapping[int, str] = field(default_factory=dict)
    """Child by slot index: confirmed places. A holder that asks no longer leaves its slot open."""


@dataclass(frozen=True, slots=True)
class Child:
    """One child's standing claim."""

    id: str
    choices: Sequence[str]
    """Intakes, best first, each once."""
    moments: Sequence[int]
    """When each choice counts as handed in; earlier goes first."""
    number: str
    """The draw, 64 lower-case hex digits; the smaller goes first at equal moments."""
    territory: Collection[str] = frozenset()
    """Intakes in whose service territory the child lives."""


@dataclass(frozen=True, slots=True)
class Reserve:
    """The two lines of one intake, first in line first."""

    territory: list[str]
    outside: list[str]


@dataclass(frozen=True, slots=True)
class Placement:
    """Who is where; children without a place and intakes without a line are absent."""

    placements: dict[str, str]
    """Intake by child."""
    slots: dict[str, int]
    """Slot index by child."""
    reserves: dict[str, Reserve]
    """Lines by intake: all who chose it and got neither it nor a choice they like better."""


class _Asking(NamedTuple):
    """A child before one intake. Its order is the order of the line: moment, number, id (unique)."""

    moment: int
    number: str
    child: str
    is_territory: bool


def place(*, intakes: Iterable[Intake], children: Iterable[Child], hold_territory: bool) -> Placement:
    """
    Place every child at the best of its choices that has a place for it.

    The result depends on the sets given, not on their order.

    :param intakes: ids unique
    :param children: ids unique, choices among `intakes`
    :param hold_territory: T slots without a child of the territory stay open; otherwise
        children from outside get them
    """
    intake_of = {intake.id: intake for intake in intakes}
    child_of = {child.id: child for child in children}
    taken: dict[str, dict[int, _Asking]] = {}
    turned_away: dict[str, list[_Asking]] = defaultdict(list)

    next_choice = dict.fromkeys(child_of, 0)
    without = list(child_of)
    while without:
        asking: dict[str, list[_Asking]] = defaultdict(list)
        for child_id in without:
            child, rank = child_of[child_id], next_choice[child_id]
            if rank < len(child.choices):
                next_choice[child_id] = rank + 1
                choice = child.choices[rank]
                lives_there = choice in child.territory
                asking[choice].append(_Asking(child.moments[rank], child.number, child.id, lives_there))
        without = []
        for intake_id, fresh in asking.items():
            line = sorted([*fresh, *taken.get(intake_id, {}).values()])
            filled = _fill(intake_of[intake_id], line, hold_territory=hold_territory)
            placed = {one.child for one in filled.values()}
            refused = [one for one in line if one.child not in placed]
            taken[intake_id] = filled
            turned_away[intake_id] += refused
            without += [one.child for one in refused]

    return Placement(
        placements={one.child: intake_id for intake_id, filled in taken.items() for one in filled.values()},
        slots={one.child: slot for filled in taken.values() for slot, one in filled.items()},
        reserves={intake_id: _reserve(line) for intake_id, line in turned_away.items() if line},
    )


def _fill(intake: Intake, line: Sequence[_Asking], *, hold_territory: bool) -> dict[int, _Asking]:
    """Slot by slot who of the sorted line is taken: holders first, then from left to right."""
    by_child = {one.child: one for one in line} if intake.holders else {}
    filled = {slot: by_child[holder] for slot, holder in intake.holders.items() if holder in by_child}
    holding = {one.child for one in filled.values()}
    territory = iter([one for one in line if one.is_territory and one.child not in holding])
    outside = iter([one for one in line if not one.is_territory and one.child not in holding])
    for slot, kind in enumerate(intake.slots):
        if kind == REMOVED or slot in filled:
            continue
        if kind == TERRITORY:
            best = next(territory, None) or (None if hold_territory else next(outside, None))
        else:
            best = next(outside, None) or next(territory, None)
        if best is not None:
            filled[slot] = best
    return filled


def _reserve(turned_away: Iterable[_Asking]) -> Reserve:
    line = sorted(turned_away)
    return Reserve(
        territory=[one.child for one in line if one.is_territory],
        outside=[one.child for one in line if not one.is_territory],
    )
