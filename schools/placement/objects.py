"""Children and intakes one by one, for small cases; the work is that of `columns.py`."""

from collections.abc import Iterable

import numpy as np

from schools.placement.columns import Columns, place_columns
from schools.placement.crowds import FIRST_FOR_NONE, FIRST_FOR_O, FIRST_FOR_T
from schools.placement_case import OUTSIDE, TERRITORY, Child, Intake, Placement, Reserve

_FIRST = {None: FIRST_FOR_NONE, TERRITORY: FIRST_FOR_T, OUTSIDE: FIRST_FOR_O}
_NOTHING = -1
_ROW = np.dtype(
    [
        ("child", np.int32),
        ("intake", np.int32),
        ("moment", np.int64),
        ("is_territory", np.bool_),
        ("held_slot", np.int32),
        ("first_for", np.uint8),
    ]
)


def place(*, intakes: Iterable[Intake], children: Iterable[Child], hold_territory: bool) -> Placement:
    """
    Place every child at the best of its choices that has a place for it.

    The result depends on the sets given, not on their order.

    :param intakes: ids unique
    :param children: ids unique, choices among `intakes`
    :param hold_territory: T slots without a child of the territory stay open; otherwise
        children from outside get them
    """
    ordered_intakes = list(intakes)
    ordered = sorted(children, key=lambda child: (child.number, child.id))
    columns = _columns(ordered_intakes, ordered)
    placed = place_columns(columns, hold_territory=hold_territory)

    inside: list[int] = np.flatnonzero(placed.intake >= 0).tolist()
    waiting = [ordered[child].id for child in columns.child[placed.reserve].tolist()]
    bounds = placed.reserve_starts.tolist()
    reserves = {}
    for i, intake in enumerate(ordered_intakes):
        begin, middle, end = bounds[2 * i : 2 * i + 3]
        if begin < end:
            reserves[intake.id] = Reserve(territory=waiting[begin:middle], outside=waiting[middle:end])
    return Placement(
        placements={ordered[i].id: ordered_intakes[placed.intake[i]].id for i in inside},
        slots={ordered[i].id: int(placed.slot[i]) for i in inside},
        reserves=reserves,
    )


def _columns(intakes: list[Intake], children: list[Child]) -> Columns:
    index = {intake.id: i for i, intake in enumerate(intakes)}
    held = {(child, intake.id): slot for intake in intakes for slot, child in intake.holders.items()}
    # Moments may be any whole numbers; only their order counts.
    turn = {moment: i for i, moment in enumerate(sorted({m for child in children for m in child.moments}))}
    rows = [
        (
            i,
            index[choice],
            turn[child.moments[rank]],
            choice in child.territory,
            held.get((child.id, choice), _NOTHING),
            _FIRST[child.first_for.get(choice)],
        )
        for i, child in enumerate(children)
        for rank, choice in enumerate(child.choices)
    ]
    table = np.array(rows, _ROW)
    return Columns(
        slots=[one.slots for one in intakes],
        children=len(children),
        child=table["child"],
        intake=table["intake"],
        moment=table["moment"],
        is_territory=table["is_territory"],
        held_slot=table["held_slot"],
        first_for=table["first_for"],
    )
