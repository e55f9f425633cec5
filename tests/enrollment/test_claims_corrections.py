"""What corrects what, and which arrival a correction keeps."""

from datetime import timedelta
from uuid import UUID

import pytest

from enrollment.claims import Ending, standing_claims
from tests.enrollment.one_family import (
    DANA,
    DESK,
    FAR,
    FATHER,
    GRANDMOTHER,
    NEAR,
    OTHER_DESK,
    at,
    ending,
    ids,
    lodged,
    of,
    void,
    withdrawal,
)


def test_a_correction_keeps_the_arrival_while_child_and_choices_stay_the_same():
    standing = standing_claims([lodged(1, at(9)), lodged(2, at(15), replaces=1)], [])
    assert of(standing).application_id == UUID(int=2)
    assert of(standing).arrived_at == of(standing).first_arrival_at == at(9)
    assert ending(standing, 1) is Ending.LINKED
    assert of(standing).linked == ids(1)


def test_a_correction_with_other_choices_takes_its_own_time():
    standing = standing_claims([lodged(1, at(9)), lodged(2, at(15), choices=FAR, replaces=1)], [])
    assert of(standing).choices == FAR
    assert of(standing).arrived_at == of(standing).first_arrival_at == at(15)


def test_a_correction_to_another_child_leaves_the_first_child_without_a_claim():
    standing = standing_claims([lodged(1, at(9)), lodged(2, at(15), child=DANA, replaces=1)], [])
    assert set(standing.claims) == {DANA}
    assert of(standing, DANA).arrived_at == at(15)
    assert of(standing, DANA).linked == ids(1)
    assert ending(standing, 1) is Ending.LINKED


def test_a_chain_of_corrections_keeps_the_first_arrival():
    chain = [lodged(1, at(9)), lodged(2, at(12), replaces=1), lodged(3, at(15), replaces=2)]
    assert of(standing_claims(chain, [])).arrived_at == at(9)


def test_a_chain_that_ends_at_another_child_is_linked_there_as_a_whole():
    chain = [lodged(1, at(9)), lodged(2, at(12), replaces=1), lodged(3, at(15), child=DANA, replaces=2)]
    standing = standing_claims(chain, [])
    assert of(standing, DANA).linked == ids(1, 2)
    assert [ending(standing, n) for n in (1, 2, 3)] == [Ending.LINKED, Ending.LINKED, Ending.STANDING]


def test_there_and_back_again_does_not_bring_back_the_first_arrival():
    chain = [lodged(1, at(9)), lodged(2, at(12), choices=FAR, replaces=1), lodged(3, at(15), replaces=2)]
    assert of(standing_claims(chain, [])).arrived_at == at(15)


def test_a_correction_keeps_its_rank_too():
    standing = standing_claims(
        [lodged(1, at(9)), lodged(2, at(10), person=FATHER, choices=FAR), lodged(3, at(15), replaces=1)], []
    )
    assert of(standing).application_id == UUID(int=3)


def test_a_correction_by_the_same_person_stays_proven():
    standing = standing_claims(
        [
            lodged(1, at(9), proven=True),
            lodged(2, at(8), person=GRANDMOTHER, choices=FAR),
            lodged(3, at(15), choices=FAR + NEAR, replaces=1),
        ],
        [],
    )
    assert of(standing).application_id == UUID(int=3)


def test_knowing_an_id_is_no_authority_to_replace_it():
    standing = standing_claims(
        [lodged(1, at(9)), lodged(2, at(10), person=FATHER, choices=FAR, replaces=1)], []
    )
    assert of(standing).application_id == UUID(int=1)
    assert ending(standing, 2) is Ending.LINKED


@pytest.mark.parametrize(("desk", "stands"), [(DESK, 2), (OTHER_DESK, 1)])
def test_the_desk_that_took_it_in_may_correct_the_person_too(desk: UUID, stands: int):
    first = lodged(1, at(9), person="850101199990", desk=DESK, seq=1)
    standing = standing_claims([first, lodged(2, at(9, 20), replaces=1, desk=desk, seq=2)], [])
    assert of(standing).application_id == UUID(int=stands)
    assert of(standing).arrived_at == at(9)


def test_a_withdrawal_that_names_the_old_number_means_what_it_became():
    standing = standing_claims(
        [lodged(1, at(9), child="010101600586"), lodged(2, at(9, 20), replaces=1)], [withdrawal(1, at(12))]
    )
    assert standing.claims == {}
    assert set(standing.endings.values()) == {Ending.WITHDRAWN}


def test_a_withdrawn_correction_takes_what_it_replaced_with_it():
    first = lodged(1, at(9), person="850101199990", desk=DESK, seq=1)
    standing = standing_claims(
        [first, lodged(2, at(9, 20), replaces=1, desk=DESK, seq=2)], [withdrawal(2, at(12))]
    )
    assert standing.claims == {}
    assert ending(standing, 1) is Ending.WITHDRAWN


def test_a_withdrawn_application_gives_its_arrival_to_no_correction():
    standing = standing_claims([lodged(1, at(9)), lodged(2, at(15), replaces=1)], [withdrawal(1, at(12))])
    assert of(standing).application_id == UUID(int=2)
    assert of(standing).arrived_at == at(15)


def test_a_correction_that_the_family_takes_back_replaces_nothing():
    standing = standing_claims(
        [lodged(1, at(9)), lodged(2, at(15), choices=FAR, replaces=1)], [void(2, stands=True)]
    )
    assert of(standing).application_id == UUID(int=1)
    assert of(standing).choices == NEAR


def test_what_a_void_correction_replaced_is_linked_to_what_was_lodged_again():
    three = [lodged(1, at(9)), lodged(2, at(10), replaces=1), lodged(3, at(11))]
    standing = standing_claims(three, [void(2)])
    assert of(standing).application_id == UUID(int=3)
    assert of(standing).linked == ids(1)
    assert [ending(standing, n) for n in (1, 2)] == [Ending.LINKED, Ending.VOID]


def test_a_correction_of_the_unknown_counts_for_itself():
    standing = standing_claims([lodged(2, at(15), replaces=1)], [])
    assert of(standing).arrived_at == at(15)


def test_a_circle_of_corrections_replaces_nothing():
    circle = [lodged(1, at(9), replaces=3), lodged(2, at(10), replaces=1), lodged(3, at(11), replaces=2)]
    standing = standing_claims([*circle, lodged(4, at(12), child=DANA, replaces=4)], [])
    assert of(standing).application_id == UUID(int=1)
    assert of(standing, DANA).application_id == UUID(int=4)


def test_a_long_chain_of_corrections_ends():
    chain = [
        lodged(1, at(9)),
        *(lodged(n, at(9) + timedelta(minutes=n), replaces=n - 1) for n in range(2, 1100)),
    ]
    standing = standing_claims(chain, [])
    assert of(standing).application_id == UUID(int=1099)
    assert of(standing).arrived_at == at(9)
