"""Made-up cases for the placement, and judges that read the rule once more, slot by slot."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from schools import placement as fast
from schools import placement_plain as plain
from schools.placement_case import OUTSIDE, TERRITORY, Child, Intake, Placement


@dataclass(frozen=True)
class Case:
    intakes: list[Intake]
    children: list[Child]
    hold_territory: bool

    def placed(self) -> Placement:
        return fast.place(intakes=self.intakes, children=self.children, hold_territory=self.hold_territory)

    def placed_plainly(self) -> Placement:
        return plain.place(intakes=self.intakes, children=self.children, hold_territory=self.hold_territory)


def random_case(random: Random) -> Case:
    """
    Few moments and numbers, so that ties are common; intakes without slots and crowded ones.

    Among the children are holders, some at a worse choice than they now ask for, harmed ones,
    and twins with one number.
    """
    ids = [f"i{n}" for n in range(random.randint(1, 6))]
    children = [
        _child(random, serial, ids) for serial in range(random.randint(0, random.choice([5, 20, 40])))
    ]
    free = {child.id: child for child in children}
    return Case([_intake(random, id_, free) for id_ in ids], children, random.random() < 0.5)


def _child(random: Random, serial: int, ids: list[str]) -> Child:
    choices = random.sample(ids, min(len(ids), random.randint(0, 4)))
    latest = random.choice([0, 2, 9])
    return Child(
        id=f"c{serial}",
        choices=choices,
        moments=[random.randint(0, latest) for _choice in choices],
        number=f"{random.randint(0, random.choice([0, 3, 50])):064x}",
        territory=frozenset(id_ for id_ in ids if random.random() < 0.4),
        first_for={id_: random.choice("TO") for id_ in choices if random.random() < 0.06},
    )


def _intake(random: Random, id_: str, free: dict[str, Child]) -> Intake:
    """Slots and holders; who holds something is not among the free any more."""
    kinds = random.choice(["TTTOO-", "TTTO", "T", "O"])
    slots = "".join(random.choice(kinds) for _slot in range(random.randint(0, 10)))
    holders: dict[int, str] = {}
    for slot, kind in enumerate(slots):
        could_hold = [child.id for child in free.values() if id_ in child.choices]
        if kind != "-" and could_hold and random.random() < 0.2:
            holders[slot] = random.choice(could_hold)
            del free[holders[slot]]
    return Intake(id_, slots, holders)


def as_json(case: Case) -> dict[str, Any]:
    """The case as a file of `manage.py place`: docs/reference/place-file.md."""
    return {
        "policy": {"hold_territory": case.hold_territory},
        "intakes": [
            {"id": i.id, "slots": i.slots, "holders": {str(slot): child for slot, child in i.holders.items()}}
            for i in case.intakes
        ],
        "children": [
            {
                "id": c.id,
                "choices": list(c.choices),
                "territory": sorted(c.territory),
                "moments": list(c.moments),
                "number": c.number,
                **({"first_for": c.first_for} if c.first_for else {}),
            }
            for c in case.children
        ],
    }


def turn(child: Child, intake: str) -> tuple[int, str, str]:
    return child.moments[list(child.choices).index(intake)], child.number, child.id


def rank(child: Child, intake: str | None) -> int:
    """How far down the child's list; past its end is no place."""
    return len(child.choices) if intake is None else list(child.choices).index(intake)


def priority(
    child: Child, intake: Intake, kind: str, *, hold_territory: bool
) -> tuple[int, tuple[int, str, str]] | None:
    """The place of a child in the order for one open slot, smaller first; None if it may not have it."""
    if child.first_for.get(intake.id) == kind:
        return 0, turn(child, intake.id)
    lives_there = intake.id in child.territory
    if lives_there == (kind == TERRITORY):
        return 1, turn(child, intake.id)
    if kind == OUTSIDE or not hold_territory:
        return 2, turn(child, intake.id)
    return None


def taken_by_rule(intake: Intake, asking: Iterable[Child], *, hold_territory: bool) -> dict[int, str]:
    """Child by slot: held slots to their holders, then from left to right each to the first in its order."""
    left = {child.id: child for child in asking}
    taken = {slot: holder for slot, holder in intake.holders.items() if left.pop(holder, None)}
    for slot, kind in enumerate(intake.slots):
        if kind == "-" or slot in taken:
            continue
        orders = {
            order: child
            for child in left.values()
            if (order := priority(child, intake, kind, hold_territory=hold_territory))
        }
        if orders:
            taken[slot] = left.pop(orders[min(orders)].id).id
    return taken


def sitting(placement: Placement, intake: Intake) -> dict[int, str]:
    """Child by slot."""
    return {placement.slots[child]: child for child, at in placement.placements.items() if at == intake.id}


def passed_over(case: Case, placement: Placement) -> Iterator[str]:
    """Every child that would rather have a slot which is open, or given to one that comes after it."""
    child_of = {child.id: child for child in case.children}
    for intake in case.intakes:
        sits = sitting(placement, intake)
        rather = [
            child
            for child in case.children
            if intake.id in child.choices
            and rank(child, intake.id) < rank(child, placement.placements.get(child.id))
        ]
        for slot, kind in enumerate(intake.slots):
            if kind == "-" or (slot in sits and intake.holders.get(slot) == sits[slot]):
                continue
            for child in rather:
                hers = priority(child, intake, kind, hold_territory=case.hold_territory)
                if hers is None:
                    continue
                if slot not in sits:
                    yield f"{child.id} while slot {slot} of {intake.id} is open"
                    continue
                its = priority(child_of[sits[slot]], intake, kind, hold_territory=case.hold_territory)
                if its is None or hers < its:
                    yield f"{child.id} before {sits[slot]} in slot {slot} of {intake.id}"


def losing_holders(case: Case, placement: Placement) -> Iterator[str]:
    """Every holder that got something worse than what it holds, or another slot of the same intake."""
    child_of = {child.id: child for child in case.children}
    for intake in case.intakes:
        for slot, holder in intake.holders.items():
            got = placement.placements.get(holder)
            if rank(child_of[holder], got) > rank(child_of[holder], intake.id):
                yield f"{holder} held slot {slot} of {intake.id} and got {got}"
            elif got == intake.id and placement.slots[holder] != slot:
                yield f"{holder} held slot {slot} of {intake.id} and got slot {placement.slots[holder]}"
