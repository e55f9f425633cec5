"""Sorting and cutting of long arrays, as the crowds need it."""

from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.signedinteger[Any]]
Flags = npt.NDArray[np.bool_]

_BITS = 63


def sorted_rows(*, lane: Ints, moment: Ints, child: Ints) -> Ints:
    """
    Rows in the order of (lane, moment, child); no two rows agree in lane and child.

    The three are packed into one integer, which sorts more than twice as fast as three keys.
    Moments are steps of some minutes, so they are counted in steps first; moments for which
    the integer would be too short are sorted by three keys.
    """
    if not len(lane):
        return np.empty(0, np.int64)
    after = moment - moment.min()
    step = np.gcd.reduce(after)
    turn = after // max(step, 1)
    of_turn, of_child = _bits(turn), _bits(child)
    if _bits(lane) + of_turn + of_child > _BITS:
        return np.lexsort((child, moment, lane))
    return np.argsort(((lane.astype(np.int64) << of_turn | turn) << of_child) | child)


def starts(group: Ints, groups: int) -> Ints:
    """Where each of the groups 0 … groups-1 begins when sorted, and after the last where it ends."""
    result = np.zeros(groups + 1, np.int32)
    np.cumsum(np.bincount(group, minlength=groups), out=result[1:])
    return result


def ranges(first: Ints, end: Ints) -> tuple[Ints, Ints]:
    """All numbers from each `first` to before its `end`, and beside each the index of its range."""
    lengths = end - first
    which = np.repeat(np.arange(len(first)), lengths)
    before = np.cumsum(lengths) - lengths
    return np.arange(len(which)) + np.repeat(first - before, lengths), which


def _bits(numbers: Ints) -> int:
    return int(numbers.max()).bit_length()
