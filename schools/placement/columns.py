"""A country as arrays: the placement without an object for each child."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from schools.placement.crowds import Crowds
from schools.placement.dealing import deal


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """
    All standing claims of one placement.

    Intakes are 0 … len(slots)-1. Children are 0 … children-1, **numbered in the order of (number,
    id)**: the smaller index goes first at equal moments. An *application* is one child's one
    choice: a row of the arrays below, which are all of one length. Rows may stand in any order,
    but those of one child among each other best choice first.
    """

    slots: Sequence[str]
    """By intake: the kinds of its slots, "TTTO…", `-` removed."""
    children: int
    """How many there are; a child without any row is placed nowhere."""
    child: npt.NDArray[np.int32]
    """By row: index of the child."""
    intake: npt.NDArray[np.int32]
    """By row: index of the intake; a child names each intake once."""
    moment: npt.NDArray[np.int64]
    """By row: when this choice counts as handed in, in any unit; the smaller goes first."""
    is_territory: npt.NDArray[np.bool_]
    """By row: the child lives in the territory of the intake."""
    held_slot: npt.NDArray[np.int32]
    """By row: index of the slot that the child holds in this intake, or -1. A slot has one holder."""
    first_for: npt.NDArray[np.uint8]
    """By row: FIRST_FOR_NONE; or FIRST_FOR_T, FIRST_FOR_O: harmed there, goes first at that kind."""

    def __post_init__(self) -> None:
        """
        :raises ValueError: columns of different length, an index out of range
        """
        rows = len(self.child)
        if any(len(column) != rows for column in (self.intake, self.moment, self.is_territory,
                                                  self.held_slot, self.first_for)):  # fmt: skip
            raise ValueError("columns of different length")
        if not rows:
            return
        if self.child.min() < 0 or self.child.max() >= self.children:
            raise ValueError("a child out of range")
        if self.intake.min() < 0 or self.intake.max() >= len(self.slots):
            raise ValueError("an intake out of range")
        sizes = np.array([*map(len, self.slots)])
        if (self.held_slot >= sizes[self.intake]).any():
            raise ValueError("a held slot out of range")


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """Who got what, by index."""

    intake: npt.NDArray[np.int32]
    """By child: its intake, or -1."""
    slot: npt.NDArray[np.int32]
    """By child: the index of its slot within the intake, or -1."""
    row: npt.NDArray[np.int32]
    """By child: the row of `Columns` that got the place, or -1."""
    reserve: npt.NDArray[np.int64]
    """Rows of `Columns` that wait, sorted by intake, lane (territory, outside), moment, child."""
    reserve_starts: npt.NDArray[np.int64]
    """
    Where the lines begin in `reserve`, two for each intake and one more: the territory's line of
    intake i is `reserve[reserve_starts[2*i] : reserve_starts[2*i + 1]]`, the one from outside is
    `reserve[reserve_starts[2*i + 1] : reserve_starts[2*i + 2]]`.
    """


def place_columns(columns: Columns, *, hold_territory: bool) -> Placed:
    """
    Place every child at the best of its choices that has a place for it.

    :param hold_territory: T slots without a child of the territory stay open; otherwise
        children from outside get them
    """
    crowds = Crowds(
        slots=columns.slots,
        children=columns.children,
        child=columns.child,
        intake=columns.intake,
        moment=columns.moment,
        is_territory=columns.is_territory,
        held_slot=columns.held_slot,
        first_for=columns.first_for,
        hold_territory=hold_territory,
    )
    crowds.ask()
    intake = np.full(columns.children, -1, np.int32)
    slot = np.full(columns.children, -1, np.int32)
    row = np.full(columns.children, -1, np.int32)
    placed = np.flatnonzero(crowds.has_place)
    row[placed] = crowds.got(placed)
    intake[placed] = columns.intake[row[placed]]
    slot[placed] = columns.held_slot[row[placed]]
    for positions, slots in deal(crowds):
        slot[crowds.child[positions]] = slots
    reserve = np.flatnonzero(crowds.turned_away())
    lanes = np.bincount(crowds.lane[reserve], minlength=2 * len(columns.slots))
    return Placed(
        intake=intake,
        slot=slot,
        row=row,
        reserve=crowds.order[reserve],
        reserve_starts=np.concatenate([[0], np.cumsum(lanes)]),
    )
