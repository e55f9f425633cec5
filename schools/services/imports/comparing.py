"""What all imports share: one at a time, lines that repeat, what differs from what is stored."""

from collections.abc import Callable, Hashable, Mapping, Sequence

from django.db import connection
from django.db.models import Model
from django.utils.translation import gettext_lazy as _

from schools.rules import BINLength, InvalidBIN, Refusal, parse_bin

from .reading import Row
from .report import Fault, Text, because

_LOCK = 0x51_41_42_59
"""Any number that nobody else takes an advisory lock on."""


def one_import_at_a_time() -> None:
    """Wait for another import to end; the lock goes with the transaction."""
    # A race: two imports that compare with the same rows would both add what is missing.
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def refuse_repeated(*, rows: Sequence[Row], key: Callable[[Row], Hashable]) -> list[Fault]:
    """One fault for each line that names what an earlier line named."""
    first: dict[Hashable, int] = {}
    return [
        Fault(because(_("The same stands in line {line} already."), line=first[key(row)]), row.line)
        for row in rows
        if first.setdefault(key(row), row.line) != row.line
    ]


def difference(*, stored: Model, wanted: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Put `wanted` into the object and say what that changed, by field; nothing is saved."""
    changed = {}
    for name, value in wanted.items():
        before = getattr(stored, name)
        if before != value:
            changed[name.removesuffix("_id")] = (str(before), value)
            setattr(stored, name, value)
    return changed


def bin_fault(text: str) -> Text | None:
    """Why this is no BIN; a number that a workbook robbed of its leading zeros is named as such."""
    try:
        parse_bin(text)
    except BINLength as refusal:
        if text.isdigit() and _is_bin(text.zfill(12)):
            return because(
                _(
                    "The leading zeros are lost: {whole} was meant? Format the column as text and type it again."
                ),
                whole=text.zfill(12),
            )
        return _sentence(refusal)
    except InvalidBIN as refusal:
        return _sentence(refusal)
    return None


def _is_bin(text: str) -> bool:
    try:
        parse_bin(text)
    except InvalidBIN:
        return False
    return True


def _sentence(refusal: Refusal) -> Text:
    return because("{refusal}", refusal=refusal)
