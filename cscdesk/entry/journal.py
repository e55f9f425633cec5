"""
One line of a desk's journal: format version 1, final.

The bytes of an entry are its identity. They are stored, hashed and signed as they were
written and never serialised again; reading them gives a meaning, not other bytes.
"""

from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal, TypeVar, get_args
from uuid import UUID

import msgspec
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from cscdesk.entry.texts import (
    MalformedText,
    Name,
    Sequence,
    Sha256Hex,
    check_signature,
    misread,
    sha256,
    strict_json,
)
from schools.rules import Refusal

VERSION: Final = 1
SIZE_MAX: Final = 32 * 1024
"""Bytes of an entry and its form together when written; of each of the two when read."""
ENTRY_PREFIX: Final = b"qabyldau/1/entry\0"

Kind = Literal["start", "open", "close", "anchor", "lodge", "correct", "withdraw", "void"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
ABOUT_AN_APPLICATION: Final = frozenset({"lodge", "correct", "withdraw", "void"})
_WRITTEN_BY_THE_PROGRAM: Final = frozenset({"start", "anchor"})
_MAY_LACK_A_FORM: Final = frozenset({"open", "close"})

Number = Annotated[
    str, msgspec.Meta(pattern=r"^[0-9]{2}-[2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]\Z")
]
T = TypeVar("T")
Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class MalformedEntry(MalformedText):
    """What can never be read, by no later version either: kept, for a person."""


class UnknownVersion(Refusal):
    """Written by a newer program: parked, tried again after an update. `link` places it in its chain."""

    message = _("This record was made by a newer version of the program; it is kept and read later.")

    def __init__(self, *, link: "Link | None") -> None:
        super().__init__()
        self.link = link


class UnknownKind(Refusal):
    """A readable entry of a kind not known here: parked, tried again after an update."""

    message = _("This record is of a kind not known here yet; it is kept and read later.")

    def __init__(self, *, entry: "Entry") -> None:
        super().__init__()
        self.entry = entry


class Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The end of a chain: its last entry."""

    seq: Sequence
    sha256: Sha256Hex


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """Where an entry stands in the tree: all that a chain needs, whatever the entry means."""

    desk: UUID
    epoch: Name
    seq: Sequence
    prev: Sha256Hex | None


class About(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The application made (lodge, correct) or meant (withdraw, void)."""

    application: UUID | None
    """Null only in a withdrawal by a family that knows its number alone."""
    number: Number


class At(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the desk's clocks said."""

    wall: Moment
    boot: Name
    """Names one start of the machine."""
    anchor: Name | None
    """Id of the last anchor received, null before the first."""
    elapsed_ms: Annotated[int, msgspec.Meta(ge=0)] | None
    """Since the request for that anchor was sent, on a clock that counts suspend; null after a reboot."""


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One entry as it was read; the order of the fields is the order of the keys in the text."""

    v: int
    campaign: Annotated[int, msgspec.Meta(ge=2000, le=2999)]
    """The year."""
    desk: UUID
    epoch: Name
    seq: Sequence
    """From 1, going on over epochs."""
    prev: Sha256Hex | None
    """SHA-256 of the entry before; null when no head is known, at a start only."""
    kind: Annotated[str, msgspec.Meta(pattern=r"^[a-z_]{1,20}\Z")]
    """One of `KINDS`: anything else leaves `read_entry` as `UnknownKind`."""
    id: UUID
    about: About | None
    clerk: Annotated[str, msgspec.Meta(max_length=64)] | None
    """Who acted; empty where the program itself wrote (start, anchor)."""
    at: At
    form_sha256: Sha256Hex | None
    form_v: Annotated[int, msgspec.Meta(ge=1)]
    clerk_sig: Annotated[str, msgspec.Meta(max_length=128)] | msgspec.UnsetType = msgspec.UNSET

    @property
    def link(self) -> Link:
        return Link(desk=self.desk, epoch=self.epoch, seq=self.seq, prev=self.prev)


def read_entry(text: bytes) -> Entry:
    """
    Read an entry strictly.

    :raises MalformedEntry: more than 32 KiB, not one plain JSON object, a field missing, unknown or wrong
    :raises UnknownVersion: `v` is newer than this program
    :raises UnknownKind: everything else is in order
    """
    raw = read_object(text)
    version = raw.get("v")
    if type(version) is int and version > VERSION:
        raise UnknownVersion(link=_link(raw))
    if type(version) is not int or version != VERSION:
        raise _wrong("v")
    entry = convert(raw, Entry)
    _check_ids(raw, entry)
    _check_position(entry)
    if entry.kind not in KINDS:
        raise UnknownKind(entry=entry)
    _check_kind(entry)
    return entry


def verify(public_key: bytes, entry: bytes, sig: bytes) -> None:
    """
    :raises BadSignature: these bytes were not signed as an entry by the owner of the key
    """
    check_signature(public_key, prefix=ENTRY_PREFIX, message=sha256(entry), sig=sig)


def read_object(text: bytes) -> dict[str, Any]:
    """
    One JSON object of an entry's size, as `strict_json`.

    :raises MalformedEntry: too long, or what `strict_json` refuses
    """
    if len(text) > SIZE_MAX:
        raise MalformedEntry(_("it is longer than 32 KiB"))
    try:
        return strict_json(text)
    except MalformedText as error:
        raise MalformedEntry(error.fault) from None


def convert(raw: dict[str, Any], kind: type[T]) -> T:
    """
    :raises MalformedEntry: naming the field that is missing, unknown or wrong
    """
    try:
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError as error:
        raise MalformedEntry(misread(error).fault) from None


def utc(at: datetime) -> datetime:
    """One way of writing for one instant."""
    return at.astimezone(UTC)


def _wrong(field: str) -> MalformedEntry:
    fault: str | Promise = format_lazy(_("wrong value, field: {field}"), field=field)
    return MalformedEntry(fault)


def _link(raw: dict[str, Any]) -> Link | None:
    try:
        return msgspec.convert(raw, Link)
    except msgspec.ValidationError:
        return None


def _check_ids(raw: dict[str, Any], entry: Entry) -> None:
    """One UUID, one text: with hyphens and in lower case."""
    if raw["desk"] != str(entry.desk):
        raise _wrong("desk")
    if raw["id"] != str(entry.id):
        raise _wrong("id")
    if (
        entry.about
        and entry.about.application
        and raw["about"]["application"] != str(entry.about.application)
    ):
        raise _wrong("about.application")


def _check_position(entry: Entry) -> None:
    if (entry.prev is None) != (entry.seq == 1):
        raise _wrong("prev")
    if entry.at.anchor is None and entry.at.elapsed_ms is not None:
        raise _wrong("at.elapsed_ms")
    # A dead battery says 1970; years at the ends of the calendar overflow in other zones.
    if not 1900 <= entry.at.wall.year <= 9000:
        raise _wrong("at.wall")


def _check_kind(entry: Entry) -> None:
    if entry.prev is None and entry.kind != "start":
        raise _wrong("prev")
    if (entry.about is not None) != (entry.kind in ABOUT_AN_APPLICATION):
        raise _wrong("about")
    if entry.about and entry.about.application is None and entry.kind != "withdraw":
        raise _wrong("about.application")
    if not entry.clerk and entry.kind not in _WRITTEN_BY_THE_PROGRAM:
        raise _wrong("clerk")
    if entry.form_sha256 is None and entry.kind not in _MAY_LACK_A_FORM:
        raise _wrong("form_sha256")
