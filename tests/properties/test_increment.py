"""What is computed of a part equals the whole: after every delivery, not only in the end."""

from datetime import timedelta
from typing import Any
from unittest.mock import patch

import numpy as np
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from enrollment import reconciliation
from enrollment.agreement import find_harmed_differences, find_roster_differences, roster_again
from enrollment.reconciliation.columns import connected, in_lists, padded
from enrollment.reconciliation.plainly import place_plainly
from schools.placement import place_columns
from tests.bench.nations import nation
from tests.properties.campaigns import ENDS, PARTS, Story, World, stories

PROFILE = settings(
    max_examples=8,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def agrees(world: World) -> None:
    """What stands in the tables is what the facts make from nothing, by the plain placement."""
    again = roster_again(campaign=world.campaign)
    assert not find_roster_differences(campaign=world.campaign, again=again)
    assert not find_harmed_differences(campaign=world.campaign, again=again)


class APartIsTheWhole(TestCase):
    @PROFILE
    @given(story=stories, data=st.data())
    def test_after_every_delivery(self, story: Story, data: Any) -> None:
        world = World(story)
        for part in range(PARTS):
            order = data.draw(st.permutations(world.of_part(part)))
            for n, fact in enumerate(order):
                world.hand_in([fact], at=ENDS[part])
                world.take_in(at=ENDS[part])
                if n % 3 == 2:
                    world.reconcile(at=ENDS[part] + timedelta(minutes=n))
                    agrees(world)
            world.settle(part)
            world.reconcile(at=ENDS[part] + timedelta(days=4))
            agrees(world)
            if part < PARTS - 1:
                world.sign(part, story.signed[part])
                agrees(world)

    def test_a_part_is_computed_at_all(self) -> None:
        """Without this the property above could compare wholes with wholes."""
        found: list[object] = []

        def increment(**how: Any) -> object:
            found.append(real(**how))
            return found[-1]

        real = reconciliation.increment

        @settings(PROFILE, max_examples=3)
        @given(story=stories)
        def lives(story: Story) -> None:
            with transaction.atomic():
                world = World(story)
                for part in range(PARTS):
                    for fact in world.of_part(part):
                        world.hand_in([fact], at=ENDS[part])
                        world.take_in(at=ENDS[part])
                        world.reconcile(at=ENDS[part])
                transaction.set_rollback(True)

        with patch.object(reconciliation, "increment", increment):
            lives()
        assert any(found)


def test_a_nation_is_placed_alike_by_components() -> None:
    columns = nation(2_000, seed=7)

    for hold_territory in (False, True):
        fast = place_columns(columns, hold_territory=hold_territory)
        plain = place_plainly(columns, hold_territory=hold_territory)

        for name in ("intake", "slot", "row", "reserve", "reserve_starts"):
            assert np.array_equal(getattr(fast, name), getattr(plain, name)), name


@given(st.lists(st.lists(st.integers(0, 11), min_size=1, max_size=3, unique=True), max_size=12))
def test_components_are_what_can_be_reached(children: list[list[int]]) -> None:
    child = np.repeat(np.arange(len(children)), [*map(len, children)]).astype(np.int64)
    intake = np.array([one for its in children for one in its], np.int64)
    reached = [{one} for one in range(12)]
    for _again in range(12):
        for its in children:
            together = set().union(*(reached[one] for one in its))
            for one in together:
                reached[one] = reached[one] | together

    assert connected(child, intake, 12) == [min(its) for its in reached]


def test_names_without_an_index_and_repeated_ones_are_left_out() -> None:
    found = padded([("b", "x", "a"), ("a", "a"), ()], index={"a": 0, "b": 1})

    assert [[one for one in row if one >= 0] for row in found.tolist()] == [[1, 0], [0], []]


def test_lists_stand_by_slot_and_then_by_line() -> None:
    columns = nation(2_000, seed=3)
    placed = place_columns(columns, hold_territory=False)

    rows, at_intake = in_lists(columns, placed)

    turns = columns.child[rows]
    waits = placed.row[turns] != rows
    slots = np.where(waits, 0, placed.slot[turns])
    is_outside = waits & ~columns.is_territory[rows]
    moments = np.where(waits, columns.moment[rows], 0)
    assert np.array_equal(
        np.lexsort((turns, moments, is_outside, slots, waits, at_intake)), np.arange(len(rows))
    )
