"""
Taking an application: one short append, from either door (law 1).

No place is locked, no registry asked, no message sent, no broker rung: sweeps read the
rows later. The portal's `lodge_draft` and the desks' `lodge_applications` write the same
table under the same rules.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from enrollment import receipts
from enrollment.models import Application, Door, Draft, Retraction
from enrollment.rules import Request, child_key, content_sha256, is_proven, person_key
from schools.rules import Refusal

PORTAL_ISSUER: Final = "QAB"
"""The first three characters of the portal's receipts; desks' prefixes never begin with Q."""

_TRIES_FOR_A_FREE_NUMBER = 8


class KeyReused(Refusal):
    message = _("This application was already sent with other answers. The first one is kept as it was.")


class NotOpenYet(Refusal):
    message = _(
        "Applications are not open yet. What you filled in is kept; you can send it after the opening."
    )


class Over(Refusal):
    message = _(
        "The campaign is over. What you filled in is kept. Call the education department of your district."
    )


class NotYours(Refusal):
    message = _("There is no such draft.")


class NotChecked(Refusal):
    message = _("The answers changed after you checked them. Check them once more, then send.")


class NoFreeNumber(Refusal):
    message = _("Not received. It is safe to press “Send” again.")


# One statement, so it needs no BEGIN: the draft was judged when it was checked, its columns
# are emptied by every change, and what is copied is exactly what the family saw.
_SEND = """
INSERT INTO enrollment_application (
    id, number, campaign_id, child_key, person_key, is_proven, choices, form, salt, language,
    door, account_id, lodged_at, received_at, content_sha256
)
SELECT draft.id, %(number)s, draft.campaign_id, draft.child_key, draft.person_key, FALSE, draft.choices,
       draft.form, draft.salt, draft.language, 'portal', draft.account_id, %(at)s, %(at)s, draft.content_sha256
FROM enrollment_draft draft JOIN schools_campaign campaign ON campaign.year = draft.campaign_id
WHERE draft.id = %(draft)s AND draft.account_id = %(account)s AND draft.content_sha256 = %(shown)s
  AND campaign.opens_at <= %(at)s AND %(at)s < campaign.closes_at
ON CONFLICT DO NOTHING
RETURNING number
"""


def lodge_draft(
    *, draft_id: UUID, account_id: int, shown_sha256: bytes, year: int, at: datetime
) -> Application:
    """
    Store one application and nothing else; sending again returns the first row.

    One statement when all is well, two for a repetition, three to name a refusal. Whether
    another person has applied for the same child is neither asked nor told here.

    :param shown_sha256: the content the family saw on the check page, 32 bytes
    :param year: the campaign, for the number's first two digits
    :raises KeyReused: the draft was sent before with other answers
    :raises NotOpenYet, Over: outside the campaign; the draft stays as it is
    :raises NotYours: there is no such draft of this account
    :raises NotChecked: the draft changed after it was shown
    """
    for _attempt in range(_TRIES_FOR_A_FREE_NUMBER):
        number = receipts.make_number(year=year % 100, issuer=PORTAL_ISSUER, random=receipts.random_body())
        with connection.cursor() as cursor:
            cursor.execute(
                _SEND,
                {"number": number, "draft": draft_id, "account": account_id, "shown": shown_sha256, "at": at},
            )
            stored = cursor.fetchone() is not None
        application = Application.objects.filter(id=draft_id).first() if not stored else None
        if stored:
            return Application(id=draft_id, number=number, lodged_at=at, received_at=at)
        if application is not None:
            return _first_receipt(application, account_id=account_id, shown_sha256=shown_sha256)
        _raise_why_not_sent(draft_id=draft_id, account_id=account_id, shown_sha256=shown_sha256, at=at)
        # Neither stored nor refused: the number was taken. Another one, then.
    raise NoFreeNumber


def _first_receipt(application: Application, *, account_id: int, shown_sha256: bytes) -> Application:
    if application.account_id != account_id:
        raise NotYours
    if bytes(application.content_sha256) != shown_sha256:
        raise KeyReused
    return application


def _raise_why_not_sent(*, draft_id: UUID, account_id: int, shown_sha256: bytes, at: datetime) -> None:
    draft = Draft.objects.select_related("campaign").filter(id=draft_id, account_id=account_id).first()
    if draft is None:
        raise NotYours
    if at < draft.campaign.opens_at:
        raise NotOpenYet
    if at >= draft.campaign.closes_at:
        raise Over
    if draft.content_sha256 is None or bytes(draft.content_sha256) != shown_sha256:
        raise NotChecked


@dataclass(frozen=True, slots=True)
class DeskRequest:
    """One application as a desk's journal holds it, already judged."""

    id: UUID
    number: str
    year: int
    request: Request
    salt: bytes
    desk: UUID
    seq: int
    entry_sha256: bytes
    lodged_at: datetime


def lodge_applications(*, requests: Sequence[DeskRequest], at: datetime) -> dict[UUID, Refusal | None]:
    """
    Store what desks took in, in one transaction; what is there already stays as it is.

    :param at: when the centre stores them, never used for order
    :returns: for each id None (stored now or before with the same content) or `KeyReused`
    """
    rows = {request.id: _row_of(request, at=at) for request in reversed(requests)}
    with transaction.atomic():
        Application.objects.bulk_create(rows.values(), ignore_conflicts=True, batch_size=500)
        found = Application.objects.filter(id__in=list(rows)).values_list("id", "content_sha256")
        stored = {id_: bytes(content) for id_, content in found}
    return {
        request.id: None if stored[request.id] == content_sha256(request.request) else KeyReused()
        for request in requests
    }


def _row_of(desk_request: DeskRequest, *, at: datetime) -> Application:
    request = desk_request.request
    return Application(
        id=desk_request.id,
        number=desk_request.number,
        campaign_id=desk_request.year,
        child_key=child_key(request.child),
        person_key=person_key(request.applicant),
        is_proven=is_proven(request),
        choices=list(request.choices),
        form=form_of(request),
        salt=desk_request.salt,
        language=request.language,
        door=Door.DESK,
        desk=desk_request.desk,
        seq=desk_request.seq,
        entry_sha256=desk_request.entry_sha256,
        replaces=UUID(request.replaces) if request.replaces else None,
        lodged_at=desk_request.lodged_at,
        received_at=at,
        content_sha256=content_sha256(request),
    )


def form_of(request: Request) -> dict[str, object]:
    """The request as the `form` column keeps it."""
    form: dict[str, object] = msgspec.to_builtins(request)
    return form


def fresh_salt() -> bytes:
    """16 random bytes that only the family's QR and the erasable form hold."""
    return secrets.token_bytes(16)


@dataclass(frozen=True, slots=True)
class DeskRetraction:
    """A withdrawal or void as a desk's journal holds it."""

    id: UUID
    kind: Retraction.Kind
    year: int
    application_id: UUID | None
    application_number: str
    person_key: str
    reason: str
    is_verified: bool
    desk: UUID
    seq: int
    entry_sha256: bytes
    lodged_at: datetime


def lodge_retractions(*, retractions: Sequence[DeskRetraction], at: datetime) -> None:
    """Store what desks were asked to end, known applications or not; what is there already stays."""
    Retraction.objects.bulk_create(
        (
            Retraction(
                id=one.id,
                kind=one.kind,
                campaign_id=one.year,
                application_id=one.application_id,
                application_number=one.application_number,
                person_key=one.person_key,
                reason=one.reason,
                is_verified=one.is_verified,
                door=Door.DESK,
                desk=one.desk,
                seq=one.seq,
                entry_sha256=one.entry_sha256,
                lodged_at=one.lodged_at,
                received_at=at,
            )
            for one in retractions
        ),
        ignore_conflicts=True,
        batch_size=500,
    )
