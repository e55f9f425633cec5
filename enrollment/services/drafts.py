"""Drafts: written page by page, judged whole, sent as they were judged."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from enrollment.models import Application, Draft
from enrollment.rules import (
    Request,
    child_key,
    content_sha256,
    decode_request,
    faults,
    person_key,
)
from enrollment.services.lodging import form_of, fresh_salt
from schools.models import Campaign
from schools.rules import Refusal
from schools.selectors.offers import offered_names

DRAFTS_AT_ONCE: Final = 20
"""Unsent drafts of one account in one campaign; nobody has more children than that in first grade."""

_BLANK_PERSON: Final = {"iin": None, "document": None, "family_name": "", "given_name": "", "patronymic": ""}
BLANK_FORM: Final[Mapping[str, Any]] = {
    "child": {**_BLANK_PERSON, "birth_date": "", "wish": False},
    "choices": [],
    "applicant": _BLANK_PERSON,
    "relation": "",
    "document": None,
    "address": {"district": "", "street": "", "house": "", "flat": ""},
    "phone": None,
    "language": "kk",
    "replaces": None,
}
"""A request in which nothing is filled in yet."""

Text = str | Promise


class NoSuchDraft(Refusal):
    message = _("There is no such draft.")


class AlreadySent(Refusal):
    """Carries `number`: the receipt of what was sent."""

    message = _("This application is already registered. Its number: %(number)s.")


class TooManyDrafts(Refusal):
    message = _("There are too many unfinished applications. Finish or send one of them first.")


@dataclass(frozen=True, slots=True)
class Checked:
    """A draft as it stands, and what is wrong with it."""

    request: Request
    faults: dict[str, Text]
    """By path of the field; empty when it may be sent."""
    content_sha256: bytes
    """Of what was shown; sending names it, so that nothing unseen is sent."""


def begin_draft(*, draft_id: UUID, account_id: int, campaign: Campaign, language: str, at: datetime) -> Draft:
    """
    Start a draft under an id that the page minted; pressing twice starts one.

    :raises NoSuchDraft: the id is another account's, or a desk's application bears it
    :raises AlreadySent: the id was used and sent
    :raises TooManyDrafts: there are `DRAFTS_AT_ONCE` already
    """
    _refuse_sent(draft_id, account_id)
    known = Draft.objects.filter(id=draft_id).first()
    if known is None:
        if unsent_drafts(account_id=account_id, campaign=campaign).count() >= DRAFTS_AT_ONCE:
            raise TooManyDrafts
        known, _is_new = Draft.objects.get_or_create(
            id=draft_id,
            defaults={
                "account_id": account_id,
                "campaign": campaign,
                "form": {**BLANK_FORM, "language": language},
                "salt": fresh_salt(),
                "started_at": at,
                "saved_at": at,
                "language": language,
            },
        )
    if known.account_id != account_id:
        raise NoSuchDraft
    return known


def unsent_drafts(*, account_id: int, campaign: Campaign) -> QuerySet[Draft]:
    """Drafts that have not become applications, the latest first."""
    sent = Application.objects.filter(id=OuterRef("id"))
    drafts = Draft.objects.filter(account_id=account_id, campaign=campaign).exclude(Exists(sent))
    return drafts.order_by("-saved_at", "id")


@transaction.atomic
def save_part(*, draft_id: UUID, account_id: int, part: Mapping[str, Any], at: datetime) -> Draft:
    """
    Put one page's answers into the draft; what was checked before must be checked again if they differ.

    :param part: top-level keys of a request with their new values
    :raises NoSuchDraft: there is none of this account
    :raises AlreadySent: it has become an application, which never changes
    """
    # A lock: two tabs saving two pages at once must not undo each other's answers.
    draft = Draft.objects.select_for_update().filter(id=draft_id, account_id=account_id).first()
    if draft is None:
        raise NoSuchDraft
    _refuse_sent(draft_id, account_id)
    form = form_of(decode_request({**draft.form, **part}))
    if form == draft.form:
        return draft
    draft.form, draft.saved_at = form, at
    draft.child_key = draft.person_key = ""
    draft.choices, draft.content_sha256 = [], None
    draft.save()
    return draft


def check_draft(*, draft: Draft, campaign: Campaign) -> Checked:
    """
    Judge a draft whole; without a fault its sending columns are filled.

    Compare-and-set on the form: a page saved meanwhile in another tab leaves the draft
    unchecked, and sending what was shown here is then refused.
    """
    request = decode_request(draft.form)
    found = faults(
        request,
        year=campaign.year,
        policy=campaign.policy,
        offered=offered_names(campaign=campaign, names=request.choices),
    )
    content = content_sha256(request)
    is_marked = draft.content_sha256 is not None and bytes(draft.content_sha256) == content
    if not found and not is_marked:
        Draft.objects.filter(id=draft.id, form=draft.form).update(
            child_key=child_key(request.child),
            person_key=person_key(request.applicant),
            choices=list(request.choices),
            language=request.language,
            content_sha256=content,
        )
    return Checked(request=request, faults=found, content_sha256=content)


def _refuse_sent(draft_id: UUID, account_id: int) -> None:
    sent = Application.objects.filter(id=draft_id).values_list("number", "account_id").first()
    if sent is None:
        return
    number, sender_id = sent
    if sender_id != account_id:
        raise NoSuchDraft
    raise AlreadySent(number=number)


def request_of(draft: Draft) -> Request:
    """The draft as it stands."""
    return msgspec.convert(draft.form, type=Request)
