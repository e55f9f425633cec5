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
from django.template.loader import render_to_string
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from django.utils.formats import date_format

from enrollment import tasks
from enrollment.models import Door, Notice, NoticeSent, Retraction
from enrollment.selectors import states_of
from enrollment.services import owe_notices, owe_notices_of_rounds, send_notices, withdraw
from enrollment.sms import SmsNotSent
from schools.models import (
    Annulment,
    Case,
    Confirmation,
    ConfirmedPlace,
    Harmed,
    Intake,
    RosterState,
    Round,
    SlotChange,
)
from tests.factories import (
    DURING,
    AccountFactory,
    ApplicationFactory,
    DistrictFactory,
    IntakeFactory,
    RosterEntryFactory,
    request_form,
)

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


# Rounds


def a_round(application, *, confirmed):
    """The first list is known; confirmed or not for the district of the application's school."""
    campaign = application.campaign
    closes_at = DURING + timedelta(hours=14)
    of, _new = Round.objects.get_or_create(campaign=campaign, number=1, closes_at=closes_at)
    RosterState.objects.get_or_create(campaign=campaign, round=of, closing_at=closes_at)
    if not confirmed:
        return None
    return Confirmation.objects.create(
        id=uuid4(), campaign=campaign, round=of, district_id="711210000", way="watermark",
        facts_sha256=bytes(32), roster_sha256=bytes(32), official=AccountFactory(), confirmed_at=closes_at,
    )  # fmt: skip


def told(kind):
    """Sweeps twice: what is owed once is there once."""
    owe_notices_of_rounds(at=DURING)
    owe_notices_of_rounds(at=DURING)
    return [notice.text for notice in Notice.objects.filter(kind=kind).order_by("text")]


def test_a_provisional_place_is_no_reason_to_write():
    application = with_phone("+77011234567")
    a_round(application, confirmed=False)
    RosterEntryFactory(application=application)

    owe_notices(at=DURING)
    owe_notices_of_rounds(at=DURING)

    assert [notice.kind for notice in Notice.objects.all()] == [Notice.Kind.REGISTERED]


def test_what_rounds_brought_has_a_bell_of_its_own(settings):
    application = with_phone("+77011234567")
    confirm_place(application, a_round(application, confirmed=True))

    assert owe_notices(at=DURING) == 1
    assert Notice.objects.get().kind == Notice.Kind.REGISTERED
    assert tasks.owe_notices_of_rounds() == 1
    task = "enrollment.tasks.owe_notices_of_rounds"
    assert settings.CELERY_TASK_ROUTES[task] == {"queue": "notify"}
    (bell,) = [one for one in settings.CELERY_BEAT_SCHEDULE.values() if one["task"] == task]
    assert (bell["schedule"], bell["options"]["expires"]) == (60, 60)


def confirm_place(application, confirmation, *, slot=0):
    intake = Intake.objects.get(school_id=application.choices[0].partition("/")[0])
    return ConfirmedPlace.objects.create(
        confirmation=confirmation, intake=intake, slot=slot, child_key=application.child_key,
        application_id=application.id,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("language", "words"),
    [("kk", "орны бекітілді"), ("ru", "подтверждено"), ("en", "is confirmed")],
)
def test_a_confirmed_place_is_told_once_in_the_familys_language(language, words):
    application = with_phone("+77011234567", language=language)
    confirm_place(application, a_round(application, confirmed=True))

    (text,) = told(Notice.Kind.CONFIRMED)

    assert words in text
    assert application.number in text


def test_a_second_place_that_the_child_likes_better_is_told_too():
    application = with_phone("+77011234567")
    first = a_round(application, confirmed=True)
    confirm_place(application, first)
    owe_notices_of_rounds(at=DURING)
    of = Round.objects.create(campaign=application.campaign, number=2, closes_at=DURING + timedelta(days=3))
    later = Confirmation.objects.create(
        id=uuid4(), campaign=application.campaign, round=of, district_id="711210000", way="watermark",
        facts_sha256=bytes(32), roster_sha256=bytes(32), official=first.official, confirmed_at=of.closes_at,
    )  # fmt: skip
    confirm_place(application, later, slot=1)

    assert len(told(Notice.Kind.CONFIRMED)) == 2


def places_of_one_confirmation(count):
    intake = IntakeFactory()
    applications = [ApplicationFactory(intake=intake) for _child in range(count)]
    confirmation = a_round(applications[0], confirmed=True)
    # Given to slots in another order than they are written down.
    slots = [2, 0, 3, 1, *range(4, count)]
    return [
        confirm_place(one, confirmation, slot=slot) for one, slot in zip(applications, slots, strict=True)
    ]


def test_a_long_confirmation_is_told_to_its_end_however_small_the_batches():
    places_of_one_confirmation(5)

    assert [owe_notices_of_rounds(at=DURING, limit=2) for _bell in range(4)] == [2, 2, 1, 0]


def test_a_place_that_was_taken_back_before_it_was_told_is_not_and_holds_nobody_up():
    places = places_of_one_confirmation(4)
    last = max(places, key=lambda place: place.slot)
    Annulment.objects.create(
        id=uuid4(), place=last, reason="-", official=AccountFactory(), second_official=AccountFactory(),
        annulled_at=DURING,
    )  # fmt: skip

    assert [owe_notices_of_rounds(at=DURING) for _bell in range(2)] == [3, 0]
    assert not Notice.objects.filter(application=last.application_id).exists()


def test_with_nothing_new_no_place_is_looked_at():
    places_of_one_confirmation(4)
    owe_notices_of_rounds(at=DURING)

    with CaptureQueriesContext(connection) as asked:
        assert owe_notices_of_rounds(at=DURING) == 0

    assert not [q["sql"] for q in asked if q["sql"].startswith('SELECT "schools_confirmedplace"')]


def test_a_place_above_capacity_is_told():
    application = with_phone("+77011234567")
    entry = RosterEntryFactory(application=application, slot=8, is_confirmed=True)
    SlotChange.objects.create(
        id=uuid4(), intake=entry.intake, kind="granted", slot=8, in_force_date=DURING.date(),
        child_key=application.child_key, reason="-", official=AccountFactory(), recorded_at=DURING,
    )  # fmt: skip

    assert len(told(Notice.Kind.CONFIRMED)) == 1


def test_the_reserve_is_told_after_the_confirmation_and_not_to_who_has_a_place_elsewhere():
    intake = IntakeFactory()
    waiting, placed, first = (
        ApplicationFactory(intake=intake, language="en", lodged_at=DURING + timedelta(minutes=n))
        for n in range(3)
    )
    for n, application in enumerate((first, waiting, placed)):
        RosterEntryFactory(application=application, slot=None, moment=DURING + timedelta(minutes=n))
    other = IntakeFactory()
    RosterEntryFactory(application=placed, intake=other, slot=0)
    a_round(waiting, confirmed=False)
    before = told(Notice.Kind.RESERVE)
    a_round(waiting, confirmed=True)

    after = told(Notice.Kind.RESERVE)

    assert before == []
    assert ["list: 1." in after[0], "list: 2." in after[1], len(after)] == [True, True, 2]
    assert not Notice.objects.filter(application=placed, kind=Notice.Kind.RESERVE).exists()


def test_who_would_have_had_a_place_is_told_that_and_not_the_reserve_number():
    application = with_phone("+77011234567", language="en")
    a_round(application, confirmed=True)
    entry = RosterEntryFactory(application=application, slot=None)
    Harmed.objects.create(
        campaign=application.campaign, round=Round.objects.get(), district=entry.district, intake=entry.intake,
        kind="T", child_key=application.child_key, child_name="-", application_id=application.id,
        application_number=application.number,
    )  # fmt: skip

    assert len(told(Notice.Kind.HARMED)) == 1
    assert told(Notice.Kind.RESERVE) == []


def a_contest(*, father_lodged_at=DURING, opened_at=DURING, is_proven=True):
    mother = with_phone("+77010000001", language="en", is_proven=is_proven)
    other = IntakeFactory()
    father = ApplicationFactory(
        form={
            **mother.form,
            "applicant": request_form(n=500, choices=[other.name])["applicant"],
            "choices": [other.name],
        },
        intake=other, language="en", is_proven=is_proven, lodged_at=father_lodged_at,
    )  # fmt: skip
    closings = [DURING.replace(day=day, hour=19, minute=0) for day in (1, 2, 5, 6, 7, 8, 9, 12)]
    for number, closes_at in enumerate(closings, 1):
        Round.objects.create(campaign=mother.campaign, number=number, closes_at=closes_at)
    Case.objects.create(
        campaign=mother.campaign, kind=Case.Kind.CONTESTED, subject=mother.child_key,
        district=DistrictFactory(), opened_at=opened_at,
        detail={"number": mother.number, "applications": sorted([str(mother.id), str(father.id)])},
    )  # fmt: skip
    return mother, father


def test_everybody_in_an_open_contest_is_asked_once_and_hears_nothing_of_the_other():
    mother, father = a_contest()

    texts = told(Notice.Kind.CONTESTED)

    assert len(texts) == 2
    for own, other in ((mother, father), (father, mother)):
        text = Notice.objects.get(application=own, kind=Notice.Kind.CONTESTED).text
        assert "+7 7172 55 01 01" in text
        assert own.number in text
        assert other.number not in text


@pytest.mark.parametrize(
    ("days_later", "moved", "terms"),
    [
        pytest.param(0, {}, ["05.04.2027", "05.04.2027"], id="the same day: with the answers"),
        pytest.param(0, {"2027-04-05": False}, ["06.04.2027", "06.04.2027"], id="Monday is off"),
        pytest.param(1, {}, ["05.04.2027", "06.04.2027"], id="on Saturday: each with its own answer"),
        pytest.param(5, {}, ["08.04.2027", "08.04.2027"], id="on Wednesday: never a day that has passed"),
    ],
)
def test_who_is_asked_for_the_school_hears_the_term_that_the_page_shows(days_later, moved, terms):
    asked_at = DURING + timedelta(days=days_later)
    mother, father = a_contest(father_lodged_at=asked_at, opened_at=asked_at)
    type(mother.campaign).objects.update(moved_days=moved)

    owe_notices_of_rounds(at=asked_at)

    shown = states_of([mother, father])
    for application, term in zip((mother, father), terms, strict=True):
        state = shown[application.id]
        assert f"{state.school_by:%d.%m.%Y}" == term
        with translation.override("en"):
            page = render_to_string("enrollment/state_words.html", {"state": state, "code": state.code})
            assert date_format(state.school_by, "DATE_FORMAT") in page
        assert term in Notice.objects.get(application=application, kind=Notice.Kind.CONTESTED).text


def test_who_need_not_be_asked_any_more_is_not():
    a_contest(is_proven=False)

    assert told(Notice.Kind.CONTESTED) == []


def test_a_batch_ends_and_the_next_bell_goes_on():
    for _child in range(5):
        ApplicationFactory()

    assert [owe_notices(at=DURING, limit=2) for _bell in range(4)] == [2, 2, 1, 0]


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
