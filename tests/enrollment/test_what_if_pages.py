"""What-if for officials: a question is a row, the clock answers it, each reads the own schools only."""

import csv
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from html import unescape
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import translation

from enrollment.models import Scenario, ScenarioPart, ScenarioResult
from enrollment.services.outages import NoSuchOutage
from enrollment.services.scenarios import (
    OPEN_MAX,
    NamesBothOrNothing,
    TooManyOpen,
    ask_scenario,
    compute_scenarios,
)
from enrollment.tasks import compute_scenarios as bell
from enrollment.what_if import NothingChanged
from schools.models import Account, Campaign, District, Intake, Territory
from schools.services.officials import add_official
from tests.country import ABAY, BOSTANDYK, MEDEU, SATBAYEV, make_country
from tests.enrollment.test_what_if import DAY_THREE, TEN, Morning, recorded
from tests.schools.officials_country import PASSWORD, SECRET, officials_process, signed_in

pytestmark = pytest.mark.django_db
LIST = "/en/officials/what-if/"


@pytest.fixture(autouse=True)
def _officials_process(clock_at: Callable[[datetime], None]) -> Iterator[None]:
    cache.clear()
    clock_at(DAY_THREE)
    with officials_process(), translation.override("en"):
        yield


@pytest.fixture
def morning() -> Morning:
    return Morning()


def official_of(district: str) -> Account:
    return add_official(
        email=f"{district}@bilim.example",
        full_name="Айгүл",
        district=District.objects.get(kato=district),
        password=PASSWORD,
        totp_secret=SECRET,
        at=DAY_THREE,
    ).account


def body(response) -> str:
    text = b"".join(response) if response.streaming else response.content
    return text.decode("utf-8-sig")


def text_of(page: str) -> str:
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page[page.index("<main") :])))


def asked(morning: Morning, official: Account, **what: object) -> Scenario:
    what = what or {"without_outage": morning.outage.id}
    return ask_scenario(campaign=morning.campaign, official=official, at=DAY_THREE, **what)


# Asking --------------------------------------------------------------------------------------------------------


def test_an_official_asks_waits_and_reads(morning: Morning) -> None:
    client = signed_in(official_of(BOSTANDYK))

    sent = client.post(LIST, {"ask": "outage", "outage": str(morning.outage.id)})
    waiting = body(client.get(sent.url))
    answered = bell(limit=5)
    read = body(client.get(sent.url))

    assert 'http-equiv="refresh"' in waiting
    assert "Being worked out" in waiting
    assert answered == 1
    assert 'http-equiv="refresh"' not in read
    page = text_of(read)
    assert "What is confirmed stays confirmed 1 1 0 1" in page
    assert "As if nothing had been confirmed 1 1 0 1" in page
    assert morning.number(morning.early) in page
    assert morning.number(morning.lucky) in page
    assert "1 / 1" in page
    assert "Answered" in text_of(body(client.get(LIST)))


def test_the_clock_answers_once_the_oldest_first(morning: Morning) -> None:
    official = official_of(BOSTANDYK)
    first = asked(morning, official)
    second = ask_scenario(
        campaign=morning.campaign,
        official=official,
        at=DAY_THREE + timedelta(minutes=1),
        policy_data={"slot_pattern": {"value": "O", "legal_basis": "x"}},
    )

    assert compute_scenarios(at=DAY_THREE) == 1
    assert list(ScenarioResult.objects.values_list("scenario_id", flat=True)) == [first.id]
    assert compute_scenarios(at=DAY_THREE, limit=9) == 1
    assert ScenarioResult.objects.filter(scenario=second, refusal="").exists()
    assert compute_scenarios(at=DAY_THREE, limit=9) == 0


def test_rules_are_asked_about_by_changing_them(morning: Morning) -> None:
    client = signed_in(official_of(BOSTANDYK))
    page = client.get(LIST)
    initial = page.context["other"].initial
    fields = {**initial, "territory_hold_until": "", "ask": "rules", "slot_pattern": " tо "}

    sent = client.post(LIST, fields)

    assert sent.status_code == 302
    scenario = Scenario.objects.get()
    assert scenario.policy_data == {
        "slot_pattern": {
            "value": "TO",
            "legal_basis": morning.campaign.policy_data["slot_pattern"]["legal_basis"],
        }
    }
    assert "Order of places: TO" in text_of(body(client.get(sent.url)))


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({}, "nothing would be different"),
        ({"slot_pattern": "TTX"}, "1 to 40 letters T"),
        ({"choices_max": "5"}, "Please check what is written"),
        ({"grain": "7"}, "Please check what is written"),
        ({"territory_hold_until": "someday"}, "Please check what is written"),
    ],
)
def test_senseless_rules_are_refused_on_the_page(morning: Morning, fields: dict[str, str], why: str) -> None:
    client = signed_in(official_of(BOSTANDYK))
    initial = client.get(LIST).context["other"].initial

    sent = client.post(LIST, {**initial, "territory_hold_until": "", "ask": "rules", **fields})

    assert sent.status_code == 200
    assert why in body(sent)
    assert not Scenario.objects.exists()


def test_more_than_a_few_open_questions_are_refused(morning: Morning) -> None:
    official = official_of(BOSTANDYK)
    for _one in range(OPEN_MAX):
        asked(morning, official)

    with pytest.raises(TooManyOpen):
        asked(morning, official)
    page = signed_in(official).post(LIST, {"ask": "outage", "outage": str(morning.outage.id)})
    assert "Ask again when one is answered" in body(page)
    assert asked(morning, official_of(MEDEU)), "another official is not hindered"
    compute_scenarios(at=DAY_THREE, limit=9)
    assert asked(morning, official), "answered ones do not count"


def test_what_cannot_be_asked_is_refused(morning: Morning) -> None:
    official = official_of(BOSTANDYK)

    with pytest.raises(NoSuchOutage):
        asked(morning, official, without_outage=uuid4())
    with pytest.raises(NamesBothOrNothing):
        asked(morning, official, without_outage=None)
    with pytest.raises(NamesBothOrNothing):
        asked(morning, official, without_outage=morning.outage.id, policy_data={"grain": {}})
    with pytest.raises(NothingChanged):
        asked(morning, official, policy_data=morning.campaign.policy_data)
    sent = signed_in(official).post(LIST, {"ask": "outage", "outage": "no-id"})
    assert sent.status_code == 200
    assert not Scenario.objects.exists()


def test_before_the_first_list_the_answer_is_that_there_is_none() -> None:
    make_country()
    outage = recorded(start=TEN)
    client = signed_in(official_of(BOSTANDYK))

    sent = client.post(LIST, {"ask": "outage", "outage": str(outage.id)})
    compute_scenarios(at=DAY_THREE)

    assert "No list has been made yet" in body(client.get(sent.url))
    assert client.get(f"{sent.url}what-if.csv").status_code == 404


def test_where_nothing_would_be_different_the_page_says_so(morning: Morning) -> None:
    outage = recorded(start=TEN + timedelta(hours=6), district=MEDEU)
    client = signed_in(official_of(BOSTANDYK))
    scenario = asked(morning, Account.objects.get(email__startswith=BOSTANDYK), without_outage=outage.id)

    compute_scenarios(at=DAY_THREE)

    page = text_of(body(client.get(f"{LIST}{scenario.id}/")))
    assert "Nobody's place would be different." in page
    assert "No place at a school of your districts would be different." in page


# Scope ---------------------------------------------------------------------------------------------------------


def test_a_department_reads_its_own_schools_and_the_countrys_totals_only(morning: Morning) -> None:
    """The outage decides between two children at the lyceum, none of the other district's."""
    stranger = official_of(MEDEU)
    scenario = asked(morning, stranger)
    compute_scenarios(at=DAY_THREE)

    client = signed_in(stranger)
    page = text_of(body(client.get(f"{LIST}{scenario.id}/")))
    table = body(client.get(f"{LIST}{scenario.id}/what-if.csv"))

    assert "What is confirmed stays confirmed 1 1 0 1" in page
    assert "No place at a school of your districts would be different." in page
    for secret in (ABAY[:12], morning.number(morning.early), morning.number(morning.lucky)):
        assert secret not in page
        assert secret not in table


def test_a_school_of_another_district_is_not_named(morning: Morning) -> None:
    """A child that would have the lyceum instead of the other school: each department reads its half."""
    scenario = asked(morning, official_of(BOSTANDYK))
    result = ScenarioResult.objects.create(
        scenario=scenario,
        rounds=[2, 2],
        totals={"as_confirmed": {}, "from_nothing": {}},
        computed_at=DAY_THREE,
    )
    moved = {"gained": [["27-1", SATBAYEV]], "lost": [], "gained_from_nothing": [], "lost_from_nothing": []}
    ScenarioPart.objects.create(result=result, district_id=BOSTANDYK, schools={ABAY: moved})

    table = body(signed_in(scenario.official).get(f"{LIST}{scenario.id}/what-if.csv"))

    assert "at another school" in table
    assert SATBAYEV[:12] not in table


def test_nobody_reads_the_questions_of_others(morning: Morning) -> None:
    scenario = asked(morning, official_of(BOSTANDYK))
    other = signed_in(official_of(MEDEU))

    assert other.get(f"{LIST}{scenario.id}/").status_code == 404
    assert other.get(f"{LIST}{scenario.id}/what-if.csv").status_code == 404
    assert str(scenario.id) not in body(other.get(LIST))


def test_the_pages_are_closed_to_everybody_else(morning: Morning) -> None:
    scenario = asked(morning, official_of(BOSTANDYK))
    parent = signed_in(Account.objects.create_user("ana@example.kz", PASSWORD))

    for path in (LIST, f"{LIST}{scenario.id}/", f"{LIST}{scenario.id}/what-if.csv"):
        assert Client().get(path).status_code == 302, path
        assert parent.get(path).status_code == 403, path
        parent = signed_in(Account.objects.get(email="ana@example.kz"))


def test_a_region_reads_all_its_districts(morning: Morning) -> None:
    region = add_official(
        email="region@bilim.example",
        full_name="Облыс",
        region=District.objects.get(kato=MEDEU).region,
        password=PASSWORD,
        totp_secret=SECRET,
        at=DAY_THREE,
    ).account
    scenario = asked(morning, region)
    compute_scenarios(at=DAY_THREE)

    assert morning.number(morning.early) in body(signed_in(region).get(f"{LIST}{scenario.id}/"))


# What the pages say --------------------------------------------------------------------------------------------


def test_the_table_says_who_by_application_number(morning: Morning) -> None:
    official = official_of(BOSTANDYK)
    scenario = asked(morning, official)
    compute_scenarios(at=DAY_THREE)

    raw = b"".join(signed_in(official).get(f"{LIST}{scenario.id}/what-if.csv"))
    school, *children = csv.DictReader(raw.decode("utf-8-sig").splitlines())

    assert raw.startswith(b"\xef\xbb\xbf")
    assert (school["BIN"], school["Would gain a place here"], school["Would lose a place here"]) == (
        ABAY[:12],
        "1",
        "1",
    )
    assert [
        (row["Application"], row["What would be different"], row["Other place"]) for row in children[:2]
    ] == [
        (morning.number(morning.early), "Would gain a place here", "no place"),
        (morning.number(morning.lucky), "Would lose a place here", "no place"),
    ]
    semicolons = b"".join(signed_in(official).get(f"/kk/officials/what-if/{scenario.id}/what-if.csv"))
    assert ";" in semicolons.decode().splitlines()[0]


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_words_of_the_builders_never_reach_the_pages(morning: Morning, language: str) -> None:
    official = official_of(BOSTANDYK)
    scenario = asked(morning, official)
    client = signed_in(official)

    for answered in (0, 1):
        if answered:
            compute_scenarios(at=DAY_THREE)
        for path in ("what-if/", f"what-if/{scenario.id}/"):
            page = text_of(body(client.get(f"/{language}/officials/{path}"))).lower()
            words = set(re.findall(r"[a-z]+", page))
            assert not words & {"slot", "slots", "lane", "moment", "watermark", "claim"}, path


def test_without_a_campaign_the_page_says_so() -> None:
    make_country()
    official = official_of(BOSTANDYK)
    Territory.objects.all().delete()
    Intake.objects.all().delete()
    Campaign.objects.all().delete()

    assert "There is no campaign yet" in body(signed_in(official).get(LIST))


QUERIES = {"list": 7, "scenario": 7}


def test_pages_cost_as_many_queries_for_twenty_questions_as_for_one(
    morning: Morning, django_assert_num_queries: Callable[[int], object]
) -> None:
    official = official_of(BOSTANDYK)
    client = signed_in(official)
    for _round in range(2):
        scenario = asked(morning, official)
        compute_scenarios(at=DAY_THREE)
        with django_assert_num_queries(QUERIES["list"]):
            client.get(LIST)
        with django_assert_num_queries(QUERIES["scenario"]):
            client.get(f"{LIST}{scenario.id}/")
