"""Explanations in words: each reason that counts is said, what does not matter is left out. Pure."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import translation

from enrollment.arrival import Interval, Outage
from enrollment.claims import Ending
from enrollment.explaining import HELD_FOR, Counted, Home, Round, Standing, Wish, explain
from schools.models import Held

AT = datetime(2027, 4, 2, 5, 30, 40, tzinfo=UTC)
"""10:30:40 on the second day."""
MINUTE = timedelta(minutes=1)
COUNTED = Counted(
    moment=AT.replace(second=0),
    is_earlier=False,
    is_before_opening=False,
    interval=None,
    has_opening=False,
    grain=MINUTE,
)
ABAY = Wish(
    school="Abay lyceum, Kazakh",
    is_territory=True,
    places={"T": 3, "O": 1},
    before=2,
    before_placed=2,
    equal=0,
    equal_before=0,
    slot_kind="T",
)
PLACED = Standing(
    number="27-4KQ7-M2XD-W",
    door="portal",
    lodged_at=AT,
    ending=Ending.STANDING,
    counted=COUNTED,
    home=Home(address="Abay street, 12", is_checked=True),
    is_territory=True,
    round=Round(number=2, closing_date=date(2027, 4, 2), answer_by=date(2027, 4, 5), is_closed=True),
    wishes=(ABAY,),
    draw_date=date(2027, 4, 2),
    draw_number="0123456789abcdef" * 4,
)


@pytest.fixture(autouse=True)
def in_english():
    with translation.override("en"):
        yield


def words(standing, code=None):
    return " ".join(
        str(sentence)
        for step in explain(standing)
        if code in (None, step.code)
        for sentence in (step.title, *step.sentences)
    )


def codes(standing):
    return [step.code for step in explain(standing)]


def test_a_place_is_explained_from_handing_in_to_the_place():
    assert codes(PLACED) == ["handed_in", "time", "home", "round", "wish", "provisional"]
    assert "on the portal: 2 April 2027, 10:30" in words(PLACED, "handed_in")
    assert "at 2 April 2027, 10:30: times are rounded down to steps of 1 min" in words(PLACED, "time")
    assert "Abay street, 12" in words(PLACED, "home")
    assert "before your child: 2; of them with a place here: 2" in words(PLACED, "wish")


def test_the_first_day_and_an_outage_count_as_one_time():
    opens_at = AT.replace(day=1, hour=4, minute=0, second=0)
    down = Outage(start=AT - timedelta(minutes=20), end=AT - timedelta(minutes=5))
    counted = replace(
        COUNTED,
        moment=opens_at,
        interval=Interval(opens_at, AT + timedelta(hours=1)),
        has_opening=True,
        outages=(down,),
    )

    said = words(replace(PLACED, counted=counted), "time")

    assert "On the first day nobody has to hurry" in said
    assert "could not get through from 2 April 2027, 10:10 to 2 April 2027, 10:25" in said
    assert "counts as one time: 1 April 2027, 09:00" in said
    assert "rounded" not in said


def test_an_outage_that_goes_on_has_no_end_in_words():
    counted = replace(COUNTED, interval=Interval(AT, None), outages=(Outage(start=AT),))

    said = words(replace(PLACED, counted=counted), "time")

    assert "cannot get through since" in said
    assert "Everything since then counts as one time" in said
    assert "None" not in said


def test_an_earlier_application_for_the_child_is_not_named():
    said = words(replace(PLACED, counted=replace(COUNTED, is_earlier=True)), "time")

    assert "the earliest time counts" in said


@pytest.mark.parametrize(
    ("home", "sentence"),
    [
        (Home(is_checked=True), "was checked"),
        (Home(is_checked=False), "not checked yet"),
        (Home(address="Hidden street", is_checked=False, is_other=True), "found another registered address"),
    ],
)
def test_the_address_is_checked_or_not_and_one_found_elsewhere_is_not_told(home, sentence):
    said = words(replace(PLACED, home=home), "home")

    assert sentence in said
    assert "Hidden" not in said


def test_before_its_list_has_closed_there_is_no_place_and_no_number():
    waiting = replace(PLACED, wishes=(), draw_date=None, round=replace(PLACED.round, is_closed=False))

    assert codes(waiting) == ["handed_in", "time", "home", "round"]
    assert "closes at 24:00: 2 April 2027" in words(waiting, "round")
    assert "Answer by: 5 April 2027" in words(waiting, "round")
    stopped = replace(waiting, round=replace(waiting.round, closing_date=None, answer_by=None))
    assert "does not close" in words(stopped, "round")


def test_the_draw_is_explained_only_where_it_decided():
    drawn = replace(PLACED, wishes=(replace(ABAY, equal=5, equal_before=1),))

    assert "draw" not in codes(PLACED)
    said = words(drawn, "draw")
    assert "draw of 2 April 2027" in said
    assert "begins with 01234567." in said
    assert "with the same time: 5; of them with a smaller number: 1" in said


def test_what_it_liked_better_is_explained_before_the_place():
    better = replace(
        ABAY, school="Satbayev school", is_territory=False, slot_kind="", number=4, territory_open=2
    )

    both = replace(PLACED, wishes=(better, ABAY))

    assert codes(both).count("wish") == 2
    said = words(both, "wish")
    assert said.index("Choice 1: Satbayev school") < said.index("Choice 2: Abay lyceum")
    assert "Number on the reserve list: 4" in said
    assert "Kept for children of the territory: 2" in said


@pytest.mark.parametrize("reason", Held.values)
def test_every_reason_for_which_a_place_is_kept_has_its_words(reason):
    assert set(HELD_FOR) == set(Held.values)
    kept = replace(PLACED, held_for=(reason,))

    assert codes(kept)[-1] == "held"
    assert str(HELD_FOR[reason]) in words(kept, "held")


def test_a_confirmed_place_says_when_and_a_granted_one_how():
    confirmed = replace(PLACED, confirmed_at=AT, held_for=("relation",))

    assert codes(confirmed)[-1] == "confirmed"
    assert "confirmed: 2 April 2027, 10:30" in words(confirmed)
    assert "above the school's capacity" in words(replace(confirmed, is_granted=True))


@pytest.mark.parametrize("is_territory", [True, False])
@pytest.mark.parametrize("kind", ["T", "O"])
def test_whose_kind_of_place_it_is_has_words_for_every_pair(is_territory, kind):
    one = replace(PLACED, wishes=(replace(ABAY, is_territory=is_territory, slot_kind=kind),))

    assert "The place is one of those for children" in words(one, "wish")


def test_what_came_too_late_and_what_the_department_must_do():
    waiting = replace(ABAY, slot_kind="", number=1)
    left = replace(
        PLACED,
        wishes=(waiting,),
        harmed_at="Abay lyceum",
        must_act_by=date(2027, 4, 9),
        help_line="+7 7172 55 01 01",
    )

    assert codes(left)[-2:] == ["harmed", "must_act"]
    assert "your child goes first" in words(left, "harmed")
    assert "9 April 2027" in words(left, "must_act")
    assert "+7 7172 55 01 01" in words(left, "must_act")


@pytest.mark.parametrize("ending", [Ending.WITHDRAWN, Ending.VOID, Ending.CONTESTED])
def test_what_does_not_count_is_not_explained_further(ending):
    assert codes(replace(PLACED, ending=ending)) == ["handed_in", "ending"]


def test_joined_with_another_choice_says_so_and_names_the_other_to_officials_alone():
    linked = replace(PLACED, ending=Ending.LINKED, shares=False)

    assert codes(linked) == ["handed_in", "linked"]
    assert "another one counts" in words(linked)
    assert "27-AAAA" in words(replace(linked, counting="27-AAAA-AAAA-A"))
    assert "the correction counts" in words(replace(linked, is_corrected=True))


def test_a_withdrawal_that_waits_is_said_with_how_to_oppose_it():
    assert "call 1414 at once" in words(replace(PLACED, withdrawal_waits=True), "withdrawal")


def test_the_words_follow_the_language_of_the_reader():
    explained = explain(PLACED)
    shown = {}
    for language in ("kk", "ru", "en"):
        with translation.override(language):
            shown[language] = [str(s) for step in explained for s in (step.title, *step.sentences)]

    for kk, ru, en in zip(*shown.values(), strict=True):
        assert len({kk, ru, en}) == 3 or en == str(ABAY.school)


FORBIDDEN = {
    "en": ("slot", "lane", "moment", "watermark", "claim"),
    "ru": ("слот", "момент"),
    "kk": ("слот", "қабылданды"),
}


@pytest.mark.parametrize("language", FORBIDDEN)
def test_no_word_of_the_program_is_in_the_sentences(language):
    everything = replace(
        PLACED,
        wishes=(replace(ABAY, equal=1, slot_kind="", number=3, territory_open=1), ABAY),
        held_for=tuple(Held.values),
        harmed_at="x",
        must_act_by=date(2027, 4, 9),
        withdrawal_waits=True,
    )
    with translation.override(language):
        said = words(everything).lower()

    assert not [word for word in FORBIDDEN[language] if word in said]
