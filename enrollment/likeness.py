"""
Children that may be one: for a person to look at, never decided here.

Pure, and linear in the number of children: only what shares a birth date and a name is compared.
The rule: docs/reference/rule.md, "Children without an IIN".
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from schools.rules.letters import LOOK_ALIKES

# What Kazakh and Russian spell differently in one name: Айгерім and Айгерим, Құралай and Куралай.
_SPELLINGS = str.maketrans("әғқңөұүһіёйыэ", "агкноуухиеиие", "ьъ'’ʼ`\"")


class Likeness(StrEnum):
    """Why two children may be one."""

    IIN_TYPO = "iin_typo"
    """One digit differs, or two neighbours are swapped; same birth date, alike names."""
    DOCUMENT_AND_IIN = "document_and_iin"
    """One has an IIN, the other a document; same names, birth date and applicant."""
    SAME_MOTHER = "same_mother"
    """Same names, birth date and mother."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownChild:
    """A child as one application names it."""

    child_key: str
    family_name: str
    given_name: str
    birth_date: str
    """YYYY-MM-DD"""
    person_key: str
    """Who applied."""
    is_mother: bool
    """Who applied is the child's mother."""

    @property
    def has_iin(self) -> bool:
        return len(self.child_key) == 12 and self.child_key.isascii() and self.child_key.isdigit()


@dataclass(frozen=True, slots=True, order=True)
class Pair:
    """Two child keys, the smaller first, and why they may be one child."""

    first: str
    second: str
    why: Likeness


def near_duplicates(children: Iterable[KnownChild]) -> list[Pair]:
    """
    Pairs of child keys that may be one child, each once, in order.

    Of more than two that are alike in one way, each is paired with the smallest: when it is
    decided about those the next look finds what is left.
    """
    by_names: dict[tuple[str, str, str], list[KnownChild]] = defaultdict(list)
    blocks: dict[tuple[str, str, str], dict[str, tuple[str, str]]] = defaultdict(dict)
    for child in children:
        family, given = folded_name(child.family_name), folded_name(child.given_name)
        by_names[child.birth_date, family, given].append(child)
        if child.has_iin:
            names = (family, given)
            blocks[child.birth_date, "family", family].setdefault(child.child_key, names)
            blocks[child.birth_date, "given", given].setdefault(child.child_key, names)
    found: dict[tuple[str, str], Likeness] = {}
    for alike in by_names.values():
        if len(alike) > 1:
            for first, second in _of_one_family(alike):
                found.setdefault((first, second), Likeness.SAME_MOTHER)
            for first, second in _document_and_iin(alike):
                found[first, second] = Likeness.DOCUMENT_AND_IIN
    for block in blocks.values():
        if len(block) > 1:
            for first, second in _typos(block):
                found[first, second] = Likeness.IIN_TYPO
    return sorted(Pair(first, second, why) for (first, second), why in found.items())


def folded_name(name: str) -> str:
    """A name as it is compared: neither case nor signs nor Kazakh or Russian spelling tell two apart."""
    text = unicodedata.normalize("NFC", name).casefold().translate(LOOK_ALIKES).translate(_SPELLINGS)
    return re.sub(r"[\W_]+", "", text)


def _of_one_family(alike: list[KnownChild]) -> Iterator[tuple[str, str]]:
    keys: dict[str, set[str]] = defaultdict(set)
    for child in alike:
        if child.is_mother:
            keys[child.person_key].add(child.child_key)
    for of_mother in keys.values():
        first, *others = sorted(of_mother)
        for other in others:
            yield first, other


def _document_and_iin(alike: list[KnownChild]) -> Iterator[tuple[str, str]]:
    iins: dict[str, set[str]] = defaultdict(set)
    documents: dict[str, set[str]] = defaultdict(set)
    for child in alike:
        (iins if child.has_iin else documents)[child.person_key].add(child.child_key)
    for person, keys in documents.items():
        if iins[person]:
            smallest = min(iins[person])
            for key in keys:
                yield min(key, smallest), max(key, smallest)


def _typos(block: dict[str, tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Keys of a block that one slip of the fingers parts."""
    slips: dict[tuple[object, ...], list[str]] = defaultdict(list)
    for key in sorted(block):
        for slip in _slips(key):
            slips[slip].append(key)
    for same in slips.values():
        first, *others = same
        for other in others:
            if _are_alike(block[first], block[other]):
                yield first, other


def _slips(iin: str) -> Iterator[tuple[object, ...]]:
    """What two numbers have in common that differ in one digit, or by a swap of neighbours."""
    for n in range(12):
        yield "one", n, iin[:n] + iin[n + 1 :]
    for n in range(11):
        if iin[n] != iin[n + 1]:
            yield "swap", n, iin[:n] + min(iin[n : n + 2], iin[n + 1] + iin[n]) + iin[n + 2 :]


def _are_alike(names: tuple[str, str], others: tuple[str, str]) -> bool:
    """Each name the same, or one letter off."""
    return all(_is_within_one_letter(one, other) for one, other in zip(names, others, strict=True))


def _is_within_one_letter(one: str, other: str) -> bool:
    shorter, longer = sorted((one, other), key=len)
    if len(longer) - len(shorter) > 1:
        return False
    same = next((n for n, letter in enumerate(shorter) if letter != longer[n]), len(shorter))
    rest = shorter[same + 1 :] if len(shorter) == len(longer) else shorter[same:]
    return rest == longer[same + 1 :]
