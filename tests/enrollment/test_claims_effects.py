"""What withdrawals and voids do to the applications of a family."""

from dataclasses import replace
from uuid import UUID

import pytest

from enrollment.claims import Ending, Retracted, standing_claims
from tests.enrollment.one_family import (
    AIDAR,
    DANA,
    DESK,
    FAR,
    FATHER,
    GRANDMOTHER,
    OTHER_DESK,
    at,
    ending,
    ids,
    lodged,
    of,
    void,
    withdrawal,
)

# Withdrawals


def test_a_withdrawal_ends_what_the_same_person_lodged_before_it():
    standing = standing_claims([lodged(1, at(9)), lodged(2, at(10))], [withdrawal(2, at(11))])
    assert standing.claims == {}
    assert set(standing.endings.values()) == {Ending.WITHDRAWN}
    assert standing.waiting == frozenset()


def test_a_withdrawal_ends_what_was_lodged_before_it_and_becomes_known_later():
    known = standing_claims([lodged(1, at(9))], [withdrawal(1, at(11))])
    later = standing_claims([lodged(1, at(9)), lodged(2, at(10), desk=DESK, seq=3)], [withdrawal(1, at(11))])
    assert known.claims == later.claims == {}
    assert ending(later, 2) is Ending.WITHDRAWN


def test_a_withdrawal_that_is_known_before_its_application_waits_for_it():
    early = standing_claims([], [withdrawal(1, at(11))])
    late = standing_claims([lodged(1, at(9))], [withdrawal(1, at(11))])
    assert early.waiting == ids(9000)
    assert late.claims == {}


def test_what_is_lodged_after_a_withdrawal_counts_with_its_own_time():
    standing = standing_claims([lodged(1, at(9)), lodged(2, at(12))], [withdrawal(1, at(11))])
    assert of(standing).application_id == UUID(int=2)
    assert of(standing).arrived_at == at(12)
    assert of(standing).first_arrival_at == at(12)


def test_a_withdrawal_does_not_touch_what_another_person_lodged():
    standing = standing_claims(
        [lodged(1, at(9)), lodged(2, at(10), person=GRANDMOTHER)], [withdrawal(1, at(11))]
    )
    assert of(standing).application_id == UUID(int=2)
    assert of(standing).arrived_at == at(10)


def test_a_withdrawal_does_not_touch_another_child_of_the_same_person():
    standing = standing_claims([lodged(1, at(9)), lodged(2, at(9), child=DANA)], [withdrawal(1, at(11))])
    assert set(standing.claims) == {DANA}


def test_somebody_else_cannot_withdraw():
    standing = standing_claims([lodged(1, at(9))], [withdrawal(1, at(11), person=FATHER)])
    assert of(standing).application_id == UUID(int=1)
    assert standing.waiting == ids(9000)


def test_naming_the_others_application_a_person_ends_the_own_one_only_if_it_is_named():
    both = [lodged(1, at(9)), lodged(2, at(10), person=FATHER)]
    standing = standing_claims(both, [withdrawal(1, at(11), person=FATHER)])
    assert set(standing.endings.values()) == {Ending.STANDING, Ending.LINKED}


def test_signed_in_as_the_sender_needs_no_other_word():
    assert standing_claims([lodged(1, at(9))], [withdrawal(1, at(11), person="")]).claims == {}


def test_a_withdrawal_that_does_not_stand_yet_waits():
    standing = standing_claims([lodged(1, at(9))], [withdrawal(1, at(11), stands=False)])
    assert of(standing).application_id == UUID(int=1)
    assert standing.waiting == ids(9000)


def test_a_withdrawal_may_name_a_number():
    assert standing_claims([lodged(1, at(9))], [withdrawal("27-0001", at(11))]).claims == {}


def test_a_number_that_is_not_known_yet_is_waited_for():
    standing = standing_claims([lodged(1, at(9))], [withdrawal("27-0002", at(11))])
    assert of(standing).application_id == UUID(int=1)
    assert standing.waiting == ids(9000)


def test_withdrawals_of_several_children_all_count():
    two = [lodged(1, at(9)), lodged(2, at(9), child=DANA)]
    both = [withdrawal(1, at(11), desk=DESK, seq=1), withdrawal(2, at(11), desk=DESK, seq=2)]
    assert standing_claims(two, both).claims == {}


def test_a_number_of_two_children_of_one_person_waits_for_a_person():
    clones = [lodged(1, at(9), number="27-X"), lodged(2, at(9), child=DANA, number="27-X")]
    standing = standing_claims(clones, [withdrawal("27-X", at(11))])
    assert set(standing.claims) == {AIDAR, DANA}
    assert standing.waiting == ids(9000)


def test_a_number_of_two_families_is_told_apart_by_the_person():
    clones = [lodged(1, at(9), number="27-X"), lodged(2, at(9), child=DANA, person=FATHER, number="27-X")]
    standing = standing_claims(clones, [withdrawal("27-X", at(11), person=FATHER)])
    assert set(standing.claims) == {AIDAR}


def test_at_one_desk_the_chain_decides_not_its_clock():
    three = [
        lodged(1, at(9), desk=DESK, seq=6),
        lodged(2, at(10, 40), desk=DESK, seq=7),
        lodged(3, at(10), desk=DESK, seq=9),
    ]
    standing = standing_claims(three, [withdrawal(1, at(10, 1), desk=DESK, seq=8)])
    assert [ending(standing, n) for n in (1, 2)] == [Ending.WITHDRAWN, Ending.WITHDRAWN]
    assert of(standing).application_id == UUID(int=3)


def test_a_withdrawal_of_the_same_instant_is_the_later_one():
    standing = standing_claims([lodged(1, at(9)), lodged(2, at(11))], [withdrawal(1, at(11))])
    assert ending(standing, 2) is Ending.WITHDRAWN


def test_at_one_place_of_two_branches_of_a_journal_neither_is_before_the_other():
    two = [lodged(1, at(9)), lodged(2, at(10), desk=DESK, seq=7)]
    standing = standing_claims(two, [withdrawal(1, at(11), desk=DESK, seq=7)])
    assert of(standing).application_id == UUID(int=2)


@pytest.mark.parametrize(
    ("handed_in", "withdrawn", "is_left"),
    [(OTHER_DESK, DESK, True), (DESK, OTHER_DESK, False), (DESK, None, True), (None, DESK, False)],
)
def test_at_the_same_instant_at_two_doors_the_portal_is_first_and_the_desks_ids_decide(
    handed_in: UUID | None, withdrawn: UUID | None, *, is_left: bool
):
    two = [lodged(1, at(9)), lodged(2, at(11), desk=handed_in, seq=4)]
    standing = standing_claims(two, [withdrawal(1, at(11), desk=withdrawn, seq=2)])
    assert (AIDAR in standing.claims) == is_left


def test_the_named_application_was_there_before_its_withdrawal_whatever_the_clocks_say():
    fast = lodged(1, at(10, 40), desk=DESK, seq=7)
    assert standing_claims([fast], [withdrawal(1, at(10, 10))]).claims == {}


# Voids


def test_a_void_alone_removes_nothing_and_waits_for_a_person():
    standing = standing_claims([lodged(1, at(9), desk=DESK, seq=1)], [void(1)])
    assert of(standing).application_id == UUID(int=1)
    assert ending(standing, 1) is Ending.STANDING
    assert standing.waiting == ids(9500)


def test_a_void_counts_when_the_same_child_is_lodged_again():
    standing = standing_claims([lodged(1, at(9), choices=FAR), lodged(2, at(9, 10))], [void(1)])
    assert of(standing).application_id == UUID(int=2)
    assert ending(standing, 1) is Ending.VOID
    assert standing.waiting == frozenset()


def test_a_refused_void_has_no_effect_waits_for_nobody_and_hides_no_other():
    three = [lodged(n, at(9, n)) for n in (1, 2, 3)]
    standing = standing_claims(three, [replace(void(1), is_refused=True), void(2, key=9501)])
    assert [ending(standing, n) for n in (1, 2, 3)] == [Ending.STANDING, Ending.VOID, Ending.LINKED]
    assert standing.waiting == frozenset()


def test_an_earlier_application_of_the_child_is_not_lodged_again():
    standing = standing_claims([lodged(1, at(8), person=FATHER), lodged(2, at(9))], [void(2)])
    assert ending(standing, 2) is Ending.LINKED
    assert standing.waiting == ids(9500)


def test_a_void_does_not_count_for_another_child_that_is_lodged():
    standing = standing_claims([lodged(1, at(9)), lodged(2, at(10), child=DANA)], [void(1)])
    assert set(standing.claims) == {AIDAR, DANA}


def test_a_void_with_the_familys_code_counts_at_once():
    standing = standing_claims([lodged(1, at(9))], [void(1, stands=True)])
    assert standing.claims == {}
    assert ending(standing, 1) is Ending.VOID


def test_a_void_of_a_number_that_two_applications_bear_waits_for_a_person():
    clones = [lodged(1, at(9), number="27-X"), lodged(2, at(9), child=DANA, number="27-X")]
    ambiguous = Retracted(
        id=UUID(int=9500),
        kind="void",
        application_id=None,
        number="27-X",
        person_key="",
        lodged_at=at(10),
        stands=True,
    )
    standing = standing_claims(clones, [ambiguous])
    assert set(standing.claims) == {AIDAR, DANA}
    assert standing.waiting == ids(9500)


def test_voids_alone_never_take_the_last_application_of_a_child():
    three = [lodged(n, at(9, n)) for n in (1, 2, 3)]
    standing = standing_claims(three, [void(n, key=9500 + n) for n in (1, 2, 3)])
    assert of(standing).application_id == UUID(int=3)
    assert [ending(standing, n) for n in (1, 2, 3)] == [Ending.VOID, Ending.VOID, Ending.STANDING]


def test_lodged_again_and_taken_back_is_not_lodged_again():
    two = [lodged(1, at(9)), lodged(2, at(10), person=GRANDMOTHER)]
    standing = standing_claims(two, [void(1), withdrawal(2, at(11), person=GRANDMOTHER)])
    assert of(standing).application_id == UUID(int=1)
    assert standing.waiting == ids(9500)


def test_lodged_again_on_the_portal_by_the_time_not_by_the_id():
    two = [lodged(2, at(9)), lodged(1, at(10))]
    assert ending(standing_claims(two, [void(2)]), 2) is Ending.VOID


def test_lodged_again_at_a_desk_whose_clock_went_back():
    two = [lodged(1, at(10, 40), desk=DESK, seq=3), lodged(2, at(10, 1), desk=DESK, seq=5)]
    assert ending(standing_claims(two, [void(1)]), 1) is Ending.VOID
    two = [lodged(2, at(10, 40), desk=DESK, seq=3), lodged(1, at(10, 1), desk=DESK, seq=5)]
    assert ending(standing_claims(two, [void(2)]), 2) is Ending.VOID


def test_a_void_application_that_is_withdrawn_too_is_void():
    standing = standing_claims(
        [lodged(1, at(9)), lodged(2, at(10))], [void(1, stands=True), withdrawal(2, at(11))]
    )
    assert [ending(standing, n) for n in (1, 2)] == [Ending.VOID, Ending.WITHDRAWN]
