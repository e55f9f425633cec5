"""Messages: found by absence, sent once, owed until a provider takes them."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core import mail
from django.db import IntegrityError, connection
from django.db.models import QuerySet

from enrollment.models import Door, Notice, NoticeSent, Retraction
from enrollment.services import owe_notices, send_notices, withdraw
from enrollment.sms import SmsNotSent
from tests.factories import DURING, ApplicationFactory, IntakeFactory, request_form

pytestmark = pytest.mark.django_db


class TakingSms:
    """A provider that takes everything and remembers it."""

    taken: list[tuple[str, str]] = []
    lock = threading.Lock()

    def send(self, *, to, text):
        with self.lock:
            self.taken.append((to, text))


class FailingSms:
    def send(self, *, to, text):
        raise SmsNotSent("busy")


class SilentAboutOneNumber(TakingSms):
    """Fails for one family; the others behind it in the queue must not wait."""

    def send(self, *, to, text):
        if to == "+77010000001":
            raise SmsNotSent("unreachable")
        super().send(to=to, text=text)


@pytest.fixture(autouse=True)
def provider(settings):
    TakingSms.taken = []
    settings.SMS_BACKEND = f"{__name__}.TakingSms"
    return TakingSms


def with_phone(phone, **fields):
    intake = IntakeFactory()
    return ApplicationFactory(
        intake=intake, form=request_form(n=7, choices=[intake.name], phone=phone), **fields
    )


def test_an_application_is_owed_its_registration_once():
    ApplicationFactory()

    assert (owe_notices(at=DURING), owe_notices(at=DURING)) == (1, 0)
    assert Notice.objects.get().kind == Notice.Kind.REGISTERED


def test_the_words_name_number_time_and_term(provider):
    application = with_phone("+77011234567")

    send_notices(limit=10, at=DURING)

    (to, text) = provider.taken[0]
    assert to == "+77011234567"
    assert application.number in text
    assert "02.04.2027 10:30" in text
    assert "05.04.2027" in text  # Friday's answer is due on Monday


def test_nothing_is_sent_twice(provider):
    with_phone("+77011234567")

    counts = [send_notices(limit=10, at=DURING) for _time in range(3)]

    assert counts == [1, 0, 0]
    assert len(provider.taken) == 1


def test_a_failing_provider_leaves_it_owed(settings, provider):
    with_phone("+77011234567")
    settings.SMS_BACKEND = f"{__name__}.FailingSms"
    assert send_notices(limit=10, at=DURING) == 0
    assert not NoticeSent.objects.exists()

    settings.SMS_BACKEND = f"{__name__}.TakingSms"

    assert send_notices(limit=10, at=DURING + timedelta(minutes=1)) == 1
    assert len(provider.taken) == 1


def test_one_unreachable_family_holds_up_nobody(settings, provider):
    with_phone("+77010000001", lodged_at=DURING - timedelta(minutes=1))
    with_phone("+77010000002")
    settings.SMS_BACKEND = f"{__name__}.SilentAboutOneNumber"

    assert send_notices(limit=10, at=DURING) == 1


def test_without_a_phone_the_account_gets_a_mail(provider):
    application = with_phone(None)

    send_notices(limit=10, at=DURING)

    assert provider.taken == []
    assert mail.outbox[0].to == [application.account.email]
    assert application.number in mail.outbox[0].body


def test_a_family_without_any_address_is_not_owed_for_ever():
    with_phone(None, at_desk=True)

    send_notices(limit=10, at=DURING)

    assert NoticeSent.objects.get().to == ""


def test_a_withdrawal_is_told_once_and_a_desks_says_how_to_oppose_it(provider):
    own, desks = with_phone("+77010000001"), with_phone("+77010000002", at_desk=True)
    withdraw(retraction_id=uuid4(), application_id=own.id, account_id=own.account_id, at=DURING)
    Retraction.objects.create(
        id=uuid4(), kind=Retraction.Kind.WITHDRAWAL, campaign=desks.campaign, application_id=desks.id,
        is_verified=False, door=Door.DESK, desk=uuid4(), seq=2, lodged_at=DURING, received_at=DURING,
    )  # fmt: skip

    for _time in range(2):
        send_notices(limit=10, at=DURING)

    told = list(Notice.objects.filter(kind=Notice.Kind.WITHDRAWN).values_list("text", flat=True))
    assert len(told) == 2
    assert len(provider.taken) == 4
    assert sum("1414" in text for text in told) == 2


def test_file_messages_are_one_json_file_each(settings, tmp_path):
    settings.SMS_BACKEND, settings.MESSAGES_DIR = "enrollment.sms.FileSms", tmp_path
    with_phone("+77011234567")

    send_notices(limit=10, at=DURING)

    (file,) = (tmp_path / "sms").iterdir()
    assert json.loads(file.read_text())["to"] == "+77011234567"


def at_once(workers: int, limit: int) -> int:
    def work() -> int:
        try:
            return send_notices(limit=limit, at=DURING)
        finally:
            connection.close()

    with ThreadPoolExecutor(workers) as pool:
        return sum(job.result() for job in [pool.submit(work) for _worker in range(workers)])


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_workers_at_once_send_each_message_once(provider):
    for n in range(40):
        with_phone(f"+770100000{n:02}")

    assert at_once(4, limit=80) == 40
    assert len({to for to, _text in provider.taken}) == len(provider.taken) == 40


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_without_the_lock_workers_at_once_send_some_message_twice(provider, monkeypatch):
    """The control: the race is real, the lock is what holds it."""
    for n in range(40):
        with_phone(f"+770100000{n:02}")
    monkeypatch.setattr(QuerySet, "select_for_update", lambda notices, **_how: notices)
    both_hold_one = threading.Barrier(4, timeout=20)

    class Meeting(TakingSms):
        def send(self, *, to, text):
            if len(self.taken) < 4:
                with suppress(threading.BrokenBarrierError):
                    both_hold_one.wait()
            super().send(to=to, text=text)

    monkeypatch.setattr("enrollment.services.notices.sms_backend", Meeting)

    with pytest.raises(IntegrityError):
        at_once(4, limit=1)
    assert len({to for to, _text in provider.taken}) < len(provider.taken)
