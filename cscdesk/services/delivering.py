"""What desks hand in: stored before it is understood, answered with a signed time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from django.db import transaction
from django.db.models import Count
from django.utils.translation import gettext_lazy as _

from cscdesk.entry import Anchor as AnchorText
from cscdesk.entry import (
    Answer,
    BadSignature,
    DeliveredEntry,
    Delivery,
    Head,
    Link,
    MalformedEntry,
    Outcome,
    Sealed,
    SignedText,
    UnknownKind,
    UnknownVersion,
    compose_anchor,
    key_id,
    read_entry,
    read_form,
    sha256,
    verify,
)
from cscdesk.models import Anchor, Desk, DeskKey, Entry
from cscdesk.services.calls import Caller, MalformedCall
from cscdesk.services.chaining import link_entries, stored_through
from enrollment.keys import centre_key, centre_public_key
from schools.models import Campaign, Case, Horizon
from schools.rules import Refusal

UNREAD = "unread"
"""`Entry.kind` of what a newer program wrote: kept, and read again after an update."""


class WrongDesk(Refusal):
    message = _("This record was made by another desk.")


@transaction.atomic
def store_delivery(*, caller: Caller, delivery: Delivery, nonce: str, at: datetime) -> Answer:
    """
    Store the entries, link what hangs together, and sign how far everything is here.

    Entries are taken one by one; a bad one is stored and parked with its reason, and blocks
    nobody. Twice stores nothing twice.

    :raises MalformedCall: the delivery names another desk than the caller
    """
    if delivery.desk != caller.desk.id:
        raise MalformedCall
    # Two windows of one desk's delivery (a retry that overtakes) would both link the same entries.
    desk = Desk.objects.select_for_update().get(id=caller.desk.id)
    keys = list(DeskKey.objects.filter(desk=desk).order_by("-id"))
    read = [_read(delivered, desk=desk, keys=keys) for delivered in delivery.entries]
    known = _known(read, desk=desk)
    Entry.objects.bulk_create(
        (one.row(desk=desk, at=at) for one in read if one.sealed.sha256 not in known),
        ignore_conflicts=True,
    )
    link_entries(desk=desk)
    identities = [one.sealed.sha256 for one in read]
    through = stored_through(desk_id=desk.id, epoch=delivery.epoch, head=delivery.head, delivered=identities)
    anchor = _give_anchor(desk, delivery, nonce=nonce, through=through, at=at)
    _note_horizon(caller.desk, delivery, through=through, at=at)
    _note_forks(caller.desk, read, at=at)
    return Answer(v=1, outcomes=[one.outcome(known) for one in read], anchor=anchor)


@dataclass(frozen=True, slots=True)
class _Read:
    """One delivered entry, as far as it could be read."""

    sealed: Sealed
    key: DeskKey | None
    kind: str
    epoch: str = ""
    seq: int | None = None
    prev: bytes | None = None
    refusal: Refusal | None = None

    def row(self, *, desk: Desk, at: datetime) -> Entry:
        return Entry(
            sha256=self.sealed.sha256,
            desk=desk,
            key=self.key,
            epoch=self.epoch,
            seq=self.seq,
            prev=self.prev,
            kind=self.kind,
            entry=self.sealed.entry,
            form=self.sealed.form,
            sig=self.sealed.sig,
            received_at=at,
        )

    def outcome(self, known: set[bytes]) -> Outcome:
        return Outcome(
            sha256=self.sealed.sha256.hex(),
            seq=self.seq,
            state="parked" if self.refusal else "known" if self.sealed.sha256 in known else "stored",
            code=self.refusal.code if self.refusal else None,
            reason=str(self.refusal) if self.refusal else None,
        )


def _read(delivered: DeliveredEntry, *, desk: Desk, keys: Sequence[DeskKey]) -> _Read:
    try:
        sealed = delivered.sealed()
    except BadSignature:
        # Kept all the same, under a signature that nobody made: a person may still need it.
        entry, form = delivered.entry.encode(), delivered.form.encode() if delivered.form else None
        sealed = Sealed(entry, form, bytes(64), sha256(entry))
    key = _signer(sealed, keys)
    kind, link, refusal = _meaning(sealed)
    if refusal is None and key is None:
        refusal = BadSignature()
    if link is not None and link.desk != desk.id:
        # It has no place in this desk's journal; its own desk can still hand it in.
        link, refusal = None, WrongDesk()
    if link is None:
        return _Read(sealed, key, kind, refusal=refusal)
    prev = bytes.fromhex(link.prev) if link.prev else None
    return _Read(sealed, key, kind, epoch=link.epoch, seq=link.seq, prev=prev, refusal=refusal)


def _meaning(sealed: Sealed) -> tuple[str, Link | None, Refusal | None]:
    """The entry's kind and place in its chain, as far as this version can read them, and why not further."""
    try:
        entry = read_entry(sealed.entry)
    except MalformedEntry as refusal:
        return "", None, refusal
    except UnknownKind as refusal:
        return UNREAD, refusal.entry.link, refusal
    except UnknownVersion as refusal:
        return UNREAD, refusal.link, refusal
    try:
        read_form(entry, sealed.form)
    except MalformedEntry as refusal:
        return entry.kind, entry.link, refusal
    except UnknownVersion as refusal:
        return UNREAD, entry.link, refusal
    return entry.kind, entry.link, None


def _signer(sealed: Sealed, keys: Sequence[DeskKey]) -> DeskKey | None:
    for key in keys:
        try:
            verify(bytes(key.public_key), sealed.entry, sealed.sig)
        except BadSignature:
            continue
        return key
    return None


def _known(read: Sequence[_Read], *, desk: Desk) -> set[bytes]:
    identities = [one.sealed.sha256 for one in read]
    if not identities:
        return set()
    found = Entry.objects.filter(desk=desk, sha256__in=identities).values_list("sha256", flat=True)
    return {bytes(sha) for sha in found}


def _give_anchor(
    desk: Desk, delivery: Delivery, *, nonce: str, through: Head | None, at: datetime
) -> SignedText:
    identity = uuid4()
    signed = compose_anchor(
        key=centre_key(),
        anchor=AnchorText(
            id=str(identity),
            desk=desk.id,
            nonce=nonce,
            boot=delivery.boot,
            head=delivery.head,
            stored_through=through,
            time=at,
            key=key_id(centre_public_key()),
        ),
    )
    Anchor.objects.create(
        id=identity,
        desk=desk,
        head_seq=delivery.head.seq,
        head_sha256=bytes.fromhex(delivery.head.sha256),
        text=signed.text.encode(),
        sig=signed.sig.encode(),
        time=at,
    )
    return signed


def _note_horizon(desk: Desk, delivery: Delivery, *, through: Head | None, at: datetime) -> None:
    """How far the desk has reported: by its own word, never beyond this call, only when all is here."""
    campaign = Campaign.objects.filter(opens_at__lte=at).first() or Campaign.objects.first()
    if campaign is None:
        return
    missing = delivery.head.seq - (through.seq if through else 0)
    values: dict[str, object] = {
        **desk.horizon,
        "heard_at": at,
        "unsent": max(missing, 0),
    }
    if through is not None and missing <= 0:
        values["through"] = min(delivery.through, at)
        values["is_closed"] = Entry.objects.filter(
            desk=desk, sha256=bytes.fromhex(delivery.head.sha256), kind="close"
        ).exists()
    Horizon.objects.update_or_create(campaign=campaign, door=str(desk.id), defaults=values)


def _note_forks(desk: Desk, read: Sequence[_Read], *, at: datetime) -> None:
    """Two entries after one: the journal was copied. Both branches count; the desk needs a new key."""
    parents = [one.prev for one in read if one.prev]
    if not parents:
        return
    forks = (
        Entry.objects.filter(desk=desk, prev__in=parents, key__isnull=False)
        .values("prev")
        .annotate(branches=Count("id"))
        .filter(branches__gt=1)
    )
    campaign = Campaign.objects.filter(opens_at__lte=at).first() or Campaign.objects.first()
    if campaign is not None and forks.exists():
        Case.objects.get_or_create(
            campaign=campaign,
            kind=Case.Kind.CLONED_DESK,
            subject=str(desk.id),
            defaults={"district_id": desk.centre.district_id, "opened_at": at, "detail": {"desk": desk.name}},
        )
