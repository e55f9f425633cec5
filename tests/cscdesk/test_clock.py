"""Whose clock: the bounds of an entry, and the wall clock within them."""

from datetime import datetime, timedelta
from itertools import permutations

import pytest

from cscdesk.clock import Bounds, Given, Sight, bounded, bounds, lower_bound
from tests.cscdesk.journals import NINE


def at(minute: int) -> datetime:
    return NINE + timedelta(minutes=minute)


class TestBounded:
    @pytest.mark.parametrize(
        ("wall", "counts_as"), [(-40, 0), (-1, 0), (0, 0), (7, 7), (15, 15), (16, 15), (900, 15)]
    )
    def test_the_wall_clock_is_believed_between_anchor_and_first_sight(self, wall, counts_as):
        assert bounded(wall=at(wall), not_before=at(0), first_sight=at(15)) == at(counts_as)

    def test_without_an_anchor_a_late_clock_goes_back_as_far_as_it_says(self):
        assert bounded(wall=at(-40), not_before=None, first_sight=at(15)) == at(-40)
        assert bounded(wall=at(40), not_before=None, first_sight=at(15)) == at(15)


class TestLowerBound:
    def test_the_newest_anchor_before_counts(self):
        assert lower_bound(parent_lower=at(1), anchors=[at(3), at(2)], first_sight=at(9)) == at(3)

    def test_an_anchor_given_after_the_entry_was_known_says_nothing(self):
        assert lower_bound(parent_lower=at(1), anchors=[at(9), at(10)], first_sight=at(9)) == at(1)
        assert lower_bound(parent_lower=None, anchors=[at(9)], first_sight=at(9)) is None


class TestBounds:
    def test_a_chain_takes_the_anchors_against_what_lies_before(self):
        found = bounds(
            entries=[
                Sight("start", None, at(1)),
                Sight("lodge", "start", at(20)),
                Sight("close", "lodge", at(30)),
            ],
            anchors=[
                Given("start", at(2)),
                Given("start", at(3)),
                Given("lodge", at(21)),
                Given("close", at(31)),
            ],
        )

        assert found == {
            "start": Bounds(None, at(1)),
            "lodge": Bounds(at(3), at(20)),
            "close": Bounds(at(21), at(30)),
        }

    def test_what_came_after_was_there_first_then_so_was_this(self):
        found = bounds(
            entries=[
                Sight("start", None, at(1)),
                Sight("lodge", "start", at(30)),
                Sight("close", "lodge", at(20)),
            ],
            anchors=[Given("start", at(2)), Given("start", at(25))],
        )

        assert found["lodge"] == Bounds(at(2), at(20))

    def test_a_desk_that_goes_on_stating_an_old_head_dates_nothing_back(self):
        found = bounds(
            entries=[
                Sight("start", None, at(1)),
                Sight("lodge", "start", at(10)),
                Sight("late", "lodge", at(500)),
            ],
            anchors=[Given("start", at(minute)) for minute in range(2, 500)],
        )

        assert found["lodge"].not_before == at(9)
        assert found["late"].not_before == at(499)

    def test_branches_do_not_bound_each_other(self):
        found = bounds(
            entries=[
                Sight("start", None, at(1)),
                Sight("one", "start", at(10)),
                Sight("two", "start", at(60)),
                Sight("after one", "one", at(40)),
                Sight("after two", "two", at(70)),
            ],
            anchors=[Given("start", at(2)), Given("one", at(30)), Given("two", at(65))],
        )

        assert {name: bound.not_before for name, bound in found.items()} == {
            "start": None,
            "one": at(2),
            "two": at(2),
            "after one": at(30),
            "after two": at(65),
        }

    def test_a_start_after_a_lost_head_is_bound_by_anchors_against_that_head(self):
        found = bounds(
            entries=[Sight("start", "lost", at(20))], anchors=[Given("lost", at(5)), Given("other", at(6))]
        )

        assert found == {"start": Bounds(at(5), at(20))}

    def test_an_anchor_against_no_head_says_nothing(self):
        assert bounds(entries=[Sight("start", None, at(9))], anchors=[Given(None, at(5))]) == {
            "start": Bounds(None, at(9))
        }

    def test_order_and_repetition_change_nothing(self):
        entries = [
            Sight("start", None, at(1)),
            Sight("one", "start", at(10)),
            Sight("two", "start", at(60)),
            Sight("one", "start", at(12)),
        ]
        anchors = [Given("start", at(2)), Given("start", at(11)), Given("start", at(2)), Given("one", at(30))]
        expected = bounds(entries=entries, anchors=anchors)

        assert expected["one"] == Bounds(at(2), at(10))
        for shuffled in permutations(entries):
            assert bounds(entries=shuffled, anchors=reversed(anchors)) == expected

    def test_a_long_journal_needs_no_recursion(self):
        entries = [Sight(str(n), str(n - 1), at(n)) for n in range(1, 5000)]

        found = bounds(entries=entries, anchors=[Given(str(n), at(n)) for n in range(4998)])

        assert found["4999"] == Bounds(at(4997), at(4999))
