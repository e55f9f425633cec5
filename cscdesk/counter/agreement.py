"""Does the journal still agree with itself?"""

from collections.abc import Iterator
from uuid import UUID

from cscdesk.counter import journal
from cscdesk.counter.models import JournalEntry
from cscdesk.entry import (
    Fault,
    MalformedEntry,
    Start,
    UnknownKind,
    UnknownVersion,
    check_chain,
    from_base64url,
    read_entry,
    read_form,
)
from enrollment.rules import Request, child_key, content_sha256


def find_broken_entries() -> Iterator[Fault]:
    """
    Everything that is wrong in the journal, by its number: bytes, signatures, chain, and the columns for look-up.

    Must return nothing.
    """
    keys = _keys_of_epochs()
    entries = (journal.sealed_of(row) for row in JournalEntry.objects.order_by("seq").iterator())
    named: set[int] = set()
    for fault in check_chain(entries, public_key_of=keys.get):
        named.add(fault.seq)
        yield fault
    for row in JournalEntry.objects.order_by("seq").iterator():
        if row.seq not in named and not _repeats_its_texts(row):
            yield Fault(row.seq, "changed", bytes(row.sha256).hex())


def _keys_of_epochs() -> dict[str, bytes]:
    keys: dict[str, bytes] = {}
    for row in JournalEntry.objects.filter(kind="start").order_by("seq"):
        try:
            texts = journal.sealed_of(row)
            form = read_form(read_entry(texts.entry), texts.form)
        except MalformedEntry:
            continue
        if form is not None and isinstance(form.content, Start):
            keys[row.epoch] = from_base64url(form.content.public_key, size=32)
    return keys


def _repeats_its_texts(row: JournalEntry) -> bool:
    try:
        texts = journal.sealed_of(row)
        entry = read_entry(texts.entry)
        form = read_form(entry, texts.form)
    except (UnknownKind, UnknownVersion, MalformedEntry):
        return True  # named by the chain already, or of a newer program
    about = entry.about
    own = (row.seq, row.kind, row.epoch, row.entry_id, row.clerk, row.application, row.number)
    said: tuple[int, str, str, UUID, str, UUID | None, str] = (
        entry.seq,
        entry.kind,
        entry.epoch,
        entry.id,
        entry.clerk or "",
        about.application if about else None,
        about.number if about else "",
    )
    if own != said or (row.prev and bytes(row.prev).hex()) != entry.prev:
        return False
    if form is None or not isinstance(form.content, Request):
        return True
    request = form.content
    return row.child_key == child_key(request.child) and bytes(row.content_sha256) == content_sha256(request)
