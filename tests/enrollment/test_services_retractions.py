"""Withdrawals and the code that proves the family at a desk."""

from datetime import timedelta
from uuid import uuid4

import pytest

from enrollment.models import Decision, Door, FamilyCode, Notice, Retraction
from enrollment.services import (
    IdReused,
    NoSuchApplication,
    code_is_right,
    issue_family_code,
    settle_withdrawals,
    withdraw,
)
from enrollment.services.retractions import CODES_PER_HOUR
from tests.factories import DURING, AccountFactory, ApplicationFactory

pytestmark = pytest.mark.django_db


def withdrawn_by_family(application, *, retraction_id=None, account=None):
    return withdraw(
        retraction_id=retraction_id or uuid4(),
        application_id=application.id,
        account_id=(account or application.account).pk,
        at=DURING,
    )


def desk_withdrawal(application, *, received_at=DURING, **fields):
    return Retraction.objects.create(
        id=uuid4(), kind=Retraction.Kind.WITHDRAWAL, campaign=application.campaign,
        application_id=application.id, application_number=application.number, is_verified=False,
        door=Door.DESK, desk=uuid4(), seq=2, lodged_at=received_at, received_at=received_at, **fields,
    )  # fmt: skip


def mailed_code(application) -> str:
    text = Notice.objects.filter(application=application, kind=Notice.Kind.WITHDRAWAL_CODE).last().text
    return next(
        word.strip(".,:")
        for word in text.split()
        if word.strip(".,:").isdigit() and len(word.strip(".,:")) == 6
    )


def test_pressing_twice_withdraws_once():
    application, retraction_id = ApplicationFactory(), uuid4()

    first = withdrawn_by_family(application, retraction_id=retraction_id)
    second = withdrawn_by_family(application, retraction_id=retraction_id)

    assert first == second
    assert Retraction.objects.get().is_verified


def test_nobody_withdraws_what_is_not_theirs():
    with pytest.raises(NoSuchApplication):
        withdrawn_by_family(ApplicationFactory(), account=AccountFactory())
    assert not Retraction.objects.exists()


def test_one_id_does_not_withdraw_two_applications():
    first, retraction_id = ApplicationFactory(), uuid4()
    withdrawn_by_family(first, retraction_id=retraction_id)

    with pytest.raises(IdReused):
        withdrawn_by_family(ApplicationFactory(account=first.account), retraction_id=retraction_id)


def test_an_unopposed_withdrawal_stands_after_its_term_and_once():
    retraction = desk_withdrawal(ApplicationFactory(at_desk=True))
    term = timedelta(hours=48)

    early = settle_withdrawals(at=DURING + term - timedelta(seconds=1))
    due = settle_withdrawals(at=DURING + term)
    again = settle_withdrawals(at=DURING + term)

    assert (early, due, again) == (0, 1, 0)
    assert Decision.objects.get().subject == retraction.id


def test_a_verified_withdrawal_needs_no_decision():
    withdrawn_by_family(ApplicationFactory())

    assert settle_withdrawals(at=DURING + timedelta(days=9)) == 0


def test_a_void_is_not_settled_by_time():
    retraction = desk_withdrawal(ApplicationFactory(at_desk=True))
    Retraction.objects.filter(pk=retraction.pk)
    void = Retraction.objects.create(
        id=uuid4(), kind=Retraction.Kind.VOID, campaign=retraction.campaign, application_id=uuid4(),
        is_verified=False, door=Door.DESK, desk=uuid4(), seq=3, lodged_at=DURING, received_at=DURING,
    )  # fmt: skip

    settle_withdrawals(at=DURING + timedelta(days=9))

    assert not Decision.objects.filter(subject=void.id).exists()


def test_the_code_is_right_for_a_day_and_for_its_application_alone():
    application, other = ApplicationFactory(), ApplicationFactory()
    issue_family_code(number=application.number, at=DURING)
    code = mailed_code(application)

    assert code_is_right(application=application, code=f" {code} ", at=DURING)
    assert not code_is_right(application=other, code=code, at=DURING)
    assert not code_is_right(application=application, code="", at=DURING)
    assert not code_is_right(application=application, code=code, at=DURING + timedelta(hours=24))


def test_a_new_code_ends_the_old_one():
    application = ApplicationFactory()
    issue_family_code(number=application.number, at=DURING)
    first = mailed_code(application)
    issue_family_code(number=application.number, at=DURING + timedelta(minutes=1))
    second = mailed_code(application)

    later = DURING + timedelta(minutes=2)
    assert code_is_right(application=application, code=second, at=later)
    assert first == second or not code_is_right(application=application, code=first, at=later)


def test_no_code_is_stored_in_the_clear_beside_its_hash():
    application = ApplicationFactory()
    issue_family_code(number=application.number, at=DURING)

    assert mailed_code(application).encode() not in bytes(FamilyCode.objects.get().code_hmac)


def test_there_is_no_code_for_a_number_that_nobody_has():
    with pytest.raises(NoSuchApplication):
        issue_family_code(number="27-4KQ7-M2XD-W", at=DURING)


def test_a_family_is_not_flooded_with_codes():
    application = ApplicationFactory()
    for minute in range(CODES_PER_HOUR + 3):
        issue_family_code(number=application.number, at=DURING + timedelta(minutes=minute))

    assert application.notices.count() == application.codes.count() == CODES_PER_HOUR
    issue_family_code(number=application.number, at=DURING + timedelta(hours=2))
    assert application.codes.count() == CODES_PER_HOUR + 1
