"""Double clicks, two tabs, two people: real threads on PostgreSQL, each race with its control."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connection, connections

from enrollment.models import Application
from enrollment.services import lodging
from tests.country import OPENING, checked_draft, iin, make_country, parent, request

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]
PRESSES = 8


def all_at_once(press: Callable[[], object]) -> list[object]:
    """Run `press` in many threads that start together; refusals come back as values."""
    barrier = Barrier(PRESSES)

    def one() -> object:
        barrier.wait()
        try:
            return press()
        except Exception as refused:  # noqa: BLE001 - what is refused is the test's answer
            return refused
        finally:
            connections.close_all()

    with ThreadPoolExecutor(PRESSES) as pool:
        return [future.result() for future in [pool.submit(one) for _press in range(PRESSES)]]


@pytest.fixture
def draft():
    return checked_draft(account=parent(), campaign=make_country(), wanted=request(child=iin(1)))


def send(draft) -> str:
    return lodging.lodge_draft(
        draft_id=draft.id,
        account_id=draft.account_id,
        shown_sha256=bytes(draft.content_sha256),
        year=2027,
        at=OPENING + timedelta(minutes=1),
    ).number


def test_pressed_eight_times_at_once_it_is_one_application_with_one_number(draft):
    numbers = all_at_once(lambda: send(draft))

    assert len(set(numbers)) == 1
    assert Application.objects.get().number == numbers[0]


def test_without_the_key_of_the_sender_every_press_makes_an_application(draft, monkeypatch):
    """The control: the same race with a new id for each press."""
    monkeypatch.setattr(
        lodging, "_SEND", lodging._SEND.replace("SELECT draft.id,", "SELECT gen_random_uuid(),")
    )

    all_at_once(lambda: send(draft))

    assert Application.objects.count() > 1


def test_a_press_in_the_middle_of_a_change_is_sent_as_shown_or_not_at_all(draft):
    def change() -> None:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE enrollment_draft SET content_sha256 = NULL")

    results = all_at_once(lambda: (send(draft), change())[0])

    assert all(isinstance(r, str | lodging.NotChecked) for r in results)
    for stored in Application.objects.all():
        assert bytes(stored.content_sha256) == bytes(draft.content_sha256)
