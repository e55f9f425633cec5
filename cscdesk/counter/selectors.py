"""What can be asked of a counter. It has one desk's book, and its clerks see all of it."""

import shutil
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from uuid import UUID

import msgspec
from django.conf import settings
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from cscdesk.counter.clocks import Reading
from cscdesk.counter.models import (
    APPLICATION_KINDS,
    AnchorSeen,
    DeliveryState,
    Identity,
    JournalEntry,
    StoredCatalogue,
)
from cscdesk.entry import read_entry, read_form
from cscdesk.entry.enrolment import Catalogue, School
from enrollment.rules import Request
from schools.clock import ALMATY
from schools.rules import Refusal


def identity() -> Identity | None:
    """Who this counter is; None before enrolment."""
    return Identity.objects.filter(pk=1).first()


def catalogue() -> Catalogue | None:
    """What the centre offers, as known here; None before enrolment."""
    stored = StoredCatalogue.objects.filter(pk=1).values_list("text", flat=True).first()
    return _decoded(bytes(stored)) if stored is not None else None


def catalogue_etag() -> str:
    """Names the stored catalogue to the centre; empty where none is stored or it has no name."""
    return StoredCatalogue.objects.values_list("etag", flat=True).first() or ""


@lru_cache(maxsize=1)
def _decoded(text: bytes) -> Catalogue:
    return msgspec.json.decode(text, type=Catalogue)


def delivery_state() -> DeliveryState:
    """How far the centre has the journal."""
    return DeliveryState.objects.filter(pk=1).first() or DeliveryState(id=1)


def is_desk_open() -> bool:
    """Whether the last hours entry is an opening."""
    last = JournalEntry.objects.filter(kind__in=("open", "close")).order_by("-seq").first()
    return last is not None and last.kind == "open"


def application(*, application: UUID) -> JournalEntry | None:
    """The entry that made an application here."""
    return JournalEntry.objects.filter(kind__in=APPLICATION_KINDS, application=application).first()


def application_by_number(*, number: str) -> JournalEntry | None:
    """The entry that issued a number here; `number` as `parse_number` gives it."""
    return JournalEntry.objects.filter(kind__in=APPLICATION_KINDS, number=number).first()


def entries_about(*, application: UUID) -> QuerySet[JournalEntry]:
    """Everything written about one application after it was made, oldest first."""
    about = JournalEntry.objects.filter(application=application, kind__in=("withdraw", "void"))
    return (about | JournalEntry.objects.filter(replaces=application)).select_related("outcome")


def request_of(row: JournalEntry) -> Request | None:
    """What was asked for; None once the form was erased."""
    form = read_form(read_entry(bytes(row.entry)), None if row.form is None else bytes(row.form))
    return form.content if form and isinstance(form.content, Request) else None


def entries_of_day(*, day: date) -> QuerySet[JournalEntry]:
    """What families did here on one day of Kazakhstan, newest first."""
    start = datetime(day.year, day.month, day.day, tzinfo=ALMATY)
    return (
        JournalEntry.objects.filter(
            appended_at__gte=start,
            appended_at__lt=start + timedelta(days=1),
            kind__in=("lodge", "correct", "withdraw", "void"),
        )
        .select_related("outcome")
        .order_by("-seq")
    )


@dataclass(frozen=True, slots=True)
class Gauges:
    """What must always be in sight."""

    applications: int
    unsent_applications: int
    unsent_entries: int
    oldest_unsent_at: datetime | None
    last_lodged_at: datetime | None
    last_contact_at: datetime | None
    is_line_up: bool
    catalogue_fetched_at: datetime | None
    disk_mb: int


def gauges() -> Gauges:
    """Counted in the journal each time: nothing here can disagree with it."""
    state = delivery_state()
    made = JournalEntry.objects.filter(kind__in=APPLICATION_KINDS)
    unsent = JournalEntry.objects.filter(seq__gt=state.stored_seq)
    return Gauges(
        applications=made.count(),
        unsent_applications=made.filter(seq__gt=state.stored_seq).count(),
        unsent_entries=unsent.count(),
        oldest_unsent_at=unsent.order_by("seq").values_list("appended_at", flat=True).first(),
        last_lodged_at=made.order_by("-seq").values_list("appended_at", flat=True).first(),
        last_contact_at=state.last_contact_at,
        is_line_up=state.is_line_up,
        catalogue_fetched_at=StoredCatalogue.objects.values_list("fetched_at", flat=True).first(),
        disk_mb=free_disk_mb(),
    )


def free_disk_mb() -> int:
    """Free space where the journal lies."""
    return shutil.disk_usage(Path(settings.COUNTER_DIR)).free // 2**20


def best_time(at: Reading) -> tuple[datetime, bool]:
    """
    What time it is, and whether the centre vouches for it.

    An anchor of this start of the machine plus what has passed since; otherwise the wall clock.
    """
    seen = AnchorSeen.objects.filter(boot=at.boot).first()
    if seen is None or at.boot_ms < seen.sent_boot_ms:
        return at.wall, False
    return seen.time + timedelta(milliseconds=at.boot_ms - seen.sent_boot_ms), True


class NotEnrolled(Refusal):
    message = _("This counter is not enrolled yet. An administrator enrols it with a one-time code.")


def own_identity() -> Identity:
    """
    :raises NotEnrolled: nobody has enrolled this counter
    """
    found = identity()
    if found is None:
        raise NotEnrolled
    return found


@dataclass(frozen=True, slots=True)
class ClosingCode:
    """What a supervisor reads over the telephone when the line has been down past a round's closing."""

    shown_at: datetime
    """Everything written here before it is in the code."""
    last_seq: int
    digits: str
    """The first eight hex digits of the last entry's hash."""
    unsent: int
    schools: list[School]
    """Those that entries which the centre lacks speak of."""


def closing_code(*, at: Reading) -> ClosingCode | None:
    """The state of the journal, short enough to be read aloud; None while it is empty."""
    last = JournalEntry.objects.order_by("-seq").first()
    if last is None:
        return None
    unsent = JournalEntry.objects.filter(seq__gt=delivery_state().stored_seq, seq__lte=last.seq)
    named: set[str] = set()
    for row in unsent.filter(kind__in=(*APPLICATION_KINDS, "withdraw", "void")):
        named |= _schools_of(row)
    known = catalogue()
    return ClosingCode(
        shown_at=best_time(at)[0],
        last_seq=last.seq,
        digits=bytes(last.sha256).hex()[:8],
        unsent=unsent.count(),
        schools=[school for school in known.schools if school.bin in named] if known else [],
    )


def _schools_of(row: JournalEntry) -> set[str]:
    """BINs of the schools whose lists an entry touches: those it names, and those of what it ends or replaces."""
    rows = [row] if row.kind in APPLICATION_KINDS else []
    for meant in {row.replaces, row.application if not rows else None}:
        made = application(application=meant) if meant is not None else None
        rows += [made] if made is not None else []
    requests = [request_of(one) for one in rows]
    return {choice.partition("/")[0] for request in requests if request for choice in request.choices}
