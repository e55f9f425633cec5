"""When two keys are one child, and whose token a child bears."""

from uuid import UUID

from enrollment.claims import Lodged, same_children, standing_claims, token_keys
from tests.enrollment.one_family import (
    AIDAR,
    CERTIFICATE,
    DANA,
    FAR,
    FATHER,
    PASSPORT,
    at,
    ids,
    link,
    lodged,
    of,
    withdrawal,
)

# Two keys of one child


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


def test_of_two_iins_that_links_lead_away_from_the_one_that_a_link_leads_to_stays():
    links = [
        link(PASSPORT, DANA, number=1),
        link(DANA, CERTIFICATE, number=2),
        link(AIDAR, CERTIFICATE, number=3),
    ]
    assert same_children(links) == {PASSPORT: DANA, CERTIFICATE: DANA, AIDAR: DANA}


def test_two_pairs_that_are_linked_are_one_child():
    pairs = [link("a", "b", number=3), link("c", "d", number=2)]
    assert same_children([*pairs, link("b", "d", number=1)]) == {"a": "d", "b": "d", "c": "d"}
    assert same_children([*pairs, link("d", "b", number=1)]) == {"a": "b", "c": "b", "d": "b"}


def test_saying_it_twice_hides_no_earlier_word():
    twice = [link(PASSPORT, AIDAR, number=3), link(PASSPORT, AIDAR, number=2)]
    assert same_children([*twice, link(CERTIFICATE, AIDAR, number=1)]) == {
        PASSPORT: AIDAR,
        CERTIFICATE: AIDAR,
    }


def test_strangers_of_one_group_stay_strangers_when_it_grows():
    links = [
        link(PASSPORT, AIDAR, number=9, is_same=False),
        link(AIDAR, DANA, number=8),
        link(CERTIFICATE, PASSPORT, number=7),
        link(CERTIFICATE, DANA, number=6),
    ]
    assert same_children(links) == {AIDAR: DANA, CERTIFICATE: PASSPORT}


# Whose token


def of_key(key: int, child: str, minute: int = 0) -> Lodged:
    return lodged(key, at(9, minute), child=child)


def wish(*keys: int) -> list[UUID]:
    return [UUID(int=key) for key in keys]


def test_a_child_with_one_key_bears_its_own_token():
    assert token_keys([], lodged=[of_key(1, AIDAR), of_key(2, DANA)], same={}) == {AIDAR: AIDAR, DANA: DANA}


def test_a_linked_child_bears_the_token_of_its_earliest_application_whichever_key_stays():
    two = [of_key(2, AIDAR, 1), of_key(1, DANA, 2), of_key(3, DANA, 3)]
    for one, other in ((AIDAR, DANA), (DANA, AIDAR)):
        assert token_keys([], lodged=two, same={one: other}) == {other: AIDAR}
        assert token_keys([], lodged=two[::-1], same={one: other}) == {other: AIDAR}


def test_of_two_applications_at_one_instant_the_smaller_id_gives_the_token():
    two = [of_key(2, AIDAR), of_key(1, DANA)]
    assert token_keys([], lodged=two, same={DANA: AIDAR}) == {AIDAR: DANA}
    assert token_keys([], lodged=two[::-1], same={DANA: AIDAR}) == {AIDAR: DANA}


def test_twins_bear_the_token_of_the_smaller_key():
    twins = [of_key(1, DANA), of_key(2, AIDAR)]
    assert token_keys([wish(1, 2)], lodged=twins, same={}) == {AIDAR: AIDAR, DANA: AIDAR}


def test_triplets_wished_two_by_two_share_one_token():
    lodged = [of_key(1, "b"), of_key(2, "a"), of_key(3, "c"), of_key(4, "d")]
    wishes = [wish(1, 3), wish(2, 3)]
    assert token_keys(wishes, lodged=lodged, same={}) == token_keys(wishes[::-1], lodged=lodged, same={})
    assert token_keys(wishes, lodged=lodged, same={}) == {"a": "a", "b": "a", "c": "a", "d": "d"}


def test_twins_of_whom_one_is_linked_share_the_smallest_of_the_keys_that_give_tokens():
    lodged = [of_key(1, "c", 0), of_key(2, "a", 1), of_key(3, "b", 2)]
    assert token_keys([wish(2, 3)], lodged=lodged, same={"c": "a"}) == {"a": "b", "b": "b"}
    assert token_keys([wish(1, 3)], lodged=lodged, same={"a": "c"}) == {"c": "b", "b": "b"}


def test_a_wish_about_one_child_or_about_the_unknown_changes_nothing():
    twice = [of_key(1, AIDAR), of_key(2, AIDAR, 1)]
    assert token_keys([wish(1, 2), wish(1, 9)], lodged=twice, same={}) == {AIDAR: AIDAR}
