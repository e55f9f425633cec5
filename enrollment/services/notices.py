"""Messages to families: found by absence, sent once, owed until a provider takes them (law 4)."""

import logging
from datetime import datetime
from smtplib import SMTPException
from typing import Final

from django.core.mail import send_mail
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import translation
from django.utils.translation import gettext as translate

from enrollment.models import Application, Door, Notice, NoticeSent, Retraction
from enrollment.sms import SmsBackend, SmsNotSent, sms_backend
from schools.clock import ALMATY
from schools.rules import next_working_day

log = logging.getLogger(__name__)

_BATCH: Final = 500


def owe_notices(*, at: datetime, limit: int = _BATCH) -> int:
    """
    Write down every message that a fact calls for and nobody has owed yet.

    Two workers at once write each one once: a notice is unique by application, kind and
    occasion.

    :returns: how many were found missing
    """
    missing = [*_missing_registered(limit, at), *_missing_withdrawn(limit, at)]
    Notice.objects.bulk_create(missing, ignore_conflicts=True, batch_size=_BATCH)
    return len(missing)


def _missing_registered(limit: int, at: datetime) -> list[Notice]:
    told = Notice.objects.filter(application=OuterRef("id"), kind=Notice.Kind.REGISTERED)
    untold = Application.objects.exclude(Exists(told)).order_by("received_at", "id")[:limit]
    return [
        Notice(application=a, kind=Notice.Kind.REGISTERED, text=_registered(a), owed_at=at) for a in untold
    ]


def _missing_withdrawn(limit: int, at: datetime) -> list[Notice]:
    told = Notice.objects.filter(application=OuterRef("application_id"), kind=Notice.Kind.WITHDRAWN)
    retractions = Retraction.objects.filter(
        kind=Retraction.Kind.WITHDRAWAL, application_id__isnull=False
    ).exclude(Exists(told.filter(occasion="")))
    rows = list(retractions.order_by("received_at", "id")[:limit])
    applications = Application.objects.in_bulk([row.application_id for row in rows])
    return [
        Notice(
            application=applications[row.application_id],
            kind=Notice.Kind.WITHDRAWN,
            text=_withdrawn(applications[row.application_id], row),
            owed_at=at,
        )
        for row in rows
        if row.application_id in applications
    ]


def _registered(application: Application) -> str:
    lodged_at = application.lodged_at.astimezone(ALMATY)
    with translation.override(application.language):
        return translate(
            "Your application is registered. Time: %(time)s. Number: %(number)s. "
            "This is not yet a decision on admission. Answer by: %(date)s. Help: 1414."
        ) % {
            "time": f"{lodged_at:%d.%m.%Y %H:%M}",
            "number": application.number,
            "date": f"{next_working_day(lodged_at.date()):%d.%m.%Y}",
        }


def _withdrawn(application: Application, retraction: Retraction) -> str:
    with translation.override(application.language):
        if retraction.is_verified:
            sentence = translate("Application %(number)s is withdrawn. Help: 1414.")
        else:
            sentence = translate(
                "A service centre was asked to withdraw application %(number)s. "
                "If it was not you, call 1414 at once: otherwise it will stand."
            )
        return sentence % {"number": application.number}


def send_notices(*, limit: int, at: datetime) -> int:
    """
    Owe what is missing, then send what is owed: by SMS, or by e-mail where there is no phone.

    Each message is sent under a lock on its row that other workers skip, so none goes out
    twice; what a provider does not take stays owed for the next bell.

    :returns: how many a provider took
    """
    owe_notices(at=at)
    backend, sent, failed = sms_backend(), 0, list[int]()
    for _turn in range(limit):
        outcome = _send_one(backend=backend, but_not=failed, at=at)
        if outcome is None:
            break
        notice_id, is_sent = outcome
        if is_sent:
            sent += 1
        else:
            failed.append(notice_id)
    return sent


@transaction.atomic
def _send_one(*, backend: SmsBackend, but_not: list[int], at: datetime) -> tuple[int, bool] | None:
    # One transaction a message: a worker killed between two of them has told about the first.
    notice = (
        Notice.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("application__account")
        .filter(sent=None)
        .exclude(id__in=but_not)
        .order_by("owed_at", "id")
        .first()
    )
    if notice is None:
        return None
    # A race: the search may have begun before another worker committed and reached the row after it.
    # Under the lock a second look sees what was sent.
    if NoticeSent.objects.filter(notice=notice).exists():
        return notice.pk, False
    try:
        to = _deliver(notice, backend)
    except (SmsNotSent, SMTPException, OSError) as error:
        log.warning("notice %d stays owed: %s", notice.pk, type(error).__name__)
        return notice.pk, False
    NoticeSent.objects.create(notice=notice, to=to, sent_at=at)
    return notice.pk, True


def _deliver(notice: Notice, backend: SmsBackend) -> str:
    """Whom the message went to; empty when the family left no address at all (it has its slip)."""
    application = notice.application
    if phone := application.form.get("phone"):
        backend.send(to=phone, text=notice.text)
        return str(phone)
    account = application.account
    if account is not None and application.door == Door.PORTAL:
        with translation.override(application.language):
            subject = translate("Application %(number)s") % {"number": application.number}
        send_mail(subject, notice.text, None, [account.email])
        return account.email
    return ""
