"""Two districts with schools, lists and doors, and the people who may or may not see them."""

import hashlib
import hmac
import struct
import time
from base64 import b32decode
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.test import Client, override_settings

from config.settings import officials as process
from schools.models import (
    Account,
    Campaign,
    Case,
    District,
    Horizon,
    Intake,
    Lane,
    RosterEntry,
    RosterState,
    Round,
)
from schools.rules import kazakh_sort_key
from schools.services.officials import add_official
from tests.factories import CampaignFactory, DistrictFactory, IntakeFactory, RegionFactory, SchoolFactory

NOW = datetime(2027, 4, 2, 9, 5, tzinfo=UTC)
"""14:05 in Almaty."""
CLOSING = datetime(2027, 4, 1, 19, tzinfo=UTC)
"""24:00 in Almaty on the first day: the closing of round 1, fourteen hours before `NOW`."""
PASSWORD = "tas-zholdyn-boyi-9"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"

MIDDLEWARE = list(process.MIDDLEWARE)
AS_OFFICIALS_PROCESS = {
    name: getattr(process, name)
    for name in vars(process)
    if name.isupper()
    and (
        name.startswith(("ACCOUNT_", "MFA_", "SESSION_", "LOGIN_"))
        or name in {"ROOT_URLCONF", "MIDDLEWARE", "TEMPLATES", "CSRF_COOKIE_NAME"}
    )
}


def officials_process() -> override_settings:
    """The settings of the officials' own process, as far as tests can take them on."""
    return override_settings(**AS_OFFICIALS_PROCESS, **ROSTERS_BY_HAND)


ROSTERS_BY_HAND = {"ROSTER_BRING_UP_TO_DATE": "", "ROSTER_STILL_TO_TAKE_IN": ""}
"""The lists of this country are rows made here, without applications that could be read again."""


def code_of(secret: str = SECRET, *, step: int = 0) -> str:
    """What an authenticator app shows (RFC 6238), `step` half-minutes from now."""
    counter = int(time.time()) // 30 + step  # noqa: TID251 - phones show the real time
    digest = hmac.new(b32decode(secret), struct.pack(">Q", counter), hashlib.sha1).digest()
    start = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[start : start + 4])[0] & 0x7FFFFFFF) % 1_000_000:06}"


@dataclass
class Country:
    """What the tests of officials' pages look at."""

    campaign: Campaign
    esil: District
    nura: District
    intake: Intake
    abroad: Intake
    """An intake of the other district."""
    official: Account
    stranger: Account
    """The official of the other district."""
    parent: Account
    clients: dict[str, Client] = field(default_factory=dict)


def a_country() -> Country:
    campaign = CampaignFactory()
    esil = DistrictFactory(kato="711210000")
    nura = DistrictFactory(
        kato="711510000", name_kk="Нұра ауданы", name_ru="район Нура", name_en="Nura", region=RegionFactory()
    )
    intake = IntakeFactory(campaign=campaign, school=SchoolFactory(district=esil), slots="TTTOTTTO")
    abroad = IntakeFactory(campaign=campaign, school=SchoolFactory(district=nura), slots="TTTO")
    RosterState.objects.create(campaign=campaign, facts_read=9, known_at=NOW)
    for n in range(9):
        Horizon.objects.create(
            campaign=campaign,
            door=str(UUID(int=n + 1)),
            district=esil,
            name_kk=f"ХҚО {n // 3 + 1}, {n + 1}-терезе",
            name_ru=f"ЦОН {n // 3 + 1}, окно {n + 1}",
            name_en=f"Service centre {n // 3 + 1}, desk {n + 1}",
            phone="+7 7172 55 10 01",
            heard_at=NOW - timedelta(minutes=85 if n < 2 else 1),
            unsent=(19, 12)[n] if n < 2 else 0,
            is_closed=n == 8,
        )
    Horizon.objects.filter(door=str(UUID(int=9))).update(heard_at=NOW - timedelta(hours=2))
    stranger = add_official(
        email="nura@example.kz",
        full_name="Серік Нұра",
        district=nura,
        password=PASSWORD,
        totp_secret=SECRET,
        at=NOW,
    ).account
    official = add_official(
        email="esil@example.kz",
        full_name="Айгүл Есіл",
        district=esil,
        password=PASSWORD,
        totp_secret=SECRET,
        at=NOW,
    ).account
    parent = Account.objects.create_user("ana@example.kz", PASSWORD)
    return Country(campaign, esil, nura, intake, abroad, official, stranger, parent)


def line(intake: Intake, *, n: int, name: str, slot: int | None = None, **more: Any) -> RosterEntry:
    """A line of a list, not yet stored."""
    values: dict[str, Any] = {
        "campaign": intake.campaign,
        "district": intake.school.district,
        "intake": intake,
        "child_key": f"{n:012}",
        "child_name": name,
        "name_key": kazakh_sort_key(name),
        "application_id": UUID(int=n),
        "application_number": f"27-4KQ7-{n:04}-W",
        "door": "portal" if n % 2 else "desk",
        "lane": Lane.TERRITORY,
        "slot": slot,
        "arrived_at": NOW - timedelta(hours=1),
        "moment": NOW - timedelta(days=1),
        "draw_number": f"{n:064x}",
    }
    return RosterEntry(**{**values, **more})


def a_list(country: Country) -> None:
    """Three given places, three who wait, one child of the other district, two cases."""
    RosterEntry.objects.bulk_create(
        [
            line(country.intake, n=1, name="Қасымова Әлия", slot=0),
            line(
                country.intake,
                n=2,
                name="Алиев Арман",
                slot=1,
                is_contested=True,
                is_held=True,
                held_for=["contested"],
            ),
            line(country.intake, n=3, name="Омаров Тимур", slot=3, lane=Lane.OUTSIDE),
            line(country.intake, n=4, name="Әбенов Санжар"),
            line(country.intake, n=5, name="Абаева Дана"),
            line(country.intake, n=6, name="=HYPERLINK(1)", lane=Lane.OUTSIDE),
            line(country.abroad, n=7, name="Бөтен Бала", slot=0),
        ]
    )
    for district, subject in ((country.esil, "27-4KQ7-0002-W"), (country.nura, "27-4KQ7-0007-W")):
        Case.objects.create(
            campaign=country.campaign,
            kind=Case.Kind.PARKED_ENTRY,
            subject=subject,
            district=district,
            opened_at=NOW,
        )


def round_one(country: Country) -> Round:
    """The first round has closed and its list is drawn; the second one is open."""
    first = Round.objects.create(campaign=country.campaign, number=1, closes_at=CLOSING)
    Round.objects.create(campaign=country.campaign, number=2, closes_at=CLOSING + timedelta(days=1))
    RosterState.objects.filter(campaign=country.campaign).update(
        round=first, closing_at=CLOSING, facts_sha256=bytes(range(32))
    )
    return first


def all_reported(country: Country, *, through: datetime = CLOSING) -> None:
    """Every desk of the country has told everything up to the closing."""
    Horizon.objects.filter(campaign=country.campaign).update(through=through)


def a_colleague(country: Country, *, name: str = "Болат Есіл", email: str = "bolat@example.kz") -> Account:
    """A second official of the same district."""
    return add_official(
        email=email,
        full_name=name,
        district=country.esil,
        password=PASSWORD,
        totp_secret=SECRET,
        at=NOW,
    ).account


def signed_in(account: Account) -> Client:
    """A client that went through the whole sign-in but for the forms."""
    client = Client()
    client.force_login(account, backend=settings.AUTHENTICATION_BACKENDS[0])
    return client
