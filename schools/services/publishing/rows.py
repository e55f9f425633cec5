"""
The rows of a roster as COPY's binary format has them.

A cost: of half a million rows PostgreSQL need not read a number or an instant from text, and
what has a fixed width is written by columns.
"""

import struct
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt
from psycopg import sql

from schools.models import Lane
from schools.rules import kazakh_sort_key

from .listing import WAITING, IntakeList, Records, held_reasons, to_microseconds, unescaped

_COLUMNS: Final = (
    "campaign_id", "intake_id", "application_id", "is_contested", "is_held", "is_confirmed",
    "arrived_at", "moment", "draw_number", "slot",
    "district_id", "lane", "held_for", "child_key", "child_name", "application_number", "door", "name_key",
)  # fmt: skip
COPY_ROWS: Final = sql.SQL("COPY schools_rosterentry ({}) FROM STDIN (FORMAT binary)").format(
    sql.SQL(", ").join(map(sql.Identifier, _COLUMNS))
)
BEGINNING: Final = b"PGCOPY\n\xff\r\n\0" + struct.pack(">ii", 0, 0)
END: Final = struct.pack(">h", -1)
_FIXED: Final = [
    ("columns", ">i2"),
    ("campaign_", ">i4"), ("campaign", ">i2"),
    ("intake_", ">i4"), ("intake", ">i8"),
    ("application_", ">i4"), ("application", "V16"),
    ("is_contested_", ">i4"), ("is_contested", "u1"),
    ("is_held_", ">i4"), ("is_held", "u1"),
    ("is_confirmed_", ">i4"), ("is_confirmed", "u1"),
    ("arrived_at_", ">i4"), ("arrived_at", ">i8"),
    ("moment_", ">i4"), ("moment", ">i8"),
    ("draw_number_", ">i4"), ("draw_number", "V64"),
    ("slot_", ">i4"),
]  # fmt: skip
"""Each column after its width in bytes."""
_PLACED: Final = np.dtype([*_FIXED, ("slot", ">i4")])
_IN_LINE: Final = np.dtype(_FIXED)
"""No slot: its width is -1."""
_SINCE: Final = to_microseconds(datetime(2000, 1, 1, tzinfo=UTC))
"""PostgreSQL counts microseconds from here."""
_LANES: Final = (Lane.TERRITORY.value, Lane.OUTSIDE.value)
_TEXT_OID: Final = 1043
_width: Final = struct.Struct(">i").pack


def rows_of(lists: Sequence[IntakeList], *, campaign: int) -> Iterator[list[bytes]]:
    """The rows of each of some lists, without the frame around all rows."""
    sizes = [len(one.records) for one in lists]
    records = np.concatenate([one.records for one in lists])
    intakes = np.repeat(np.array([one.intake_id for one in lists], np.int64), sizes)
    fixed = _fixed(records, intakes, campaign)
    states = (records["held_for"].astype(np.int64) * 2 + records["is_outside"]).tolist()
    children = records["child_key"].tolist()
    end = 0
    for one, size in zip(lists, sizes, strict=True):
        start, end = end, end + size
        district = _field(one.district.encode())
        rows = []
        for begins, state, child, label in zip(
            fixed[start:end], states[start:end], children[start:end], one.labels, strict=True
        ):
            name, number, door = label.split(b"\t")
            key = name_key(name)
            if b"\\" in label:
                name, number, door = unescaped(name), unescaped(number), unescaped(door)
            rows.append(
                b"%b%b%b%b%b%b%b%b%b%b%b%b%b"
                % (
                    begins, district, _state(state),
                    _width(len(child)), child, _width(len(name)), name, _width(len(number)), number,
                    _width(len(door)), door, _width(len(key)), key,
                )
            )  # fmt: skip
        yield rows


def _fixed(records: Records, intakes: npt.NDArray[np.int64], campaign: int) -> list[bytes]:
    """The columns of fixed width, row by row."""
    is_placed = records["slot"] != WAITING
    found = np.empty(len(records), object)
    for its, dtype in ((is_placed, _PLACED), (~is_placed, _IN_LINE)):
        some = records[its]
        rows = np.empty(len(some), dtype)
        rows["columns"] = len(_COLUMNS)
        for name in dtype.names or ():
            if name + "_" in rows.dtype.fields:  # type: ignore[operator]
                rows[name + "_"] = dtype[name].itemsize
        rows["slot_"] = _PLACED["slot"].itemsize if dtype is _PLACED else -1
        rows["campaign"], rows["intake"], rows["application"] = campaign, intakes[its], some["application"]
        rows["is_contested"], rows["is_confirmed"] = some["is_contested"], some["is_confirmed"]
        rows["is_held"] = some["held_for"] != 0
        rows["arrived_at"], rows["moment"] = some["arrived_at"] - _SINCE, some["moment"] - _SINCE
        rows["draw_number"] = np.frombuffer(some["number"].tobytes().hex().encode(), "V64")
        if dtype is _PLACED:
            rows["slot"] = some["slot"]
        written, width = rows.tobytes(), dtype.itemsize
        found[its] = [written[at : at + width] for at in range(0, len(written), width)]
    return found.tolist()


@lru_cache(maxsize=256)
def _state(state: int) -> bytes:
    """The lane and why a place is held."""
    held, outside = divmod(state, 2)
    reasons = [reason.encode() for reason in held_reasons(held)]
    array = struct.pack(">iii", 1 if reasons else 0, 0, _TEXT_OID)
    if reasons:
        array += struct.pack(">ii", len(reasons), 1) + b"".join(map(_field, reasons))
    return _field(_LANES[outside].encode()) + _field(array)


def _field(value: bytes) -> bytes:
    return _width(len(value)) + value


class _WordKeys(dict[bytes, bytes]):
    """
    The sort keys of words.

    A cost: names are made of few words, and the key of a name of its words' keys.
    """

    def __missing__(self, word: bytes) -> bytes:
        if len(self) > _MANY_WORDS:
            self.clear()
        key = self[word] = kazakh_sort_key(unescaped(word).decode()).encode()
        return key


_MANY_WORDS = 200_000
_word_keys = _WordKeys()


def name_key(written: bytes) -> bytes:
    """The key that sorts a name, of a name as COPY's text writes it."""
    if b"\\" in written:
        return kazakh_sort_key(unescaped(written).decode()).encode()
    return b" ".join(filter(None, map(_word_keys.__getitem__, written.split())))
