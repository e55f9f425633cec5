"""The append: the one thing that must never fail halfway. Law: written here first, always."""

from typing import Final
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import transaction

from cscdesk.counter.clocks import Reading
from cscdesk.counter.models import AnchorSeen, Identity, JournalEntry
from cscdesk.entry import About, At, Content, Head, Kind, Sealed, compose
from enrollment.rules import Request, child_key, full_name

_NAME_MAX: Final = 250


def append(
    *,
    identity: Identity,
    kind: Kind,
    content: Content,
    entry_id: UUID,
    at: Reading,
    clerk: str = "",
    about: About | None = None,
    content_sha256: bytes = b"",
) -> JournalEntry:
    """
    Write the next entry; it is safe once the caller's transaction has committed, and not before.

    Must run inside the caller's IMMEDIATE transaction: the head read here stays the head.

    :param content_sha256: what tells a repetition of the same request, see `services`
    :raises MalformedEntry: fields that do not fit the kind, or too long
    """
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("an entry is appended inside a transaction")
    previous = head()
    sealed = compose(
        key=private_key(identity),
        campaign=identity.campaign,
        desk=identity.desk,
        epoch=identity.epoch,
        head=previous,
        kind=kind,
        id=entry_id,
        about=about,
        clerk=clerk,
        at=_stamp(at),
        content=content,
    )
    request = content if isinstance(content, Request) else None
    row = JournalEntry(
        seq=previous.seq + 1 if previous else 1,
        sha256=sealed.sha256,
        prev=bytes.fromhex(previous.sha256) if previous else None,
        entry=sealed.entry,
        form=sealed.form,
        sig=sealed.sig,
        kind=kind,
        epoch=identity.epoch,
        entry_id=entry_id,
        appended_at=at.wall,
        clerk=clerk,
        application=about.application if about else None,
        number=about.number if about else "",
        child_key=child_key(request.child) if request else "",
        child_name=full_name(request.child)[:_NAME_MAX] if request else "",
        replaces=UUID(request.replaces) if request and request.replaces else None,
        content_sha256=content_sha256,
    )
    row.save(force_insert=True)
    return row


def head() -> Head | None:
    """The last entry; None while the journal is empty."""
    last = JournalEntry.objects.order_by("-seq").values_list("seq", "sha256").first()
    return Head(seq=last[0], sha256=bytes(last[1]).hex()) if last else None


def sealed_of(row: JournalEntry) -> Sealed:
    """The stored bytes of a row, for delivery and for checks."""
    return Sealed(
        entry=_as_stored(row.entry),
        form=None if row.form is None else _as_stored(row.form),
        sig=_as_stored(row.sig),
        sha256=_as_stored(row.sha256),
    )


def _as_stored(value: bytes | memoryview | str) -> bytes:
    # SQLite keeps what it was given: a meddler's text in a column of bytes must be found, not crash the search.
    return value.encode() if isinstance(value, str) else bytes(value)


def private_key(identity: Identity) -> Ed25519PrivateKey:
    """The desk's own key, which never leaves this machine."""
    return Ed25519PrivateKey.from_private_bytes(bytes(identity.private_key))


def _stamp(at: Reading) -> At:
    """The clocks, with the last anchor of this start of the machine; an older one proves nothing now."""
    seen = AnchorSeen.objects.filter(boot=at.boot).first()
    return At(
        wall=at.wall,
        boot=at.boot,
        anchor=seen.anchor if seen else None,
        elapsed_ms=max(0, at.boot_ms - seen.sent_boot_ms) if seen else None,
    )
