"""
The lists of a roster in canonical form: what they say, without row ids and computation times (law 6).

A nation has more than half a million lines, so a list is one numpy array of fixed records, and
its hash that of the array's bytes. `Line` is the same for people and for single children.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID

import numpy as np
import numpy.typing as npt

from schools.models import Held, Lane

RECORD = np.dtype(
    [
        ("slot", ">i4"),
        ("is_outside", "u1"),
        ("moment", ">i8"),
        ("number", "V32"),
        ("application", "V16"),
        ("child_key", "S60"),
        ("arrived_at", ">i8"),
        ("is_contested", "u1"),
        ("held_for", "u1"),
        ("is_confirmed", "u1"),
    ]
)
"""
One line: the slot (-1 waits), the lane, the moment and the arrival in microseconds since 1970,
the number and the application's id as raw bytes, the child's key padded with NUL, and its states.
"""

Records = npt.NDArray[Any]
EMPTY: Records = np.empty(0, RECORD)
WAITING = -1
REASONS: tuple[Held, ...] = (
    Held.RELATION,
    Held.ADDRESS,
    Held.CONTESTED,
    Held.CUT_OFF,
    Held.TWINS,
    Held.CLOSING,
)
"""The bits of `held_for`, from the lowest."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One child on one intake's list, as the floor above worked it out."""

    choice: str
    child_key: str
    child_name: str
    application_id: UUID
    application_number: str
    door: str
    lane: str
    slot: int | None
    """None: the child waits."""
    arrived_at: datetime
    moment: datetime
    draw_number: str
    is_contested: bool = False
    held_for: tuple[str, ...] = ()
    is_confirmed: bool = False


@dataclass(frozen=True, kw_only=True)
class IntakeList:
    """The list of one intake: its lines in order, places first, then both lines of the reserve."""

    intake_id: int
    choice: str
    district: str
    component: str
    """The smallest name among the intakes that choices connect with this one."""
    slots: str
    """As the round knows them."""
    records: Records
    labels: Sequence[bytes]
    """Of each line the child's name, the receipt's number and the door, as COPY's text writes them."""
    arrived: tuple[int, int] = (0, 0)
    """Children that ask for it, of its territory and from outside, also while no round has closed."""

    @cached_property
    def sha256(self) -> bytes:
        """Of the canonical form, 32 bytes; empty for an empty list."""
        if not len(self.records):
            return b""
        return hashlib.sha256(self.choice.encode() + b"\n" + self.records.tobytes()).digest()

    def lines(self) -> Iterator[Line]:
        """The lines, one by one."""
        for record, label in zip(self.records.tolist(), self.labels, strict=True):
            slot, outside, moment, number, application, child, arrived, contested, held, confirmed = record
            name, receipt, door = label.split(b"\t")
            yield Line(
                choice=self.choice,
                child_key=child.decode(),
                child_name=unescaped(name).decode(),
                application_id=UUID(bytes=application),
                application_number=unescaped(receipt).decode(),
                door=door.decode(),
                lane=Lane.OUTSIDE if outside else Lane.TERRITORY,
                slot=None if slot == WAITING else slot,
                arrived_at=at_microseconds(arrived),
                moment=at_microseconds(moment),
                draw_number=number.hex(),
                is_contested=bool(contested),
                held_for=held_reasons(held),
                is_confirmed=bool(confirmed),
            )


def list_of(
    lines: Iterable[Line],
    *,
    intake_id: int,
    choice: str,
    district: str,
    component: str = "",
    slots: str = "",
) -> IntakeList:
    """A list made of single lines, in whatever order they come."""
    in_order = sorted(lines, key=_place_in_list)
    return IntakeList(
        intake_id=intake_id,
        choice=choice,
        district=district,
        component=component or choice,
        slots=slots,
        records=np.array([record_of(line) for line in in_order], RECORD) if in_order else EMPTY,
        labels=[
            label_of(name=line.child_name, number=line.application_number, door=line.door)
            for line in in_order
        ],
    )


def _place_in_list(line: Line) -> tuple[object, ...]:
    is_waiting = line.slot is None
    is_outside = line.lane == Lane.OUTSIDE
    return is_waiting, line.slot or 0, is_outside, line.moment, line.draw_number, line.application_id


def record_of(line: Line) -> tuple[object, ...]:
    """A line as `RECORD` holds it."""
    return (
        WAITING if line.slot is None else line.slot,
        line.lane == Lane.OUTSIDE,
        to_microseconds(line.moment),
        bytes.fromhex(line.draw_number),
        line.application_id.bytes,
        line.child_key.encode(),
        to_microseconds(line.arrived_at),
        line.is_contested,
        held_mask(line.held_for),
        line.is_confirmed,
    )


def label_of(*, name: str, number: str, door: str) -> bytes:
    """Name, number and door as COPY's text writes them."""
    return b"\t".join(escaped(text.encode()) for text in (name, number, door))


def held_mask(reasons: Iterable[str]) -> int:
    """Codes of `Held` as the bits of `held_for`."""
    return sum(1 << REASONS.index(Held(reason)) for reason in set(reasons))


def held_reasons(mask: int) -> tuple[str, ...]:
    """The codes that these bits stand for."""
    return tuple(reason.value for bit, reason in enumerate(REASONS) if mask >> bit & 1)


def lists_sha256(hashes: Mapping[str, bytes]) -> bytes:
    """
    The hash of several lists together, 32 bytes: of a district, or of the whole roster.

    :param hashes: by choice; empty ones do not count, so that a list that was emptied and one
        that never was are the same
    """
    digest = hashlib.sha256()
    for choice in sorted(choice for choice, sha256 in hashes.items() if sha256):
        digest.update(choice.encode() + b"\n" + hashes[choice])
    return digest.digest()


def roster_sha256(lines: Iterable[Line]) -> bytes:
    """The hash of a roster's canonical form; equal for equal rosters, whatever made them."""
    of_choice: dict[str, list[Line]] = defaultdict(list)
    for line in lines:
        of_choice[line.choice].append(line)
    return lists_sha256(
        {
            choice: list_of(its, intake_id=0, choice=choice, district="").sha256
            for choice, its in of_choice.items()
        }
    )


def to_microseconds(at: datetime) -> int:
    """Microseconds since 1970."""
    return (at - _EPOCH) // _MICROSECOND


def at_microseconds(microseconds: int) -> datetime:
    """The instant so many microseconds after 1970, in UTC."""
    return _EPOCH + timedelta(microseconds=microseconds)


_ESCAPES = {b"\\": b"\\\\", b"\t": b"\\t", b"\n": b"\\n", b"\r": b"\\r"}
_LETTERS = {ord("t"): "\t", ord("n"): "\n", ord("r"): "\r", ord("b"): "\b", ord("f"): "\f", ord("v"): "\v"}


def escaped(text: bytes) -> bytes:
    """As COPY's text format writes a value."""
    for raw, written in _ESCAPES.items():
        text = text.replace(raw, written)
    return text


def unescaped(text: bytes) -> bytes:
    """What COPY's text format means by a value."""
    if b"\\" not in text:
        return text
    parts, rest = [], iter(text)
    for byte in rest:
        if byte == 0x5C:
            letter = next(rest)
            parts.append(_LETTERS[letter].encode() if letter in _LETTERS else bytes([letter]))
        else:
            parts.append(bytes([byte]))
    return b"".join(parts)
