"""The page of the rule: its example is placed for real, its numbers are those of the campaign."""

import re
from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from django.test import Client
from django.utils import translation

from enrollment import rules_page
from enrollment.rules_page import MEANINGS, Outcome, example, policy_keys
from schools.rules import Policy, default_policy_data, parse_policy
from tests.country import OPENING, make_country


def placed(outcome: Outcome) -> list[tuple[int | None, str, str, str]]:
    with translation.override("en"):
        return [(one.place, one.kind, str(one.child.name), one.why) for one in outcome.placed]


def waiting(outcome: Outcome) -> tuple[list[str], list[str]]:
    with translation.override("en"):
        return [str(o.child.name) for o in outcome.territory], [str(o.child.name) for o in outcome.outside]


def test_the_example_gives_places_in_turn_and_draws_for_the_first_day():
    before = example(policy=Policy()).before

    assert placed(before) == [
        (1, "T", "Bekzat", "draw"),
        (2, "T", "Ayala", "earlier"),
        (3, "T", "Dana", "earlier"),
        (4, "O", "Nurlan", "draw"),
        (5, "T", "Yerzhan", "earlier"),
        (6, "T", "Ilyas", "earlier"),
    ]
    assert waiting(before) == (["Zhanel"], ["Kamila", "Madina"])


def test_the_late_outage_makes_arrivals_equal_and_the_draw_decides():
    shown = example(policy=Policy())

    assert placed(shown.after)[4:] == [(5, "T", "Zhanel", "draw"), (6, "T", "Yerzhan", "draw")]
    assert waiting(shown.after) == (["Ilyas"], ["Kamila", "Madina"])
    assert shown.interval.end is not None
    assert shown.interval.end - shown.interval.start == timedelta(minutes=30)
    assert ([c.id for c in shown.gained], [c.id for c in shown.lost]) == (["6"], ["5"])


def test_under_another_policy_the_example_is_another():
    no_first_day = example(policy=Policy(opening_interval=False)).before
    only_outside = example(policy=Policy(slot_pattern="O")).before
    only_territory = example(policy=Policy(slot_pattern="T")).before
    held = example(policy=Policy(slot_pattern="T", territory_hold_until=OPENING.date())).before

    assert placed(no_first_day)[0] == (1, "T", "Ayala", "earlier")
    assert [why for _place, _kind, _name, why in placed(only_outside)] == [
        "draw", "earlier", "alone", "no_outside", "no_outside", "no_outside",
    ]  # fmt: skip
    assert {kind for _place, kind, _name, _why in placed(only_territory)} == {"T"}
    assert placed(held) == placed(only_territory)


def test_a_child_from_outside_on_a_territory_place_is_explained(monkeypatch: pytest.MonkeyPatch):
    few = [child for child in rules_page.CHILDREN if not child.is_territory or child.id == "1"]
    monkeypatch.setattr(rules_page, "CHILDREN", few)

    outcome = example(policy=Policy()).before

    assert placed(outcome) == [
        (1, "T", "Ayala", "alone"),
        (2, "T", "Nurlan", "no_territory"),
        (3, "T", "Kamila", "no_territory"),
        (4, "O", "Madina", "alone"),
    ]


def test_every_key_of_the_policy_has_a_meaning():
    assert MEANINGS.keys() == default_policy_data().keys()


@pytest.mark.django_db
def test_the_values_are_those_of_the_campaign_in_words():
    campaign = make_country(
        policy={"slot_pattern": "TO", "grain": 90, "territory_hold_until": "2027-06-01", "hold_unchecked": []}
    )
    del campaign.policy_data["notice_days"]
    with translation.override("en"):
        shown = {key.name: (str(key.value), str(key.legal_basis)) for key in policy_keys(campaign)}

    assert shown["slot_pattern"] == ("TO", "a test")
    assert shown["grain"][0] == "90 seconds"
    assert shown["territory_hold_until"][0] == "1 June 2027"
    assert shown["hold_unchecked"][0] == "nothing"
    order, demo = (
        "Order No. 564 of 12.10.2018, as in force from 15.09.2025",
        "Demonstration rule: needs an order",
    )
    assert shown["class_size_max"] == ("25", order)
    assert shown["age_wish_after"] == ("1 September", order)
    assert shown["notice_days"] == ("5 working days", f"{demo} of the ministry")
    assert shown["silent_desk_hours"][0] == "72 hours"
    assert shown["brake_percent"][0] == "2%"
    assert shown["brake_children"][0] == "5"
    assert shown["opening_interval"][0] == "yes"


@pytest.mark.django_db
def test_the_defaults_are_read_in_words_too():
    with translation.override("en"):
        shown = {key.name: str(key.value) for key in policy_keys(make_country())}

    assert shown["grain"] == "1 minute"
    assert shown["territory_hold_until"] == "not at all"
    assert shown["hold_unchecked"] == "Registered address, Relation to the child"
    assert parse_policy(default_policy_data()) == Policy()


@pytest.fixture
def family(settings: Any) -> Client:
    portal = import_module("config.settings.portal")
    settings.ROOT_URLCONF, settings.MIDDLEWARE = portal.ROOT_URLCONF, list(portal.MIDDLEWARE)
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if "whitenoise" not in name]
    return Client()


def text_of(client: Client, language: str, path: str = "rules/") -> str:
    response = client.get(f"/{language}/{path}")
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.django_db
def test_the_page_shows_example_and_numbers(family, django_assert_num_queries):
    make_country()
    with django_assert_num_queries(1):
        text = text_of(family, "en")

    assert text.count("<caption") == 3
    for meaning in MEANINGS.values():
        assert str(meaning).replace("'", "&#x27;") in text
    assert "demo rule, needs an order" not in text
    assert "Demonstration rule: needs an order of the ministry" in text


@pytest.mark.django_db
def test_without_a_campaign_the_rule_is_explained_all_the_same(family):
    text = text_of(family, "en")

    assert text.count("<caption") == 3
    assert "No campaign is announced yet." in text


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_the_page_never_uses_the_words_of_the_trade(family, language):
    make_country()
    words = re.sub(r"<[^>]+>", " ", text_of(family, language)).replace("count as one moment", "").lower()

    assert not re.search(r"\b(slot|lane|moment|watermark|claim)s?\b", words)


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["", "draw/", "status/"])
def test_the_rule_is_one_press_away(family, path):
    make_country()

    assert 'href="/kk/rules/"' in text_of(family, "kk", path)
