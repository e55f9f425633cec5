"""
A roster is a function of the set of facts (law 6), byte for byte, and every receipt ends (law 10).

Whole campaigns arrive in any way, with workers that die between any two transactions and with
confirmations in between; what stands in the end is compared with one run over a copy of all facts.
"""

from collections import Counter
from typing import Any

from django.db import transaction
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from enrollment.ledger import Column, ledger
from tests.country import ABAY, SATBAYEV
from tests.properties.campaigns import ENDS, PARTS, Asked, Ended, Story, World, deliveries, stories


class NothingDependsOnDelivery(TestCase):
    @settings(
        max_examples=12,
        deadline=None,
        print_blob=True,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(story=stories, data=st.data())
    def test_however_things_arrive_the_roster_is_that_of_one_run_over_all_of_them(
        self, story: Story, data: Any
    ) -> None:
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

        note(f"confirmed: {[str(row) for row in signatures]}")
        for part_of_it, value in at_once.items():
            assert however[part_of_it] == value, part_of_it


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
        empty: dict[str, Any] = dict.fromkeys(
            ("ended", "broken", "looked", "settled", "linked", "wished", "signed"), []
        )
        world = World(Story(asked=asked, **empty, is_everything_checked=True, brake=100))
        world.hand_in(world.of_part(0), at=ENDS[0])
        world.reconcile(at=ENDS[0])

        world.check()
        assert Counter(ledger(campaign=world.campaign).values()) == {Column.ON_ROSTERS: 3}
