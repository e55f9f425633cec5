"""Telephone numbers, as people in Kazakhstan write them."""

import re

from django.utils.translation import gettext_lazy as _

from schools.rules import Refusal


class InvalidPhone(Refusal):
    message = _("This is not a telephone number. Example: +7 701 123 45 67.")


_PUNCTUATION = re.compile(r"[\s().\-\u2010-\u2015]+")
_PLAIN = re.compile(r"\+?[0-9]{7,16}")
_HOME = re.compile(r"7[0-24-7][0-9]{8}")
"""The ten digits after the country code: 71x, 72x are landlines, 70x and 74x to 77x mobile networks."""
_ABROAD = re.compile(r"\+[1-9][0-9]{6,14}")


def normal_phone(text: str) -> str:
    """
    One way of writing for one number: `+` and the digits (E.164).

    `8 701 …`, `7701…`, `701…` and `+7 (701) …` are the same number of Kazakhstan.
    A number of another country is taken when it begins with `+`.

    :raises InvalidPhone: anything else
    """
    plain = _PUNCTUATION.sub("", text)
    if not _PLAIN.fullmatch(plain):
        raise InvalidPhone
    digits = plain.removeprefix("+")
    home = digits[1:] if len(digits) == 11 and digits[0] in "78" else digits
    if _HOME.fullmatch(home) and (plain[0] != "+" or digits != home):
        return f"+7{home}"
    if _ABROAD.fullmatch(plain) and (plain[1] != "7" or re.fullmatch(r"\+7[3489][0-9]{9}", plain)):
        return plain
    raise InvalidPhone


def masked_phone(phone: str) -> str:
    """A normal number with all but its country and last two digits hidden: enough to recognise it."""
    return f"{phone[:2]} {'•' * max(len(phone) - 4, 0)} {phone[-2:]}"
