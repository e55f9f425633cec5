"""
Who is taken where: deferred acceptance, whole crowds of children at a time.

All applications are sorted once into *lines*: two for each intake, the territory's and the one
from outside, each by (moment, child). An application is known by its *position* in this order,
so "the best of a line" is the smallest position.

Why a crowd can be worked on without going through the slots. Let a slots of kind T and b of kind
O be open (those of holders who ask are not), n_T and n_O the children that ask. From left to
right T slots take from the territory and O slots from outside until one of the lines is used up;
from then on every slot takes from the other line, except that held T slots take nobody from
outside. So in whichever order the slots stand, these many of each line are taken, its best:

    territory   min(n_T, a + max(b - n_O, 0))
    outside     min(n_O, b + max(a - n_T, 0)), without the second term when T slots are held

Why a turned-away child need not be looked at again: one more asking child never lets an intake
take a child that it would have turned away without. So the first position of a line that was
turned away is its *cut*, and whoever asks later from behind the cut is turned away at once.

Intakes with harmed children have no such form: theirs are gone through slot by slot.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from schools.placement.lines import Flags, Ints, Longs, ranges, sorted_rows, starts
from schools.placement_case import OUTSIDE, TERRITORY


class Crowds:
    """
    The state of the asking; `ask()` runs it to its end.

    Arrays "by position" follow the lines, arrays "by step" the children and their choices.
    """

    def __init__(
        self,
        *,
        slots: Sequence[str],
        children: int,
        child: Ints,
        intake: Ints,
        moment: Longs,
        is_territory: Flags,
        held_slot: Ints,
        first_for: npt.NDArray[np.uint8],
        hold_territory: bool,
    ) -> None:
        intakes, rows = len(slots), len(child)
        self.hold_territory = hold_territory
        lane = 2 * intake + ~is_territory
        self.order = sorted_rows(lane=lane, moment=moment, child=child)
        """By position: the row."""
        self.lane = lane[self.order]
        """By position: 2 × intake, and 1 more for the line from outside."""
        self.child = child[self.order]
        self.moment = moment[self.order]
        self.held_slot = held_slot[self.order]
        self.first_for = first_for[self.order]
        self.lane_starts = starts(lane, 2 * intakes)
        self.cut = self.lane_starts[1:].copy()
        """By lane: whoever stands there or behind is turned away at once."""

        position = np.empty(rows, np.int32)
        position[self.order] = np.arange(rows, dtype=np.int32)
        self.steps = position[np.argsort(child, kind="stable")]
        """By step: the position; steps are sorted by child, best choice first."""
        first_step = starts(child, children)
        self.next_step, self.last_step = first_step[:-1].copy(), first_step[1:]

        self.kinds = np.frombuffer("".join(slots).encode("ascii"), np.uint8)
        """Letters of all slots, one intake after the other."""
        self.slot_starts = np.zeros(intakes + 1, np.int64)
        np.cumsum(np.fromiter(map(len, slots), np.int64, intakes), out=self.slot_starts[1:])
        self.is_open = (self.kinds == ord(TERRITORY)) | (self.kinds == ord(OUTSIDE))
        """By slot: nobody holds it who asked for it."""
        intake_of_slot = np.repeat(np.arange(intakes), np.diff(self.slot_starts))
        self.open_t = np.bincount(intake_of_slot[self.kinds == ord(TERRITORY)], minlength=intakes)
        self.open_o = np.bincount(intake_of_slot[self.kinds == ord(OUTSIDE)], minlength=intakes)

        self.goes_by_slots = np.zeros(intakes, np.bool_)
        """By intake: it has harmed children."""
        self.goes_by_slots[intake[first_for != 0]] = True
        self.is_taken = np.zeros(rows, np.bool_)
        """By position: asked and not turned away; holders in their own intake are not among them."""
        self.has_place = np.zeros(children, np.bool_)

    def ask(self) -> None:
        """Every child without a place asks its next choice, until nobody has one left."""
        free = np.arange(len(self.has_place))
        while (free := free[self.next_step[free] < self.last_step[free]]).size:
            asked = self.steps[self.next_step[free]]
            self.next_step[free] += 1
            holds = self.held_slot[asked] >= 0
            hopes = ~holds & (asked < self.cut[self.lane[asked]])
            self._seat(asked[holds])
            self.is_taken[asked[hopes]] = True
            self.has_place[free[holds | hopes]] = True
            is_asked = np.zeros(len(self.open_t), np.bool_)
            is_asked[self.lane[asked[holds | hopes]] // 2] = True
            away = self.child[
                np.concatenate(
                    [
                        self._choose(np.flatnonzero(is_asked & ~self.goes_by_slots)),
                        *map(self._choose_by_slots, np.flatnonzero(is_asked & self.goes_by_slots)),
                    ]
                )
            ]
            self.has_place[away] = False
            free = np.concatenate([free[~(holds | hopes)], away])

    @property
    def was_turned_away(self) -> Flags:
        """By position, at the end: the child got neither this nor anything it likes better."""
        last = np.where(self.has_place, self.next_step - 1, self.last_step)
        by_step = np.arange(len(self.steps)) < last[self.child_of_step]
        by_position = np.empty(len(self.steps), np.bool_)
        by_position[self.steps] = by_step
        return by_position

    @property
    def child_of_step(self) -> Ints:
        return self.child[self.steps]

    def _seat(self, positions: Ints) -> None:
        """Holders that ask for what they hold: their slots are open no longer, for good."""
        intake = self.lane[positions] // 2
        slot = self.slot_starts[intake] + self.held_slot[positions]
        self.is_open[slot] = False
        for kind, count in ((TERRITORY, self.open_t), (OUTSIDE, self.open_o)):
            np.subtract.at(count, intake[self.kinds[slot] == ord(kind)], 1)

    def _choose(self, intakes: Longs) -> Ints:
        """Let these intakes keep the best of those who ask; returns the positions turned away."""
        lanes = np.stack([2 * intakes, 2 * intakes + 1], axis=1).reshape(-1)
        positions, line = ranges(self.lane_starts[lanes], self.cut[lanes])
        asks = self.is_taken[positions]
        positions, line = positions[asks], line[asks]
        asking = np.bincount(line, minlength=len(lanes))
        taken = self._taken(intakes, asking.reshape(-1, 2)).reshape(-1)
        first = np.cumsum(asking) - asking
        away = positions[np.arange(len(positions)) - first[line] >= taken[line]]
        cuts = np.flatnonzero(asking > taken)
        self.cut[lanes[cuts]] = positions[first[cuts] + taken[cuts]]
        self.is_taken[away] = False
        return away

    def _taken(self, intakes: Longs, asking: Longs) -> Longs:
        """How many of each line are taken: the two formulas above."""
        a, b = self.open_t[intakes], self.open_o[intakes]
        n_t, n_o = asking[:, 0], asking[:, 1]
        left_t = 0 if self.hold_territory else np.maximum(a - n_t, 0)
        left_o = np.maximum(b - n_o, 0)
        return np.stack([np.minimum(n_t, a + left_o), np.minimum(n_o, b + left_t)], axis=1)

    def _choose_by_slots(self, intake: int) -> Ints:
        """The same for an intake with harmed children."""
        asking = self.asking(intake)
        taken = set(self.filled_by_slots(intake).values())
        away = np.array([position for position in asking if position not in taken], np.int32)
        self.is_taken[away] = False
        return away

    def asking(self, intake: int) -> list[int]:
        """Positions of those who ask one intake and do not hold it; both lines, each in its order."""
        first, last = self.lane_starts[2 * intake], self.lane_starts[2 * intake + 2]
        return (first + np.flatnonzero(self.is_taken[first:last])).tolist()

    def filled_by_slots(self, intake: int) -> dict[int, int]:
        """Position by slot index: the open slots of one intake from left to right, harmed children first."""
        asking = self.asking(intake)
        outside_starts = int(self.lane_starts[2 * intake + 1])
        territory = [position for position in asking if position < outside_starts]
        outside = [position for position in asking if position >= outside_starts]
        first_t = self._harmed(asking, 1)
        first_o = self._harmed(asking, 2)
        lines = {
            ord(TERRITORY): [first_t, territory, *([] if self.hold_territory else [outside])],
            ord(OUTSIDE): [first_o, outside, territory],
        }
        begin, end = self.slot_starts[intake], self.slot_starts[intake + 1]
        left = set(asking)
        filled: dict[int, int] = {}
        for slot in np.flatnonzero(self.is_open[begin:end]).tolist():
            in_order = (position for line in lines[int(self.kinds[begin + slot])] for position in line)
            best = next((position for position in in_order if position in left), None)
            if best is not None:
                left.remove(best)
                filled[slot] = best
        return filled

    def _harmed(self, asking: list[int], kind: int) -> list[int]:
        """Those of the asking who go first at slots of a kind, earliest first, whatever their line."""
        return sorted(
            (position for position in asking if self.first_for[position] == kind),
            key=lambda position: (int(self.moment[position]), int(self.child[position])),
        )
