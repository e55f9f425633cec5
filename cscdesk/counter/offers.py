"""Schools as the clerk finds them: by a part of the name or number, or by the child's address."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from cscdesk.entry.enrolment import Catalogue, District, Names, School, Territory
from enrollment.rules import Address
from schools.rules import HouseRange, InvalidHouse, parse_house, street_key
from schools.rules.address import loose_key

SHOWN_MAX: Final = 20
INSTRUCTION: Final = {
    "kk": _("in Kazakh"),
    "ru": _("in Russian"),
    "en": _("in English"),
    "ug": _("in Uyghur"),
    "uz": _("in Uzbek"),
    "tg": _("in Tajik"),
}


@dataclass(frozen=True, slots=True)
class Offer:
    """One intake, in words."""

    choice: str
    """BIN/language"""
    school: str
    language: str
    address: str
    is_of_territory: bool = False

    @property
    def label(self) -> str:
        return f"{self.school}, {self.language}"


def offers(*, catalogue: Catalogue, text: str = "", address: Address | None = None) -> list[Offer]:
    """
    What fits, the schools of the address first; at most `SHOWN_MAX` of those found by text.

    With neither text nor a known address nothing is offered: 80 schools are no help.
    """
    territory = of_territory(catalogue=catalogue, address=address) if address else set()
    words = _words(text)
    found: list[Offer] = []
    for school in catalogue.schools:
        is_of_territory = school.bin in territory
        if is_of_territory or (words and _fits(school, words)):
            found += _of_school(catalogue, school, is_of_territory=is_of_territory)
    found.sort(key=lambda offer: not offer.is_of_territory)
    return found[:SHOWN_MAX]


def offer_of(*, catalogue: Catalogue, choice: str) -> Offer | None:
    """The intake named `BIN/language`, in words; None where the catalogue has no such school."""
    bin_, _slash, language = choice.partition("/")
    school = next((school for school in catalogue.schools if school.bin == bin_), None)
    return _offer(school, language) if school else None


def of_territory(*, catalogue: Catalogue, address: Address) -> set[str]:
    """BINs of the schools whose service territory holds the address."""
    try:
        house = parse_house(address.house)
    except InvalidHouse:
        return set()
    key = street_key(address.street)
    return {
        territory.school
        for territory in catalogue.territories
        if key
        and territory.district == address.district
        and key in (street_key(territory.street_kk), street_key(territory.street_ru))
        and _range(territory).covers(house)
    }


def in_words(names: Names) -> str:
    """A name in the reader's language."""
    return {"kk": names.kk, "ru": names.ru}.get(get_language() or "kk", names.en)


def districts(catalogue: Catalogue) -> list[District]:
    """The districts, that of this centre first."""
    return sorted(catalogue.districts, key=lambda d: (d.code != catalogue.centre.district, in_words(d.names)))


def _range(territory: Territory) -> HouseRange:
    return HouseRange(first=territory.first_house, last=territory.last_house, parity=territory.parity)


def _of_school(catalogue: Catalogue, school: School, *, is_of_territory: bool) -> Iterator[Offer]:
    for intake in catalogue.intakes:
        bin_, _slash, language = intake.partition("/")
        if bin_ == school.bin:
            yield _offer(school, language, is_of_territory=is_of_territory)


def _offer(school: School, language: str, *, is_of_territory: bool = False) -> Offer:
    return Offer(
        choice=f"{school.bin}/{language}",
        school=in_words(school.names),
        language=str(INSTRUCTION.get(language, language)),
        address=school.address_kk if get_language() == "kk" else school.address_ru,
        is_of_territory=is_of_territory,
    )


def _words(text: str) -> list[str]:
    return [loose_key(word) or word for word in re.findall(r"\w+", text.casefold())]


def _fits(school: School, words: list[str]) -> bool:
    """Every word begins a word of the school: a bare number means the whole number of a school."""
    own = {
        loose_key(word) or word
        for name in (
            school.names.kk,
            school.names.ru,
            school.names.en,
            school.bin,
            school.address_kk,
            school.address_ru,
        )
        for word in re.findall(r"\w+", name.casefold())
    }
    return all(
        word in own if word.isdigit() and len(word) < 5 else any(o.startswith(word) for o in own)
        for word in words
    )
