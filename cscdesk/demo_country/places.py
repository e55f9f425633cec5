"""Where the demo country's children can go: districts, schools, streets, service centres; no database."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from schools.services.imports import CITY_DISTRICTS_FILE, regions

from .numbers import made_up_bins
from .streets import STREETS, Street

LAST_HOUSE: Final = 120
"""No street of the demo country has a higher number."""


@dataclass(frozen=True, slots=True)
class DistrictPlan:
    """One district; `city` names what its schools are numbered within."""

    kato: str
    region: str
    name_kk: str
    name_ru: str
    name_en: str
    help_line: str
    streets: tuple[Street, ...]


@dataclass(frozen=True, slots=True)
class SchoolPlan:
    """One school and how many it takes, by language."""

    bin: str
    district: DistrictPlan
    name_kk: str
    name_ru: str
    name_en: str
    street: Street
    house: int
    help_line: str
    places: dict[str, int]

    @property
    def choices(self) -> list[str]:
        """Its intakes as applications name them."""
        return [f"{self.bin}/{language}" for language in self.places]


@dataclass(frozen=True, slots=True)
class StretchPlan:
    """Houses of one street that one school serves."""

    school: SchoolPlan
    street: Street
    first: int
    last: int
    parity: str

    def houses(self) -> range:
        """Every house number in it."""
        if self.parity == "all":
            return range(self.first, self.last + 1)
        odd = self.parity == "odd"
        return range(self.first + (self.first % 2 != odd), self.last + 1, 2)


@dataclass(frozen=True, slots=True)
class CentrePlan:
    """One service centre; its desks are named 1 and 2."""

    code: str
    district: DistrictPlan
    name_kk: str
    name_ru: str
    name_en: str
    street: Street
    house: int
    phone: str


@dataclass(frozen=True, slots=True)
class Country:
    """Everything that does not move."""

    districts: list[DistrictPlan]
    schools: list[SchoolPlan]
    stretches: list[StretchPlan]
    centres: list[CentrePlan]


_CITY_SCHOOLS: Final = {"710000000": 14, "750000000": 16, "790000000": 10}
_CITY_CENTRES: Final = (("AST-01", "711210000"), ("ALA-01", "751110000"), ("SHY-01", "791310000"))
_STREETS_OF_A_DISTRICT: Final = 7
_KINDS: Final = (
    ("№ {} жалпы білім беретін мектеп", "Общеобразовательная школа № {}", "School No. {}"),
    ("№ {} мектеп-гимназия", "Школа-гимназия № {}", "School-Gymnasium No. {}"),
    ("№ {} мектеп-лицей", "Школа-лицей № {}", "School-Lyceum No. {}"),
    ("№ {} орта мектеп", "Средняя школа № {}", "Secondary School No. {}"),
)
_RURAL: Final = (
    "Ақбұлақ Акбулакский Akbulak|Көктерек Коктерекский Kokterek|Қызылтау Кызылтауский Kyzyltau|"
    "Сарыөзек Сарыозекский Saryozek|Майтөбе Майтобинский Maitobe|Тастыбұлақ Тастыбулакский Tastybulak|"
    "Жасөркен Жасоркенский Zhasorken|Бесағаш Бесагашский Besagash|Ақдала Акдалинский Akdala|"
    "Қарақұм Каракумский Karakum|Жаңажол Жанажолский Zhanazhol|Үшқайың Ушкаинский Ushkaiyn|"
    "Белтерек Белтерекский Belterek"
)
_NATION_DISTRICTS: Final = 224
_NATION_SCHOOLS: Final = 8_000
_NATION_CENTRES: Final = 175


def city_country() -> Country:
    """Three cities: 18 districts, 40 schools with 80 intakes, 3 service centres."""
    districts = _city_districts()
    bins = made_up_bins()
    schools: list[SchoolPlan] = []
    for region, count in _CITY_SCHOOLS.items():
        of_city = [district for district in districts if district.region == region]
        for index in range(count):
            district = of_city[index % len(of_city)]
            schools.append(_school(next(bins), district, index, number=3 + index * 3))
    stretches = [stretch for district in districts for stretch in _shared_out(district, schools)]
    by_kato = {district.kato: district for district in districts}
    centres = [_centre(code, by_kato[kato], index) for index, (code, kato) in enumerate(_CITY_CENTRES)]
    return Country(districts, schools, stretches, centres)


def nation_country() -> Country:
    """The whole country: 224 districts, 8,000 schools with 12,000 intakes, 175 centres; its cities are the demo's."""
    cities = city_country()
    districts = [*cities.districts, *_rural_districts(_NATION_DISTRICTS - len(cities.districts))]
    bins = islice(made_up_bins(), len(cities.schools), None)
    schools = list(cities.schools)
    stretches = list(cities.stretches)
    of_district: dict[str, list[SchoolPlan]] = {district.kato: [] for district in districts}
    for index in range(_NATION_SCHOOLS - len(schools)):
        district = districts[index % len(districts)]
        school = _school(next(bins), district, index, number=100 + index // len(districts))
        # Every second one teaches in both languages, but for the last forty: 12,000 intakes in all.
        if index % 2 or index >= _NATION_SCHOOLS - 80:
            language = "ru" if index % 20 == 19 else "kk"
            school = SchoolPlan(**{**_fields(school), "places": {language: school.places[language]}})
        of_district[district.kato].append(school)
        schools.append(school)
    for district in districts:
        stretches += _spread(district, of_district[district.kato])
    centres = list(cities.centres)
    for index in range(_NATION_CENTRES - len(centres)):
        district = districts[len(cities.districts) + index]
        centres.append(_centre(f"R{district.kato[:4]}", district, len(centres)))
    return Country(districts, schools, stretches, centres)


def _fields(school: SchoolPlan) -> dict[str, Any]:
    return {name: getattr(school, name) for name in SchoolPlan.__slots__}


def _city_districts() -> list[DistrictPlan]:
    with CITY_DISTRICTS_FILE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    districts, in_city = [], dict.fromkeys(_CITY_SCHOOLS, 0)
    for row in rows:
        start = in_city[row["region_kato"]] * _STREETS_OF_A_DISTRICT
        in_city[row["region_kato"]] += 1
        districts.append(
            DistrictPlan(
                kato=row["kato"],
                region=row["region_kato"],
                name_kk=row["name_kk"],
                name_ru=row["name_ru"],
                name_en=row["name_en"],
                help_line=row["help_line"],
                streets=STREETS[start : start + _STREETS_OF_A_DISTRICT],
            )
        )
    return districts


def _rural_districts(count: int) -> Iterator[DistrictPlan]:
    """Districts of the other regions; their codes end beyond those that are given."""
    rural = [region for region in regions() if region.kato not in _CITY_SCHOOLS]
    names = [line.split() for line in _RURAL.split("|")]
    for index in range(count):
        number, region = index // len(rural), rural[index % len(rural)]
        kk, ru, en = names[number]
        yield DistrictPlan(
            kato=f"{region.kato[:2]}{80 + number}00000",
            region=region.kato,
            name_kk=f"{kk} ауданы",
            name_ru=f"{ru} район",
            name_en=f"{en} district",
            help_line=f"+7 7{region.kato[:2]}0 00 {number:02d} 00",
            streets=STREETS,
        )


def _school(bin_: str, district: DistrictPlan, index: int, *, number: int) -> SchoolPlan:
    kk, ru, en = _KINDS[index % len(_KINDS)]
    street = district.streets[index * 5 % len(district.streets)]
    return SchoolPlan(
        bin=bin_,
        district=district,
        name_kk=kk.format(number),
        name_ru=ru.format(number),
        name_en=en.format(number),
        street=street,
        house=1 + index * 17 % (LAST_HOUSE - 1),
        help_line=f"{district.help_line[:-5]}{10 + index % 90} {10 + index // 90 % 90}",
        places={"kk": (25, 50, 25, 75)[index % 4], "ru": (25, 25, 50)[index % 3]},
    )


def _centre(code: str, district: DistrictPlan, index: int) -> CentrePlan:
    return CentrePlan(
        code=code,
        district=district,
        name_kk=f"ХҚО (ЦОН) № {index + 1}, {district.name_kk}",
        name_ru=f"ЦОН № {index + 1}, {district.name_ru}",
        name_en=f"Service centre No. {index + 1}, {district.name_en}",
        street=district.streets[3],
        house=10 + index % 100,
        phone="1414",
    )


def _shared_out(district: DistrictPlan, schools: Sequence[SchoolPlan]) -> Iterator[StretchPlan]:
    """Every house of the district to one of its schools: whole streets, their sides, their halves."""
    own = [school for school in schools if school.district is district]
    for index, street in enumerate(district.streets):
        one, other = own[index % len(own)], own[(index + 1) % len(own)]
        if index % 3 == 0:
            yield StretchPlan(one, street, 1, LAST_HOUSE, "odd")
            yield StretchPlan(other, street, 1, LAST_HOUSE, "even")
        elif index % 3 == 1:
            yield StretchPlan(one, street, 1, LAST_HOUSE // 2, "all")
            yield StretchPlan(other, street, LAST_HOUSE // 2 + 1, LAST_HOUSE, "all")
        else:
            yield StretchPlan(one, street, 1, LAST_HOUSE, "all")


def _spread(district: DistrictPlan, schools: Sequence[SchoolPlan]) -> Iterator[StretchPlan]:
    """Three sides of streets for each of many schools."""
    sides = [(street, parity) for street in district.streets for parity in ("odd", "even")]
    for index, school in enumerate(schools):
        for number in range(3):
            street, parity = sides[(index * 3 + number) % len(sides)]
            yield StretchPlan(school, street, 1, LAST_HOUSE, parity)
