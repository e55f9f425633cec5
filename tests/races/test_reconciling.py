"""Several workers at one campaign: one run at a time, and fewer facts never overwrite more."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier, Event

import pytest
from django.db import IntegrityError, connections
from psycopg.errors import UniqueViolation

from enrollment import reconciliation
from enrollment.reconciliation import reconcile
from schools.models import Campaign, RosterEntry, RosterState
from schools.services.publishing import FewerFactsRead, Knowing, publish_roster, writing
from tests.country import DAY_TWO, apply_at_desk, close_round, iin, make_country, request

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]


def together(*jobs):
    """Run jobs in threads that start at once; their results, exceptions as values."""
    barrier = Barrier(len(jobs))

    def one(job):
        barrier.wait()
        try:
            return job()
        except Exception as raised:  # noqa: BLE001 - what is raised is the test's answer
            return raised
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return [future.result() for future in [pool.submit(one, job) for job in jobs]]


def ten_children():
    """Ten requests of day two, whose round is closed; with the seeds of both days these are twelve facts."""
    campaign = make_country()
    close_round(campaign, 2)
    for serial in range(10):
        wanted = request(child=iin(serial), applicant="900615199983")
        apply_at_desk(wanted=wanted, at=DAY_TWO + timedelta(minutes=serial))
    return campaign


def test_six_workers_ring_at_once_and_one_roster_stands():
    campaign = ten_children()

    runs = together(*[lambda: reconcile(campaign=campaign, at=DAY_TWO, recompute=True)] * 6)

    assert [type(run).__name__ for run in runs] == ["Run"] * 6
    assert sorted(run.rows_written for run in runs) == [0] * 5 + [10]
    assert RosterEntry.objects.count() == 10


def test_without_the_lock_workers_meet_in_one_slot(monkeypatch):
    """The control: the same race without waiting for each other ends in errors."""
    from contextlib import contextmanager

    from django.db import transaction

    @contextmanager
    def nobody_waits(*, year, wait):
        with transaction.atomic():
            yield

    monkeypatch.setattr(reconciliation, "one_run_at_a_time", nobody_waits)
    # Without the lock each run compares with rows that another one is about to write.
    meet = Barrier(6)
    original = writing._write

    def write_together(campaign, lists):
        meet.wait(timeout=5)
        return original(campaign, lists)

    monkeypatch.setattr(writing, "_write", write_together)
    monkeypatch.setattr(
        RosterState.objects,
        "filter",
        lambda **_k: type("Q", (), {"update": lambda *_a, **_k: 1, "first": lambda _s: None})(),
    )
    campaign = ten_children()
    # It is there already: else all wait for whoever makes it, and nobody meets anybody.
    RosterState.objects.create(campaign=campaign)

    runs = together(*[lambda: reconcile(campaign=campaign, at=DAY_TWO, recompute=True)] * 6)

    assert any(isinstance(run, IntegrityError | UniqueViolation) for run in runs), runs


def test_a_run_that_read_fewer_facts_never_overwrites_one_that_read_more():
    campaign = ten_children()
    reconcile(campaign=campaign, at=DAY_TWO)

    with pytest.raises(FewerFactsRead):
        publish_roster(
            campaign=campaign, lists=[], knowing=Knowing(facts_read=11), at=DAY_TWO + timedelta(minutes=1)
        )

    assert RosterEntry.objects.count() == 10
    assert RosterState.objects.get().facts_read == 12


def test_a_fact_that_arrives_during_a_run_is_on_the_next_roster(monkeypatch):
    campaign = ten_children()
    reading, arrived = Event(), Event()
    original = reconciliation.read_facts

    def slowly(*, campaign):
        facts = original(campaign=campaign)
        reading.set()
        arrived.wait(timeout=5)
        return facts

    def late_child():
        reading.wait(timeout=5)
        wanted = request(child=iin(77), applicant="900615199983")
        apply_at_desk(wanted=wanted, at=DAY_TWO - timedelta(minutes=30))
        arrived.set()

    monkeypatch.setattr(reconciliation, "read_facts", slowly)
    together(lambda: reconcile(campaign=campaign, at=DAY_TWO), late_child)
    monkeypatch.setattr(reconciliation, "read_facts", original)
    assert RosterState.objects.get().facts_read == 12, "the run counts only what it has read"

    reconcile(campaign=Campaign.objects.get(), at=DAY_TWO)

    assert RosterEntry.objects.get(child_key=iin(77)).slot == 0


def test_a_bell_passes_over_a_campaign_that_another_worker_is_at(monkeypatch):
    campaign = ten_children()
    reading, rung = Event(), Event()
    original = reconciliation.read_facts

    def slowly(*, campaign):
        reading.set()
        rung.wait(timeout=5)
        return original(campaign=campaign)

    def bell():
        reading.wait(timeout=5)
        runs = reconciliation.reconcile_all(at=DAY_TWO)
        rung.set()
        return runs

    monkeypatch.setattr(reconciliation, "read_facts", slowly)
    run, passed_over = together(lambda: reconcile(campaign=campaign, at=DAY_TWO), bell)

    assert passed_over == []
    assert run.rows_written == 10
