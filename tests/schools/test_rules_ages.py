"""The age rule: six within the calendar year."""

from datetime import date

import pytest

from schools.rules import OnlyByWish, Policy, TooOld, TooYoung, age_refusal


@pytest.mark.parametrize("wish", [True, False])
@pytest.mark.parametrize(
    "born", [date(2021, 1, 1), date(2021, 9, 1), date(2020, 12, 31), date(2020, 2, 29), date(2019, 1, 1)]
)
def test_a_child_of_the_age_is_not_refused(born: date, wish: bool) -> None:
    assert age_refusal(born, 2027, Policy(), wish=wish) is None


@pytest.mark.parametrize("born", [date(2021, 9, 2), date(2021, 12, 31)])
def test_after_1_september_only_the_wish_of_the_parents_helps(born: date) -> None:
    assert isinstance(age_refusal(born, 2027, Policy(), wish=False), OnlyByWish)
    assert age_refusal(born, 2027, Policy(), wish=True) is None


@pytest.mark.parametrize("wish", [True, False])
@pytest.mark.parametrize("born", [date(2022, 1, 1), date(2027, 5, 1), date(2030, 1, 1)])
def test_no_wish_helps_a_child_that_turns_six_next_year(born: date, wish: bool) -> None:
    assert isinstance(age_refusal(born, 2027, Policy(), wish=wish), TooYoung)


def test_a_far_earlier_year_is_asked_about() -> None:
    assert isinstance(age_refusal(date(2018, 12, 31), 2027, Policy(), wish=True), TooOld)


def test_the_bounds_are_policy() -> None:
    policy = Policy(turns_years=7, turns_years_max=7, age_wish_after=(3, 31))

    assert isinstance(age_refusal(date(2021, 1, 1), 2027, policy, wish=True), TooYoung)
    assert isinstance(age_refusal(date(2020, 4, 1), 2027, policy, wish=False), OnlyByWish)
    assert age_refusal(date(2020, 3, 31), 2027, policy, wish=False) is None
    assert isinstance(age_refusal(date(2019, 12, 31), 2027, policy, wish=False), TooOld)
