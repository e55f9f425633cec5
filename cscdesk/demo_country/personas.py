"""The people one can be in the demonstration. None of them exists; the passwords open nothing but it."""

from dataclasses import dataclass
from typing import Final

DEMO_PASSWORD: Final = "Demo-Qabyldau-2027"  # noqa: S105 (printed at every start of the demonstration)
"""Of the officials, and of the clerk at the demo counter."""
DEMO_TOTP_SECRET: Final = "QABYLDAUDEMOQABYLDAUDEMOQABYLDAU"  # noqa: S105 (no secret: it stands here)
"""Base32; the officials' authenticator app of the demonstration."""


@dataclass(frozen=True, slots=True)
class ParentPersona:
    """Somebody who applies; the child is the same for all of them."""

    key: str
    full_name: str
    iin: str
    relation: str
    phone: str
    email: str
    """Empty: has no account, goes to a service centre."""
    language: str


@dataclass(frozen=True, slots=True)
class ChildPersona:
    """The child that these people apply for, and where it is registered."""

    full_name: str
    iin: str
    birth_date: str
    district: str
    street_kk: str
    street_ru: str
    house: str
    flat: str


@dataclass(frozen=True, slots=True)
class OfficialPersona:
    """An official with one district or one region, by KATO code."""

    key: str
    full_name: str
    email: str
    language: str
    district: str = ""
    region: str = ""


@dataclass(frozen=True, slots=True)
class ClerkPersona:
    """Somebody who serves at the desks of a centre; signs in at the counter itself."""

    key: str
    code: str
    centre: str
    full_name: str
    is_supervisor: bool = False


MOTHER: Final = ParentPersona(
    "mother",
    "Ахметова Айгерім Серікқызы",
    "900214400018",
    "mother",
    "+77000009001",
    "aigerim@example.kz",
    "kk",
)
FATHER: Final = ParentPersona(
    "father", "Ахметов Нұрлан Болатұлы", "881105300015", "father", "+77000009002", "nurlan@example.kz", "ru"
)
GRANDMOTHER: Final = ParentPersona(
    "grandmother", "Ахметова Рәбиға Әлімқызы", "610722400019", "relative", "+77000009003", "", "kk"
)
PARENTS: Final = (MOTHER, FATHER, GRANDMOTHER)

CHILD: Final = ChildPersona(
    full_name="Ахметов Алихан Нұрланұлы",
    iin="210315500019",
    birth_date="2021-03-15",
    district="751110000",
    street_kk="Абай даңғылы",
    street_ru="проспект Абая",
    house="15",
    flat="12",
)

DISTRICT_OFFICIAL: Final = OfficialPersona(
    "district_official", "Омарова Сәуле Қайратқызы", "almaly@bilim.example", "kk", district="751110000"
)
OTHER_DISTRICT_OFFICIAL: Final = OfficialPersona(
    "other_district_official", "Соколова Елена Викторовна", "esil@bilim.example", "ru", district="711210000"
)
REGION_OFFICIAL: Final = OfficialPersona(
    "region_official", "Төлеуов Марат Асқарұлы", "almaty@bilim.example", "kk", region="750000000"
)
OFFICIALS: Final = (DISTRICT_OFFICIAL, OTHER_DISTRICT_OFFICIAL, REGION_OFFICIAL)

CLERKS: Final = (
    ClerkPersona("clerk", "ALA-01-1", "ALA-01", "Жұмабаева Әсел Маратқызы"),
    ClerkPersona("second_clerk", "ALA-01-2", "ALA-01", "Ким Анна Сергеевна"),
    ClerkPersona("supervisor", "ALA-01-S", "ALA-01", "Сейітов Қанат Ерланұлы", is_supervisor=True),
    ClerkPersona("clerk_astana", "AST-01-1", "AST-01", "Бекенова Дана Саматқызы"),
    ClerkPersona("second_clerk_astana", "AST-01-2", "AST-01", "Морозова Ирина Павловна"),
    ClerkPersona("supervisor_astana", "AST-01-S", "AST-01", "Оспанов Данияр Болатұлы", is_supervisor=True),
    ClerkPersona("clerk_shymkent", "SHY-01-1", "SHY-01", "Есенова Бота Талғатқызы"),
    ClerkPersona("second_clerk_shymkent", "SHY-01-2", "SHY-01", "Үмбетов Самат Нұржанұлы"),
    ClerkPersona("supervisor_shymkent", "SHY-01-S", "SHY-01", "Рахымова Жанар Ержанқызы", is_supervisor=True),
)
CLERK: Final = CLERKS[0]
LATE_CLERK: Final = next(clerk for clerk in CLERKS if clerk.key == "second_clerk_shymkent")
"""Serves at a desk far from the official's district, without a line (`config/demo/late_desk.py`)."""
