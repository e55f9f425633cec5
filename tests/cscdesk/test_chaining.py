"""Linking as entries come: the same bounds as `cscdesk.clock.bounds` says of the whole journal."""

import pytest

from cscdesk.entry import Head
from cscdesk.models import ChainLink
from tests.cscdesk.desks import Counter, anchor_of, at
from tests.factories import CampaignFactory
from tests.properties.test_desk_centre import compare_with_the_reference, head_of

pytestmark = pytest.mark.django_db
NOWHERE = Head(seq=99, sha256="0" * 64)


@pytest.fixture
def counter():
    CampaignFactory()
    counter = Counter()
    counter.open()
    counter.open()
    return counter


@pytest.fixture
def hand_in(counter):
    """Deliver entries by their place in the journal, stating a head by its place, or none that is known."""

    def deliver(*places, minute, head=None):
        stated = NOWHERE if head is None else head_of(counter.written[head])
        answer = counter.hand_in([counter.written[place] for place in places], at=at(minute), head=stated)
        compare_with_the_reference(counter)
        return answer

    return deliver


def bounds_of(counter, place):
    link = ChainLink.objects.get(entry__sha256=counter.written[place].sha256)
    return link.not_before, link.first_sight


def test_a_head_that_was_stated_before_it_came_bounds_what_follows(counter, hand_in):
    hand_in(0, minute=1, head=1)
    hand_in(1, minute=2)
    hand_in(2, minute=3)
    assert bounds_of(counter, 2) == (at(1), at(3))


def test_an_old_head_stated_again_bounds_what_comes_later(counter, hand_in):
    hand_in(0, 1, minute=1, head=1)
    hand_in(minute=50, head=0)
    hand_in(2, minute=60)
    assert bounds_of(counter, 2) == (at(50), at(60))


def test_an_anchor_given_to_another_branch_says_nothing(counter, hand_in):
    counter.open(after=head_of(counter.written[0]))
    hand_in(0, 1, 3, minute=1, head=1)
    hand_in(minute=50, head=3)
    hand_in(2, minute=60)
    assert bounds_of(counter, 2) == (at(1), at(60))


def test_what_waited_behind_a_gap_keeps_its_first_sight(counter, hand_in):
    hand_in(0, 2, minute=1, head=0)
    assert ChainLink.objects.count() == 1
    hand_in(1, minute=9)
    assert bounds_of(counter, 1) == bounds_of(counter, 2) == (None, at(1))


class TestStarts:
    @pytest.fixture(autouse=True)
    def _restarted(self, counter):
        counter.epoch = "epoch-2"
        counter.start()
        counter.open()

    def test_a_start_inherits_what_bounds_the_head_that_it_names(self, counter, hand_in):
        hand_in(0, minute=1, head=0)
        hand_in(1, 2, minute=5)
        hand_in(3, minute=9)
        assert bounds_of(counter, 3) == (at(1), at(9))

    def test_also_when_both_come_in_one_call(self, counter, hand_in):
        hand_in(0, minute=1, head=0)
        hand_in(3, 2, 1, minute=5)
        assert bounds_of(counter, 3) == (at(1), at(5))

    def test_a_start_waits_for_nothing_and_is_bound_by_the_head_that_it_names(self, counter, hand_in):
        hand_in(minute=1, head=2)
        hand_in(minute=2, head=1)
        answer = hand_in(3, 4, minute=5)

        assert bounds_of(counter, 3) == bounds_of(counter, 4) == (at(1), at(5))
        assert anchor_of(answer)["stored_through"] is None

    def test_a_start_is_a_sight_of_the_head_that_it_names(self, counter, hand_in):
        hand_in(3, minute=5)
        hand_in(0, 1, 2, minute=20)
        assert bounds_of(counter, 2) == bounds_of(counter, 0) == (None, at(5))

    def test_an_old_head_of_the_epoch_before_bounds_what_comes_later(self, counter, hand_in):
        hand_in(0, 1, 2, 3, minute=1, head=3)
        hand_in(minute=50, head=0)
        hand_in(4, minute=60)
        assert bounds_of(counter, 4) == (at(50), at(60))

    def test_but_not_through_a_start_that_came_before_its_head(self, counter, hand_in):
        hand_in(3, minute=1)
        hand_in(0, 1, 2, minute=2)
        hand_in(minute=50, head=0)
        hand_in(4, minute=60)
        assert bounds_of(counter, 4) == (None, at(60))
        counter.open()
        hand_in(minute=70, head=2)
        hand_in(5, minute=80)
        assert bounds_of(counter, 5) == (at(70), at(80))
