from datetime import datetime, timedelta
from uuid import UUID

import pytest

from enrollment.claims import (
    Claim,
    Ending,
    Link,
    Lodged,
    Retracted,
    Standing,
    same_children,
    standing_claims,
    token_keys,
)
from schools.clock import ALMATY

AIDAR, DANA = "190401599990", "190401699997"
MOTHER, FATHER, GRANDMOTHER = "850101299996", "850101199993", "900615199983"
NEAR, FAR = ("990140999995/kk",), ("010240999986/kk",)
DESK, OTHER_DESK = UUID(int=1001), UUID(int=1002)


def at(hour: int, minute: int = 0, *, day: int = 1) -> datetime:
    return datetime(2027, 4, day, hour, minute, tzinfo=ALMATY)


def lodged(
    key: int,
    lodged_at: datetime,
    *,
    child: str = AIDAR,
    person: str = MOTHER,
    choices: tuple[str, ...] = NEAR,
    proven: bool = False,
    replaces: int | None = None,
    desk: UUID | None = None,
    seq: int | None = None,
    number: str = "",
) -> Lodged:
    return Lodged(
        id=UUID(int=key),
        number=number or f"27-{key:04}",
        child_key=child,
        person_key=person,
        choices=choices,
        lodged_at=lodged_at,
        is_proven=proven,
        replaces=None if replaces is None else UUID(int=replaces),
        desk=desk,
        seq=seq,
    )


def withdrawal(
    of: int | str,
    lodged_at: datetime,
    *,
    person: str = MOTHER,
    stands: bool = True,
    desk: UUID | None = None,
    seq: int | None = None,
) -> Retracted:
    return Retracted(
        id=UUID(int=9000 + seq if seq else 9000),
        kind="withdrawal",
        application_id=UUID(int=of) if isinstance(of, int) else None,
        number=of if isinstance(of, str) else None,
        person_key=person,
        lodged_at=lodged_at,
        stands=stands,
        desk=desk,
        seq=seq,
    )


def void(of: int, *, stands: bool = False, key: int = 9500) -> Retracted:
    return Retracted(
        id=UUID(int=key),
        kind="void",
        application_id=UUID(int=of),
        number=None,
        person_key="",
        lodged_at=at(18),
        stands=stands,
        desk=DESK,
        seq=99,
    )


def of(standing: Standing, child: str = AIDAR) -> Claim:
    return standing.claims[child]


def ending(standing: Standing, key: int) -> Ending:
    return standing.endings[UUID(int=key)]


def ids(*numbers: int) -> frozenset[UUID]:
    return frozenset(UUID(int=number) for number in numbers)


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


@pytest.mark.parametrize(
    ("handed_in", "withdrawn", "is_left"), [(OTHER_DESK, DESK, True), (DESK, OTHER_DESK, False)]
)
def test_at_the_same_instant_at_two_desks_the_desks_ids_decide(
    handed_in: UUID, withdrawn: UUID, *, is_left: bool
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


# Corrections


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


# Two keys of one child

PASSPORT, CERTIFICATE = "PASSPORT:UZ:AB123", "BIRTH_CERTIFICATE:UZ:77"


def link(
    key: str, other: str, *, number: int = 1, is_same: bool = True, decided_at: datetime | None = None
) -> Link:
    return Link(
        id=UUID(int=number),
        child_key=key,
        other_key=other,
        is_same=is_same,
        decided_at=decided_at or at(12, number),
    )


def test_a_child_linked_to_its_iin_loses_no_time():
    two = [lodged(1, at(9), child=PASSPORT), lodged(2, at(9, day=3))]
    standing = standing_claims(two, [], same=same_children([link(PASSPORT, AIDAR)]))
    assert set(standing.claims) == {AIDAR}
    assert of(standing).application_id == UUID(int=1)
    assert (of(standing).arrived_at, of(standing).since, of(standing).linked) == (at(9), at(9), ids(2))


def test_a_correction_from_the_document_to_the_iin_keeps_the_time_once_they_are_linked():
    two = [lodged(1, at(9), child=PASSPORT), lodged(2, at(15), replaces=1)]
    assert of(standing_claims(two, [])).arrived_at == at(15)
    standing = standing_claims(two, [], same={PASSPORT: AIDAR})
    assert (of(standing).arrived_at, of(standing).since) == (at(9), at(9))


def test_parents_with_two_keys_of_one_child_are_contested_once_they_are_linked():
    two = [
        lodged(1, at(9), child=PASSPORT, proven=True),
        lodged(2, at(10), person=FATHER, choices=FAR, proven=True),
    ]
    assert of(standing_claims(two, [], same={PASSPORT: AIDAR})).contested == ids(1, 2)


def test_a_withdrawal_reaches_what_the_person_lodged_under_the_other_key():
    two = [lodged(1, at(9), child=PASSPORT), lodged(2, at(10))]
    assert standing_claims(two, [withdrawal(2, at(12))], same={PASSPORT: AIDAR}).claims == {}


def test_links_are_chained():
    chain = [link(CERTIFICATE, PASSPORT, number=1), link(PASSPORT, AIDAR, number=2)]
    assert same_children(chain) == same_children(chain[::-1]) == {CERTIFICATE: AIDAR, PASSPORT: AIDAR}


def test_of_links_that_contradict_each_other_the_later_counts():
    same, two = link(PASSPORT, AIDAR, number=1), link(AIDAR, PASSPORT, number=2, is_same=False)
    again = link(PASSPORT, AIDAR, number=3)
    assert same_children([same]) == {PASSPORT: AIDAR}
    assert same_children([same, two]) == {}
    assert same_children([same, two, again]) == {PASSPORT: AIDAR}


def test_of_links_at_one_instant_that_with_the_larger_id_counts():
    same = link(PASSPORT, AIDAR, number=1, decided_at=at(12))
    assert same_children([same, link(PASSPORT, AIDAR, number=2, is_same=False, decided_at=at(12))]) == {}


def test_a_chain_that_a_later_word_contradicts_breaks_at_its_oldest_link():
    chain = [link(CERTIFICATE, PASSPORT, number=1), link(PASSPORT, AIDAR, number=2)]
    two = link(CERTIFICATE, AIDAR, number=3, is_same=False)
    assert same_children([*chain, two]) == {PASSPORT: AIDAR}
    assert same_children([two, link(CERTIFICATE, AIDAR, number=4)]) == {CERTIFICATE: AIDAR}


def test_an_earlier_word_that_two_keys_are_two_gives_way_to_a_later_chain():
    two = link(CERTIFICATE, AIDAR, number=1, is_same=False)
    chain = [link(CERTIFICATE, PASSPORT, number=2), link(PASSPORT, AIDAR, number=3)]
    assert same_children([two, *chain]) == {CERTIFICATE: AIDAR, PASSPORT: AIDAR}


def test_a_circle_of_links_is_one_child():
    circle = [
        link(PASSPORT, AIDAR, number=1),
        link(AIDAR, CERTIFICATE, number=2),
        link(CERTIFICATE, PASSPORT, number=3),
    ]
    assert same_children(circle) == {PASSPORT: AIDAR, CERTIFICATE: AIDAR}


def test_an_iin_stays_before_a_document_whichever_way_it_was_written():
    assert same_children([link(AIDAR, PASSPORT)]) == {PASSPORT: AIDAR}


def test_of_two_iins_the_one_that_was_said_to_be_right_stays():
    assert same_children([link(AIDAR, DANA)]) == {AIDAR: DANA}
    assert same_children([link(DANA, AIDAR)]) == {DANA: AIDAR}


def test_of_two_that_were_said_to_be_right_the_later_one_stays():
    to_dana, to_other = link(AIDAR, DANA, number=1), link(AIDAR, "200229599990", number=2)
    assert same_children([to_dana, to_other]) == {AIDAR: "200229599990", DANA: "200229599990"}


def test_strangers_of_one_group_stay_strangers_when_it_grows():
    links = [
        link(PASSPORT, AIDAR, number=9, is_same=False),
        link(AIDAR, DANA, number=8),
        link(CERTIFICATE, PASSPORT, number=7),
        link(CERTIFICATE, DANA, number=6),
    ]
    assert same_children(links) == {AIDAR: DANA, CERTIFICATE: PASSPORT}


# Twins


def test_twins_bear_the_token_of_the_smaller_key():
    child_of = {UUID(int=1): DANA, UUID(int=2): AIDAR}
    assert token_keys([[UUID(int=1), UUID(int=2)]], child_of=child_of) == {AIDAR: AIDAR, DANA: AIDAR}


def test_triplets_wished_two_by_two_share_one_token():
    child_of = {UUID(int=1): "b", UUID(int=2): "a", UUID(int=3): "c", UUID(int=4): "d"}
    wishes = [[UUID(int=1), UUID(int=3)], [UUID(int=2), UUID(int=3)]]
    assert token_keys(wishes, child_of=child_of) == token_keys(wishes[::-1], child_of=child_of)
    assert token_keys(wishes, child_of=child_of) == {"a": "a", "b": "a", "c": "a"}


def test_a_wish_about_one_child_or_about_the_unknown_changes_nothing():
    child_of = {UUID(int=1): AIDAR, UUID(int=2): AIDAR}
    assert token_keys([[UUID(int=1), UUID(int=2)], [UUID(int=1), UUID(int=9)]], child_of=child_of) == {}


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
