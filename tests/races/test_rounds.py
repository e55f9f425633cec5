"""
Rounds under several hands: confirming while facts arrive, publishing, and the seed of a day.

Each guard has a control twin that takes it away and must fail.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta
from threading import Barrier, Event, current_thread
from typing import Any

import pytest
from django.db import connection, connections, transaction

from enrollment import reconciliation
from enrollment.agreement import find_children_with_two_places, find_roster_differences
from enrollment.models import DaySeed
from enrollment.reconciliation import reconcile
from enrollment.services import draws
from schools.models import (
    Account,
    Campaign,
    Confirmation,
    ConfirmedPlace,
    District,
    RosterEntry,
    RosterState,
)
from schools.services.confirming import AlreadyConfirmed, confirm_round
from schools.services.confirming import rounds as confirming_rounds
from schools.services.officials import add_official
from schools.services.publishing import FewerFactsRead
from tests.country import BOSTANDYK, DAY_TWO, OPENING, apply_at_desk, close_round, iin, make_country, request

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]
PATIENCE = 2
"""Seconds for which one side waits for another that a lock may hold back."""


@pytest.fixture
def campaign() -> Campaign:
    campaign = make_country(policy={"hold_unchecked": []})
    campaign.intakes.update(slots="TT")
    return campaign


def ask(child: int, *, minute: int) -> None:
    wanted = request(child=iin(child), applicant=iin(child, birth="850101"))
    apply_at_desk(wanted=wanted, at=DAY_TWO + timedelta(minutes=minute))


def official_of(campaign: Campaign, name: str) -> Account:
    region = District.objects.get(kato=BOSTANDYK).region
    return add_official(email=f"{name}@example.kz", full_name=name, region=region, at=OPENING).account


def confirm(campaign: Campaign, by: Account, *, at: datetime) -> Confirmation:
    district = District.objects.get(kato=BOSTANDYK)
    return confirm_round(campaign=campaign, district=district, official=by, at=at)


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


@contextmanager
def nobody_waits(*, year: int, wait: bool) -> Iterator[None]:
    with transaction.atomic():
        yield


class TestConfirming:
    """A winner arrives, and is reconciled, while an official's finger is on the button."""

    def confirmed_while_a_winner_arrives(self, campaign: Campaign, monkeypatch: pytest.MonkeyPatch) -> bool:
        """Whether the winner was confirmed; the confirmation names a set of facts without it."""
        # Bringing the roster up to date holds its row too; here only the lock stands between the two.
        monkeypatch.setattr(confirming_rounds, "_bring_up_to_date", lambda *_a, **_k: False)
        ask(1, minute=10)
        ask(2, minute=11)
        closing = close_round(campaign, 2)
        reconcile(campaign=campaign, at=closing)
        saule = official_of(campaign, "saule")
        looking, go_on = Event(), Event()

        def slowly(district: District) -> int:
            looking.set()
            go_on.wait(timeout=PATIENCE)
            return 0

        def winner() -> None:
            looking.wait(timeout=20)
            ask(3, minute=5)
            reconcile(campaign=campaign, at=closing)
            go_on.set()

        monkeypatch.setattr(confirming_rounds, "_still_to_take_in", slowly)
        known = bytes(RosterState.objects.get().facts_sha256)
        made, _none = together(lambda: confirm(campaign, saule, at=closing + timedelta(hours=1)), winner)
        assert made.facts_sha256 == known
        return ConfirmedPlace.objects.filter(child_key=iin(3)).exists()

    def test_gives_the_places_of_the_set_that_it_names(self, campaign, monkeypatch):
        assert not self.confirmed_while_a_winner_arrives(campaign, monkeypatch)

        reconcile(campaign=campaign, at=DAY_TWO)
        slots = dict(RosterEntry.objects.values_list("child_key", "slot"))
        assert slots == {iin(1): 0, iin(2): 1, iin(3): None}
        assert not find_roster_differences(campaign=campaign)

    def test_without_the_lock_it_gives_a_place_that_its_set_knows_nothing_of(self, campaign, monkeypatch):
        """The control."""
        monkeypatch.setattr(confirming_rounds, "one_run_at_a_time", nobody_waits)

        assert self.confirmed_while_a_winner_arrives(campaign, monkeypatch)

    def test_officials_families_and_workers_at_once_leave_one_confirmation_and_one_roster(self, campaign):
        ask(1, minute=10)
        closing = close_round(campaign, 2)
        reconcile(campaign=campaign, at=closing)
        saule, dina = official_of(campaign, "saule"), official_of(campaign, "dina")
        now = closing + timedelta(hours=1)

        answers = together(
            lambda: confirm(campaign, saule, at=now),
            lambda: confirm(campaign, dina, at=now),
            lambda: [ask(n, minute=n) for n in (2, 3, 4)],
            lambda: [reconcile(campaign=campaign, at=closing) for _ in range(4)],
            lambda: [reconcile(campaign=campaign, at=closing, recompute=True) for _ in range(2)],
        )

        kinds = sorted(type(answer).__name__ for answer in answers[:2])
        assert kinds == [AlreadyConfirmed.__name__, Confirmation.__name__]
        assert [answer for answer in answers[2:] if isinstance(answer, Exception)] == []
        reconcile(campaign=campaign, at=now)
        assert not find_roster_differences(campaign=campaign)
        assert not find_children_with_two_places(campaign=campaign)
        given = set(ConfirmedPlace.objects.values_list("child_key", "slot"))
        assert given
        assert set(RosterEntry.objects.filter(is_confirmed=True).values_list("child_key", "slot")) == given


class TestPublishing:
    """A worker that has read takes its time; meanwhile a winner arrives and another worker runs."""

    def run_with_a_slow_worker(
        self, campaign: Campaign, monkeypatch: pytest.MonkeyPatch, *, is_modest: bool = True
    ) -> list[Any]:
        ask(1, minute=10)
        ask(2, minute=11)
        close_round(campaign, 2)
        reading, go_on = Event(), Event()
        original = reconciliation.read_facts

        def slowly(**what: Any) -> Any:
            facts = original(**what)
            if "slow" not in current_thread().name:
                return facts
            reading.set()
            go_on.wait(timeout=PATIENCE)
            return facts if is_modest else replace(facts, count=10**6)

        def slow() -> Any:
            current_thread().name = "slow"
            return reconcile(campaign=campaign, at=DAY_TWO, recompute=True)

        def winner() -> Any:
            reading.wait(timeout=20)
            ask(3, minute=5)
            run = reconcile(campaign=campaign, at=DAY_TWO, recompute=True)
            go_on.set()
            return run

        monkeypatch.setattr(reconciliation, "read_facts", slowly)
        return together(slow, winner)

    def test_what_was_read_first_is_published_first(self, campaign, monkeypatch):
        slow, other = self.run_with_a_slow_worker(campaign, monkeypatch)

        assert slow.facts + 1 == other.facts == RosterState.objects.get().facts_read
        assert RosterEntry.objects.get(child_key=iin(3)).slot == 0
        assert not find_roster_differences(campaign=campaign)

    def test_without_the_lock_the_one_that_knows_less_is_refused(self, campaign, monkeypatch):
        monkeypatch.setattr(reconciliation, "one_run_at_a_time", nobody_waits)

        slow, other = self.run_with_a_slow_worker(campaign, monkeypatch)

        assert isinstance(slow, FewerFactsRead)
        assert RosterState.objects.get().facts_read == other.facts
        assert RosterEntry.objects.get(child_key=iin(3)).slot == 0

    def test_without_the_lock_and_the_count_the_winner_is_forgotten(self, campaign, monkeypatch):
        """The control."""
        monkeypatch.setattr(reconciliation, "one_run_at_a_time", nobody_waits)

        self.run_with_a_slow_worker(campaign, monkeypatch, is_modest=False)

        assert not RosterEntry.objects.filter(child_key=iin(3)).exists()
        assert find_roster_differences(campaign=campaign)


class TestTheSeedOfADay:
    """Two workers make the seed of one day at once, both having seen none."""

    DAY = date(2027, 4, 1)

    def make_at_once(self, campaign: Campaign, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
        midnight = close_of(self.DAY)
        draws.commit_draw(
            campaign=campaign, public_source="the lottery", length=200, at=OPENING - timedelta(days=1)
        )
        draws.enter_public_value(
            campaign=campaign, date=self.DAY, value="17 4 22", entered_by=("A. One", "B. Two"), at=midnight
        )
        meet, original = Barrier(2), DaySeed.save

        def save_together(self: DaySeed, *args: Any, **more: Any) -> None:
            meet.wait(timeout=20)
            original(self, *args, **more)

        monkeypatch.setattr(DaySeed, "save", save_together)

        def make() -> DaySeed:
            return draws.make_day_seed(campaign=campaign, date=self.DAY, at=midnight)

        return together(make, make)

    def test_is_made_once(self, campaign, monkeypatch):
        one, other = self.make_at_once(campaign, monkeypatch)

        assert one == other == DaySeed.objects.get()

    def test_without_the_constraint_a_day_has_two_seeds(self, campaign, monkeypatch):
        """The control."""
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE enrollment_dayseed DROP CONSTRAINT a_day_has_one_seed")
        try:
            self.make_at_once(campaign, monkeypatch)

            assert DaySeed.objects.count() == 2
        finally:
            with connection.cursor() as cursor:
                cursor.execute("TRUNCATE enrollment_dayseed")
                cursor.execute(
                    "ALTER TABLE enrollment_dayseed ADD CONSTRAINT a_day_has_one_seed UNIQUE (campaign_id, date)"
                )


def close_of(day: date) -> datetime:
    return draws.end_of(day)
