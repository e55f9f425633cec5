"""Do the desks' entries and what was made of them still agree? Every `find_…` returns nothing when all is well."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import Count, Exists, Min, OuterRef, Q, QuerySet

from cscdesk.entry import (
    BadSignature,
    MalformedEntry,
    UnknownKind,
    UnknownVersion,
    read_entry,
    read_form,
    sha256,
    verify,
)
from cscdesk.models import Anchor, Entry, EntryOutcome
from cscdesk.services.chaining import START
from cscdesk.services.delivering import UNREAD
from enrollment.models import Application, Door
from enrollment.rules import Request
from schools.models import Campaign, Case, SpokenClosing

GAP_IS_A_CASE_AFTER: Final = timedelta(hours=1)
"""Deliveries overtake each other for seconds; what is missing longer is asked for by a person."""


def find_entries_without_outcome(*, older_than: datetime) -> QuerySet[Entry]:
    """
    Entries that hang together and should have been taken in by now.

    What a newer program wrote waits for an update, and is a case meanwhile.
    """
    return Entry.objects.filter(link__isnull=False, outcome=None, received_at__lt=older_than).exclude(
        kind=UNREAD
    )


def find_gapped_entries(*, older_than: datetime) -> QuerySet[Entry]:
    """
    Entries after something that never came: those that wait behind a gap, and starts after a lost head.

    A start is taken in all the same; what lies before it may still be on its desk.
    """
    named = Entry.objects.filter(desk=OuterRef("desk"), sha256=OuterRef("prev"), link__isnull=False)
    lost_head = Q(kind=START, prev__isnull=False) & ~Exists(named)
    return Entry.objects.filter(Q(link=None) | lost_head, received_at__lt=older_than)


def find_broken_chains() -> Iterator[Entry]:
    """
    Entries whose bytes are no longer those that were signed, and counted ones that say other than is stored.

    Reads every entry; an entry that came with a bad signature is parked, not broken.
    """
    entries = Entry.objects.select_related("key", "outcome", "link").order_by("id")
    for entry in entries.iterator(chunk_size=2000):
        if _is_broken(entry):
            yield entry


def _is_broken(entry: Entry) -> bool:
    text, identity = bytes(entry.entry), bytes(entry.sha256)
    if sha256(text) != identity:
        return True
    if entry.key is None:
        # Nobody vouches for it: it must not have become anything.
        outcome = EntryOutcome.objects.filter(entry=entry).first()
        return outcome is not None and outcome.state != EntryOutcome.State.PARKED
    try:
        verify(bytes(entry.key.public_key), text, bytes(entry.sig))
        read = read_entry(text)
    except BadSignature:
        return True
    except (MalformedEntry, UnknownVersion, UnknownKind):
        return False
    if read.desk != entry.desk_id or entry.kind == UNREAD:
        return False
    prev = None if entry.prev is None else bytes(entry.prev).hex()
    return (read.epoch, read.seq, read.prev, read.kind) != (entry.epoch, entry.seq, prev, entry.kind)


def find_applications_without_entry() -> QuerySet[Application]:
    """Applications said to have come by a desk that no stored entry of that desk vouches for."""
    vouched = Entry.objects.filter(
        desk_id=OuterRef("desk"),
        sha256=OuterRef("entry_sha256"),
        outcome__state=EntryOutcome.State.APPLIED,
        outcome__result=OuterRef("id"),
    )
    return Application.objects.filter(~Exists(vouched), door=Door.DESK)


@dataclass(frozen=True, slots=True)
class FalseClosingCode:
    """A code read over the telephone that the desk's entries contradict."""

    spoken: SpokenClosing
    seq: int
    """Of the entry that contradicts it."""
    fault: str

    def __str__(self) -> str:
        return f"{self.spoken}, entry {self.seq}: {self.fault}"


def find_false_closing_codes(*, campaign: Campaign) -> Iterator[FalseClosingCode]:
    """
    Closing codes that do not fit what the desk delivered afterwards.

    Three ways to be false: another entry bears the last number; an entry was written before
    the code was read and was not in it; an unsent entry names a school that was not read out.
    """
    for spoken in SpokenClosing.objects.filter(campaign=campaign).order_by("spoken_at", "id"):
        signed = Entry.objects.filter(desk_id=UUID(spoken.door), key__isnull=False).order_by("seq", "id")
        last = [bytes(entry.sha256).hex() for entry in signed.filter(seq=spoken.last_seq)]
        if last and not any(own.startswith(spoken.last_sha256) for own in last):
            yield FalseClosingCode(spoken, spoken.last_seq, "its hash is another one than was read")
        for entry in signed.filter(seq__gt=spoken.last_seq, kind__in=_OF_FAMILIES).iterator(500):
            if _written_at(entry) < spoken.through:
                yield FalseClosingCode(spoken, entry.seq or 0, "it was written before the code was read")
        unsent = signed.filter(seq__lte=spoken.last_seq, received_at__gt=spoken.spoken_at)
        for entry in unsent.filter(kind__in=("lodge", "correct")).iterator(500):
            unnamed = _schools_of(entry) - set(spoken.school_bins)
            if unnamed:
                yield FalseClosingCode(
                    spoken,
                    entry.seq or 0,
                    f"it names schools that were not read: {', '.join(sorted(unnamed))}",
                )


_OF_FAMILIES: Final = ("lodge", "correct", "withdraw", "void")


def _written_at(entry: Entry) -> datetime:
    """By the centre's time where the desk counted on from it, by its wall clock otherwise."""
    at = read_entry(bytes(entry.entry)).at
    anchor = Anchor.objects.filter(id=at.anchor, desk_id=entry.desk_id).first() if at.anchor else None
    if anchor is not None and at.elapsed_ms is not None:
        return anchor.time + timedelta(milliseconds=at.elapsed_ms)
    return at.wall


def _schools_of(entry: Entry) -> set[str]:
    if entry.form is None:
        return set()  # erased: nobody can say any more
    form = read_form(read_entry(bytes(entry.entry)), bytes(entry.form))
    request = form.content if form else None
    return {choice.partition("/")[0] for choice in request.choices} if isinstance(request, Request) else set()


def repair_gapped_entries(*, at: datetime) -> int:
    """
    Make each desk whose entries have waited behind a gap for an hour somebody's work, until it is filled.

    :returns: how many desks have a gap
    """
    campaign = Campaign.objects.filter(opens_at__lte=at).first() or Campaign.objects.first()
    if campaign is None:
        return 0
    gaps = {
        str(gap["desk_id"]): gap
        for gap in find_gapped_entries(older_than=at - GAP_IS_A_CASE_AFTER)
        .values("desk_id", "desk__name", "desk__centre__district_id")
        .annotate(waiting=Count("id"), first=Min("seq"), since=Min("received_at"))
    }
    opened = Case.objects.filter(campaign=campaign, kind=Case.Kind.GAP, closed_at=None)
    opened.exclude(subject__in=gaps).update(closed_at=at, resolution="filled")
    Case.objects.bulk_create(
        (
            Case(
                campaign=campaign,
                kind=Case.Kind.GAP,
                subject=desk,
                district_id=gap["desk__centre__district_id"],
                detail={
                    "desk": gap["desk__name"],
                    "entries_after": gap["waiting"],
                    "first_seq_after": gap["first"],
                    "since": gap["since"].isoformat(),
                },
                opened_at=at,
            )
            for desk, gap in gaps.items()
            if not opened.filter(subject=desk).exists()
        ),
        # The same desk's next gap opens its case again.
        update_conflicts=True,
        unique_fields=["campaign", "kind", "subject"],
        update_fields=["detail", "opened_at", "closed_at", "resolution"],
    )
    return len(gaps)
