"""
Stored entries become applications and retractions, by the same rules as the portal's.

The table is the queue (law 4): work to do is a linked entry without its `EntryOutcome`.
What cannot be used is kept with a reason, for a person (law 8).
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import Error, connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from cscdesk.models import Entry, EntryOutcome
from cscdesk.services.delivering import UNREAD
from cscdesk.services.judging import ABOUT_APPLICATIONS, Judge, Judged
from enrollment.models import Retraction
from enrollment.services.lodging import KeyReused, lodge_applications, lodge_retractions
from schools.models import Campaign, Case
from schools.rules import Refusal

_TAKE_IN_LOCK = 0x494E  # one run at a time: outcomes' numbers then follow their commits


class Unstorable(Refusal):
    message = _("The record could not be stored: %(error)s")


def take_in_entries(*, limit: int = 500, at: datetime) -> int:
    """
    Turn linked entries without an outcome into what they mean; ringing twice does nothing twice.

    What a newer program wrote is tried again each time, and has no outcome until it can be read.

    :returns: how many entries got their outcome
    """
    done = _take_in_unread(limit=limit, at=at)
    while True:
        batch = _take_in_batch(limit=limit, at=at)
        done += batch
        if batch < limit:
            return done


@transaction.atomic
def _take_in_batch(*, limit: int, at: datetime) -> int:
    _take_turns()
    entries = list(_waiting().exclude(kind=UNREAD).order_by("desk_id", "seq", "id")[:limit])
    judge = Judge(at=at)
    _store_all([judge.judged(entry) for entry in entries], at=at)
    return len(entries)


def _take_in_unread(*, limit: int, at: datetime) -> int:
    done, after = 0, 0
    while True:
        batch, after = _take_in_unread_batch(limit=limit, after=after, at=at)
        done += batch
        if not after:
            return done


@transaction.atomic
def _take_in_unread_batch(*, limit: int, after: int, at: datetime) -> tuple[int, int]:
    """How many were read at last, and the id to go on after; 0 at the end."""
    _take_turns()
    entries = list(_waiting().filter(kind=UNREAD, id__gt=after).order_by("id")[:limit])
    judge = Judge(at=at)
    judged = [judge.judged(entry) for entry in entries]
    readable = [one for one in judged if not one.is_unread]
    _store_all(readable, at=at)
    _open_cases([one for one in judged if one.is_unread], at=at)
    return len(readable), entries[-1].id if len(entries) == limit else 0


def _take_turns() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_TAKE_IN_LOCK])


def _waiting() -> QuerySet[Entry]:
    return Entry.objects.filter(link__isnull=False, outcome=None).select_related(
        "link", "key", "desk__centre"
    )


def _store_all(judged: Sequence[Judged], *, at: datetime) -> None:
    if not judged:
        return
    try:
        with transaction.atomic():
            _store(judged, at=at)
    except Error:
        # One bad row must not hold up the others: again, one by one.
        for one in judged:
            _store_alone(one, at=at)


def _store_alone(one: Judged, *, at: datetime) -> None:
    try:
        with transaction.atomic():
            _store([one], at=at)
    except Error as error:
        refused = Judged(one.entry, refusal=Unstorable(error=type(error).__name__))
        _store([refused], at=at)


def _store(judged: Sequence[Judged], *, at: datetime) -> None:
    _lodge([one for one in judged if one.request], at=at)
    retractions = [one.retraction for one in judged if one.retraction]
    lodge_retractions(retractions=retractions, at=at)
    stored = Retraction.objects.filter(id__in=[one.id for one in retractions]).values_list(
        "id", "entry_sha256"
    )
    made_by = {id_: bytes(sha or b"") for id_, sha in stored}
    for one in judged:
        if one.retraction and made_by[one.retraction.id] != one.retraction.entry_sha256:
            one.refusal = KeyReused()
    EntryOutcome.objects.bulk_create(_outcome(one, at=at) for one in judged)
    _open_cases(judged, at=at)


def _lodge(judged: Sequence[Judged], *, at: datetime) -> None:
    """Each entry gets its own answer: of two that bear one id the first is lodged, the other compared with it."""
    requests = {one.request.id: one.request for one in reversed(judged) if one.request}
    if not requests:
        return
    answers = lodge_applications(requests=list(requests.values()), at=at)
    again = []
    for one in judged:
        if one.request and one.request is requests[one.request.id]:
            one.refusal = answers[one.request.id]
        else:
            again.append(one)
    _lodge(again, at=at)


def _open_cases(judged: Sequence[Judged], *, at: datetime) -> None:
    """One case for each matter, however often it is met."""
    Case.objects.bulk_create(filter(None, (_case(one, at=at) for one in judged)), ignore_conflicts=True)


def _outcome(one: Judged, *, at: datetime) -> EntryOutcome:
    result = one.request or one.retraction
    state = EntryOutcome.State.APPLIED if result else EntryOutcome.State.NOTED
    if one.refusal:
        return EntryOutcome(
            entry=one.entry,
            desk=one.entry.desk,
            state=EntryOutcome.State.PARKED,
            code=one.refusal.code,
            reason=str(one.refusal),
            made_at=at,
        )
    return EntryOutcome(
        entry=one.entry, desk=one.entry.desk, state=state, result=result.id if result else None, made_at=at
    )


def _case(one: Judged, *, at: datetime) -> Case | None:
    """What waits for a person: a parked entry of a family, an unproven void."""
    entry = one.entry
    detail = {"desk": str(entry.desk_id), "seq": entry.seq, "kind": entry.kind}
    if one.refusal and entry.kind in (*ABOUT_APPLICATIONS, UNREAD, ""):
        kind, subject = Case.Kind.PARKED_ENTRY, bytes(entry.sha256).hex()
        detail |= {"code": one.refusal.code, "reason": str(one.refusal)}
    elif one.retraction and one.retraction.kind == Retraction.Kind.VOID and not one.retraction.is_verified:
        kind, subject = Case.Kind.VOID, str(one.retraction.id)
        detail |= {"number": one.retraction.application_number, "reason": one.retraction.reason}
    else:
        return None
    campaign = _campaign_of_case(one)
    if campaign is None:
        return None
    return Case(
        campaign=campaign,
        kind=kind,
        subject=subject,
        district_id=entry.desk.centre.district_id,
        detail=detail,
        opened_at=at,
    )


def _campaign_of_case(one: Judged) -> Campaign | None:
    meant = one.request or one.retraction
    campaigns = Campaign.objects.filter(year=meant.year) if meant else Campaign.objects.all()
    return campaigns.first()
