"""A made-up nation that asks for first grade, as the placement takes it, built without objects."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from schools.placement import FIRST_FOR_NONE, FIRST_FOR_T, Columns
from schools.placement_case import Child, Intake
from schools.rules import slots

PLACES = (20, 81)
"""An intake has at least the first and fewer than the second number; 50 on average."""
DISTRICTS, REGIONS, NATION = 224, 20, 400_000
_MINUTE = 60_000_000

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Country:
    """Intakes stand by district, districts by region."""

    intakes: int
    districts: int
    regions: int

    def in_district(self, home: Ints, random: np.random.Generator) -> Ints:
        return self._near(home, self.districts, random)

    def in_region(self, home: Ints, random: np.random.Generator) -> Ints:
        return self._near(home, self.regions, random)

    def _near(self, home: Ints, parts: int, random: np.random.Generator) -> Ints:
        """An intake of the same part of the country; the first ones of a part are the sought-after."""
        part = home * parts // self.intakes
        first = -(-part * self.intakes // parts)
        end = -(-(part + 1) * self.intakes // parts)
        chance = random.random(len(home)) ** 1.5
        return first + (chance * (end - first)).astype(np.int64)


def nation(children: int, *, seed: int = 1) -> Columns:
    """
    Three choices a child, about as many places as children, as families choose.

    Seven of ten ask the school of their territory first; all other choices lie in the own
    district, one in seven in the own region. Six of ten apply on the first day, at one moment,
    the others in any minute of a hundred days. One in ten holds a place in one of its choices,
    one in five thousand is harmed at its first.
    """
    random = np.random.default_rng(seed)
    scale = children / NATION
    intakes = max(3, children // 50)
    country = _Country(intakes, max(1, round(DISTRICTS * scale)), max(1, round(REGIONS * scale)))
    capacity = random.integers(*PLACES, intakes)
    home = np.sort(random.choice(intakes, children, p=capacity / capacity.sum()))
    random.shuffle(home)
    choices = _choices(country, home, random)
    moment = np.where(random.random(children) < 0.6, 0, random.integers(0, 144_000, children)) * _MINUTE
    intake = choices.reshape(-1).astype(np.int32)
    first_for = np.full((children, 3), FIRST_FOR_NONE, np.uint8)
    first_for[random.random(children) < 1 / 5_000, 0] = FIRST_FOR_T
    return Columns(
        slots=[slots(int(places), "TTTO") for places in capacity],
        children=children,
        child=np.repeat(np.arange(children, dtype=np.int32), 3),
        intake=intake,
        moment=np.repeat(moment, 3),
        is_territory=(choices == home[:, None]).reshape(-1),
        held_slot=_held(intake, capacity, random),
        first_for=first_for.reshape(-1),
    )


def _choices(country: _Country, home: Ints, random: np.random.Generator) -> Ints:
    choices = np.empty((len(home), 3), np.int64)
    choices[:, 0] = np.where(random.random(len(home)) < 0.7, home, country.in_district(home, random))
    again = np.arange(len(home))
    while len(again):
        for rank in (1, 2):
            is_far = random.random(len(again)) < 1 / 7
            near, far = (pick(home[again], random) for pick in (country.in_district, country.in_region))
            choices[again, rank] = np.where(is_far, far, near)
        a, b, c = choices[again].T
        again = again[(a == b) | (a == c) | (b == c)]
    return choices


def _held(
    intake: npt.NDArray[np.int32], capacity: Ints, random: np.random.Generator
) -> npt.NDArray[np.int32]:
    """One row of one child in ten holds a slot; the holders of an intake sit in its first ones."""
    children = len(intake) // 3
    holders = np.flatnonzero(random.random(children) < 0.1)
    rows = holders * 3 + random.integers(0, 3, len(holders))
    rows = rows[np.argsort(intake[rows], kind="stable")]
    slot = np.arange(len(rows)) - np.searchsorted(intake[rows], intake[rows])
    held = np.full(len(intake), -1, np.int32)
    held[rows] = np.where(slot < capacity[intake[rows]], slot, -1)
    return held


def as_objects(columns: Columns) -> tuple[list[Intake], list[Child]]:
    """The same nation child by child."""
    names = [f"{index:012}/kk" for index in range(len(columns.slots))]
    holders: list[dict[int, str]] = [{} for _name in names]
    choices: list[list[str]] = [[] for _child in range(columns.children)]
    moments: list[list[int]] = [[] for _child in range(columns.children)]
    territory: list[list[str]] = [[] for _child in range(columns.children)]
    first: list[dict[str, str]] = [{} for _child in range(columns.children)]
    for child, intake, moment, lives_there, held, first_for in zip(
        columns.child.tolist(), columns.intake.tolist(), columns.moment.tolist(),
        columns.is_territory.tolist(), columns.held_slot.tolist(), columns.first_for.tolist(), strict=True,
    ):  # fmt: skip
        choices[child].append(names[intake])
        moments[child].append(moment)
        if lives_there:
            territory[child].append(names[intake])
        if held >= 0:
            holders[intake][held] = f"{child:08}"
        if first_for != FIRST_FOR_NONE:
            first[child][names[intake]] = "T" if first_for == FIRST_FOR_T else "O"
    intakes = [Intake(*of) for of in zip(names, columns.slots, holders, strict=True)]
    children = [
        Child(
            id=f"{i:08}", choices=choices[i], moments=moments[i], number=f"{i:064x}",
            territory=frozenset(territory[i]), first_for=first[i],
        )
        for i in range(columns.children)
    ]  # fmt: skip
    return intakes, children
