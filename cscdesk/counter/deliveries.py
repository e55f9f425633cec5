"""
What a call to the centre leaves behind: how far the journal is delivered, and what became of it.

Nothing here believes an answer before the pinned key has verified its anchor.
"""

from datetime import timedelta
from typing import Final
from uuid import uuid4

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from cscdesk.counter import journal, selectors
from cscdesk.counter.clocks import Reading
from cscdesk.counter.models import AnchorSeen, DeliveryState, Identity, JournalEntry, Outcome, StoredCatalogue
from cscdesk.entry import Anchor, AnchorReceived, Answer, Head, read_entry, verify_anchor
from cscdesk.entry.enrolment import EntryResult
from schools.rules import Refusal

ANCHOR_ENTRY_EVERY: Final = timedelta(hours=1)
"""How long a quiet journal goes without a signed time written into it."""


class NotOurAnchor(Refusal):
    message = _("The answer is signed, but not for this call.")


def checked_anchor(*, answer: Answer, identity: Identity, nonce: str, stated: Head) -> Anchor:
    """
    The anchor of an answer, after it was found to be the centre's word on this very call.

    :raises BadSignature, MalformedAnchor: not the word of the centre that enrolled this desk
    :raises NotOurAnchor: of another desk, call or head, or it covers what this journal does not hold
    """
    anchor = verify_anchor(
        public_key=bytes(identity.centre_public_key), text=answer.anchor.text, sig=answer.anchor.sig
    )
    if (anchor.desk, anchor.nonce, anchor.head) != (identity.desk, nonce, stated):
        raise NotOurAnchor
    stored = anchor.stored_through
    if stored is not None and (
        stored.seq > stated.seq
        or not JournalEntry.objects.filter(seq=stored.seq, sha256=bytes.fromhex(stored.sha256)).exists()
    ):
        raise NotOurAnchor
    return anchor


@transaction.atomic(durable=True)
def take_anchor(
    *, answer: Answer, anchor: Anchor, identity: Identity, sent: Reading, at: Reading
) -> JournalEntry | None:
    """
    Note how far the journal is delivered, and write the anchor into it where that says something new.

    An anchor is written when it covers entries of families or hours that no written anchor
    covers, when none was written since the machine started, or after `ANCHOR_ENTRY_EVERY`:
    otherwise each heartbeat would beget an entry, and each entry a delivery.

    :param anchor: from `checked_anchor`
    :param sent: the clocks when the request was sent
    """
    AnchorSeen(
        id=1,
        anchor=anchor.id,
        time=anchor.time,
        boot=sent.boot,
        sent_boot_ms=sent.boot_ms,
        received_at=at.wall,
    ).save()
    state = selectors.delivery_state()
    # Also when it went backwards: a centre that lost entries gets them again.
    state.stored_seq = anchor.stored_through.seq if anchor.stored_through else 0
    state.is_line_up = True
    state.last_contact_at = at.wall
    state.last_fault = ""
    state.save()
    _note_parked(answer)
    if not _says_something_new(anchor, at=at):
        return None
    return journal.append(
        identity=identity,
        kind="anchor",
        content=AnchorReceived(text=answer.anchor.text, sig=answer.anchor.sig),
        entry_id=uuid4(),
        at=at,
    )


@transaction.atomic(durable=True)
def note_failure(*, fault: str) -> None:
    """The line is down, or what answers on it is not the centre."""
    DeliveryState.objects.update_or_create(pk=1, defaults={"is_line_up": False, "last_fault": fault[:60]})


@transaction.atomic(durable=True)
def take_outcomes(*, results: list[EntryResult]) -> int:
    """Note what entries became; results of entries that this journal does not hold are passed over."""
    if not results:
        return 0
    rows = {
        bytes(row.sha256): row
        for row in JournalEntry.objects.filter(sha256__in=[bytes.fromhex(r.sha256) for r in results])
    }
    for result in results:
        row = rows.get(bytes.fromhex(result.sha256))
        if row is not None:
            Outcome.objects.update_or_create(
                entry=row,
                defaults={
                    "central_id": result.id,
                    "state": result.state,
                    "code": result.code or "",
                    "reason": result.reason or "",
                },
            )
    state = selectors.delivery_state()
    state.outcomes_after = max(state.outcomes_after, *(result.id for result in results))
    state.save()
    return len(rows)


@transaction.atomic(durable=True)
def take_catalogue(*, text: bytes, etag: str, at: Reading) -> None:
    """The catalogue in force from now on; checked by the caller that it can be read."""
    StoredCatalogue(id=1, text=text, etag=etag[:200], fetched_at=at.wall).save()


@transaction.atomic(durable=True)
def keep_catalogue(*, at: Reading) -> None:
    """The centre said that the stored catalogue is the one in force."""
    StoredCatalogue.objects.update(fetched_at=at.wall)


def are_outcomes_awaited() -> bool:
    """Whether the centre holds entries whose outcome has not come home."""
    stored = selectors.delivery_state().stored_seq
    return JournalEntry.objects.filter(seq__lte=stored, outcome__isnull=True).exists()


def _note_parked(answer: Answer) -> None:
    for parked in (outcome for outcome in answer.outcomes if outcome.state == "parked"):
        row = JournalEntry.objects.filter(sha256=bytes.fromhex(parked.sha256)).first()
        if row is not None and not Outcome.objects.filter(entry=row).exists():
            Outcome(entry=row, state="parked", code=parked.code or "", reason=parked.reason or "").save(
                force_insert=True
            )


def _says_something_new(anchor: Anchor, *, at: Reading) -> bool:
    written = JournalEntry.objects.filter(kind="anchor").order_by("-seq").first()
    if written is None or at.wall - written.appended_at >= ANCHOR_ENTRY_EVERY:
        return True
    if at.wall < written.appended_at or read_entry(bytes(written.entry)).at.boot != at.boot:
        return True
    newest = JournalEntry.objects.exclude(kind="anchor").aggregate(seq=Max("seq"))["seq"] or 0
    covered = anchor.stored_through.seq if anchor.stored_through else 0
    return newest > written.seq and covered >= newest
