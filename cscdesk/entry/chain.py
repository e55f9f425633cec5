"""Whether a journal still is what was written: changed bytes, gaps and forks, each named by its number."""

from collections.abc import Callable, Iterable, Iterator
from typing import Literal, NamedTuple

from cscdesk.entry.forms import read_form
from cscdesk.entry.journal import Entry, Link, MalformedEntry, UnknownKind, UnknownVersion, read_entry, verify
from cscdesk.entry.sealing import Sealed
from cscdesk.entry.texts import BadSignature, sha256

Wrong = Literal["changed", "form", "malformed", "gap", "fork"]


class Fault(NamedTuple):
    """One thing that is wrong in a chain."""

    seq: int
    """Of the entry; where it cannot be read, its place in the order given, counted from the last good one."""
    wrong: Wrong
    sha256: str
    """As stored, hex."""


def check_chain(
    journal: Iterable[Sealed], *, public_key_of: Callable[[str], bytes | None] | None = None
) -> Iterator[Fault]:
    """
    Walk a journal, parents before children, and name everything that is wrong in it.

    A sound journal, with forms erased or not, yields nothing; so does one with entries of a newer
    version. `changed`: the bytes are not those of the stored hash, or were not signed by the key of
    the epoch. `form`: not the form that the entry names. `gap`: the entry before is missing or
    has another number than the one before. `fork`: two entries follow the same one (both count).

    :param public_key_of: the key of an epoch, None if unknown; left out, signatures are not checked
    """
    # By stored hash, so that one changed entry is one fault and not also a gap after it; None: not readable.
    numbers: dict[str, int | None] = {}
    followed: set[str | None] = set()
    last = 0
    for sealed in journal:
        identity = sealed.sha256.hex()
        link, wrong = _examine(sealed, public_key_of)
        last = link.seq if link else last + 1
        for what in wrong:
            yield Fault(last, what, identity)
        if link:
            if link.prev is not None and numbers.get(link.prev, 0) not in (link.seq - 1, None):
                yield Fault(link.seq, "gap", identity)
            elif link.prev in followed:
                yield Fault(link.seq, "fork", identity)
            followed.add(link.prev)
        numbers[identity] = link.seq if link else None


def _examine(
    sealed: Sealed, public_key_of: Callable[[str], bytes | None] | None
) -> tuple[Link | None, list[Wrong]]:
    if sha256(sealed.entry) != sealed.sha256:
        return None, ["changed"]
    wrong: list[Wrong] = []
    link: Link | None
    try:
        entry = read_entry(sealed.entry)
        link = entry.link
        wrong += _examine_form(entry, sealed.form)
    except UnknownKind as unknown:
        link = unknown.entry.link
    except UnknownVersion as unknown:
        link = unknown.link
    except MalformedEntry:
        return None, ["malformed"]
    if link and public_key_of and not _is_signed(sealed, public_key_of(link.epoch)):
        wrong.insert(0, "changed")
    return link, wrong


def _examine_form(entry: Entry, form: bytes | None) -> list[Wrong]:
    try:
        read_form(entry, form)
    except MalformedEntry:
        return ["form"]
    return []


def _is_signed(sealed: Sealed, public_key: bytes | None) -> bool:
    if public_key is None:
        return False
    try:
        verify(public_key, sealed.entry, sealed.sig)
    except BadSignature:
        return False
    return True
