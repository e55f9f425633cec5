"""Numbers that nobody has: valid by their check digit, or by their form, and no more."""

from collections.abc import Iterator
from datetime import date
from operator import mul
from typing import Final
from uuid import UUID, uuid5

from enrollment.receipts import ALPHABET, make_number

DEMO: Final = UUID("6a1f7c60-27de-5a0e-9d5c-0d1e50c0ffee")
"""Namespace of every fixed id in the demo country."""

_FIRST_ROUND: Final = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)
_SECOND_ROUND: Final = (3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2)
_RECEIPTS: Final = 32**5
# Odd, so that multiplying by it visits every number below 32⁵ once.
_STRIDE: Final = 19_088_743


def demo_id(*parts: object) -> UUID:
    """The fixed id of a named thing."""
    return uuid5(DEMO, "/".join(map(str, parts)))


def with_check_digit(body: str) -> str | None:
    """The twelve digits of an IIN or BIN with these first eleven; None: such a number is never issued."""
    digits = body.encode("ascii")
    for weights in (_FIRST_ROUND, _SECOND_ROUND):
        # A cost: as bytes, each digit 48 too large; the weights of either round add up to 66.
        remainder = (sum(map(mul, weights, digits)) - 48 * 66) % 11
        if remainder < 10:
            return f"{body}{remainder}"
    return None


class Issued:
    """Gives out IINs, each once; started the same way it gives the same ones."""

    def __init__(self, *, start: int = 0) -> None:
        """`start`: how many numbers of each day are left to another issuer."""
        self._start = start
        self._next: dict[str, int] = {}

    def iin(self, birth_date: date, *, is_female: bool) -> str:
        """
        A number for somebody born that day; the seventh digit says century and gender.

        :raises ValueError: all numbers of that day are given
        """
        century = (birth_date.year - 1800) // 100 * 2
        head = (
            f"{birth_date.year % 100:02d}{birth_date.month:02d}{birth_date.day:02d}{century + 1 + is_female}"
        )
        serial = self._next.get(head, self._start)
        while serial < 10_000:
            number = with_check_digit(f"{head}{9999 - serial:04d}")
            serial += 1
            if number is not None:
                self._next[head] = serial
                return number
        raise ValueError(f"no more numbers for {birth_date}")


def made_up_bins() -> Iterator[str]:
    """BINs of schools that do not exist, each once, about 8,900 of them."""
    for year in range(70, 80):
        for serial in range(999):
            number = with_check_digit(f"{year}{1 + serial % 12:02d}4099{serial:03d}")
            if number is not None:
                yield number


def receipt_number(*, year: int, issuer: str, serial: int) -> str:
    """The number of the `serial`-th receipt; no two serials below 32⁵ have the same."""
    value, symbols = serial * _STRIDE % _RECEIPTS, ""
    for _place in range(5):
        value, symbol = divmod(value, 32)
        symbols += ALPHABET[symbol]
    return make_number(year=year % 100, issuer=issuer, random=symbols)


def phone(serial: int) -> str:
    """A number of the form +7 700 000 xx xx, which anybody sees is made up."""
    return f"+7700000{serial % 10_000:04d}"
