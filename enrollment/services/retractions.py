"""What ends an application: the family's own withdrawal, a desk's that nobody opposed, and its code."""

import hashlib
import hmac
import secrets
import uuid
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from enrollment.models import Application, Decision, Door, FamilyCode, Notice, Retraction
from schools.models import Campaign
from schools.rules import Refusal

CODE_LIFETIME: Final = timedelta(hours=24)
CODE_TRIES_PER_HOUR: Final = 5
CODES_PER_HOUR: Final = 5
_HOUR: Final = timedelta(hours=1)
_DECISIONS: Final = uuid.UUID("2a1f9d54-63a0-5f0e-9f0b-6d6b1f8d7c11")


class NoSuchApplication(Refusal):
    message = _("There is no application with this number.")


class IdReused(Refusal):
    message = _("This request was already used for another application.")


@transaction.atomic
def withdraw(
    *, retraction_id: UUID, application_id: UUID, account_id: int, reason: str = "", at: datetime
) -> Retraction:
    """
    End what this account lodged; the id was minted by the page, so pressing twice withdraws once.

    What is withdrawn already stays as it is, whatever page asks again.

    :raises NoSuchApplication: not this account's
    :raises IdReused: the id already withdrew something else
    """
    application = Application.objects.filter(id=application_id, account_id=account_id).first()
    if application is None:
        raise NoSuchApplication
    # A page left open must not end what the family has lodged since: a withdrawal reaches all before it.
    before = Retraction.objects.filter(
        application_id=application.id, kind=Retraction.Kind.WITHDRAWAL, is_verified=True
    )
    if done := before.exclude(id=retraction_id).first():
        return done
    retraction, _is_new = Retraction.objects.get_or_create(
        id=retraction_id,
        defaults={
            "kind": Retraction.Kind.WITHDRAWAL,
            "campaign_id": application.campaign_id,
            "application_id": application.id,
            "application_number": application.number,
            "person_key": application.person_key,
            "reason": reason,
            "is_verified": True,
            "door": Door.PORTAL,
            "account_id": account_id,
            "lodged_at": at,
            "received_at": at,
        },
    )
    if (retraction.application_id, retraction.account_id) != (application.id, account_id):
        raise IdReused
    return retraction


@transaction.atomic
def settle_withdrawals(*, at: datetime) -> int:
    """
    Let desk withdrawals without the family's code stand once nobody has opposed them in time.

    The term (policy `unopposed_withdrawal_hours`) runs from arrival at the centre, when the
    family was told. Ringing twice decides once: the decision's id follows from its subject.

    :returns: how many stand from now on
    """
    settled = 0
    for campaign in Campaign.objects.all():
        due = at - timedelta(hours=campaign.policy.unopposed_withdrawal_hours)
        decided = Decision.objects.filter(
            kind=Decision.Kind.WITHDRAWAL_STANDS, subject__in=_unverified(campaign, due).values("id")
        ).values_list("subject", flat=True)
        waiting = set(_unverified(campaign, due).values_list("id", flat=True)) - set(decided)
        Decision.objects.bulk_create(
            [
                Decision(
                    id=uuid.uuid5(_DECISIONS, str(subject)),
                    campaign=campaign,
                    kind=Decision.Kind.WITHDRAWAL_STANDS,
                    subject=subject,
                    decided_at=at,
                )
                for subject in sorted(waiting)
            ],
            ignore_conflicts=True,
        )
        settled += len(waiting)
    return settled


def _unverified(campaign: Campaign, due: datetime) -> QuerySet[Retraction]:
    return Retraction.objects.filter(
        campaign=campaign, kind=Retraction.Kind.WITHDRAWAL, is_verified=False, received_at__lte=due
    )


@transaction.atomic
def issue_family_code(*, number: str, at: datetime) -> None:
    """
    Owe the family a six-digit code with which a desk may withdraw at once; earlier ones end.

    After a clone two applications may bear one number: each family gets its own code. Of codes
    that were asked for too often within an hour the latest stays, and nobody is written to.

    :raises NoSuchApplication: no application has this number
    """
    applications = list(Application.objects.filter(number=number))
    if not applications:
        raise NoSuchApplication
    for application in applications:
        issued_lately = FamilyCode.objects.filter(application=application, issued_at__gt=at - _HOUR)
        if issued_lately.count() >= CODES_PER_HOUR:
            continue
        code = f"{secrets.randbelow(1_000_000):06}"
        issued = FamilyCode.objects.create(
            application=application,
            code_hmac=_code_hmac(application, code),
            issued_at=at,
            expires_at=at + CODE_LIFETIME,
        )
        with override(application.language):
            text = translate(
                "Code to withdraw application %(number)s at a service centre: %(code)s. "
                "Tell it to the clerk only if you withdraw. It is valid for 24 hours."
            ) % {"number": application.number, "code": code}
        Notice.objects.create(
            application=application,
            kind=Notice.Kind.WITHDRAWAL_CODE,
            occasion=str(issued.pk),
            text=text,
            owed_at=at,
        )


def code_is_right(*, application: Application, code: str, at: datetime) -> bool:
    """Whether `code` is the latest one issued for the application and has not run out."""
    latest = FamilyCode.objects.filter(application=application, issued_at__lte=at).order_by(
        "-issued_at", "-id"
    )
    issued = latest.first()
    if issued is None or at >= issued.expires_at:
        return False
    return hmac.compare_digest(bytes(issued.code_hmac), _code_hmac(application, code.strip()))


def code_tries(*, application: Application, at: datetime) -> int:
    """
    How often desks asked to end the application within the hour before `at` and proved nothing.

    From `CODE_TRIES_PER_HOUR` on no code proves anything: six digits must not be found by trying.
    """
    return Retraction.objects.filter(
        Q(application_id=application.id) | Q(application_id=None, application_number=application.number),
        door=Door.DESK,
        is_verified=False,
        received_at__gt=at - _HOUR,
    ).count()


def _code_hmac(application: Application, code: str) -> bytes:
    message = f"enrollment/family-code/1\0{application.id}\0{code}"
    return hmac.digest(settings.SECRET_KEY.encode(), message.encode(), hashlib.sha256)
