"""Streets and houses as families, clerks and registers type them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schools.rules import (
    House,
    HouseRange,
    InvalidHouse,
    InvalidHouseRange,
    loose_key,
    parse_house,
    street_key,
)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("улица Абая", "УЛ. АБАЯ"),
        ("улица Абая", "Абая ул"),
        ("улица Абая", "  Абая "),
        ("Абай көшесі", "Абай"),
        ("Абай көшесі", "көш. Абай"),
        ("Тәуелсіздік даңғылы", "Тәуелсіздік"),
        ("проспект Республики", "пр. Республики"),
        ("проспект Республики", "пр-т Республики"),
        ("проспект Республики", "Республики пр-кт."),
        ("Abay street", "Abay st."),
        ("улица Королёва", "Королева"),
        ("улица Aбaя", "улица Абая"),  # Latin A and a
        ("Қыз Жiбек", "Қыз Жібек"),  # Latin i
        ("Сары-Арқа", "Сарыарқа"),
        ("Сары Арқа", "Сарыарқа"),
        ("улица имени Сатпаева", "Сатпаева"),
        ("Сәтбаев атындағы көше", "Сәтбаев"),
        ("5 микрорайон", "мкр. 5"),
        ("5 ықшам ауданы", "5-ші шағын аудан"),
        ("м-н Самал", "Самал микрорайоны"),
        ("1-я Алматинская", "1 Алматинская улица"),
        ("«Абай» көшесі", "Абай көшесі"),
    ],
)
def test_two_spellings_of_one_street_have_one_key(one: str, other: str) -> None:
    assert street_key(one) == street_key(other) != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("улица Абая", "улица Абылая"),
        ("улица Абая", "переулок Абая"),
        ("5 микрорайон", "15 микрорайон"),
        ("мкр 5, 12 улица", "мкр 51, 2 улица"),
        ("улица Абая", "Абай көшесі"),  # the register's two names are two rows
        ("Қарасу", "Карасу"),
    ],
)
def test_two_streets_have_two_keys(one: str, other: str) -> None:
    assert street_key(one) != street_key(other)


def test_a_street_called_like_a_kind_keeps_a_key() -> None:
    assert street_key("Улица") != ""
    assert street_key("") == street_key(" - ") == ""


def test_the_loose_key_forgives_kazakh_letters_too() -> None:
    assert loose_key("Тәуелсіздік даңғылы") == loose_key("проспект Тауелсиздик")


@given(st.text())
def test_any_text_has_a_key_that_case_and_ends_do_not_change(text: str) -> None:
    assert street_key(f"  {text}\t") == street_key(text)
    assert loose_key(f"  {text}\t") == loose_key(text)


@pytest.mark.parametrize(
    ("typed", "number", "suffix"),
    [
        ("12", 12, ""),
        ("12А", 12, "А"),
        ("12а", 12, "А"),
        ("12A", 12, "А"),  # Latin
        ("12 а", 12, "А"),
        ("12-А", 12, "А"),
        ("12«Б»", 12, "Б"),
        ("12 'б'", 12, "Б"),
        ("12/1", 12, "/1"),
        ("12 / 1", 12, "/1"),
        ("12-1", 12, "/1"),
        ("12/1Б", 12, "/1Б"),
        ("12/А", 12, "А"),
        ("12 корп 2", 12, "к2"),
        ("12 корп. 2", 12, "к2"),
        ("12, корпус 2", 12, "к2"),
        ("12к2", 12, "к2"),
        ("12 K2", 12, "к2"),  # Latin
        ("12А корп 2", 12, "Ак2"),
        ("дом 12", 12, ""),
        ("д.12", 12, ""),
        ("№12", 12, ""),
        ("N 12", 12, ""),
        ("12 үй", 12, ""),
        ("12-үй", 12, ""),
        ("үй 12", 12, ""),
        ("house 12b", 12, "В"),
    ],
)
def test_a_house_is_understood(typed: str, number: int, suffix: str) -> None:
    assert parse_house(typed) == House(number, suffix)


@pytest.mark.parametrize("typed", ["12", "12А", "12/1", "12/1Б", "12к2", "12Ак2", "12К"])
def test_a_house_as_shown_is_read_as_the_same_house(typed: str) -> None:
    assert str(parse_house(typed)) == typed


@pytest.mark.parametrize(
    "typed", ["", "0", "-5", "А", "б/н", "12 кв 5", "12, 5 этаж", "123456", "12;13", "1/2/3"]
)
def test_what_is_no_house_is_refused(typed: str) -> None:
    with pytest.raises(InvalidHouse):
        parse_house(typed)


@given(st.text())
def test_any_text_is_a_house_or_a_refusal(text: str) -> None:
    try:
        house = parse_house(text)
    except InvalidHouse:
        return
    assert house.number >= 1


def test_a_range_holds_both_its_ends() -> None:
    houses = HouseRange(first=10, last=20)

    assert [n for n in range(8, 23) if houses.covers(House(n))] == list(range(10, 21))


def test_a_range_may_be_one_side_of_the_street() -> None:
    assert [n for n in range(1, 9) if HouseRange(1, 7, "odd").covers(House(n))] == [1, 3, 5, 7]
    assert [n for n in range(1, 9) if HouseRange(1, 7, "even").covers(House(n))] == [2, 4, 6]


def test_a_range_without_end_covers_the_whole_street() -> None:
    assert HouseRange().covers(House(99999, "Я"))
    assert not HouseRange(first=2).covers(House(1))


def test_what_follows_the_number_does_not_matter() -> None:
    assert HouseRange(12, 12).covers(parse_house("12/7А корп 3"))


@pytest.mark.parametrize(
    ("first", "last", "parity"), [(0, 5, "all"), (5, 4, "all"), (1, 5, "both"), (-1, None, "odd")]
)
def test_a_range_that_cannot_be_is_refused(first: int, last: int | None, parity: str) -> None:
    with pytest.raises(InvalidHouseRange):
        HouseRange(first, last, parity)
