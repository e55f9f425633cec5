"""Sorting and cutting of long arrays, as the crowds need it."""

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_BITS = 63


def sorted_rows(*, lane: Ints, moment: Longs, child: Ints) -> Ints:
    """
    Rows in the order of (lane, moment, child); no two rows agree in lane and child.

    The three are packed into one integer, because sorting integers is ten times as fast as
    sorting by three keys; moments are numbered first where they are too far apart for that.
    """
    if not len(lane):
        return np.empty(0, np.int32)
    turn, of_moment = moment - moment.min(), _bits(int(moment.max()) - int(moment.min()))
    of_lane, of_child, of_row = _bits(int(lane.max())), _bits(int(child.max())), _bits(len(lane))
    if of_lane + of_moment + max(of_child, of_row) > _BITS:
        turn = np.unique(moment, return_inverse=True)[1]
        of_moment = _bits(int(turn.max()))
    key = lane.astype(np.int64) << of_moment | turn
    if (child[1:] >= child[:-1]).all() and of_lane + of_moment + of_row <= _BITS:
        # Rows stand by child already, so the row decides as the child would, and comes out sorted.
        key = key << of_row | np.arange(len(lane))
        key.sort()
        return (key & ((1 << of_row) - 1)).astype(np.int32)
    if of_lane + of_moment + of_child <= _BITS:
        return np.argsort(key << of_child | child).astype(np.int32)
    return np.lexsort([child, turn, lane]).astype(np.int32)


def starts(group: Ints, groups: int) -> Ints:
    """Where each of the groups 0 … groups-1 begins when sorted, and after the last where it ends."""
    result = np.zeros(groups + 1, np.int32)
    np.cumsum(np.bincount(group, minlength=groups), out=result[1:])
    return result


def ranges(first: Ints, end: Ints) -> tuple[Ints, Ints]:
    """All numbers from each `first` to before its `end`, and beside each the index of its range."""
    lengths = end - first
    which = np.repeat(np.arange(len(first), dtype=np.int32), lengths)
    before = np.cumsum(lengths) - lengths
    return np.arange(len(which), dtype=np.int32) + np.repeat(
        (first - before).astype(np.int32), lengths
    ), which


def _bits(most: int) -> int:
    return max(1, most.bit_length())
