"""Officials who confirm at once, and a reconciliation that is at work meanwhile."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier, Event
from typing import Any

import pytest
from django.db import IntegrityError, connections, transaction

from schools.models import Confirmation, ConfirmedPlace, RosterEntry, SlotChange
from schools.services.confirming import AlreadyConfirmed, change_capacity, confirm_round, grant_place
from schools.services.confirming import rounds as confirming_rounds
from schools.services.publishing import one_run_at_a_time
from tests.schools.officials_country import (
    NOW,
    ROSTERS_BY_HAND,
    Country,
    a_colleague,
    a_country,
    a_list,
    all_reported,
    round_one,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]
REASON = "Көшеде жаңа үй тапсырылды, балалар көбейді."


@pytest.fixture
def country(settings) -> Country:
    for name, value in ROSTERS_BY_HAND.items():
        setattr(settings, name, value)
    made = a_country()
    a_list(made)
    round_one(made)
    all_reported(made)
    return made


def together(*jobs: Callable[[], Any]) -> list[Any]:
    """Run jobs in threads that start at once; their results, exceptions as values."""
    barrier = Barrier(len(jobs))

    def one(job: Callable[[], Any]) -> Any:
        barrier.wait()
        try:
            return job()
        except Exception as raised:  # noqa: BLE001 - what is raised is the test's answer
            return raised
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return [future.result() for future in [pool.submit(one, job) for job in jobs]]


def confirm(country: Country, official=None) -> Confirmation:
    return confirm_round(
        campaign=country.campaign, district=country.esil, official=official or country.official, at=NOW
    )


@contextmanager
def nobody_waits(*, year: int, wait: bool) -> Iterator[None]:
    with transaction.atomic():
        yield


def test_two_officials_press_at_once_and_one_confirmation_stands(country: Country):
    colleague = a_colleague(country)

    answers = together(
        *[lambda: confirm(country), lambda: confirm(country, colleague)] * 3,
    )

    assert sorted(type(answer).__name__ for answer in answers) == ["AlreadyConfirmed"] * 5 + ["Confirmation"]
    assert Confirmation.objects.count() == 1
    assert ConfirmedPlace.objects.count() == 2


def test_without_the_lock_the_second_one_breaks_on_the_table(country: Country, monkeypatch):
    """The control: the same race without waiting for each other is an error, not a refusal."""
    meet = Barrier(2)
    original = confirming_rounds._confirm

    def write_together(confirmation: Confirmation) -> Confirmation:
        meet.wait(timeout=5)
        return original(confirmation)

    monkeypatch.setattr(confirming_rounds, "one_run_at_a_time", nobody_waits)
    monkeypatch.setattr(confirming_rounds, "_confirm", write_together)

    answers = together(lambda: confirm(country), lambda: confirm(country))

    assert sum(isinstance(answer, IntegrityError) for answer in answers) == 1
    assert not any(isinstance(answer, AlreadyConfirmed) for answer in answers)


def a_slow_run(country: Country, *, reading: Event, go_on: Event) -> Callable[[], None]:
    """A reconciliation that takes the first child off the list, and takes its time."""

    def run() -> None:
        with one_run_at_a_time(year=country.campaign.year, wait=True):
            RosterEntry.objects.filter(intake=country.intake, slot=0).delete()
            reading.set()
            go_on.wait(timeout=2)

    return run


def slots_confirmed_during_a_run(country: Country) -> set[int]:
    reading, go_on = Event(), Event()

    def press() -> Confirmation:
        reading.wait(timeout=5)
        try:
            return confirm(country)
        finally:
            go_on.set()

    together(a_slow_run(country, reading=reading, go_on=go_on), press)
    return set(ConfirmedPlace.objects.values_list("slot", flat=True))


def test_a_confirmation_waits_for_the_run_and_confirms_its_list(country: Country):
    assert slots_confirmed_during_a_run(country) == {3}


def test_without_the_lock_a_list_is_confirmed_that_stands_no_more(country: Country, monkeypatch):
    """The control: whoever does not wait gives a place to a child that the run has just moved."""
    monkeypatch.setattr(confirming_rounds, "one_run_at_a_time", nobody_waits)

    assert slots_confirmed_during_a_run(country) == {0, 3}


def test_capacity_and_grants_at_once_never_make_one_slot_twice(country: Country):
    def add() -> object:
        return change_capacity(
            intake=country.intake, places=10, official=country.official, reason=REASON, at=NOW
        )

    def grant(child: str) -> Callable[[], object]:
        return lambda: grant_place(
            intake=country.intake, child_key=child, official=country.official, reason=REASON, at=NOW
        )

    answers = together(add, grant("000000000004"), add, grant("000000000005"), grant("000000000004"))

    assert not [answer for answer in answers if isinstance(answer, Exception)]
    assert sorted(SlotChange.objects.values_list("slot", flat=True)) == [8, 9, 10, 11]
    assert SlotChange.objects.filter(kind="granted").count() == 2
