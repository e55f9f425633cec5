"""How the rules say no."""

import pickle

from django.utils import translation
from django.utils.translation import gettext_lazy

from schools.rules import BINCheckDigit, IINLength, Refusal, TooFewOpenSlots


class DayAlreadyClosed(Refusal):
    message = gettext_lazy("Monday")


def test_the_sentence_is_in_the_language_active_when_it_is_shown() -> None:
    refusal = DayAlreadyClosed()

    with translation.override("ru"):
        russian = str(refusal)
    with translation.override("en"):
        english = str(refusal)

    assert (russian, english) == ("Понедельник", "Monday")


def test_facts_fill_the_sentence() -> None:
    with translation.override("en"):
        assert str(IINLength(length=11)) == "An IIN has 12 digits; 11 were typed."


def test_a_percent_sign_without_facts_is_shown_as_it_is() -> None:
    class HalfDone(Refusal):
        message = "50% done"

    assert str(HalfDone()) == "50% done"


def test_the_code_is_the_name_in_snake_case() -> None:
    assert DayAlreadyClosed().code == "day_already_closed"
    assert IINLength(length=1).code == "iin_length"
    assert BINCheckDigit().code == "bin_check_digit"


def test_facts_survive_the_way_to_another_process() -> None:
    refusal = pickle.loads(pickle.dumps(TooFewOpenSlots(asked=3, open=1)))

    assert refusal.facts == {"asked": 3, "open": 1}
    assert repr(refusal) == "TooFewOpenSlots(asked=3, open=1)"
