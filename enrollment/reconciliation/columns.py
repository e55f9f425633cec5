"""What the columns of a computation are looked up in and ordered by; each answer is worked out once."""

from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from itertools import chain, repeat
from typing import Any

import numpy as np
import numpy.typing as npt

from enrollment.reading import Territories
from enrollment.reading.applications import address_parts
from schools.placement import Columns, Placed

Ints = npt.NDArray[np.int64]


class Coded(dict[Any, int]):
    """Values numbered as they come, equal ones alike."""

    def __init__(self, values: Collection[Hashable]) -> None:
        self.codes: Ints = np.fromiter(map(self.__getitem__, values), np.int64, len(values))

    def __missing__(self, value: Hashable) -> int:
        code = self[value] = len(self)
        return code


def padded(rows: Collection[Sequence[str]], *, index: Mapping[str, int]) -> Ints:
    """
    The indexes of names, row by row, each once; -1 behind them, and for names without one.

    A cost: a country has hundreds of thousands of rows, so nothing is made for each.
    """
    counts = np.fromiter(map(len, map(dict.fromkeys, rows)), np.int64, len(rows))
    names = chain.from_iterable(map(dict.fromkeys, rows))
    found = np.full((len(rows), int(counts.max(initial=0))), -1, np.int64)
    found[np.arange(found.shape[1]) < counts[:, None]] = np.fromiter(
        map(index.get, names, repeat(-1)), np.int64, int(counts.sum())
    )
    return found


class ServedSchools(dict[bytes, int]):
    """Sets of schools, numbered, by the address that they serve; worked out once."""

    def __init__(self, territories: Territories) -> None:
        self._territories = territories
        self.codes: dict[frozenset[str], int] = {}

    def __missing__(self, written: bytes) -> int:
        found = self[written] = self.code(self._territories.schools_at(*address_parts(written)))
        return found

    def code(self, schools: frozenset[str]) -> int:
        return self.codes.setdefault(schools, len(self.codes))


class Picked(Sequence[bytes]):
    """Some of many texts, looked up when they are asked for."""

    __slots__ = ("_of", "_rows")

    def __init__(self, of: Sequence[bytes], rows: list[int]) -> None:
        self._of, self._rows = of, rows

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, at: int) -> bytes:  # type: ignore[override]
        return self._of[self._rows[at]]

    def __iter__(self) -> Iterator[bytes]:
        return map(self._of.__getitem__, self._rows)


def distinct(in_order: Ints) -> tuple[Ints, Ints]:
    """The values that a sorted column has, and where each begins."""
    starts = np.flatnonzero(np.diff(in_order, prepend=-1))
    return in_order[starts], starts


def in_draw_order(numbers: npt.NDArray[np.void], ids: npt.NDArray[np.void]) -> Ints:
    """Children by (number, application id), both as raw bytes."""
    of_number = numbers.view(">u8").reshape(-1, 4)
    beginning = of_number[:, 0].astype(np.uint64)
    order = np.argsort(beginning)
    if len(order) < 2 or (np.diff(beginning[order]) != 0).all():
        return order
    of_id = ids.view(">u8").reshape(-1, 2)
    columns = (of_id[:, 1], of_id[:, 0], *(of_number[:, i] for i in (3, 2, 1, 0)))
    return np.lexsort([column.astype(np.uint64) for column in columns])


def connected(child: Ints, intake: Ints, count: int) -> list[int]:
    """For each intake the smallest one that choices connect it with, directly or by way of others."""
    is_next = child[1:] == child[:-1]
    one, other = intake[:-1][is_next], intake[1:][is_next]
    leader = np.arange(count)
    while True:
        differ = leader[one] != leader[other]
        if not differ.any():
            return [int(its) for its in leader]
        one, other = leader[one[differ]], leader[other[differ]]
        # Nobody leads a smaller one, so this ends with the smallest of all that are connected.
        np.minimum.at(leader, np.maximum(one, other), np.minimum(one, other))
        while (leader != leader[leader]).any():
            leader = leader[leader]


def in_lists(columns: Columns, placed: Placed) -> tuple[Ints, Ints]:
    """
    The rows that stand on a list, list by list, and the intake of each.

    Places by their slots, then both lines of the reserve, which `placed` has in order.
    """
    children = np.flatnonzero(placed.row >= 0)
    most = max(map(len, columns.slots), default=0) + 1
    children = children[np.argsort(placed.intake[children].astype(np.int64) * most + placed.slot[children])]
    rows = np.concatenate([placed.row[children].astype(np.int64), placed.reserve])
    at_intake = columns.intake[rows]
    listed = np.argsort(at_intake, kind="stable")
    return rows[listed], at_intake[listed]
