"""
Stored entries become applications and retractions, by the same rules as the portal's.

The table is the queue (law 4): work to do is a linked entry without its `EntryOutcome`.
What cannot be used is kept with a reason, for a person (law 8).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import Error, connection, transaction
from django.utils.translation import gettext_lazy as _

from cscdesk.clock import bounded
from cscdesk.entry import (
    BadSignature,
    Form,
    MalformedEntry,
    UnknownKind,
    UnknownVersion,
    Voiding,
    Withdrawal,
    read_entry,
    read_form,
)
from cscdesk.entry import Entry as EntryText
from cscdesk.models import Entry, EntryOutcome
from cscdesk.services.delivering import UNREAD, WrongDesk
from enrollment.models import Application, Retraction
from enrollment.receipts import InvalidNumber, parse_number
from enrollment.rules import Request, faults
from enrollment.services.lodging import (
    DeskRequest,
    DeskRetraction,
    Over,
    lodge_applications,
    lodge_retractions,
)
from enrollment.services.retractions import code_is_right
from schools.models import Campaign, Case, Intake
from schools.rules import Refusal

_TAKE_IN_LOCK = 0x494E  # one run at a time: outcomes' numbers then follow their commits
_ABOUT_APPLICATIONS = ("lodge", "correct", "withdraw", "void")
GAP_IS_A_CASE_AFTER = timedelta(hours=1)


class NoSuchCampaign(Refusal):
    message = _("The record belongs to a campaign that is not known here.")


class FormErased(Refusal):
    message = _("The record's form is not there, so it cannot be taken in.")


class RevokedDesk(Refusal):
    message = _("The record arrived after the desk's key was revoked.")


class NotWellFormed(Refusal):
    message = _("The record does not keep the rules: %(faults)s")


class Unstorable(Refusal):
    message = _("The record could not be stored: %(error)s")


@dataclass(slots=True)
class _Judged:
    """What an entry is to become; exactly one of the first three is set, or none (noted)."""

    entry: Entry
    request: DeskRequest | None = None
    retraction: DeskRetraction | None = None
    refusal: Refusal | None = None


def take_in_entries(*, limit: int = 500, at: datetime) -> int:
    """
    Turn linked entries without an outcome into what they mean; ringing twice does nothing twice.

    :returns: how many entries got their outcome
    """
    done = 0
    while True:
        batch = _take_in_batch(limit=limit, at=at)
        done += batch
        if batch < limit:
            return done


@transaction.atomic
def _take_in_batch(*, limit: int, at: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_TAKE_IN_LOCK])
    waiting = (
        Entry.objects.filter(link__isnull=False, outcome=None)
        .exclude(kind=UNREAD)
        .select_related("link", "key", "desk__centre")
        .order_by("desk_id", "seq", "id")[:limit]
    )
    entries = list(waiting)
    if not entries:
        return 0
    judge = _Judge()
    judged = [judge.judged(entry) for entry in entries]
    try:
        with transaction.atomic():
            _store(judged, at=at)
    except Error:
        # One bad row must not hold up the others: again, one by one.
        for one in judged:
            _store_alone(one, at=at)
    return len(entries)


def _store_alone(one: _Judged, *, at: datetime) -> None:
    try:
        with transaction.atomic():
            _store([one], at=at)
    except Error as error:
        refused = _Judged(one.entry, refusal=Unstorable(error=type(error).__name__))
        _store([refused], at=at)


def _store(judged: Sequence[_Judged], *, at: datetime) -> None:
    answers = lodge_applications(requests=[one.request for one in judged if one.request], at=at)
    lodge_retractions(retractions=[one.retraction for one in judged if one.retraction], at=at)
    for one in judged:
        if one.request:
            one.refusal = answers[one.request.id]
    EntryOutcome.objects.bulk_create(_outcome(one, at=at) for one in judged)
    Case.objects.bulk_create(filter(None, (_case(one, at=at) for one in judged)), ignore_conflicts=True)


def _outcome(one: _Judged, *, at: datetime) -> EntryOutcome:
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


def _case(one: _Judged, *, at: datetime) -> Case | None:
    """What waits for a person: a parked entry of a family, an unproven void."""
    entry = one.entry
    detail = {"desk": str(entry.desk_id), "seq": entry.seq, "kind": entry.kind}
    if one.refusal and entry.kind in (*_ABOUT_APPLICATIONS, ""):
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


def _campaign_of_case(one: _Judged) -> Campaign | None:
    meant = one.request or one.retraction
    campaigns = Campaign.objects.filter(year=meant.year) if meant else Campaign.objects.all()
    return campaigns.first()


class _Judge:
    """Reads entries by the rules of their campaigns, each campaign asked for once."""

    def __init__(self) -> None:
        self._campaigns: dict[int, tuple[Campaign, frozenset[str]] | None] = {}

    def judged(self, entry: Entry) -> _Judged:
        try:
            return self._read(entry)
        except Refusal as refusal:
            return _Judged(entry, refusal=refusal)

    def _read(self, entry: Entry) -> _Judged:
        try:
            text = read_entry(bytes(entry.entry))
            form = read_form(text, None if entry.form is None else bytes(entry.form))
        except (UnknownKind, UnknownVersion) as error:
            raise MalformedEntry(str(error)) from error
        if entry.key is None:
            raise BadSignature
        if text.desk != entry.desk_id:
            raise WrongDesk
        if entry.key.revoked_at is not None and entry.link.first_sight > entry.key.revoked_at:
            raise RevokedDesk
        if text.kind not in _ABOUT_APPLICATIONS:
            return _Judged(entry)
        if form is None:
            raise FormErased
        offered = self._offered(text.campaign)
        if offered is None:
            raise NoSuchCampaign
        campaign, choices = offered
        lodged_at = bounded(
            wall=text.at.wall, not_before=entry.link.not_before, first_sight=entry.link.first_sight
        )
        if lodged_at >= campaign.closes_at:
            raise Over
        if isinstance(form.content, Request):
            return _Judged(entry, request=_request(entry, text, form, campaign, choices, lodged_at=lodged_at))
        return _Judged(entry, retraction=_retraction(entry, text, form, lodged_at=lodged_at))

    def _offered(self, year: int) -> tuple[Campaign, frozenset[str]] | None:
        if year not in self._campaigns:
            campaign = Campaign.objects.filter(year=year).first()
            names = Intake.objects.filter(campaign_id=year).values_list("school_id", "language")
            offered = frozenset(f"{school}/{language}" for school, language in names)
            self._campaigns[year] = (campaign, offered) if campaign else None
        return self._campaigns[year]


def _request(
    entry: Entry,
    text: EntryText,
    form: Form,
    campaign: Campaign,
    offered: frozenset[str],
    *,
    lodged_at: datetime,
) -> DeskRequest:
    assert isinstance(form.content, Request)
    assert text.about is not None
    assert text.about.application is not None
    found = faults(form.content, year=campaign.year, policy=campaign.policy, offered=offered)
    if found:
        raise NotWellFormed(faults="; ".join(f"{field}: {fault}" for field, fault in found.items()))
    return DeskRequest(
        id=text.about.application,
        number=_number(text.about.number),
        year=campaign.year,
        request=form.content,
        salt=form.salt,
        desk=entry.desk_id,
        seq=text.seq,
        entry_sha256=bytes(entry.sha256),
        lodged_at=lodged_at,
    )


def _number(text: str) -> str:
    try:
        return parse_number(text)
    except InvalidNumber as refusal:
        raise NotWellFormed(faults=str(refusal)) from refusal


def _retraction(entry: Entry, text: EntryText, form: Form, *, lodged_at: datetime) -> DeskRetraction:
    assert text.about is not None
    assert isinstance(form.content, Withdrawal | Voiding)
    content, number = form.content, _number(text.about.number)
    application = _application(text.about.application, number)
    return DeskRetraction(
        id=text.id,
        kind=Retraction.Kind.WITHDRAWAL if isinstance(content, Withdrawal) else Retraction.Kind.VOID,
        year=text.campaign,
        application_id=application.id if application else text.about.application,
        application_number=number,
        person_key=content.person if isinstance(content, Withdrawal) else "",
        reason=content.reason if isinstance(content, Voiding) else "",
        is_verified=application is not None
        and content.code is not None
        and code_is_right(application=application, code=content.code, at=lodged_at),
        desk=entry.desk_id,
        seq=text.seq,
        entry_sha256=bytes(entry.sha256),
        lodged_at=lodged_at,
    )


def _application(id_: UUID | None, number: str) -> Application | None:
    """The application meant, if it has arrived; after a clone a number may mean two, then a person decides."""
    if id_ is not None:
        return Application.objects.filter(id=id_).first()
    found = list(Application.objects.filter(number=number)[:2])
    return found[0] if len(found) == 1 else None
