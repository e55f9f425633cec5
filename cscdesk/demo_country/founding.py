"""The demo country in the database: what is missing is added, what is there stays as it is."""

from datetime import datetime
from typing import Final

from django.apps import apps
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from cscdesk.models import Centre, Clerk, Desk
from enrollment.models import DrawCommitment
from enrollment.services.draws import commit_draw
from enrollment.services.rounds import plan_rounds
from schools import rules
from schools.clock import ALMATY
from schools.models import (
    Account,
    Campaign,
    District,
    Intake,
    Language,
    Role,
    School,
    Scope,
    Territory,
)
from schools.services.imports import add_missing_regions

from .copying import add_missing
from .morning import OPENS_AT
from .numbers import demo_id
from .personas import CLERKS, DEMO_PASSWORD, DEMO_TOTP_SECRET, OFFICIALS, PARENTS
from .places import Country, city_country, nation_country
from .registering import register

YEAR: Final = 2027
CLOSES_AT: Final = datetime(2027, 8, 31, 23, 59, tzinfo=ALMATY)
_JOINED_AT: Final = datetime(2027, 3, 1, 9, tzinfo=ALMATY)
_CHAIN_DAYS: Final = 400
_PUBLIC_SOURCE: Final = (
    "Көрсетілімде қолмен енгізіледі · Для показа вводится вручную · Entered by hand for this demonstration"
)

CITY: Final = "city"
NATION: Final = "nation"
SIZES: Final = (CITY, NATION)
CITY_FAMILIES: Final = 1_500
CITY_APPLICATIONS: Final = 600
MOST_APPLICATIONS: Final = 400_000


class NotADemo(rules.Refusal):
    message = _(
        "Made-up families are stored only in a demonstration: set DEMO=1, and never in a real campaign."
    )


class TooManyApplications(rules.Refusal):
    message = _("At most %(most)s applications can be made up.")


@transaction.atomic
def seed_country(*, size: str, applications: int) -> dict[str, int]:
    """
    Add what is missing of the demo country; how much that was, by the name of the thing.

    Every id is fixed, so that seeding again adds nothing. `nation` has the cities too. Of the
    applications the first N of an endless row are stored: a larger N adds, a smaller one
    takes nothing away.

    :raises NotADemo: the setting DEMO is off
    :raises TooManyApplications: more than 400,000
    """
    if not settings.DEMO:
        raise NotADemo
    if applications > MOST_APPLICATIONS:
        raise TooManyApplications(most=MOST_APPLICATIONS)
    country = nation_country() if size == NATION else city_country()
    added = {
        "regions": add_missing_regions(),
        **_add_places(country),
        **_add_campaign(country),
        **_add_desks(country),
        **_add_people(),
    }
    if size == CITY:
        added |= register(
            country, name=CITY, issuer="QDM", applications=applications, families_at_least=CITY_FAMILIES
        )
    else:
        added |= register(country, name=NATION, issuer="QDN", applications=applications, start=1_000)
    return added


def _add_places(country: Country) -> dict[str, int]:
    districts = add_missing(
        District,
        ["kato", "region", "name_kk", "name_ru", "name_en", "help_line"],
        ((d.kato, d.region, d.name_kk, d.name_ru, d.name_en, d.help_line) for d in country.districts),
    )
    schools = add_missing(
        School,
        ["bin", "district", "name_kk", "name_ru", "name_en", "address_kk", "address_ru", "help_line"],
        (
            (
                s.bin,
                s.district.kato,
                s.name_kk,
                s.name_ru,
                s.name_en,
                f"{s.street.kk}, {s.house}",
                f"{s.street.ru}, {s.house}",
                s.help_line,
            )
            for s in country.schools
        ),
    )
    return {"districts": districts, "schools": schools}


def _add_campaign(country: Country) -> dict[str, int]:
    _campaign, is_new = Campaign.objects.get_or_create(
        year=YEAR,
        defaults={
            "opens_at": OPENS_AT,
            "closes_at": CLOSES_AT,
            "policy_data": rules.default_policy_data(),
        },
    )
    if not DrawCommitment.objects.filter(campaign=_campaign).exists():
        commit_draw(campaign=_campaign, public_source=_PUBLIC_SOURCE, length=_CHAIN_DAYS, at=_JOINED_AT)
    pattern = _campaign.policy.slot_pattern
    intakes = add_missing(
        Intake,
        ["campaign", "school", "language", "slots"],
        (
            (YEAR, school.bin, Language(language).value, rules.slots(places, pattern))
            for school in country.schools
            for language, places in school.places.items()
        ),
    )
    territories = add_missing(
        Territory,
        [
            "campaign",
            "school",
            "district",
            "street_kk",
            "street_ru",
            "street_keys",
            "first_house",
            "last_house",
            "parity",
        ],
        (
            (
                YEAR,
                s.school.bin,
                s.school.district.kato,
                s.street.kk,
                s.street.ru,
                s.street.keys,
                s.first,
                s.last,
                s.parity,
            )
            for s in country.stretches
        ),
    )
    rounds = 0 if _campaign.rounds.exists() else len(plan_rounds(campaign=_campaign, at=_JOINED_AT))
    return {"campaigns": int(is_new), "intakes": intakes, "territories": territories, "rounds": rounds}


def _add_desks(country: Country) -> dict[str, int]:
    centres = add_missing(
        Centre,
        ["code", "district", "name_kk", "name_ru", "name_en", "address_kk", "address_ru", "phone"],
        (
            (
                c.code,
                c.district.kato,
                c.name_kk,
                c.name_ru,
                c.name_en,
                f"{c.street.kk}, {c.house}",
                f"{c.street.ru}, {c.house}",
                c.phone,
            )
            for c in country.centres
        ),
    )
    desks = add_missing(
        Desk,
        ["id", "centre", "name"],
        (
            (demo_id("desk", centre.code, name), centre.code, name)
            for centre in country.centres
            for name in ("1", "2")
        ),
    )
    clerks = add_missing(
        Clerk,
        ["centre", "code", "full_name", "is_supervisor", "is_active"],
        ((c.centre, c.code, c.full_name, c.is_supervisor, True) for c in CLERKS),
    )
    return {"centres": centres, "desks": desks, "clerks": clerks}


def _add_people() -> dict[str, int]:
    added = 0
    for parent in PARENTS:
        if parent.email:
            added += _add_account(parent.email, parent.full_name, parent.language, phone=parent.phone)
    for official in OFFICIALS:
        added += _add_account(official.email, official.full_name, official.language, password=DEMO_PASSWORD)
        Scope.objects.get_or_create(
            account=Account.objects.get(email=official.email),
            role=Role.DISTRICT_OFFICIAL if official.district else Role.REGION_OFFICIAL,
            district_id=official.district or None,
            region_id=official.region or None,
        )
        _add_second_factor(official.email)
    return {"personas": added}


def _add_second_factor(email: str) -> None:
    if apps.is_installed("allauth.mfa"):
        from schools.second_factor import seal_secret

        apps.get_model("mfa", "Authenticator").objects.get_or_create(
            user=Account.objects.get(email=email),
            type="totp",
            defaults={"data": {"secret": seal_secret(DEMO_TOTP_SECRET)}},
        )


def _add_account(
    email: str, name: str, language: str, *, phone: str = "", password: str | None = None
) -> int:
    account, is_new = Account.objects.get_or_create(
        email=email,
        defaults={
            "full_name": name,
            "language": language,
            "phone": phone,
            "password": make_password(password),
            "joined_at": _JOINED_AT,
        },
    )
    if apps.is_installed("allauth.account"):
        # So that the code goes to an address that allauth knows already.
        addresses = apps.get_model("account", "EmailAddress")
        addresses.objects.get_or_create(
            user=account, email=email, defaults={"verified": True, "primary": True}
        )
    return int(is_new)
