"""Policy: data that is taken only whole, sensible and with its legal basis."""

import json
from datetime import date, timedelta

import pytest
from django.utils import translation

from schools.rules import InvalidPolicy, Policy, default_policy_data, parse_policy


def with_value(key: str, value: object) -> dict[str, object]:
    return {**default_policy_data(), key: {"value": value, "legal_basis": "an order"}}


def test_the_default_data_is_the_default_policy_and_survives_json() -> None:
    assert parse_policy(json.loads(json.dumps(default_policy_data()))) == Policy()


def test_every_key_of_the_policy_is_data() -> None:
    assert set(default_policy_data()) == set(Policy.__dataclass_fields__)


def test_every_key_names_its_legal_basis() -> None:
    assert all(stored["legal_basis"] for stored in default_policy_data().values())


def test_a_key_that_is_not_stored_has_its_default() -> None:
    assert parse_policy({}) == Policy()


@pytest.mark.parametrize(
    ("key", "value", "meaning"),
    [
        ("slot_pattern", "TO", "TO"),
        ("territory_hold_until", "2027-06-01", date(2027, 6, 1)),
        ("territory_hold_until", None, None),
        ("grain", 300, timedelta(minutes=5)),
        ("opening_interval", False, False),
        ("choices_max", 3, 3),
        ("age_wish_after", "12-31", (12, 31)),
        ("class_size_max", 20, 20),
        ("unopposed_withdrawal_hours", 24, 24),
    ],
)
def test_a_sensible_value_is_taken(key: str, value: object, meaning: object) -> None:
    assert getattr(parse_policy(with_value(key, value)), key) == meaning


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("slot_pattern", ""),
        ("slot_pattern", "TTX"),
        ("slot_pattern", "T-O"),
        ("slot_pattern", 3),
        ("territory_hold_until", "2027-02-30"),
        ("territory_hold_until", "20270601"),
        ("territory_hold_until", 5),
        ("grain", 0),
        ("grain", 7 * 60),
        ("grain", 1.5),
        ("opening_interval", 1),
        ("choices_max", 0),
        ("choices_max", 4),
        ("choices_max", True),
        ("class_size_max", "25"),
        ("age_wish_after", "02-30"),
        ("age_wish_after", [9, 1]),
        ("turns_years", -6),
        ("turns_years_max", 5),
        ("unopposed_withdrawal_hours", 0),
    ],
)
def test_a_senseless_value_is_refused_by_the_name_of_its_key(key: str, value: object) -> None:
    with pytest.raises(InvalidPolicy) as refused:
        parse_policy(with_value(key, value))
    assert refused.value.facts["key"] == key
    assert str(refused.value.facts["reason"])


def test_an_unknown_key_is_refused_by_name() -> None:
    with (
        translation.override("en"),
        pytest.raises(InvalidPolicy, match="“slot_patern”: there is no such key"),
    ):
        parse_policy(default_policy_data() | {"slot_patern": {"value": "TO", "legal_basis": "an order"}})


@pytest.mark.parametrize("basis", [None, "", "  ", 564])
def test_a_key_without_legal_basis_is_refused(basis: object) -> None:
    with pytest.raises(InvalidPolicy) as refused:
        parse_policy({"choices_max": {"value": 1, "legal_basis": basis}})
    assert refused.value.facts["key"] == "choices_max"


@pytest.mark.parametrize(
    "stored", [1, None, [], {}, {"legal_basis": "x"}, {"value": 1, "legal_basis": "x", "why": 1}]
)
def test_a_key_that_is_not_a_value_with_its_basis_is_refused(stored: object) -> None:
    with pytest.raises(InvalidPolicy):
        parse_policy({"choices_max": stored})


@pytest.mark.parametrize("data", [None, [], "TTTO"])
def test_data_that_is_no_object_is_refused(data: object) -> None:
    with pytest.raises(InvalidPolicy):
        parse_policy(data)  # type: ignore[arg-type]
