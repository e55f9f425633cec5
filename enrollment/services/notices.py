"""Messages to families: sent once, owed until a provider takes them (law 4)."""

import logging
from datetime import datetime
from smtplib import SMTPException

from django.core.mail import send_mail
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as translate

from enrollment.models import Door, Notice, NoticeSent
from enrollment.services.owing import owe_notices
from enrollment.sms import SmsBackend, SmsNotSent, sms_backend

log = logging.getLogger(__name__)


def send_notices(*, limit: int, at: datetime) -> int:
    """
    Owe what is missing, then send what is owed: by SMS, or by e-mail where there is no phone.

    Each message is sent under a lock on its row that other workers skip, so none goes out
    twice; what a provider does not take stays owed for the next bell.

    :returns: how many a provider took
    """
    owe_notices(at=at)
    # A cost: what is owed is found once a bell, by absence; each message then only looks at its own row.
    owed = Notice.objects.filter(sent=None).order_by("owed_at", "id").values_list("id", flat=True)
    backend = sms_backend()
    return sum(_send_one(notice_id, backend=backend, at=at) for notice_id in owed[:limit])


@transaction.atomic
def _send_one(notice_id: int, *, backend: SmsBackend, at: datetime) -> bool:
    # One transaction a message: a worker killed between two of them has told about the first.
    notice = (
        Notice.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("application__account")
        .filter(id=notice_id)
        .first()
    )
    # A race: another worker has the row, or has sent it since it was found.
    if notice is None or NoticeSent.objects.filter(notice=notice).exists():
        return False
    try:
        to = _deliver(notice, backend)
    except (SmsNotSent, SMTPException, OSError) as error:
        log.warning("notice %d stays owed: %s", notice.pk, type(error).__name__)
        return False
    NoticeSent.objects.create(notice=notice, to=to, sent_at=at)
    return True


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
