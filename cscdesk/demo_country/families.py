"""A population of made-up families, the same one at every start."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Final

from enrollment.rules import Address, Applicant, Child, Document

from .names import FEMALE, MALE, Name, family_names
from .numbers import Issued, phone
from .places import Country, SchoolPlan, StretchPlan

_YEAR: Final = 2027
_TURNS_SIX: Final = date(_YEAR - 6, 1, 1)
_WISH_AFTER: Final = date(_YEAR - 6, 9, 1)
_NEW_STREET: Final = ("Жаңа құрылыс көшесі", "улица Новостроек")
"""A street that no school serves yet."""
_ABROAD: Final = ("UZ", "KG", "RU", "MN", "TR")


@dataclass(frozen=True, slots=True)
class Parent:
    """One parent, with the account that she or he has or may have."""

    relation: str
    applicant: Applicant
    name: Name
    email: str
    phone: str


@dataclass(frozen=True, slots=True)
class Family:
    """Two parents and the children who go to school this year, mostly one."""

    serial: int
    parents: tuple[Parent, Parent]
    """Who applies first stands first."""
    children: tuple[Child, ...]
    address: Address
    school: SchoolPlan | None
    """The one whose territory they live in; None: they live in nobody's, or are not registered."""
    region: str
    language: str
    """In which they want to be answered."""
    teaching: str
    """In which they want the child to be taught."""


def families(count: int, *, country: Country, seed: int = 1, start: int = 0) -> Iterator[Family]:
    """
    `count` families; fewer of them are the first of more.

    About four of five live in the territory of a school. IINs have right check digits;
    `seed` decides everything but the numbers, `start` keeps the numbers of two populations
    of one country apart.
    """
    random = Random(f"families/{seed}")  # noqa: S311 (made-up people need no secrets)
    issued = Issued(start=start)
    for serial in range(start, start + count):
        yield _family(serial, random, issued, country.stretches)


def _family(serial: int, random: Random, issued: Issued, stretches: list[StretchPlan]) -> Family:
    names = family_names(random)
    is_kazakh = names.is_kazakh
    language = "kk" if random.random() < (0.85 if is_kazakh else 0.05) else "ru"
    stretch = stretches[int(random.random() * len(stretches))]
    address, school = _address(random, stretch, is_russian=language == "ru")
    parents = (
        _parent("mother", names.mother, serial, random, issued),
        _parent("father", names.father, serial, random, issued),
    )
    return Family(
        serial=serial,
        parents=parents if random.random() < 0.8 else (parents[1], parents[0]),
        children=_children(names.child, serial, random, issued),
        address=address,
        school=school,
        region=stretch.school.district.region,
        language=language,
        teaching="kk" if random.random() < (0.78 if is_kazakh else 0.04) else "ru",
    )


def _parent(relation: str, name: Name, serial: int, random: Random, issued: Issued) -> Parent:
    born = date(1982, 1, 1) + timedelta(days=int(random.random() * 6500))
    iin = issued.iin(born, is_female=relation == "mother")
    return Parent(
        relation=relation,
        applicant=Applicant(
            iin=iin, family_name=name.family, given_name=name.given, patronymic=name.patronymic
        ),
        name=name,
        email=f"{relation}.{serial}@family.example",
        phone=phone(serial * 2 + (relation == "father")),
    )


def _children(name_of: Callable[..., Name], serial: int, random: Random, issued: Issued) -> tuple[Child, ...]:
    """One child; twins in every fortieth family; a paper instead of an IIN in every fiftieth."""
    born = _TURNS_SIX + timedelta(days=int(random.random() * 365))
    if random.random() < 0.08:
        born -= timedelta(days=365)
    children, other = [], ""
    for index in range(2 if serial % 40 == 7 else 1):
        gender = FEMALE if random.random() < 0.49 else MALE
        name = name_of(random, gender, but_not=other)
        other = name.given
        document = None
        if serial % 50 == 13:
            country = _ABROAD[serial // 50 % len(_ABROAD)]
            document = Document(
                type="passport", country=country, number=f"AD{5_000_000 + serial * 2 + index}"
            )
        children.append(
            Child(
                iin=None if document else issued.iin(born, is_female=gender == FEMALE),
                document=document,
                family_name=name.family,
                given_name=name.given,
                patronymic=name.patronymic,
                birth_date=born.isoformat(),
                wish=born > _WISH_AFTER,
            )
        )
    return tuple(children)


def _address(random: Random, stretch: StretchPlan, *, is_russian: bool) -> tuple[Address, SchoolPlan | None]:
    """Four of five live in the stretch, some in a street that nobody serves, few are registered nowhere."""
    where = random.random()
    if where > 0.94:
        return Address(), None
    houses = stretch.houses()
    house = houses[int(random.random() * len(houses))]
    flat = 1 + int(random.random() * 90)
    serves = where < 0.81
    street = stretch.street[is_russian] if serves else _NEW_STREET[is_russian]
    address = Address(
        district=stretch.school.district.kato,
        street=street,
        house=f"{house}{'А' if flat % 17 == 0 else ''}",
        flat=str(flat),
    )
    return address, stretch.school if serves else None
