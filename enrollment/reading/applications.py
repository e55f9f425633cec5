"""
All applications of a campaign as columns.

A cost: an object for each of 400,000 applications takes four times the memory and the time; so
they are read by COPY into columns, and an object is made for the one that is asked for.
"""

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, overload
from uuid import UUID

import numpy as np
import numpy.typing as npt

from enrollment.claims import Lodged
from schools.models import Campaign
from schools.services.publishing.copying import copied_out
from schools.services.publishing.listing import (
    at_microseconds,
    escaped,
    label_of,
    to_microseconds,
    unescaped,
)

_PART = b"\x1f"
_COLUMNS = r"""
    a.id, a.child_key, a.person_key, array_to_string(a.choices, ','),
    (extract(epoch FROM a.lodged_at) * 1000000)::bigint, a.is_proven::int,
    coalesce(a.replaces::text, ''), coalesce(a.desk::text, ''), coalesce(a.seq, 0), a.content_sha256,
    concat_ws(E'\x1f', a.form #>> '{address,district}', a.form #>> '{address,street}', a.form #>> '{address,house}'),
    concat_ws(' ', nullif(a.form #>> '{child,family_name}', ''), nullif(a.form #>> '{child,given_name}', ''),
              nullif(a.form #>> '{child,patronymic}', '')),
    a.number, a.door
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """What of an application a roster needs beyond whose it is."""

    address: dict[str, str]
    child_name: str
    number: str
    door: str


class Applications(Sequence[Lodged]):
    """Applications in the order of their ids, by row; a sequence of `Lodged` to whoever asks for single ones."""

    def __init__(self) -> None:
        self.ids: list[bytes] = []
        """16 bytes each."""
        self.child_keys: list[str] = []
        self.person_keys: list[str] = []
        self.choices: list[tuple[str, ...]] = []
        self.addresses: list[bytes] = []
        """District, street and house with `\\x1f` between them, as COPY's text writes them."""
        self.labels: list[bytes] = []
        """The child's name, the number and the door, as a roster's list copies them."""
        self.replaces: dict[int, UUID] = {}
        self.desks: dict[int, tuple[UUID, int]] = {}
        """Desk and place in its chain, of those that came from a desk."""
        self.lodged_at: npt.NDArray[np.int64] = np.empty(0, np.int64)
        """Microseconds since 1970."""
        self.is_proven: npt.NDArray[np.bool_] = np.empty(0, np.bool_)
        self._rows: dict[bytes, int] | None = None

    @classmethod
    def of(cls, lodged: Iterable[Lodged], asked: Mapping[UUID, Asked]) -> "Applications":
        """The columns of single ones, each once."""
        made = cls()
        in_order = sorted({one.id: one for one in lodged}.values(), key=lambda one: one.id)
        for row, one in enumerate(in_order):
            known = asked[one.id]
            made.ids.append(one.id.bytes)
            made.child_keys.append(one.child_key)
            made.person_keys.append(one.person_key)
            made.choices.append(tuple(one.choices))
            parts = (known.address.get(name) or "" for name in ("district", "street", "house"))
            made.addresses.append(_PART.join(escaped(part.encode()) for part in parts))
            made.labels.append(label_of(name=known.child_name, number=known.number, door=known.door))
            if one.replaces is not None:
                made.replaces[row] = one.replaces
            if one.desk is not None:
                made.desks[row] = one.desk, one.seq or 0
        made.lodged_at = np.array([to_microseconds(one.lodged_at) for one in in_order], np.int64)
        made.is_proven = np.array([one.is_proven for one in in_order], np.bool_)
        return made

    def __len__(self) -> int:
        return len(self.ids)

    @overload
    def __getitem__(self, row: int) -> Lodged: ...
    @overload
    def __getitem__(self, row: slice) -> list[Lodged]: ...
    def __getitem__(self, row: int | slice) -> Lodged | list[Lodged]:
        if isinstance(row, slice):
            return [self[one] for one in range(*row.indices(len(self)))]
        row = range(len(self))[row]
        desk, seq = self.desks.get(row, (None, None))
        return Lodged(
            id=UUID(bytes=self.ids[row]),
            number=unescaped(self.labels[row].split(b"\t")[1]).decode(),
            child_key=self.child_keys[row],
            person_key=self.person_keys[row],
            choices=self.choices[row],
            lodged_at=at_microseconds(int(self.lodged_at[row])),
            is_proven=bool(self.is_proven[row]),
            replaces=self.replaces.get(row),
            desk=desk,
            seq=seq,
        )

    def __iter__(self) -> Iterator[Lodged]:
        return (self[row] for row in range(len(self)))

    def picked(self, rows: npt.NDArray[np.int64]) -> "Applications":
        """Some of them, in the same order."""
        made, at = Applications(), rows.tolist()
        made.ids = [self.ids[row] for row in at]
        made.child_keys = [self.child_keys[row] for row in at]
        made.person_keys = [self.person_keys[row] for row in at]
        made.choices = [self.choices[row] for row in at]
        made.addresses = [self.addresses[row] for row in at]
        made.labels = [self.labels[row] for row in at]
        new_row = {row: new for new, row in enumerate(at)}
        made.replaces = {new_row[row]: id_ for row, id_ in self.replaces.items() if row in new_row}
        made.desks = {new_row[row]: desk for row, desk in self.desks.items() if row in new_row}
        made.lodged_at, made.is_proven = self.lodged_at[rows], self.is_proven[rows]
        return made

    def row_of(self, id_: UUID) -> int | None:
        """The row of an application; None when it is not among them."""
        if self._rows is None:
            self._rows = {one: row for row, one in enumerate(self.ids)}
        return self._rows.get(id_.bytes)

    def address(self, row: int) -> dict[str, str]:
        """Where the child is registered, as stated."""
        return address_of(self.addresses[row])

    def asked(self, row: int) -> Asked:
        """What of one application a roster needs."""
        name, number, door = (unescaped(part).decode() for part in self.labels[row].split(b"\t"))
        return Asked(address=self.address(row), child_name=name, number=number, door=door)


class AskedOf(Mapping[UUID, Asked]):
    """`Asked` by application, made when it is asked for."""

    def __init__(self, applications: Applications) -> None:
        self._applications = applications

    def __getitem__(self, id_: UUID) -> Asked:
        row = self._applications.row_of(id_)
        if row is None:
            raise KeyError(id_)
        return self._applications.asked(row)

    def __iter__(self) -> Iterator[UUID]:
        return (UUID(bytes=one) for one in self._applications.ids)

    def __len__(self) -> int:
        return len(self._applications)


def address_parts(written: bytes) -> list[str]:
    """District, street and house of `Applications.addresses`."""
    parts = (unescaped(written) if b"\\" in written else written).decode().split("\x1f")
    return parts if len(parts) == 3 else ["", "", ""]


def address_of(written: bytes) -> dict[str, str]:
    """The same by name."""
    return dict(zip(("district", "street", "house"), address_parts(written), strict=True))


def read_applications(
    *, campaign: Campaign, children: Sequence[str] | None = None, seen: Callable[[bytes], None] | None = None
) -> Applications:
    """
    The applications of a campaign in one COPY.

    :param children: only of these child keys
    :param seen: is shown every row as it comes
    """
    made = Applications()
    lodged_at, is_proven = array("q"), bytearray()
    desk_of: dict[bytes, UUID] = {}
    known: dict[bytes, Any] = {}
    ids, child_keys, person_keys = made.ids.append, made.child_keys.append, made.person_keys.append
    choices_, addresses, labels = made.choices.append, made.addresses.append, made.labels.append
    for row, line in enumerate(_rows(campaign, children)):
        if seen is not None:
            seen(line)
        (id_, child, person, choices, lodged, proven, replaces, desk, seq, _content, address, label) = (
            line.split(b"\t", 11)
        )
        ids(bytes.fromhex(id_.replace(b"-", b"").decode()))
        child_keys(unescaped(child).decode())
        person_keys(unescaped(person).decode())
        named = known.get(choices)
        if named is None:
            named = known[choices] = tuple(choices.decode().split(","))
        choices_(named)
        addresses(address)
        labels(label[:-1])
        lodged_at.append(int(lodged))
        is_proven.append(proven == b"1")
        if replaces:
            made.replaces[row] = UUID(replaces.decode())
        if desk:
            if desk not in desk_of:
                desk_of[desk] = UUID(desk.decode())
            made.desks[row] = desk_of[desk], int(seq)
    made.lodged_at = np.frombuffer(lodged_at, np.int64)
    made.is_proven = np.frombuffer(is_proven, np.bool_)
    return made


def read_buckets(*, campaign: Campaign, buckets: Sequence[str]) -> Iterator[bytes]:
    """The rows of the applications whose ids begin with one of these hex digits, in the order of their ids."""
    width = 32
    low, high = ([UUID(one.ljust(width, digit)) for one in buckets] for digit in "0f")
    # OFFSET 0: each bucket is looked up by its ids; joined, the planner would read the whole table.
    return copied_out(
        "SELECT row.* FROM unnest(%s::uuid[], %s::uuid[]) AS bucket(low, high) CROSS JOIN LATERAL ("  # noqa: S608 (our own words only)
        f"SELECT {_COLUMNS} FROM enrollment_application a"
        " WHERE a.id BETWEEN bucket.low AND bucket.high AND a.campaign_id = %s OFFSET 0"
        ") AS row ORDER BY row.id",
        values=[low, high, campaign.pk],
    )


def _rows(campaign: Campaign, children: Sequence[str] | None) -> Iterator[bytes]:
    among = "" if children is None else "AND a.child_key = ANY(%s)"
    values: list[object] = [campaign.pk] if children is None else [campaign.pk, list(children)]
    return copied_out(
        f"SELECT {_COLUMNS} FROM enrollment_application a WHERE a.campaign_id = %s {among} ORDER BY a.id",  # noqa: S608 (our own words only)
        values=values,
    )
