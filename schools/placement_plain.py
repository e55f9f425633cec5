"""
Who gets which place, as the rule reads: docs/reference/rule.md, "Places" and "Placing".

Written to be read beside the rule and to check `schools/placement`, which must give the same
and shares no code with this.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from schools.placement_case import OUTSIDE, TERRITORY, Child, Intake, Placement, Reserve

_REMOVED = "-"


def place(*, intakes: Iterable[Intake], children: Iterable[Child], hold_territory: bool) -> Placement:
    """
    Place every child at the best of its choices that has a place for it.

    :param intakes: ids unique
    :param children: ids unique, choices among `intakes`
    :param hold_territory: T slots without a child of the territory stay open; otherwise
        children from outside get them
    """
    schools = {intake.id: _School(intake, hold_territory=hold_territory) for intake in intakes}
    hopes = {child.id: _Hope(child) for child in children}

    # Children propose to their choices in order. Every intake keeps the best of those it has and
    # those who ask it now; whom it turns away asks its next choice.
    without_place = list(hopes.values())
    while without_place:
        asked = defaultdict(list)
        for hope in without_place:
            choice = hope.next_choice()
            if choice is not None:
                asked[choice].append(hope.child)
        without_place = []
        for choice, children_asking in asked.items():
            for turned_away in schools[choice].keep_the_best(children_asking):
                without_place.append(hopes[turned_away.id])

    placement = Placement(placements={}, slots={}, reserves={})
    for school in schools.values():
        for slot, child in school.places.items():
            placement.placements[child.id] = school.intake.id
            placement.slots[child.id] = slot
        # In the two lines stand all who chose it and got neither it nor something they like better.
        if school.waiting:
            line = school.in_turn(school.waiting)
            placement.reserves[school.intake.id] = Reserve(
                territory=[child.id for child in line if school.is_territory(child)],
                outside=[child.id for child in line if not school.is_territory(child)],
            )
    return placement


class _Hope:
    """A child with its choices that it has not asked yet, best first."""

    def __init__(self, child: Child) -> None:
        self.child = child
        self._left = iter(child.choices)

    def next_choice(self) -> str | None:
        return next(self._left, None)


class _School:
    """One intake, the children that have its places for now and those whom it turned away."""

    def __init__(self, intake: Intake, *, hold_territory: bool) -> None:
        self.intake = intake
        self.hold_territory = hold_territory
        self.places: dict[int, Child] = {}
        self.waiting: list[Child] = []

    def is_territory(self, child: Child) -> bool:
        return self.intake.id in child.territory

    def in_turn(self, children: Iterable[Child]) -> list[Child]:
        """The earlier moment first, at equal moments the smaller number, at equal numbers the smaller id."""
        return sorted(
            children,
            key=lambda child: (
                child.moments[list(child.choices).index(self.intake.id)],
                child.number,
                child.id,
            ),
        )

    def keep_the_best(self, asking: Iterable[Child]) -> list[Child]:
        """Give the slots anew among the children here and those asking; returns whom it turned away."""
        everybody = self.in_turn([*self.places.values(), *asking])
        self.places = self._filled(everybody)
        kept = {child.id for child in self.places.values()}
        turned_away = [child for child in everybody if child.id not in kept]
        self.waiting += turned_away
        return turned_away

    def _filled(self, everybody: list[Child]) -> dict[int, Child]:
        """Child by slot: first each held slot to its holder, then the others from left to right."""
        here = {child.id: child for child in everybody}
        filled = {slot: here[holder] for slot, holder in self.intake.holders.items() if holder in here}
        holding = {child.id for child in filled.values()}
        line = [child for child in everybody if child.id not in holding]

        lines = {kind: self._line_for(kind, line) for kind in (TERRITORY, OUTSIDE)}
        seated = set(holding)
        for slot, kind in enumerate(self.intake.slots):
            if kind == _REMOVED or slot in filled:
                continue
            child = next((child for child in lines[kind] if child.id not in seated), None)
            if child is not None:
                filled[slot] = child
                seated.add(child.id)
        return filled

    def _line_for(self, kind: str, line: list[Child]) -> Iterator[Child]:
        """Who may have a slot of a kind, whoever comes first going first."""
        territory = [child for child in line if self.is_territory(child)]
        outside = [child for child in line if not self.is_territory(child)]
        # Harmed children go before both lanes at slots of the kind that they lost.
        yield from (child for child in line if child.first_for.get(self.intake.id) == kind)
        if kind == TERRITORY:
            yield from territory
            # When there is none left, children from outside, but not while the places are held.
            if not self.hold_territory:
                yield from outside
        else:
            yield from outside
            # When there is none left, the territory's children, at once.
            yield from territory
