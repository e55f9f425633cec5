"""What a stored entry is to become, by the same rules as the portal's."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from cscdesk.clock import bounded
from cscdesk.entry import (
    BadSignature,
    Form,
    UnknownKind,
    UnknownVersion,
    Voiding,
    Withdrawal,
    read_entry,
    read_form,
)
from cscdesk.entry import Entry as EntryText
from cscdesk.models import Entry
from cscdesk.services.chaining import was_stated
from cscdesk.services.delivering import WrongDesk
from enrollment.models import Application, Retraction
from enrollment.receipts import InvalidNumber, parse_number
from enrollment.rules import Request, faults
from enrollment.services.lodging import DeskRequest, DeskRetraction, Over
from enrollment.services.retractions import CODE_TRIES_PER_HOUR, code_is_right, code_tries
from schools.models import Campaign, Intake
from schools.rules import Refusal

ABOUT_APPLICATIONS = ("lodge", "correct", "withdraw", "void")


class NoSuchCampaign(Refusal):
    message = _("The record belongs to a campaign that is not known here.")


class FormErased(Refusal):
    message = _("The record's form is not there, so it cannot be taken in.")


class RevokedDesk(Refusal):
    message = _("The record arrived after the desk's key was revoked.")


class NotWellFormed(Refusal):
    message = _("The record does not keep the rules: %(faults)s")


@dataclass(slots=True)
class Judged:
    """What an entry is to become; exactly one of the first three is set, or none (noted)."""

    entry: Entry
    request: DeskRequest | None = None
    retraction: DeskRetraction | None = None
    refusal: Refusal | None = None
    is_unread: bool = False
    """Written by a newer program: it stays without an outcome until this one can read it."""


class Judge:
    """
    Reads entries by the rules of their campaigns, each campaign asked for once.

    :param at: when the centre reads them: tries of a family's code are counted by its clock
    """

    def __init__(self, *, at: datetime) -> None:
        self._at = at
        self._tries: dict[UUID, int] = {}
        """By application: what proved nothing within the hour, what is being read now included."""
        self._campaigns: dict[int, tuple[Campaign, frozenset[str]] | None] = {}

    def judged(self, entry: Entry) -> Judged:
        """Never raises a refusal: what cannot be used is told with its reason."""
        try:
            return self._read(entry)
        except (UnknownKind, UnknownVersion) as refusal:
            return Judged(entry, refusal=refusal, is_unread=True)
        except Refusal as refusal:
            return Judged(entry, refusal=refusal)

    def _read(self, entry: Entry) -> Judged:
        text = read_entry(bytes(entry.entry))
        form = read_form(text, None if entry.form is None else bytes(entry.form))
        if text.desk != entry.desk_id:
            raise WrongDesk
        if entry.key is None:
            raise BadSignature
        revoked_at = entry.key.revoked_at
        if (
            revoked_at is not None
            and entry.link.first_sight > revoked_at
            and not was_stated(entry=entry, until=revoked_at)
        ):
            raise RevokedDesk
        if text.kind not in ABOUT_APPLICATIONS:
            return Judged(entry)
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
            return Judged(entry, request=_request(entry, text, form, campaign, choices, lodged_at=lodged_at))
        return Judged(entry, retraction=self._retraction(entry, text, form, lodged_at=lodged_at))

    def _retraction(
        self, entry: Entry, text: EntryText, form: Form, *, lodged_at: datetime
    ) -> DeskRetraction:
        assert text.about is not None
        assert isinstance(form.content, Withdrawal | Voiding)
        content, number = form.content, _number(text.about.number)
        # By the desk's clock, or by the centre's: a slow wall clock may say it was before the code was sent.
        times = lodged_at, entry.link.first_sight
        proven = [
            application.id
            for application in _named(text.about.application, number)
            if self._is_proven(application, content.code, times=times)
        ]
        return DeskRetraction(
            id=text.id,
            kind=Retraction.Kind.WITHDRAWAL if isinstance(content, Withdrawal) else Retraction.Kind.VOID,
            year=text.campaign,
            # What has arrived by now must not matter (law 6): a number stays a number, a code names its application.
            application_id=proven[0] if proven else text.about.application,
            application_number=number,
            person_key=content.person if isinstance(content, Withdrawal) else "",
            reason=content.reason if isinstance(content, Voiding) else "",
            is_verified=bool(proven),
            desk=entry.desk_id,
            seq=text.seq,
            entry_sha256=bytes(entry.sha256),
            lodged_at=lodged_at,
        )

    def _is_proven(self, application: Application, code: str | None, *, times: tuple[datetime, ...]) -> bool:
        tries = self._tries.get(application.id)
        if tries is None:
            tries = code_tries(application=application, at=self._at)
        is_right = (
            code is not None
            and tries < CODE_TRIES_PER_HOUR
            and any(code_is_right(application=application, code=code, at=at) for at in times)
        )
        self._tries[application.id] = tries + (not is_right)
        return is_right

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


def _named(id_: UUID | None, number: str) -> QuerySet[Application]:
    """The application meant, if it has arrived; after a clone a number may mean two."""
    meant = {"number": number} if id_ is None else {"id": id_}
    return Application.objects.filter(**meant).order_by("id")
