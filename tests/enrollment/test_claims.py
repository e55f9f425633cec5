"""Whose application counts: who stands, what is contested, what a person settled, since when."""

from datetime import datetime
from uuid import UUID

import pytest

from enrollment.claims import Claim, Ending, Lodged, Retracted, standing_claims
from tests.enrollment.one_family import (
    AIDAR,
    DANA,
    DESK,
    FAR,
    FATHER,
    GRANDMOTHER,
    MOTHER,
    NEAR,
    at,
    ending,
    ids,
    lodged,
    of,
    void,
    withdrawal,
)

# Who stands


def test_one_application_stands():
    standing = standing_claims([lodged(1, at(9, 5))], [])
    assert of(standing) == Claim(
        application_id=UUID(int=1),
        choices=NEAR,
        arrived_at=at(9, 5),
        first_arrival_at=at(9, 5),
        linked=frozenset(),
        contested=frozenset(),
        since=at(9, 5),
        is_proven=False,
    )
    assert standing.endings == {UUID(int=1): Ending.STANDING}


def test_among_equals_the_earliest_stands_and_the_others_are_linked():
    standing = standing_claims([lodged(1, at(10)), lodged(2, at(9), person=FATHER)], [])
    assert of(standing).application_id == UUID(int=2)
    assert of(standing).linked == ids(1)
    assert ending(standing, 1) is Ending.LINKED


def test_at_the_same_instant_the_smaller_id_stands():
    assert of(standing_claims([lodged(2, at(9)), lodged(1, at(9))], [])).application_id == UUID(int=1)


def test_proven_people_go_before_merely_claimed_ones():
    standing = standing_claims(
        [lodged(1, at(9), person=GRANDMOTHER, choices=FAR), lodged(2, at(11), proven=True)], []
    )
    assert of(standing).application_id == UUID(int=2)
    assert of(standing).choices == NEAR
    assert of(standing).arrived_at == at(11)
    assert of(standing).contested == frozenset()


def test_the_grandmothers_early_arrival_is_not_lost_to_the_mothers_late_one():
    standing = standing_claims([lodged(1, at(9, 5), person=GRANDMOTHER), lodged(2, at(11), proven=True)], [])
    assert of(standing).application_id == UUID(int=2)
    assert of(standing).arrived_at == at(9, 5)


def test_an_arrival_with_other_choices_is_not_given_but_dates_the_draw():
    standing = standing_claims(
        [lodged(1, at(9), person=GRANDMOTHER, choices=FAR), lodged(2, at(11, day=3), proven=True)], []
    )
    assert of(standing).arrived_at == at(11, day=3)
    assert of(standing).first_arrival_at == at(9)


def test_the_order_of_choices_is_part_of_them():
    ranked = (NEAR[0], FAR[0])
    standing = standing_claims(
        [
            lodged(1, at(9), choices=ranked[::-1], person=GRANDMOTHER),
            lodged(2, at(11), choices=ranked, proven=True),
        ],
        [],
    )
    assert of(standing).arrived_at == at(11)


def test_children_do_not_mix():
    standing = standing_claims([lodged(1, at(9)), lodged(2, at(10), child=DANA)], [])
    assert of(standing, AIDAR).application_id == UUID(int=1)
    assert of(standing, DANA).application_id == UUID(int=2)


# Contested


def test_two_proven_people_with_different_choices_are_contested_and_the_earliest_counts():
    standing = standing_claims(
        [
            lodged(1, at(10), proven=True),
            lodged(2, at(9), person=FATHER, choices=FAR, proven=True),
            lodged(3, at(8)),
        ],
        [],
    )
    assert of(standing).application_id == UUID(int=2)
    assert of(standing).contested == ids(1, 2)
    assert [ending(standing, n) for n in (1, 2, 3)] == [Ending.CONTESTED, Ending.CONTESTED, Ending.LINKED]


def test_two_proven_people_with_the_same_choices_are_asked_nothing():
    standing = standing_claims(
        [lodged(1, at(10), proven=True), lodged(2, at(9), person=FATHER, proven=True)], []
    )
    assert of(standing).contested == frozenset()


def test_one_proven_person_with_two_choices_is_no_contest():
    standing = standing_claims(
        [lodged(1, at(9), proven=True), lodged(2, at(10), choices=FAR, proven=True)], []
    )
    assert of(standing).application_id == UUID(int=1)
    assert of(standing).contested == frozenset()


def test_a_contest_ends_when_one_of_the_two_withdraws():
    both = [lodged(1, at(9), proven=True), lodged(2, at(10), person=FATHER, choices=FAR, proven=True)]
    standing = standing_claims(both, [withdrawal(1, at(12))])
    assert of(standing).application_id == UUID(int=2)
    assert of(standing).contested == frozenset()
    assert ending(standing, 1) is Ending.WITHDRAWN


# Checks


def test_what_a_check_agrees_with_is_proven():
    both = [lodged(1, at(9), person=GRANDMOTHER, choices=FAR), lodged(2, at(11))]
    assert not of(standing_claims(both, [])).is_proven
    standing = standing_claims(both, [], checked=ids(2))
    assert of(standing).application_id == UUID(int=2)
    assert of(standing).is_proven


def test_a_correction_of_what_was_checked_stays_proven():
    standing = standing_claims(
        [lodged(1, at(9)), lodged(2, at(8), person=GRANDMOTHER, choices=FAR), lodged(3, at(10), replaces=1)],
        [],
        checked=ids(1),
    )
    assert of(standing).application_id == UUID(int=3)
    assert of(standing).is_proven


def test_another_persons_correction_at_the_desk_is_not_proven_by_the_first_check():
    first = lodged(1, at(9), person=FATHER, desk=DESK, seq=1)
    standing = standing_claims([first, lodged(2, at(10), replaces=1, desk=DESK, seq=2)], [], checked=ids(1))
    assert not of(standing).is_proven


def test_the_standing_application_says_whether_it_is_proven_not_a_linked_one():
    standing = standing_claims([lodged(1, at(9), proven=True), lodged(2, at(8), person=GRANDMOTHER)], [])
    assert of(standing).application_id == UUID(int=1)
    assert of(standing).is_proven
    assert not of(standing_claims([lodged(2, at(8), person=GRANDMOTHER)], [])).is_proven


# Settled contests

CONTEST = [
    lodged(1, at(9), proven=True),
    lodged(2, at(10), person=FATHER, choices=FAR, proven=True),
]


def settled(*decisions: tuple[int, datetime]) -> dict[UUID, datetime]:
    return {UUID(int=key): decided_at for key, decided_at in decisions}


def test_the_application_that_a_person_decided_for_counts():
    standing = standing_claims(CONTEST, [], settled=settled((2, at(12))))
    assert of(standing).application_id == UUID(int=2)
    assert (of(standing).choices, of(standing).arrived_at) == (FAR, at(10))
    assert of(standing).contested == frozenset()
    assert [ending(standing, n) for n in (1, 2)] == [Ending.LINKED, Ending.STANDING]


def test_of_two_decisions_the_later_counts():
    for first, second, counts in ((11, 12, 2), (12, 11, 1)):
        standing = standing_claims(CONTEST, [], settled=settled((1, at(first)), (2, at(second))))
        assert of(standing).application_id == UUID(int=counts)


def test_of_two_decisions_at_one_instant_that_for_the_larger_id_counts():
    standing = standing_claims(CONTEST, [], settled=settled((1, at(12)), (2, at(12))))
    assert of(standing).application_id == UUID(int=2)


def test_a_decision_for_what_is_withdrawn_counts_no_longer():
    standing = standing_claims(CONTEST, [withdrawal(2, at(13), person=FATHER)], settled=settled((2, at(12))))
    assert of(standing).application_id == UUID(int=1)
    assert of(standing).contested == frozenset()


def test_a_new_wish_of_another_proven_person_opens_the_contest_again():
    guardian = lodged(3, at(14), person="guardian", choices=FAR, proven=True)
    standing = standing_claims([*CONTEST, guardian], [], settled=settled((1, at(12))))
    assert of(standing).application_id == UUID(int=1)
    assert of(standing).contested == ids(1, 3)
    assert [ending(standing, n) for n in (1, 2, 3)] == [Ending.CONTESTED, Ending.LINKED, Ending.CONTESTED]


def test_what_was_lodged_before_the_decision_and_arrives_later_is_covered_by_it():
    guardian = lodged(3, at(12), person="guardian", choices=FAR, proven=True)
    standing = standing_claims([*CONTEST, guardian], [], settled=settled((1, at(12))))
    assert of(standing).contested == frozenset()


@pytest.mark.parametrize(
    "later",
    [
        lodged(3, at(14), person=FATHER, choices=FAR, proven=True),
        lodged(3, at(14), person=FATHER, choices=FAR, replaces=2),
        lodged(3, at(14), person=MOTHER, choices=FAR, proven=True),
        lodged(3, at(14), person="guardian", choices=FAR),
        lodged(3, at(14), person="guardian", choices=NEAR, proven=True),
    ],
    ids=["the same wish again", "its correction", "who won", "a merely claimed one", "the same schools"],
)
def test_a_settled_contest_stays_settled(later: Lodged):
    standing = standing_claims([*CONTEST, later], [], settled=settled((1, at(12))))
    assert of(standing).application_id == UUID(int=1)
    assert of(standing).contested == frozenset()


def test_another_wish_of_the_one_who_lost_opens_it_again():
    later = lodged(3, at(14), person=FATHER, choices=FAR + NEAR, proven=True)
    standing = standing_claims([*CONTEST, later], [], settled=settled((1, at(12))))
    assert of(standing).contested == ids(1, 3)


def test_a_decision_follows_a_correction_that_leaves_child_person_and_choices_alone():
    corrected = lodged(3, at(14), person=FATHER, choices=FAR, replaces=2)
    standing = standing_claims([*CONTEST, corrected], [], settled=settled((2, at(12))))
    assert of(standing).application_id == UUID(int=3)
    assert of(standing).arrived_at == at(10)
    assert of(standing).contested == frozenset()


def test_a_decision_for_a_correction_follows_its_own_correction():
    father = [
        lodged(2, at(10), person=FATHER, proven=True),
        lodged(3, at(11), person=FATHER, choices=FAR, replaces=2),
        lodged(4, at(13), person=FATHER, choices=FAR, replaces=3),
    ]
    standing = standing_claims([CONTEST[0], *father], [], settled=settled((3, at(12))))
    assert of(standing).application_id == UUID(int=4)
    assert of(standing).contested == frozenset()


def test_a_decision_does_not_follow_a_correction_to_another_choice():
    changed = lodged(3, at(14), person=FATHER, choices=FAR + NEAR, replaces=2)
    standing = standing_claims([*CONTEST, changed], [], settled=settled((2, at(12))))
    assert of(standing).application_id == UUID(int=1)
    assert of(standing).contested == ids(1, 3)


def test_a_decision_about_another_child_changes_nothing():
    dana = lodged(7, at(9), child=DANA)
    standing = standing_claims([*CONTEST, dana], [], settled=settled((7, at(12)), (99, at(12))))
    assert of(standing).contested == ids(1, 2)
    assert of(standing, DANA).application_id == UUID(int=7)


# Since when


def test_a_claim_is_as_old_as_its_oldest_living_application():
    standing = standing_claims(
        [lodged(1, at(9), person=GRANDMOTHER, choices=FAR), lodged(2, at(11), proven=True)], []
    )
    assert of(standing).since == at(9)
    assert of(standing).arrived_at == at(11)


def test_a_correction_to_another_choice_is_still_the_same_claim():
    standing = standing_claims([lodged(1, at(9)), lodged(2, at(15), choices=FAR, replaces=1)], [])
    assert of(standing).since == at(9)
    assert of(standing).arrived_at == at(15)


@pytest.mark.parametrize("taken_back", [withdrawal(1, at(12)), void(1, stands=True), void(1)])
def test_what_is_withdrawn_or_void_does_not_date_the_claim(taken_back: Retracted):
    standing = standing_claims([lodged(1, at(9)), lodged(2, at(15), replaces=1)], [taken_back])
    assert of(standing).since == at(15)


def test_a_claim_begins_anew_after_a_withdrawal():
    standing = standing_claims([lodged(1, at(9)), lodged(2, at(15))], [withdrawal(1, at(12))])
    assert of(standing).since == at(15)


def test_what_was_lodged_for_another_child_does_not_date_the_claim():
    standing = standing_claims([lodged(1, at(9), child=DANA), lodged(2, at(15), replaces=1)], [])
    assert of(standing).since == at(15)


def test_of_several_corrections_of_one_application_the_one_that_lives_speaks_for_it():
    three = [lodged(1, at(9)), lodged(2, at(10), replaces=1, child=DANA), lodged(3, at(11), replaces=1)]
    standing = standing_claims(three, [void(2, stands=True)])
    assert of(standing).application_id == UUID(int=3)
    assert of(standing).linked == ids(1)


# Every application ends once


def test_every_application_has_exactly_one_ending():
    applications = [
        lodged(1, at(9), proven=True),
        lodged(2, at(10), person=FATHER, choices=FAR, proven=True),
        lodged(3, at(11), child=DANA),
        lodged(4, at(12), child=DANA, replaces=3),
    ]
    standing = standing_claims(applications, [withdrawal(4, at(13)), void(1)])
    assert set(standing.endings) == {a.id for a in applications}
