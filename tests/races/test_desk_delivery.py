"""One desk's calls at the same instant, several workers at the same bell; each with the guard taken away."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from threading import Barrier, BrokenBarrierError, Thread

import pytest
from django.db import Error, connection, connections
from django.db.models import QuerySet

from cscdesk.models import Anchor, ChainLink, Entry, EntryOutcome, Nonce
from cscdesk.services import Replayed, authenticate, delivering, take_in_entries, taking_in
from cscdesk.services.calls import Call
from enrollment.models import Application
from tests.cscdesk.desks import Counter, at, nonce, request_of
from tests.factories import CampaignFactory, IntakeFactory

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]

CROWD = 4


@pytest.fixture
def counter():
    CampaignFactory()
    intake = IntakeFactory()
    counter = Counter()
    for n in range(20):
        counter.lodge(request_of(intake, n=n))
    return counter


def at_once(*jobs: Callable[[], object]) -> list[Exception]:
    """Run every job in a thread and connection of its own; what they raised."""
    raised: list[Exception] = []
    ready = Barrier(len(jobs))

    def run(job: Callable[[], object]) -> None:
        try:
            connection.ensure_connection()
            ready.wait()
            job()
        except Exception as error:  # noqa: BLE001 - the test looks at it
            raised.append(error)
        finally:
            connections.close_all()

    threads = [Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


@pytest.fixture
def meet(monkeypatch):
    """Hold every thread at a named point until all have come there, or a moment has passed."""

    def hold(module: object, name: str, *, before: bool) -> None:
        gate, real = Barrier(CROWD), getattr(module, name)

        def held(*args, **kwargs):
            found = None if before else real(*args, **kwargs)
            with suppress(BrokenBarrierError):  # with the guard they can never all be here
                gate.wait(timeout=0.5)
            return real(*args, **kwargs) if before else found

        monkeypatch.setattr(module, name, held)

    return hold


class TestTwoDeliveriesOfOneBatch:
    def test_store_and_link_it_once(self, counter, meet):
        meet(delivering, "_known", before=False)
        raised = at_once(*[lambda: counter.hand_in(at=at(5))] * CROWD)

        assert raised == []
        assert Entry.objects.count() == ChainLink.objects.count() == 21
        assert Anchor.objects.count() == CROWD

    def test_parts_of_it_hang_together_at_once(self, counter, meet):
        meet(delivering, "link_entries", before=True)
        assert at_once(*self.parts(counter)) == []

        assert ChainLink.objects.count() == 21

    def test_without_the_desks_lock_no_part_sees_the_other(self, counter, meet, monkeypatch):
        monkeypatch.setattr(QuerySet, "select_for_update", lambda rows, *_args, **_how: rows)
        meet(delivering, "link_entries", before=True)
        assert at_once(*self.parts(counter)) == []

        assert Entry.objects.count() == 21
        assert ChainLink.objects.count() < 21

    def parts(self, counter):
        cuts = [counter.written[n::CROWD] for n in range(CROWD)]
        return [partial(counter.hand_in, part, at=at(5)) for part in cuts]


class TestSeveralWorkersAtOneBell:
    def test_take_each_entry_in_once(self, counter, meet):
        counter.hand_in(at=at(5))
        meet(taking_in, "_store_all", before=True)
        raised = at_once(*[lambda: take_in_entries(at=at(6))] * CROWD)

        assert raised == []
        assert EntryOutcome.objects.count() == 21
        assert Application.objects.count() == 20
        assert not EntryOutcome.objects.filter(state="parked").exists()

    def test_without_taking_turns_they_stumble_over_each_other(self, counter, meet, monkeypatch):
        counter.hand_in(at=at(5))
        monkeypatch.setattr(taking_in, "_take_turns", lambda: None)
        meet(taking_in, "_store_all", before=True)
        raised = at_once(*[lambda: take_in_entries(at=at(6))] * CROWD)

        assert any(isinstance(error, Error) for error in raised)


class TestTwoCopiesOfOneCall:
    def call(self, counter):
        spent = nonce()
        headers = counter.headers("GET", "/x", b"", **{"Desk-Nonce": spent})
        return Call(
            method="GET",
            path="/x",
            query="",
            body=b"",
            desk=str(counter.desk.id),
            nonce=spent,
            signature=headers["Desk-Signature"],
        )

    def test_are_played_once(self, counter):
        call = self.call(counter)
        raised = at_once(*[lambda: authenticate(call=call, at=at(1))] * CROWD)

        assert [type(error) for error in raised] == [Replayed] * (CROWD - 1)

    def test_without_the_constraint_they_are_played_again(self, counter):
        call = self.call(counter)
        constraint = Nonce._meta.constraints[0]
        with connection.schema_editor() as editor:
            editor.remove_constraint(Nonce, constraint)
        try:
            assert at_once(*[lambda: authenticate(call=call, at=at(1))] * CROWD) == []
        finally:
            Nonce.objects.all().delete()
            with connection.schema_editor() as editor:
                editor.add_constraint(Nonce, constraint)
