"""IIN and BIN: the table of made-up numbers, and every way to mistype one."""

from datetime import date

import pytest

from schools.rules import (
    BINCheckDigit,
    BINLength,
    BINLetters,
    IINCheckDigit,
    IINLength,
    IINLetters,
    InvalidBIN,
    InvalidIIN,
    iin_matches_birth_date,
    parse_bin,
    parse_iin,
)

FIRST_ROUND = ["850101199993"]
SECOND_ROUND = ["850101299996", "900615199983"]
CHILD_LIKE = ["190401599990", "190401699997", "200229599990"]


@pytest.mark.parametrize("number", FIRST_ROUND + SECOND_ROUND + CHILD_LIKE)
def test_a_valid_iin_is_taken(number: str) -> None:
    assert parse_iin(number) == number


@pytest.mark.parametrize("number", FIRST_ROUND + SECOND_ROUND + CHILD_LIKE)
def test_any_other_last_digit_is_refused(number: str) -> None:
    for last in set("0123456789") - {number[11]}:
        with pytest.raises(IINCheckDigit):
            parse_iin(number[:11] + last)


@pytest.mark.parametrize("last", "0123456789")
def test_a_number_that_is_never_issued_has_no_valid_last_digit(last: str) -> None:
    with pytest.raises(IINCheckDigit):
        parse_iin("19040259950" + last)


@pytest.mark.parametrize("number", ["010101600586", "123456789012"])
def test_an_invalid_iin_is_refused(number: str) -> None:
    with pytest.raises(IINCheckDigit):
        parse_iin(number)


@pytest.mark.parametrize("number", ["990140999995", "010240999986", "150340999978"])
def test_a_valid_bin_is_taken_and_its_neighbours_are_not(number: str) -> None:
    assert parse_bin(number) == number
    for last in set("0123456789") - {number[11]}:
        with pytest.raises(BINCheckDigit):
            parse_bin(number[:11] + last)


@pytest.mark.parametrize(
    "typed", [" 850101199993\n", "850101 199993", "850 101 199 993", "850101\u00a0199993"]
)
def test_spaces_are_forgiven(typed: str) -> None:
    assert parse_iin(typed) == "850101199993"


@pytest.mark.parametrize(
    ("typed", "length"), [("", 0), ("  ", 0), ("85010119999", 11), ("8501011999930", 13)]
)
def test_another_length_is_named(typed: str, length: int) -> None:
    with pytest.raises(IINLength) as refused:
        parse_iin(typed)
    assert refused.value.facts == {"length": length}
    with pytest.raises(BINLength):
        parse_bin(typed)


@pytest.mark.parametrize(
    "typed", ["85010119999O", "ЖСН850101199993", "850101-199993", "٨٥٠١٠١١٩٩٩٩٣", "85010119999²"]
)
def test_anything_but_digits_is_named_as_letters(typed: str) -> None:
    with pytest.raises(IINLetters):
        parse_iin(typed)
    with pytest.raises(BINLetters):
        parse_bin(typed)


def test_all_faults_of_a_number_can_be_caught_as_one() -> None:
    assert issubclass(IINLength, InvalidIIN)
    assert issubclass(IINLetters, InvalidIIN)
    assert issubclass(IINCheckDigit, InvalidIIN)
    assert {BINLength.__base__, BINLetters.__base__, BINCheckDigit.__base__} == {InvalidBIN}


def test_another_birth_date_is_a_hint_and_no_fault() -> None:
    number = parse_iin("190401599990")

    assert iin_matches_birth_date(number, date(2019, 4, 1))
    assert not iin_matches_birth_date(number, date(2020, 2, 29))
