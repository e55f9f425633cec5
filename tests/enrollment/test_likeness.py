"""Children that may be one, for a person to look at."""

import random

import pytest

from enrollment.likeness import KnownChild, Likeness, Pair, folded_name, near_duplicates
from tests.factories import made_up_iin

MOTHER, FATHER = "850101299996", "850101199993"
AIDA = "200915500003"


def child(key=AIDA, *, family="Серікова", given="Айгерім", born="2020-09-15", person=MOTHER, mother=True):
    return KnownChild(
        child_key=key,
        family_name=family,
        given_name=given,
        birth_date=born,
        person_key=person,
        is_mother=mother,
    )


def why(*children):
    return [pair.why for pair in near_duplicates(children)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Айгерім", "Айгерим"),
        ("Құралай", "Куралай"),
        ("Ұлбосын", "Улбосын"),
        ("Үміт", "Умит"),
        ("Әсем", "АСЕМ"),
        ("Жәңгір", "Жангир"),
        ("Семён", "Семен"),
        ("Нұр-Сұлтан", "Нур Султан"),
        ("Aйcapa", "Айсара"),
        ("Гүлһан", "Гулхан"),
    ],
)
def test_kazakh_and_russian_spellings_of_a_name_are_one(one, other):
    assert folded_name(one) == folded_name(other)


def test_other_names_stay_others():
    assert folded_name("Айдана") != folded_name("Айдар")


@pytest.mark.parametrize(
    "typed",
    [
        "200915500013",  # a digit
        "100915500003",  # the first
        "200915500004",  # the last
        "209015500003",  # neighbours swapped
        "020915500003",  # the first two
        "200915500030",  # the last two
    ],
)
def test_one_slip_of_the_fingers_in_an_iin(typed):
    assert why(child(), child(typed, person=FATHER, mother=False)) == [Likeness.IIN_TYPO]


@pytest.mark.parametrize("typed", ["200915500111", "200951500103", "205910500003", "200015900053"])
def test_two_slips_are_another_child(typed):
    assert why(child(), child(typed, person=FATHER, mother=False)) == []


def test_a_slip_with_another_birth_date_or_another_name_is_another_child():
    slipped = {"key": "200915500013", "person": FATHER, "mother": False}
    assert why(child(), child(**slipped, born="2020-09-16")) == []
    assert why(child(), child(**slipped, given="Дана")) == []
    assert why(child(), child(**slipped, family="Ахметова", given="Дана")) == []


@pytest.mark.parametrize(
    ("family", "given", "alike"),
    [
        ("Серикова", "Айгерим", True),
        ("Серікова", "Айгеріма", True),
        ("Сериков", "Айгерім", True),
        ("Серікова", "Айгуль", False),
        ("Ерікова", "Айгерм", False),  # neither name is the same
    ],
)
def test_with_a_slip_one_name_is_the_same_and_the_other_one_letter_off_at_most(family, given, alike):
    other = child("200915500013", family=family, given=given, person=FATHER, mother=False)
    assert bool(near_duplicates([child(), other])) == alike


def test_a_document_and_an_iin_of_one_applicant():
    by_document = child("PASSPORT:UZ:AB123", mother=False)
    assert near_duplicates([by_document, child(mother=False)]) == [
        Pair(AIDA, "PASSPORT:UZ:AB123", Likeness.DOCUMENT_AND_IIN)
    ]
    assert why(by_document, child(person=FATHER, mother=False)) == []
    assert why(by_document, child("PASSPORT:UZ:AB124", mother=False)) == []


def test_one_mother_has_no_two_children_of_one_name_and_birth_date():
    other = made_up_iin(4321)
    assert why(child(), child(other, given="Айгерим")) == [Likeness.SAME_MOTHER]
    assert why(child(), child(other, mother=False)) == []
    assert why(child(), child(other, born="2020-09-14")) == []
    assert why(child(), child(other, person=FATHER)) == []


def test_twins_are_no_duplicates():
    assert why(child(given="Айдана"), child(made_up_iin(4321), given="Айсара")) == []


def test_a_pair_is_named_once_with_the_strongest_reason():
    slipped = child("200915500013")
    assert near_duplicates([slipped, child(), child(), slipped]) == [
        Pair(AIDA, "200915500013", Likeness.IIN_TYPO)
    ]


def test_several_of_one_mother_are_all_named():
    keys = sorted(made_up_iin(n) for n in (1, 500, 900))
    pairs = near_duplicates([child(key) for key in keys])
    assert {key for pair in pairs for key in (pair.first, pair.second)} == set(keys)
    assert all(pair.first < pair.second for pair in pairs)


def test_order_and_repetition_change_nothing():
    children = [
        child(),
        child("200915500013"),
        child("PASSPORT:UZ:AB123"),
        child(made_up_iin(7), given="Дана"),
    ]
    expected = near_duplicates(children)
    for seed in range(20):
        again = children + children[:2]
        random.Random(seed).shuffle(again)
        assert near_duplicates(again) == expected


def test_a_crowd_of_one_name_and_birth_date_is_not_compared_each_with_each():
    crowd = [child(made_up_iin(n), person=str(n)) for n in range(5_000)]
    pairs = near_duplicates(crowd)
    assert len(pairs) < 40 * len(crowd)
