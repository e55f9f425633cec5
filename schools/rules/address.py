"""Streets and houses as people type them, made comparable with a territory's list."""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext_lazy as _

from schools.rules.letters import LOOK_ALIKES
from schools.rules.refusals import Refusal

# ё is typed as е; һ and н share a look-alike (h, H), so a key does not tell them apart.
_FOLDS = str.maketrans("ёһ", "ен")
_KAZAKH_TO_RUSSIAN = str.maketrans("әғқңөұүіһй", "агкноууини")

# Written with a sign inside, so to be known before signs part the words.
_ABBREVIATED = re.compile(r"(?<!\w)(?:пр-к?т|б-р|м-н|ш/а|мкр-н|пр-д|пер-к)(?!\w)")
_OF_ABBREVIATION = {
    "пр-т": "проспект",
    "пр-кт": "проспект",
    "б-р": "бульвар",
    "м-н": "микрорайон",
    "мкр-н": "микрорайон",
    "ш/а": "микрорайон",
    "пр-д": "проезд",
    "пер-к": "переулок",
}
_ORDINAL = re.compile(r"(?<=\d)-?(?:ші|шы|інші|ыншы|я|ая|й|ый|ой|е|ое|st|nd|rd|th)(?!\w)")


class InvalidHouse(Refusal):
    message = _("The house number was not understood. Examples: 12, 12А, 12/1, 12 корп. 2.")


class InvalidHouseRange(Refusal):
    message = _("This is not a range of houses: %(first)s–%(last)s, %(parity)s.")


def _folded(text: str) -> str:
    # NFC, not NFD: й and ё must stay one letter each.
    return unicodedata.normalize("NFKC", text).casefold().translate(LOOK_ALIKES).translate(_FOLDS)


def _words(text: str) -> frozenset[str]:
    return frozenset(_folded(word) for word in text.split())


# Left out of a key: "Абай", "ул. Абай" and "Абай көшесі" are one street.
_SILENT = _words(
    "көшесі көше көш к-сі улица улицасы ул street st str "
    "даңғылы даңғыл даң проспект проспектісі просп пр avenue ave prospekt kóshesi koshesi "
    "имени им атындағы атында"
)
# Kept, in one form and in front: "переулок Абая" is not "улица Абая".
_KINDS = {
    form: kind
    for kind, forms in {
        "мкр": _words("микрорайон микрорайоны мкр мкрн мкрн-н ықшамаудан ықшамауданы шағынаудан шағынауданы"),
        "пер": _words("переулок пер тұйығы тұйық lane"),
        "бул": _words("бульвар бульвары бул boulevard blvd"),
        "шос": _words("шоссе шоссесі ш тасжол тасжолы highway"),
        "прз": _words("проезд өткелі өткел пр-зд drive"),
        "плщ": _words("площадь пл алаңы алаң square"),
        "тұп": _words("тупик туп"),
    }.items()
    for form in forms
}
_PARTED = (
    (_folded("ықшам ауданы"), _folded("ықшамауданы")),
    (_folded("ықшам аудан"), _folded("ықшамаудан")),
    (_folded("шағын ауданы"), _folded("шағынауданы")),
    (_folded("шағын аудан"), _folded("шағынаудан")),
    (_folded("тас жолы"), _folded("тасжолы")),
    (_folded("тұйық көшесі"), _folded("тұйығы")),
)


def street_key(text: str) -> str:
    """
    What two spellings of one street have in common; "" for an empty text.

    Forgiven: case, ё for е, Latin look-alikes, signs, hyphens and spaces, and the words
    for "street" and "avenue" in three languages, before or after the name. Other kinds
    (lane, microdistrict, boulevard …) are part of the key in one common form. The key is
    for comparing, never for showing.
    """
    folded = _folded(text)
    folded = _ABBREVIATED.sub(lambda found: " " + _folded(_OF_ABBREVIATION[found[0]]) + " ", folded)
    for parted, joined in _PARTED:
        folded = folded.replace(parted, joined)
    words = re.findall(r"\w+", _ORDINAL.sub("", folded).replace("_", " "))
    named = [word for word in words if word not in _SILENT and word not in _KINDS]
    if not named:
        return "".join(words)
    kinds = sorted({_KINDS[word] for word in words if word in _KINDS})
    key = ""
    for word in kinds + named:
        # Names are parted or joined at will, numbers are not: "5 12" is not "512".
        key += f" {word}" if key[-1:].isdigit() and word[0].isdigit() else word
    return key


def loose_key(text: str) -> str:
    """A key that also takes Kazakh letters for their Russian neighbours: for offering, never for deciding."""
    return street_key(text).translate(_KAZAKH_TO_RUSSIAN)


@dataclass(frozen=True, slots=True, order=True)
class House:
    """A house: its number and what follows it: "А", "/1", "к2" (building 2), or ""."""

    number: int
    suffix: str = ""

    def __str__(self) -> str:
        return f"{self.number}{self.suffix}"


_BEFORE_HOUSE = "|".join(_folded(word) for word in ("дом", "д", "үй", "house", "№", "n"))
_BUILDING = "корпус|корп|кор|к|блок|бл|" + _folded("block")
_HOUSE = re.compile(
    rf"(?:(?:{_BEFORE_HOUSE})[\s.]*)?"
    r"(?P<number>[1-9][0-9]{0,4})"
    r"(?:\s*[/-]\s*(?P<part>[0-9]{1,4}))?"
    rf"(?:\s*[-/\"«']?\s*(?P<letter>[^\W\d_])(?:(?!\w)|(?=(?:{_BUILDING})[0-9]))[\"»']?)?"
    rf"(?:[\s,.-]*(?:{_BUILDING})[\s.]*(?P<building>[0-9]{{1,3}}))?"
    r"(?:[\s-]*үй)?"
)


def parse_house(text: str) -> House:
    """
    The house as typed: "12", "12А", "12a", "12/1", "12 корп 2", "дом 12", "12-үй".

    :raises InvalidHouse: no number from 1 to 99999 in front, or more than a house
    """
    found = _HOUSE.fullmatch(" ".join(_folded(text).split()))
    if found is None:
        raise InvalidHouse
    suffix = f"/{int(found['part'])}" if found["part"] else ""
    suffix += (found["letter"] or "").upper()
    suffix += f"к{int(found['building'])}" if found["building"] else ""
    return House(int(found["number"]), suffix)


class Parity(StrEnum):
    """Which side of the street a range means."""

    ALL = "all"
    ODD = "odd"
    EVEN = "even"


@dataclass(frozen=True, slots=True)
class HouseRange:
    """
    Houses of a street from `first` to `last`, both in; `last` None: to the end of the street.

    :raises InvalidHouseRange: nothing can lie in it
    """

    first: int = 1
    last: int | None = None
    parity: Parity | str = Parity.ALL

    def __post_init__(self) -> None:
        backward = self.last is not None and self.last < self.first
        if self.first < 1 or backward or self.parity not in set(Parity):
            last = "…" if self.last is None else self.last
            raise InvalidHouseRange(first=self.first, last=last, parity=self.parity)

    def covers(self, house: House) -> bool:
        """Whether the house lies in the range; what follows its number does not matter."""
        if house.number < self.first or (self.last is not None and house.number > self.last):
            return False
        return self.parity == Parity.ALL or (house.number % 2 == 1) == (self.parity == Parity.ODD)
