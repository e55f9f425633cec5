"""Every list is scoped by who asks."""

import pytest

from schools.models import Account, RosterEntry, School
from schools.selectors.visibility import Visible, visible_to
from schools.services.officials import add_official
from tests.schools.officials_country import NOW, Country, a_country, a_list

pytestmark = pytest.mark.django_db
LISTS = ("districts", "schools", "intakes", "entries", "cases", "horizons")


@pytest.fixture
def country() -> Country:
    made = a_country()
    a_list(made)
    return made


def shown(visible: Visible) -> dict[str, set[object]]:
    return {name: set(getattr(visible, name)) for name in LISTS}


def test_an_official_sees_the_own_district_whole(country: Country):
    seen = shown(visible_to(account=country.official))

    assert seen["districts"] == {country.esil}
    assert seen["schools"] == {country.intake.school}
    assert seen["intakes"] == {country.intake}
    assert {entry.district_id for entry in seen["entries"]} == {country.esil.kato}
    assert len(seen["entries"]) == 6
    assert {case.district_id for case in seen["cases"]} == {country.esil.kato}
    assert len(seen["horizons"]) == 9


def test_two_districts_share_nothing(country: Country):
    own, other = shown(visible_to(account=country.official)), shown(visible_to(account=country.stranger))

    assert all(own[name].isdisjoint(other[name]) for name in LISTS)
    assert School.objects.count() == len(own["schools"] | other["schools"])
    assert RosterEntry.objects.count() == len(own["entries"] | other["entries"])


def test_a_region_holds_its_districts(country: Country):
    account = add_official(email="r@example.kz", full_name="R", region=country.esil.region, at=NOW).account

    assert shown(visible_to(account=account))["districts"] == {country.esil, country.nura}


@pytest.mark.parametrize("state", ["no scope", "closed", "unsaved"])
def test_who_answers_for_nothing_sees_nothing(country: Country, state: str):
    account = country.parent
    if state == "closed":
        account = country.official
        account.is_active = False
    elif state == "unsaved":
        account = Account(email="nobody@example.kz")

    visible = visible_to(account=account)

    assert not visible
    assert shown(visible) == {name: set() for name in LISTS}


def test_a_door_of_the_whole_country_is_seen_by_every_official_and_by_nobody_else(country: Country):
    portal = country.campaign.horizons.create(
        door="portal", name_kk="Портал", name_ru="Портал", name_en="Portal"
    )

    assert portal in visible_to(account=country.official).horizons
    assert portal in visible_to(account=country.stranger).horizons
    assert portal not in visible_to(account=country.parent).horizons


def test_it_costs_one_query(country: Country, django_assert_num_queries):
    with django_assert_num_queries(1):
        visible_to(account=country.official)
