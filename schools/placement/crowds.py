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

from schools.placement.lines import Flags, Ints, ranges, sorted_rows, starts
from schools.placement_case import OUTSIDE, TERRITORY

FIRST_FOR_NONE, FIRST_FOR_T, FIRST_FOR_O = 0, 1, 2
"""Values of `Columns.first_for`."""


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
        moment: Ints,
        is_territory: Flags,
        held_slot: Ints,
        first_for: npt.NDArray[np.uint8],
        hold_territory: bool,
    ) -> None:
        intakes, rows = len(slots), len(child)
        self.hold_territory = hold_territory
        lane = 2 * intake + np.where(is_territory, 0, 1).astype(np.int32)
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
        position[self.order] = np.arange(rows)
        self.steps = position[np.argsort(child, kind="stable")]
        """By step: the position; steps are sorted by child, best choice first."""
        first_step = starts(child, children)
        self.next_step, self.last_step = first_step[:-1].copy(), first_step[1:]

        self.kinds = np.frombuffer("".join(slots).encode(), np.uint8)
        """Letters of all slots, one intake after the other."""
        self.slot_starts = np.cumsum([0, *map(len, slots)])
        self.is_open = (self.kinds == ord(TERRITORY)) | (self.kinds == ord(OUTSIDE))
        """By slot: nobody holds it who asked for it."""
        intake_of_slot = np.repeat(np.arange(intakes), np.diff(self.slot_starts))
        self.open_t = np.bincount(intake_of_slot[self.kinds == ord(TERRITORY)], minlength=intakes)
        self.open_o = np.bincount(intake_of_slot[self.kinds == ord(OUTSIDE)], minlength=intakes)

        self.goes_by_slots = np.zeros(intakes, np.bool_)
        """By intake: it has harmed children."""
        self.goes_by_slots[intake[first_for != FIRST_FOR_NONE]] = True
        self.is_taken = np.zeros(rows, np.bool_)
        """By position: asked and not turned away; holders in their own intake are not among them."""
        self.has_place = np.full(children, fill_value=False)

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
            away = self.child[self._choose(asked[holds | hopes])]
            self.has_place[away] = False
            free = np.concatenate([free[~(holds | hopes)], away])

    def turned_away(self) -> Flags:
        """By position, at the end: the child got neither this nor anything it likes better."""
        child = self.child[self.steps]
        reached = np.where(self.has_place, self.next_step - 1, self.last_step)
        by_position = np.zeros_like(self.is_taken)
        by_position[self.steps] = np.arange(len(self.steps)) < reached[child]
        return by_position

    def got(self, children: Ints) -> Ints:
        """The rows that got these children their places."""
        return self.order[self.steps[self.next_step[children] - 1]]

    def _seat(self, positions: Ints) -> None:
        """Holders that ask for what they hold: their slots are open no longer, for good."""
        intake = self.lane[positions] // 2
        slot = self.slot_starts[intake] + self.held_slot[positions]
        self.is_open[slot] = False
        for kind, count in ((TERRITORY, self.open_t), (OUTSIDE, self.open_o)):
            np.subtract.at(count, intake[self.kinds[slot] == ord(kind)], 1)

    def _choose(self, asked: Ints) -> Ints:
        """Let every intake that was asked keep the best; returns the positions turned away."""
        is_asked = np.zeros(len(self.open_t), np.bool_)
        is_asked[self.lane[asked] // 2] = True
        away = [self._choose_by_count(np.flatnonzero(is_asked & ~self.goes_by_slots))]
        away += [self._choose_by_slots(int(i)) for i in np.flatnonzero(is_asked & self.goes_by_slots)]
        return np.concatenate(away)

    def _choose_by_count(self, intakes: Ints) -> Ints:
        """Of intakes without harmed children: how many of each line are taken, and so who."""
        lanes = np.stack([2 * intakes, 2 * intakes + 1], axis=1).ravel()
        positions, line = ranges(self.lane_starts[lanes], self.cut[lanes])
        asks = self.is_taken[positions]
        positions, line = positions[asks], line[asks]
        asking = np.bincount(line, minlength=len(lanes))
        taken = self._taken(intakes, asking.reshape(len(intakes), 2)).ravel()
        first = np.cumsum(asking) - asking
        away = positions[np.arange(len(positions)) - first[line] >= taken[line]]
        cuts = np.flatnonzero(asking > taken)
        self.cut[lanes[cuts]] = positions[first[cuts] + taken[cuts]]
        self.is_taken[away] = False
        return away

    def _taken(self, intakes: Ints, asking: Ints) -> Ints:
        """How many of each line are taken: the two formulas above."""
        a, b = self.open_t[intakes], self.open_o[intakes]
        n_t, n_o = asking[:, 0], asking[:, 1]
        left_t = 0 if self.hold_territory else np.maximum(a - n_t, 0)
        left_o = np.maximum(b - n_o, 0)
        return np.stack([np.minimum(n_t, a + left_o), np.minimum(n_o, b + left_t)], axis=1)

    def _choose_by_slots(self, intake: int) -> Ints:
        """Of an intake with harmed children: slot by slot."""
        taken = self.filled_by_slots(intake).values()
        away = np.setdiff1d(self._asking(intake), [*taken])
        self.is_taken[away] = False
        return away

    def _asking(self, intake: int) -> Ints:
        """Positions of those who ask one intake and do not hold it, the territory's line first."""
        begin, end = self.lane_starts[[2 * intake, 2 * intake + 2]]
        asking: Ints = begin + np.flatnonzero(self.is_taken[begin:end])
        return asking

    def filled_by_slots(self, intake: int) -> dict[int, int]:
        """Position by slot index: the open slots of one intake from left to right, harmed children first."""
        asking: list[int] = self._asking(intake).tolist()
        outside_starts = int(self.lane_starts[2 * intake + 1])
        territory = [position for position in asking if position < outside_starts]
        outside = [position for position in asking if position >= outside_starts]
        first_t, first_o = (self._harmed(asking, kind) for kind in (FIRST_FOR_T, FIRST_FOR_O))
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
