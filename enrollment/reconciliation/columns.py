"""What the columns of a computation are looked up in and ordered by; each answer is worked out once."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from enrollment.reading import Territories
from enrollment.reading.applications import address_parts

Ints = npt.NDArray[np.int64]


class WantedIntakes(dict[tuple[str, ...], list[int]]):
    """
    Intakes by choices, worked out once.

    Choices on intakes that were taken away since are left out: doors refuse them.
    """

    def __init__(self, index: Mapping[str, int]) -> None:
        self._index = index

    def __missing__(self, choices: tuple[str, ...]) -> list[int]:
        indexes = (self._index.get(choice) for choice in dict.fromkeys(choices))
        found = self[choices] = [i for i in indexes if i is not None]
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


def in_draw_order(numbers: npt.NDArray[np.void], ids: npt.NDArray[np.void]) -> Ints:
    """Children by (number, application id), both as raw bytes."""
    of_number = numbers.view(">u8").reshape(-1, 4)
    of_id = ids.view(">u8").reshape(-1, 2)
    columns = (of_id[:, 1], of_id[:, 0], *(of_number[:, i] for i in (3, 2, 1, 0)))
    return np.lexsort([column.astype(np.uint64) for column in columns])


def connected(child: Ints, intake: Ints, count: int) -> list[int]:
    """For each intake the smallest one that choices connect it with, directly or by way of others."""
    leader = list(range(count))

    def lead(one: int) -> int:
        while leader[one] != one:
            leader[one] = leader[leader[one]]
            one = leader[one]
        return one

    is_next = child[1:] == child[:-1]
    for edge in np.unique(intake[:-1][is_next] * count + intake[1:][is_next]).tolist():
        one, other = sorted((lead(edge // count), lead(edge % count)))
        leader[other] = one
    return [lead(one) for one in range(count)]
