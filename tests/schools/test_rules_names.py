"""The order of names."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schools.rules import kazakh_sort_key

ALPHABET = [
    "А",
    "Ә",
    "Б",
    "В",
    "Г",
    "Ғ",
    "Д",
    "Е",
    "Ё",
    "Ж",
    "З",
    "И",
    "Й",
    "К",
    "Қ",
    "Л",
    "М",
    "Н",
    "Ң",
    "О",
    "Ө",
    "П",
    "Р",
    "С",
    "Т",
    "У",
    "Ұ",
    "Ү",
    "Ф",
    "Х",
    "Һ",
    "Ц",
    "Ч",
    "Ш",
    "Щ",
    "Ъ",
    "Ы",
    "І",
    "Ь",
    "Э",
    "Ю",
    "Я",
]


def test_the_42_letters_stand_in_their_order() -> None:
    assert len(ALPHABET) == 42
    assert all(kazakh_sort_key(one) < kazakh_sort_key(next_one) for one, next_one in pairwise(ALPHABET))


@pytest.mark.parametrize(
    "in_order",
    [
        ["Абай", "Ағай", "Аяз", "Әбіш", "Әнел", "Бота"],
        ["Еркін", "Ёлкин", "Жанар"],
        ["Иса", "Йусуф", "Кәрім", "Қайрат", "Лаура"],
        ["Ли", "Ли Анна", "Лиана"],
        ["Сары Арқа", "Сарыарқа"],
        ["Ұлан", "Үміт", "Фарида", "Хасен", "Һарун", "Цой"],
        ["Ысқақ", "Ілияс", "Эмиль", "Юлия", "Яна", "Adam", "Zoe"],
        ["№ 5", "№ 7"],
        ["5-мектеп", "Абай"],
    ],
)
def test_names_stand_in_alphabetical_order(in_order: list[str]) -> None:
    assert all(kazakh_sort_key(one) < kazakh_sort_key(next_one) for one, next_one in pairwise(in_order))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ӘЛІБЕК", "әлібек"),
        ("Әлiбек", "Әлібек"),  # Latin i
        ("Сары-Арқа", "Сары  Арқа"),
        ("Алёна".replace("ё", "е\u0308"), "Алёна"),  # composed and decomposed
        ("O'Neil", "ONeil"),
        ("Müller", "Muller"),
    ],
)
def test_what_does_not_count_does_not_count(one: str, other: str) -> None:
    assert kazakh_sort_key(one) == kazakh_sort_key(other)


@given(st.text())
def test_any_text_has_a_key_of_plain_ascii(text: str) -> None:
    key = kazakh_sort_key(text)

    assert key.isascii()
    assert key == kazakh_sort_key(f" {text} ")


@given(st.lists(st.text(alphabet="".join(ALPHABET), min_size=1)))
def test_the_order_of_keys_is_the_order_letter_by_letter(names: list[str]) -> None:
    assert sorted(names, key=kazakh_sort_key) == sorted(
        names, key=lambda name: [ALPHABET.index(c) for c in name]
    )
