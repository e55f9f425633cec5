"""
A country's placement by the plain implementation, for whoever distrusts the fast one (`verify`).

Components share no child, so each is placed by itself: a country of objects would not fit.
"""

from collections import defaultdict

import numpy as np

from enrollment.reconciliation.columns import connected
from schools import placement_plain
from schools.placement import FIRST_FOR_NONE, FIRST_FOR_T, Columns, Placed
from schools.placement_case import OUTSIDE, TERRITORY, Child, Intake, Placement


def place_plainly(columns: Columns, *, hold_territory: bool) -> Placed:
    """What `place_columns` gives, worked out by `schools.placement_plain`."""
    found = _Found(columns)
    intake = columns.intake.astype(np.int64)
    component = np.array(connected(columns.child.astype(np.int64), intake, len(columns.slots)), np.int64)
    of_rows = component[intake]
    in_order = np.argsort(of_rows, kind="stable")
    for rows in np.split(in_order, np.flatnonzero(np.diff(of_rows[in_order])) + 1):
        if len(rows):
            found.take(columns, rows.tolist(), hold_territory=hold_territory)
    return found.placed()


class _Found:
    """The placement so far, by index."""

    def __init__(self, columns: Columns) -> None:
        self.intake, self.slot, self.row = (np.full(columns.children, -1, np.int32) for _column in range(3))
        self.lines: list[list[int]] = [[] for _lane in range(2 * len(columns.slots))]

    def take(self, columns: Columns, rows: list[int], *, hold_territory: bool) -> None:
        """Place the children of these rows, which share no intake with any others."""
        intakes, children, row_of = _objects(columns, rows)
        placement = placement_plain.place(intakes=intakes, children=children, hold_territory=hold_territory)
        self._note(placement, row_of)

    def _note(self, placement: Placement, row_of: dict[tuple[str, str], int]) -> None:
        for child, intake in placement.placements.items():
            self.intake[int(child)] = int(intake)
            self.slot[int(child)] = placement.slots[child]
            self.row[int(child)] = row_of[child, intake]
        for intake, reserve in placement.reserves.items():
            for lane, waiting in enumerate((reserve.territory, reserve.outside)):
                self.lines[2 * int(intake) + lane] = [row_of[child, intake] for child in waiting]

    def placed(self) -> Placed:
        return Placed(
            intake=self.intake,
            slot=self.slot,
            row=self.row,
            reserve=np.array([row for line in self.lines for row in line], np.int64),
            reserve_starts=np.cumsum([0, *map(len, self.lines)]),
        )


def _objects(
    columns: Columns, rows: list[int]
) -> tuple[list[Intake], list[Child], dict[tuple[str, str], int]]:
    """Intakes and children of these rows, named by their indexes, and the row of each child at each intake."""
    holders: dict[str, dict[int, str]] = defaultdict(dict)
    choices: dict[str, list[str]] = defaultdict(list)
    moments: dict[str, list[int]] = defaultdict(list)
    territory: dict[str, set[str]] = defaultdict(set)
    first_for: dict[str, dict[str, str]] = defaultdict(dict)
    row_of: dict[tuple[str, str], int] = {}
    intakes: set[int] = set()
    all_columns = columns.child, columns.intake, columns.moment, columns.is_territory, columns.held_slot
    for row, of_child, at, moment, lives_there, slot, kind in zip(
        rows,
        *(column[rows].tolist() for column in all_columns),
        columns.first_for[rows].tolist(),
        strict=True,
    ):
        # Indexes stand in the order of (number, id), and so do these names of one length.
        child, intake = f"{of_child:08}", str(at)
        intakes.add(at)
        row_of[child, intake] = row
        choices[child].append(intake)
        moments[child].append(moment)
        if lives_there:
            territory[child].add(intake)
        if slot >= 0:
            holders[intake][slot] = child
        if kind != FIRST_FOR_NONE:
            first_for[child][intake] = TERRITORY if kind == FIRST_FOR_T else OUTSIDE
    return (
        [Intake(id=str(at), slots=columns.slots[at], holders=holders[str(at)]) for at in sorted(intakes)],
        [
            Child(
                id=child,
                choices=its,
                moments=moments[child],
                number=f"{int(child):064x}",
                territory=territory[child],
                first_for=first_for[child],
            )
            for child, its in choices.items()
        ],
        row_of,
    )
