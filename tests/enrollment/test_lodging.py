"""Taking an application: one append, safe to repeat (laws 1 and 3)."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from enrollment.models import Application, Draft
from enrollment.receipts import parse_number
from enrollment.rules import content_sha256
from enrollment.services import lodging
from tests.country import (
    OPENING,
    SATBAYEV,
    checked_draft,
    desk_request,
    iin,
    make_country,
    parent,
    request,
)

pytestmark = pytest.mark.django_db
MORNING = OPENING + timedelta(minutes=5)


def send(draft, *, at=MORNING, account=None, shown=None):
    return lodging.lodge_draft(
        draft_id=draft.id,
        account_id=account or draft.account_id,
        shown_sha256=shown or bytes(draft.content_sha256),
        year=2027,
        at=at,
    )


@pytest.fixture
def campaign():
    return make_country()


@pytest.fixture
def draft(campaign):
    return checked_draft(account=parent(), campaign=campaign, wanted=request(child=iin(1)))


def test_accepting_is_one_statement(draft):
    with CaptureQueriesContext(connection) as queries:
        send(draft)

    assert len(queries) == 1
    assert queries.captured_queries[0]["sql"].lstrip().startswith("INSERT INTO enrollment_application")


def test_sending_again_costs_two_statements_and_gives_the_first_receipt(draft):
    first = send(draft)

    with CaptureQueriesContext(connection) as queries:
        second = send(draft, at=MORNING + timedelta(hours=1))

    assert len(queries) == 2
    assert (second.number, second.lodged_at) == (first.number, MORNING)
    assert Application.objects.count() == 1


def test_a_refusal_costs_at_most_three_statements(draft):
    stranger = parent("other@example.kz").id

    with CaptureQueriesContext(connection) as queries, pytest.raises(lodging.NotYours):
        send(draft, account=stranger)

    assert len(queries) <= 3


def test_the_row_is_what_the_family_saw(draft):
    send(draft)

    stored = Application.objects.get()
    assert stored.id == draft.id
    assert (
        bytes(stored.content_sha256) == bytes(draft.content_sha256) == content_sha256(request(child=iin(1)))
    )
    assert (stored.lodged_at, stored.received_at) == (MORNING, MORNING)
    assert parse_number(stored.number) == stored.number
    assert stored.number.startswith("27-QAB")


def test_other_answers_under_the_same_id_are_refused_and_the_first_stay(draft):
    send(draft)
    other = request(child=iin(1), choices=[SATBAYEV])
    Draft.objects.filter(id=draft.id).update(choices=[SATBAYEV], content_sha256=content_sha256(other))

    with pytest.raises(lodging.KeyReused):
        send(draft, shown=content_sha256(other))

    assert Application.objects.get().choices == draft.choices


def test_a_draft_changed_after_the_check_is_not_sent(draft):
    Draft.objects.filter(id=draft.id).update(content_sha256=None)

    with pytest.raises(lodging.NotChecked):
        send(draft)

    assert not Application.objects.exists()


@pytest.mark.parametrize(
    ("at", "refusal"),
    [
        (OPENING - timedelta(seconds=1), lodging.NotOpenYet),
        (OPENING + timedelta(days=150), lodging.Over),
    ],
    ids=["before the opening", "after the end"],
)
def test_outside_the_campaign_the_draft_stays_as_it_is(draft, at, refusal):
    with pytest.raises(refusal):
        send(draft, at=at)

    assert not Application.objects.exists()
    assert Draft.objects.get().content_sha256 is not None


def test_at_the_very_second_of_the_opening_it_is_taken(draft):
    assert send(draft, at=OPENING).lodged_at == OPENING


def test_somebody_elses_draft_is_not_there(draft):
    with pytest.raises(lodging.NotYours):
        send(draft, account=parent("other@example.kz").id)


def test_a_taken_number_is_not_given_again(draft, campaign, monkeypatch):
    bodies = iter(["22222", "22222", "33333"])
    monkeypatch.setattr(lodging.receipts, "random_body", lambda: next(bodies))
    sister = checked_draft(account=parent(), campaign=campaign, wanted=request(child=iin(2)))

    first, second = send(draft), send(sister)

    assert first.number != second.number
    assert Application.objects.count() == 2


def test_two_people_for_one_child_get_two_receipts(campaign):
    mother = checked_draft(account=parent(), campaign=campaign, wanted=request(child=iin(1)))
    father = checked_draft(
        account=parent("father@example.kz"),
        campaign=campaign,
        wanted=request(child=iin(1), applicant="900615199983", relation="father"),
    )

    assert send(mother).number != send(father).number


def test_what_desks_took_in_is_stored_once():
    make_country()
    one = desk_request(wanted=request(child=iin(1)), at=MORNING)

    first = lodging.lodge_applications(requests=[one, one], at=MORNING)
    again = lodging.lodge_applications(requests=[one], at=MORNING + timedelta(hours=3))

    assert first == again == {one.id: None}
    assert Application.objects.get().received_at == MORNING


def test_a_desks_id_with_other_content_is_refused_by_name():
    make_country()
    one = desk_request(wanted=request(child=iin(1)), at=MORNING)
    lodging.lodge_applications(requests=[one], at=MORNING)
    other = desk_request(wanted=request(child=iin(2)), at=MORNING, id_=one.id)

    answer = lodging.lodge_applications(requests=[other], at=MORNING)

    assert isinstance(answer[one.id], lodging.KeyReused)
    assert Application.objects.get().child_key == iin(1)


def test_an_unknown_draft_is_not_there(campaign):
    with pytest.raises(lodging.NotYours):
        lodging.lodge_draft(
            draft_id=uuid4(), account_id=parent().id, shown_sha256=bytes(32), year=2027, at=MORNING
        )
