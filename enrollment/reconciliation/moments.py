"""`enrollment.arrival.moment` for a whole country at once."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt

from enrollment.arrival import Interval, moment
from schools.clock import ALMATY
from schools.services.publishing.listing import at_microseconds, to_microseconds

Times = npt.NDArray[np.int64]
_FOR_EVER = np.iinfo(np.int64).max
_MICROSECOND = timedelta(microseconds=1)


def moments(at: Times, *, opens_at: datetime, intervals: Sequence[Interval], grain: timedelta) -> Times:
    """
    When arrivals count; all times in microseconds since 1970.

    :param intervals: in order, none touching another, as `arrival.intervals_for` makes them
    """
    if not len(at):
        return at
    opening = to_microseconds(opens_at)
    late = np.maximum(at, opening)
    offsets = {_offset(int(edge)) for edge in (opening, late.min(), late.max())}
    if len(offsets) > 1:
        # The clocks of Kazakhstan were changed between two arrivals: then one by one.
        known = {
            one: to_microseconds(
                moment(at_microseconds(one), opens_at=opens_at, intervals=intervals, grain=grain)
            )
            for one in set(at.tolist())
        }
        return np.array([known[one] for one in at.tolist()], np.int64)
    offset, step = offsets.pop(), grain // _MICROSECOND
    steps = late - (late + offset) % step
    if intervals:
        starts = np.array([to_microseconds(one.start) for one in intervals], np.int64)
        ends = np.array(
            [_FOR_EVER if one.end is None else to_microseconds(one.end) for one in intervals], np.int64
        )
        nearest = np.searchsorted(starts, late, side="right") - 1
        is_inside = (nearest >= 0) & (late < ends[nearest])
        steps = np.where(is_inside, starts[nearest], steps)
    counted: Times = np.maximum(steps, opening)
    return counted


def days(at: Times) -> tuple[list[datetime], npt.NDArray[np.intp]]:
    """The midnights, on the clocks of Kazakhstan, of the days of these times, and which one each has."""
    offset = np.array([_offset(int(at.min()))] if len(at) else [0], np.int64)
    if len(at) and _offset(int(at.max())) != offset[0]:
        offset = np.array([_offset(one) for one in at.tolist()], np.int64)
    numbers, which = np.unique((at + offset) // 86_400_000_000, return_inverse=True)
    return [at_microseconds(number * 86_400_000_000) for number in numbers.tolist()], which


def _offset(microseconds: int) -> int:
    offset = at_microseconds(microseconds).astimezone(ALMATY).utcoffset()
    return 0 if offset is None else offset // _MICROSECOND
