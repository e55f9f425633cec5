"""
Rows in a state: factories named after what is true of them, shared by all tests.

    CampaignFactory()                 open from 1 April 2027, 09:00 in Almaty
    IntakeFactory(slots="TTTO")       with its school and district
    TerritoryFactory(school=…)        Abai street, all houses
    ApplicationFactory(choices=…)     lodged on the portal
    ApplicationFactory(at_desk=True)  lodged at a counter

Numbers of persons are made up; `made_up_iin(n)` gives a valid one for every n.
"""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import factory
import msgspec
from factory.django import DjangoModelFactory

from enrollment.models import Application, Door, Draft
from enrollment.receipts import make_number, random_body
from enrollment.rules import content_sha256, decode_request
from enrollment.services.drafts import BLANK_FORM
from schools.models import (
    Account,
    Campaign,
    District,
    Intake,
    Lane,
    Region,
    RosterEntry,
    School,
    Territory,
)
from schools.rules import kazakh_sort_key, street_key

OPENS_AT = datetime(2027, 4, 1, 4, 0, tzinfo=UTC)
"""1 April 2027, 09:00 in Almaty."""
CLOSES_AT = datetime(2027, 8, 31, 13, 0, tzinfo=UTC)
DURING = datetime(2027, 4, 2, 5, 30, tzinfo=UTC)
"""Friday, the second day, 10:30 in Almaty."""


def _with_check_digit(eleven: str) -> str | None:
    digits = [int(digit) for digit in eleven]
    for weights in (range(1, 12), (3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2)):
        rest = sum(weight * digit for weight, digit in zip(weights, digits, strict=True)) % 11
        if rest < 10:
            return f"{eleven}{rest}"
    return None


def made_up_iin(n: int, *, born: str = "200915") -> str:
    """A valid number of nobody, another one for every `n` below 10,000."""
    return next(filter(None, (_with_check_digit(f"{born}{century}{n % 10_000:04}") for century in "5634")))


def made_up_bin(n: int) -> str:
    """A valid number of no organisation, another one for every `n` below 1,000."""
    return next(filter(None, (_with_check_digit(f"0501400{(n * 10 + k) % 10_000:04}") for k in range(10))))


class RegionFactory(DjangoModelFactory[Region]):
    class Meta:
        model = Region
        django_get_or_create = ("kato",)

    kato = "710000000"
    name_kk = "Астана қаласы"
    name_ru = "город Астана"
    name_en = "Astana"


class DistrictFactory(DjangoModelFactory[District]):
    class Meta:
        model = District
        django_get_or_create = ("kato",)

    kato = "711210000"
    region = factory.SubFactory(RegionFactory)
    name_kk = "Есіл ауданы"
    name_ru = "Есильский район"
    name_en = "Esil"
    help_line = "+7 7172 55 01 01"


class SchoolFactory(DjangoModelFactory[School]):
    class Meta:
        model = School
        django_get_or_create = ("bin",)

    bin = factory.Sequence(made_up_bin)
    district = factory.SubFactory(DistrictFactory)
    name_kk = factory.Sequence(lambda n: f"№ {n + 1} мектеп-гимназия")
    name_ru = factory.Sequence(lambda n: f"Школа-гимназия № {n + 1}")
    name_en = factory.Sequence(lambda n: f"School-gymnasium No. {n + 1}")
    address_kk = "Абай көшесі, 10"
    address_ru = "улица Абая, 10"


class CampaignFactory(DjangoModelFactory[Campaign]):
    class Meta:
        model = Campaign
        django_get_or_create = ("year",)

    year = 2027
    opens_at = OPENS_AT
    closes_at = CLOSES_AT


class IntakeFactory(DjangoModelFactory[Intake]):
    class Meta:
        model = Intake

    campaign = factory.SubFactory(CampaignFactory)
    school = factory.SubFactory(SchoolFactory)
    language = "kk"
    slots = "TTTOTTTO"


class TerritoryFactory(DjangoModelFactory[Territory]):
    class Meta:
        model = Territory

    campaign = factory.SubFactory(CampaignFactory)
    school = factory.SubFactory(SchoolFactory)
    district = factory.LazyAttribute(lambda territory: territory.school.district)
    street_kk = "Абай көшесі"
    street_ru = "улица Абая"
    street_keys = factory.LazyAttribute(
        lambda territory: sorted({street_key(territory.street_kk), street_key(territory.street_ru)})
    )


class AccountFactory(DjangoModelFactory[Account]):
    class Meta:
        model = Account

    email = factory.Sequence(lambda n: f"parent{n}@example.kz")
    password = "!"
    language = "kk"


def request_form(*, n: int = 1, choices: list[str], **changes: Any) -> dict[str, Any]:
    """A well-formed request for child `n` by its mother, as drafts and applications keep it."""
    form = {
        **BLANK_FORM,
        "child": {
            **BLANK_FORM["child"],
            "iin": made_up_iin(n),
            "family_name": "Серікқызы",
            "given_name": "Аружан",
            "birth_date": "2020-09-15",
            "wish": True,
        },
        "applicant": {
            **BLANK_FORM["applicant"],
            "iin": made_up_iin(n, born="900615"),
            "family_name": "Серікова",
            "given_name": "Гүлнар",
        },
        "relation": "mother",
        "address": {"district": "711210000", "street": "Абай көшесі", "house": "12", "flat": "5"},
        "phone": "+77011234567",
        "choices": choices,
        **changes,
    }
    canonical: dict[str, Any] = msgspec.to_builtins(decode_request(form))
    return canonical


class DraftFactory(DjangoModelFactory[Draft]):
    """Filled in whole, not checked; `form=BLANK_FORM` for one just begun."""

    class Meta:
        model = Draft

    class Params:
        n = factory.Sequence(lambda n: n + 1)
        intake = factory.SubFactory(IntakeFactory)

    id = factory.LazyFunction(uuid4)
    account = factory.SubFactory(AccountFactory)
    campaign = factory.LazyAttribute(lambda draft: draft.intake.campaign)
    form = factory.LazyAttribute(lambda draft: request_form(n=draft.n, choices=[draft.intake.name]))
    salt = b"\x05" * 16
    started_at = saved_at = DURING


class ApplicationFactory(DjangoModelFactory[Application]):
    """Lodged on the portal; `at_desk=True`: at a counter."""

    class Meta:
        model = Application

    class Params:
        n = factory.Sequence(lambda n: n + 1)
        intake = factory.SubFactory(IntakeFactory)
        at_desk = factory.Trait(
            door=Door.DESK, account=None, desk=factory.LazyFunction(uuid4), seq=1, entry_sha256=b"\x01" * 32
        )

    id = factory.LazyFunction(uuid4)
    number = factory.LazyFunction(lambda: make_number(year=27, issuer="QAB", random=random_body()))
    campaign = factory.LazyAttribute(lambda application: application.intake.campaign)
    form = factory.LazyAttribute(lambda a: request_form(n=a.n, choices=[a.intake.name]))
    child_key = factory.LazyAttribute(lambda application: application.form["child"]["iin"])
    person_key = factory.LazyAttribute(lambda application: application.form["applicant"]["iin"])
    choices = factory.LazyAttribute(lambda application: application.form["choices"])
    salt = b"\x05" * 16
    language = "kk"
    door = Door.PORTAL
    account = factory.SubFactory(AccountFactory)
    lodged_at = DURING
    received_at = factory.LazyAttribute(lambda application: application.lodged_at)
    content_sha256 = factory.LazyAttribute(lambda a: content_sha256(decode_request(a.form)))


class RosterEntryFactory(DjangoModelFactory[RosterEntry]):
    """An application's child on the list of its first choice: in a slot, or waiting with `slot=None`."""

    class Meta:
        model = RosterEntry

    class Params:
        application = factory.SubFactory(ApplicationFactory)

    campaign = factory.LazyAttribute(lambda entry: entry.application.campaign)
    intake = factory.LazyAttribute(
        lambda entry: Intake.objects.get(
            campaign=entry.campaign,
            school_id=entry.application.choices[0].partition("/")[0],
            language=entry.application.choices[0].partition("/")[2],
        )
    )
    district = factory.LazyAttribute(lambda entry: entry.intake.school.district)
    child_key = factory.LazyAttribute(lambda entry: entry.application.child_key)
    child_name = "Серікқызы Аружан"
    name_key = kazakh_sort_key("Серікқызы Аружан")
    application_id = factory.LazyAttribute(lambda entry: entry.application.id)
    application_number = factory.LazyAttribute(lambda entry: entry.application.number)
    door = Door.PORTAL
    lane = Lane.TERRITORY
    slot = 0
    arrived_at = moment = DURING
    draw_number = "5" * 64
