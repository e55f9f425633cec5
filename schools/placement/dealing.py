"""
Which slot each taken child gets: the open slots of every intake from left to right.

Let k_T and k_O be taken from the lines of an intake. Before one of the lines is used up the
i-th T slot goes to the i-th of the territory, the i-th O slot to the i-th from outside. Which
is used up first: the line whose slot number k (T slots counted for the territory, O slots for
outside) stands further left. From there on the other line goes to every slot, so a slot's child
is the one with the number of all slots before it that this line has fed.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from schools.placement.lines import Flags, Ints, starts
from schools.placement_case import TERRITORY

if TYPE_CHECKING:
    from schools.placement.crowds import Crowds


def deal(crowds: "Crowds") -> Iterator[tuple[Ints | list[int], Ints | list[int]]]:
    """Positions of the taken children that hold nothing where they are, and the slot index of each."""
    yield _by_lines(crowds)
    for intake in np.flatnonzero(crowds.goes_by_slots):
        filled = crowds.filled_by_slots(int(intake))
        yield [*filled.values()], [*filled]


def _by_lines(crowds: "Crowds") -> tuple[Ints, Ints]:
    intakes = len(crowds.goes_by_slots)
    of_line = ~crowds.goes_by_slots[crowds.lane // 2] & crowds.is_taken
    taken = np.flatnonzero(of_line).astype(np.int32)
    taken_starts = starts(crowds.lane[taken], 2 * intakes)
    k = np.diff(taken_starts).reshape(intakes, 2)

    intake_of_slot = np.repeat(np.arange(intakes), np.diff(crowds.slot_starts))
    slot = np.flatnonzero(crowds.is_open & ~crowds.goes_by_slots[intake_of_slot])
    intake = intake_of_slot[slot]
    is_t = crowds.kinds[slot] == ord(TERRITORY)
    t_before, o_before = _before(is_t, intake, intakes), _before(~is_t, intake, intakes)
    k_t, k_o = k[intake, 0], k[intake, 1]

    end_t, end_o = np.full(intakes, len(crowds.kinds)), np.full(intakes, len(crowds.kinds))
    no_t, no_o = is_t & (t_before == k_t), ~is_t & (o_before == k_o)
    end_t[intake[no_t]], end_o[intake[no_o]] = slot[no_t], slot[no_o]
    outside_ends_first = (end_o < end_t)[intake]

    spilt_t = np.where(outside_ends_first, np.maximum(o_before - k_o, 0), 0)
    spilt_o = np.where(outside_ends_first | crowds.hold_territory, 0, np.maximum(t_before - k_t, 0))
    to_territory = np.where(
        is_t, outside_ends_first | (t_before < k_t), outside_ends_first & (o_before >= k_o)
    )
    number = np.where(to_territory, t_before + spilt_t, o_before + spilt_o)
    gets = number < np.where(to_territory, k_t, k_o)
    if crowds.hold_territory:
        gets &= to_territory | ~is_t
    line = 2 * intake + ~to_territory
    return (
        taken[(taken_starts[line] + number)[gets]],
        (slot - crowds.slot_starts[intake])[gets],
    )


def _before(counts: Flags, intake: Ints, intakes: int) -> Ints:
    """By open slot: how many of the slots before it in the same intake count."""
    all_before: Ints = np.cumsum(counts) - counts
    at_start: Ints = np.concatenate([[0], np.cumsum(np.bincount(intake[counts], minlength=intakes))[:-1]])
    before: Ints = all_before - at_start[intake]
    return before
