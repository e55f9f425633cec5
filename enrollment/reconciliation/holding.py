"""
Which places are held: given to nobody else, and not confirmed.

The rule: docs/reference/rule.md, "Rounds and confirmation".
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from schools.models import Held
from schools.placement import Columns, Placed
from schools.rules import Policy
from schools.services.publishing import held_mask

Flags = npt.NDArray[np.bool_]
Masks = npt.NDArray[np.uint8]

_RELATION, _ADDRESS, _CONTESTED, _CUT_OFF, _TWINS, _CLOSING = (
    held_mask([reason])
    for reason in (Held.RELATION, Held.ADDRESS, Held.CONTESTED, Held.CUT_OFF, Held.TWINS, Held.CLOSING)
)
_MAKES_A_CUT_OPEN = _RELATION | _ADDRESS | _CONTESTED | _TWINS


@dataclass(frozen=True, slots=True, eq=False)
class Placing:
    """A placement with what is known of its children, by their index in it."""

    columns: Columns
    placed: Placed
    policy: Policy
    is_proven: Flags
    is_contested: Flags
    is_address_known: Flags
    is_closing: Flags
    """By intake: a desk named its school in a closing code, and has not delivered yet."""
    twins: Sequence[Sequence[int]]
    """Children that share a token."""


def held_for(placing: Placing) -> Masks:
    """
    By child the reasons for which its place is held, as bits; 0 for the others.

    Who holds its place already, confirmed, is not held.
    """
    columns, placed = placing.columns, placing.placed
    masks = np.zeros(columns.children, np.uint8)
    children = np.flatnonzero(placed.row >= 0)
    children = children[columns.held_slot[placed.row[children]] < 0]
    if not len(children):
        return masks
    masks[children] |= _own_reasons(placing)[children]
    masks[children[placing.is_closing[placed.intake[children]]]] |= _CLOSING
    rows = placed.row[children]
    lane = 2 * columns.intake[rows].astype(np.int64) + ~columns.is_territory[rows]
    in_line = np.lexsort((children, columns.moment[rows], lane))
    children, lane = children[in_line], lane[in_line]
    starts = np.flatnonzero(np.diff(lane, prepend=-1))
    last = children[np.append(starts[1:], len(children)) - 1]
    for child in _parted(placing, set(last.tolist())):
        masks[child] |= _TWINS
    is_open = np.logical_or.reduceat((masks[children] & _MAKES_A_CUT_OPEN) > 0, starts)
    is_sure_itself = (masks[last] & _MAKES_A_CUT_OPEN) == 0
    masks[last[is_open & is_sure_itself]] |= _CUT_OFF
    return masks


def _own_reasons(placing: Placing) -> Masks:
    """What is open about the child itself, by child."""
    masks = np.where(placing.is_contested, _CONTESTED, 0).astype(np.uint8)
    if "relation" in placing.policy.hold_unchecked:
        masks[~placing.is_proven] |= _RELATION
    if "address" in placing.policy.hold_unchecked:
        masks[~placing.is_address_known] |= _ADDRESS
    return masks


def _parted(placing: Placing, last: set[int]) -> list[int]:
    """Children with the last place of a lane in which a twin of theirs waits."""
    if not placing.twins:
        return []
    columns, placed = placing.columns, placing.placed
    some = {child for twins in placing.twins for child in twins}
    waiting = {
        (int(columns.child[row]), int(columns.intake[row]), bool(columns.is_territory[row]))
        for row in placed.reserve.tolist()
        if int(columns.child[row]) in some
    }
    return [
        child
        for twins in placing.twins
        for child in twins
        if child in last
        and any(
            (other, int(placed.intake[child]), bool(columns.is_territory[placed.row[child]])) in waiting
            for other in twins
            if other != child
        )
    ]
