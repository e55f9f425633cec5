"""IIN (ЖСН/ИИН) of a person and BIN (БСН/БИН) of an organisation: twelve digits, the last a check."""

from datetime import date

from django.utils.translation import gettext_lazy as _

from schools.rules.refusals import Refusal

_FIRST_ROUND = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)
_SECOND_ROUND = (3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2)


class InvalidIIN(Refusal):
    message = _("This is not an IIN.")


class IINLength(InvalidIIN):
    message = _("An IIN has 12 digits; %(length)s were typed.")


class IINLetters(InvalidIIN):
    message = _("An IIN is made of digits only.")


class IINCheckDigit(InvalidIIN):
    message = _(
        "There is a mistake in this IIN: its digits do not fit together. Compare it with the document."
    )


class InvalidBIN(Refusal):
    message = _("This is not a BIN.")


class BINLength(InvalidBIN):
    message = _("A BIN has 12 digits; %(length)s were typed.")


class BINLetters(InvalidBIN):
    message = _("A BIN is made of digits only.")


class BINCheckDigit(InvalidBIN):
    message = _("There is a mistake in this BIN: its digits do not fit together.")


def parse_iin(text: str) -> str:
    """
    The twelve digits; spaces anywhere are forgiven.

    The birth date is not looked at: since 2013 the first six digits need not be it
    (`iin_matches_birth_date` gives the hint).

    :raises IINLetters: something else than the digits 0–9
    :raises IINLength: more or fewer than twelve digits, or none
    :raises IINCheckDigit: the last digit is not the one the others demand
    """
    digits = "".join(text.split())
    if not _only_digits(digits):
        raise IINLetters
    if len(digits) != 12:
        raise IINLength(length=len(digits))
    if not _check_digit_fits(digits):
        raise IINCheckDigit
    return digits


def parse_bin(text: str) -> str:
    """
    The twelve digits of an organisation's number; the check is that of the IIN.

    :raises BINLetters: something else than the digits 0–9
    :raises BINLength: more or fewer than twelve digits, or none
    :raises BINCheckDigit: the last digit is not the one the others demand
    """
    digits = "".join(text.split())
    if not _only_digits(digits):
        raise BINLetters
    if len(digits) != 12:
        raise BINLength(length=len(digits))
    if not _check_digit_fits(digits):
        raise BINCheckDigit
    return digits


def iin_matches_birth_date(iin: str, birth_date: date) -> bool:
    """Whether the first six digits are the birth date (YYMMDD): a hint to the clerk, never an error."""
    return iin[:6] == birth_date.strftime("%y%m%d")


def _only_digits(text: str) -> bool:
    return all("0" <= character <= "9" for character in text)


def _check_digit_fits(digits: str) -> bool:
    numbers = [int(digit) for digit in digits]
    for weights in (_FIRST_ROUND, _SECOND_ROUND):
        remainder = sum(weight * number for weight, number in zip(weights, numbers, strict=False)) % 11
        if remainder < 10:
            return remainder == numbers[11]
    return False  # 10 twice: such a number is never issued
