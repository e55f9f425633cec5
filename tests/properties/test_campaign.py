"""
A roster is a function of the set of facts (law 6), byte for byte, and every receipt ends (law 10).

Whole campaigns arrive in any way, with workers that die between any two transactions and with
confirmations in between; what stands in the end is compared with one run over a copy of all facts.
"""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.db import connections, transaction
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from enrollment.ledger import Column, ledger
from enrollment.reconciliation import reconcile
from enrollment.services import draws
from enrollment.services.checking import record_check
from schools.models import RosterEntry
from schools.rules import Refusal
from tests.country import ABAY, OPENING, SATBAYEV
from tests.properties.campaigns import (
    DISTRICTS,
    ENDS,
    PARTS,
    Asked,
    Ended,
    Story,
    World,
    deliveries,
    stories,
)

NIGHT = ENDS[0] + timedelta(days=5)


def examples(count: int) -> settings:
    return settings(
        max_examples=count,
        deadline=None,
        print_blob=True,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )


def compare_with_one_run(story: Story, data: Any) -> None:
    """However things arrive the roster is that of one run over all of them."""
    world = World(story)
    with transaction.atomic():
        for part in range(PARTS):
            world.live(part, data.draw(deliveries(len(world.of_part(part)))))
            if part < PARTS - 1:
                world.sign(part, story.signed[part])
        world.release(at=ENDS[-1])
        signatures = world.signatures()
        however = world.outcome()
        transaction.set_rollback(True)

    world.most_read = 0
    for part in range(PARTS):
        world.hand_in(world.of_part(part), at=ENDS[part])
        world.take_in(at=ENDS[part])
    world.take_over(signatures)
    world.reconcile(at=ENDS[-1])
    at_once = world.outcome()

    note(f"signed: {[str(row) for row in signatures]}")
    for part_of_it, value in at_once.items():
        assert however[part_of_it] == value, part_of_it


class NothingDependsOnDelivery(TestCase):
    @examples(8)
    @given(story=stories, data=st.data())
    def test_however_things_arrive_the_roster_is_that_of_one_run(self, story: Story, data: Any) -> None:
        compare_with_one_run(story, data)

    @pytest.mark.slow
    @examples(100)
    @given(story=stories, data=st.data())
    def test_however_things_arrive_at_length(self, story: Story, data: Any) -> None:
        compare_with_one_run(story, data)


def two_with_one_number(world: World) -> tuple[list[int], int]:
    """The applications of desk 0 and of its copy, and the withdrawal that names their number alone."""
    entries = [i for i, fact in enumerate(world.facts) if fact.entry is not None and fact.entry[0] == 0]
    return entries[:-1], entries[-1]


class AWithdrawalByNumberAlone(TestCase):
    """After a clone two applications bear one number: which of them came first must not matter."""

    STORY = Story(
        asked=[
            Asked(1, 0, (ABAY,), True, False, 0, 0, None, 0),
            Asked(2, 0, (ABAY,), True, False, None, 0, None, 0),
            Asked(3, 0, (ABAY,), True, False, None, 0, None, 0),
            Asked(4, 0, (ABAY,), True, False, 2, 0, None, 0),
        ],
        ended=[Ended("withdrawal", 0, True, 0, 0, 5, 0)],
        broken=[], looked=[], settled=[], linked=[], wished=[], signed=[], is_everything_checked=True,
        brake=100,
    )  # fmt: skip

    def test_means_the_same_whenever_its_applications_arrive(self) -> None:
        world = World(self.STORY)
        outcomes = []
        rest = [i for i, fact in enumerate(world.facts) if fact.part == 0 and fact.entry is None]
        applications, withdrawal = two_with_one_number(world)
        for order in ([applications, [withdrawal]], [applications[:2], [withdrawal], applications[2:]]):
            with transaction.atomic():
                for indices in (rest, *order):
                    world.hand_in(indices, at=ENDS[0])
                    world.take_in(at=ENDS[0])
                world.settle(0)
                world.reconcile(at=ENDS[0])
                outcomes.append(world.outcome())
                transaction.set_rollback(True)

        assert outcomes[0] == outcomes[1]


class APlaceAtTheSecondChoice(TestCase):
    """The child also waits at its first one: of its two lines the place counts, whichever row is read last."""

    def test_ends_on_rosters(self) -> None:
        asked = [
            Asked(n, 0, choices, True, False, None, n, None, 0)
            for n, choices in enumerate([(ABAY,), (ABAY,), (ABAY, SATBAYEV)], start=1)
        ]
        world = World(
            Story(
                asked=asked, ended=[], broken=[], looked=[], settled=[], linked=[], wished=[], signed=[],
                is_everything_checked=True, brake=100,
            )
        )  # fmt: skip
        world.hand_in(world.of_part(0), at=ENDS[0])
        world.reconcile(at=ENDS[0])

        world.check()
        assert Counter(ledger(campaign=world.campaign).values()) == {Column.ON_ROSTERS: 3}


class Workers(RuleBasedStateMachine):
    """Both doors, several workers and officials at once on one database; between the storms all must agree."""

    world: World

    @initialize(story=stories)
    def begin(self, story: Story) -> None:
        call_command("flush", verbosity=0, interactive=False, inhibit_post_migrate=True)
        self.world = World(story)
        self.days = 0
        draws.commit_draw(
            campaign=self.world.campaign,
            public_source="the lottery",
            length=200,
            at=OPENING - timedelta(days=1),
        )

    @rule(
        brought=st.lists(st.integers(0, 40), max_size=8),
        workers=st.lists(
            st.sampled_from(("take in", "reconcile", "recompute", "seeds", "confirm", "confirm", "check")),
            min_size=1,
            max_size=4,
        ),
    )
    def storm(self, brought: list[int], workers: list[str]) -> None:
        facts = [i for i, fact in enumerate(self.world.facts) if fact.seed is None]
        handed_in = [facts[n % len(facts)] for n in brought]
        work = {
            "take in": lambda: self.world.take_in(limit=2, at=NIGHT),
            "reconcile": lambda: self.world.reconcile(at=NIGHT),
            "recompute": lambda: reconcile(campaign=self.world.campaign, at=NIGHT, recompute=True),
            "seeds": self.make_seeds,
            "confirm": lambda: [self.world.confirm(kato, at=NIGHT) for kato in DISTRICTS],
            "check": self.look,
        }
        self.days += 1
        together(
            lambda: self.world.hand_in(handed_in[::2], at=NIGHT),
            lambda: self.world.hand_in(handed_in[1::2], at=NIGHT),
            *(work[name] for name in workers),
        )
        self.world.take_in(at=NIGHT)
        self.world.reconcile(at=NIGHT)
        self.world.check()

    def make_seeds(self) -> None:
        for day in range(min(2 * self.days, 6)):
            date = OPENING.date() + timedelta(days=day)
            draws.enter_public_value(
                campaign=self.world.campaign,
                date=date,
                value=f"{day}",
                entered_by=("A. One", "B. Two"),
                at=NIGHT,
            )
        draws.make_due_seeds(at=NIGHT)

    def look(self) -> None:
        for n, entry in enumerate(RosterEntry.objects.order_by("application_id")[:2]):
            record_check(
                check_id=uuid4(), application_id=entry.application_id, subject=("relation", "address")[n],
                agrees=True, basis="a document", official=self.world.officials[0], at=NIGHT,
            )  # fmt: skip


def together(*jobs: Callable[[], Any]) -> None:
    """Run jobs in threads that start at once; what one raises is raised, but for refusals."""
    barrier = Barrier(len(jobs))

    def one(job: Callable[[], Any]) -> None:
        barrier.wait()
        try:
            with suppress(Refusal):
                job()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(jobs)) as pool:
        for future in [pool.submit(one, job) for job in jobs]:
            future.result()


def run_workers(*, examples: int, steps: int) -> None:
    run_state_machine_as_test(
        Workers,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_doors_workers_and_officials_at_once_agree_in_the_end() -> None:
    run_workers(examples=2, steps=4)


@pytest.mark.slow
@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_doors_workers_and_officials_at_once_agree_at_length() -> None:
    run_workers(examples=15, steps=8)
