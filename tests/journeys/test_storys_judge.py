"""
The judge of the opening morning: a ledger that cannot say "lost" proves nothing.

Also the story's own writing of the rule, against the application's.
"""

import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest

from schools import placement
from tests.opening_morning.book import Book
from tests.opening_morning.counting import Ledger, ledger
from tests.opening_morning.families import Address, Person, Town, Wish, check_digit
from tests.opening_morning.officials import PLACE
from tests.opening_morning.officials import Line as ListLine
from tests.opening_morning.plan import OPENS_AT
from tests.opening_morning.rule import ALMATY, Announced, Asked, Place, Round, Verdict, verdict

SCHOOL, OTHER = "990140999995/kk", "010240999986/kk"
MIDNIGHT = datetime(2027, 4, 3, tzinfo=ALMATY)
SEEDS = {date(2027, 4, day): bytes([day]) * 32 for day in (1, 2)}


def announced(slots: str = "TTO", *, hold_until: date | None = None) -> Announced:
    return Announced(
        year=2027,
        opens_at=OPENS_AT,
        grain=timedelta(minutes=1),
        has_opening_interval=True,
        hold_until=hold_until,
        draw_key=b"\2" * 32,
        slots={SCHOOL: slots, OTHER: slots},
        district_of={SCHOOL[:12]: "751110000", OTHER[:12]: "711210000"},
        streets=[(SCHOOL[:12], "751110000", frozenset({"Абай даңғылы"}), 1, 99, "all")],
    )


def by_rule(asked: list[Asked], *, slots: str = "TTO", **of_round: object) -> Verdict:
    return verdict(announced(slots), asked, {}, round_=Round(MIDNIGHT, SEEDS, **of_round))  # type: ignore[arg-type]


def wish(child: str, *, key: str = "", choice: str = SCHOOL, at_home: bool = True, seen: str = "") -> Wish:
    born = date(2021, 3, 15)
    return Wish(
        key=key or child,
        child=Person(child, "Ахметов", "Алихан", born),
        applicant=Person(f"mother of {key or child}", "Ахметова", "Айгүл", date(1990, 2, 14)),
        relation="mother",
        choice=choice,
        address=Address("751110000" if at_home else "711210000", "Абай даңғылы", 15, 1),
        phone="+77000000001",
        language="kk",
        seen=seen,
    )


# ------------------------------------------------------------------ the judge


@pytest.fixture
def book(clock_at: Callable[..., None]) -> Book:
    """Two children of the territory and one from outside, all on day two, a minute apart."""
    clock_at(OPENS_AT + timedelta(days=1, hours=1), rate=0)
    book = Book()
    for minute, (child, at_home) in enumerate((("Aliya", True), ("Bolat", True), ("Dana", False))):
        show(book, wish(child, at_home=at_home), number=child, minute=minute)
    return book


def show(book: Book, asked: Wish, *, number: str, minute: int, door: str = "portal") -> None:
    at = OPENS_AT + timedelta(days=1, minutes=minute)
    book.shown(wish=asked, door=door, number=number, printed_at=at, pressed_at=at)


def judged(book: Book, *lines: tuple[str, str, int], states: dict[str, str], slots: str = "TTO") -> Ledger:
    """`lines`: child, part of the list, number in it; at the school that everybody wants."""
    listed = [ListLine(SCHOOL, part, number, child, child, "Provisional") for child, part, number in lines]
    return ledger(
        book=book, should=by_rule(alive(book), slots=slots), wrong=(), lines=listed, states=states, parked=()
    )


def alive(book: Book) -> list[Asked]:
    return [receipt.asked() for receipt in book.receipts.values() if receipt.state == "alive"]


ALL_PLACED = (("Aliya", PLACE, 1), ("Bolat", PLACE, 2), ("Dana", PLACE, 3))
HAVE_PLACES = {"Aliya": "place", "Bolat": "place", "Dana": "place"}


def test_a_quiet_morning_is_judged_quiet(book: Book) -> None:
    found = judged(book, *ALL_PLACED, states=HAVE_PLACES)

    assert found.totals() | {"receipts": 3, "on_rosters": 3, "lost": 0, "doubled": 0, "overtaken": 0} == (
        found.totals()
    )
    assert found.unexpected == []


def test_a_receipt_that_is_nowhere_is_lost(book: Book) -> None:
    found = judged(book, *ALL_PLACED[:2], states={"Aliya": "place", "Bolat": "place", "Dana": ""})

    assert found.lost == ["Dana"]
    assert len(found.overtaken) == 1


def test_a_receipt_that_is_only_registered_is_lost(book: Book) -> None:
    found = judged(book, *ALL_PLACED[:2], states={**HAVE_PLACES, "Dana": "registered"})

    assert found.lost == ["Dana"]


def test_a_child_with_two_places_is_doubled(book: Book) -> None:
    lines = [ListLine(SCHOOL, part, n, child, child, "Provisional") for child, part, n in ALL_PLACED]
    lines.append(ListLine(OTHER, PLACE, 1, "Aliya", "Aliya", "Provisional"))

    found = ledger(
        book=book, should=by_rule(alive(book)), wrong=(), lines=lines, states=HAVE_PLACES, parked=()
    )

    assert found.doubled == ["Aliya"]
    assert found.overtaken


def test_who_came_later_and_has_the_place_overtook(book: Book) -> None:
    show(book, wish("Erke"), number="Erke", minute=9)
    waits = "Reserve list: from the territory"

    found = judged(
        book, ("Erke", PLACE, 1), ("Aliya", PLACE, 2), ("Dana", PLACE, 3), ("Bolat", waits, 1),
        states={**HAVE_PLACES, "Erke": "place", "Bolat": "reserve"},
    )  # fmt: skip

    assert found.overtaken == [f"Bolat should have a place at {SCHOOL}"]


def test_a_place_in_line_can_be_overtaken(book: Book) -> None:
    waits = "Reserve list: from the territory"
    for minute, child in enumerate(("Erke", "Farida"), start=5):
        show(book, wish(child), number=child, minute=minute)
    states = {**HAVE_PLACES, "Erke": "reserve", "Farida": "reserve"}

    right = judged(book, *ALL_PLACED, ("Erke", waits, 1), ("Farida", waits, 2), states=states)
    wrong = judged(book, *ALL_PLACED, ("Erke", waits, 2), ("Farida", waits, 1), states=states)

    assert right.overtaken == []
    assert wrong.overtaken == [f"the line at {SCHOOL} stands in another order"]


def test_a_place_for_nobody_of_the_story_is_noticed(book: Book) -> None:
    found = judged(book, *ALL_PLACED, ("Stranger", PLACE, 4), states=HAVE_PLACES, slots="TTOT")

    assert any("Stranger" in words for words in found.overtaken)


def test_two_proven_people_with_two_schools_are_contested_and_others_linked() -> None:
    asked = [
        asked_for("Aliya", "first", person="mother", is_proven=True, minute=0),
        asked_for("Aliya", "second", person="father", choice=OTHER, is_proven=True, minute=1),
        asked_for("Bolat", "claimed", person="mother", minute=2),
        asked_for("Bolat", "proven", person="father", choice=OTHER, is_proven=True, minute=3),
    ]

    found = by_rule(asked)

    assert (found.contested, found.linked) == ({"first", "second"}, {"claimed"})
    assert found.standing == {"Aliya": "first", "Bolat": "proven"}


def test_the_grandmothers_earlier_time_is_kept_for_the_same_school_only() -> None:
    grandmother = asked_for("Aliya", "grandmother", person="grandmother", minute=0)
    mother = asked_for("Aliya", "mother", person="mother", is_proven=True, minute=9)
    rival = asked_for("Bolat", "rival", person="else", minute=5)
    elsewhere = asked_for("Aliya", "grandmother", person="grandmother", choice=OTHER, minute=0)

    assert set(by_rule([grandmother, mother, rival], slots="T").places) == {"Aliya"}
    assert set(by_rule([elsewhere, mother, rival], slots="T").places) == {"Bolat"}


def asked_for(
    child: str, number: str, *, person: str, choice: str = SCHOOL, is_proven: bool = False, minute: int
) -> Asked:
    at = OPENS_AT + timedelta(days=1, minutes=minute)
    return Asked(
        number, child, person, choice, is_proven, at, district="751110000", street="Абай даңғылы", house=15
    )


@pytest.mark.parametrize("seed", range(30))
def test_the_story_s_own_rule_and_the_application_s_agree(seed: int) -> None:
    """Two writings of one rule; they share no line of code."""
    chance = random.Random(seed)
    slots = "".join(chance.choice("TTTO-") for _slot in range(chance.randrange(1, 12)))
    known = announced(slots, hold_until=chance.choice([None, date(2027, 4, 2)]))
    asked = [
        Asked(
            f"{n:02}", f"child {n}", "", chance.choice([SCHOOL, OTHER]), is_proven=False,
            handed_in_at=OPENS_AT + timedelta(days=chance.randrange(2), seconds=chance.randrange(200)),
            district="751110000", street=chance.choice(["Абай даңғылы", "Достық"]), house=7,
        )
        for n in range(chance.randrange(1, 30))
    ]  # fmt: skip

    harmed = {one.child: chance.choice("TO") for one in asked if chance.random() < 0.15}
    first = verdict(known, asked[::2], {}, round_=Round(MIDNIGHT, SEEDS))
    holders = {child: place for child, place in first.places.items() if chance.random() < 0.5}
    own = verdict(known, asked, {}, round_=Round(MIDNIGHT, SEEDS, holders=holders, harmed=harmed))
    result = placement.place(
        intakes=[
            placement.Intake(
                id=name,
                slots=slots,
                holders={place.slot: child for child, place in holders.items() if place.intake == name},
            )
            for name, slots in known.slots.items()
        ],
        children=[_as_placed(a, harmed.get(a.child)) for a in asked],
        hold_territory=known.hold_until is not None,
    )

    assert {child: place.intake for child, place in own.places.items()} == result.placements
    assert {child: place.slot for child, place in own.places.items()} == result.slots
    for intake, (territory, outside) in own.lines.items():
        line = result.reserves.get(intake)
        assert [territory, outside] == ([line.territory, line.outside] if line else [[], []])


def _as_placed(asked: Asked, harmed: str | None) -> placement.Child:
    from enrollment import arrival, draw

    intervals = [arrival.opening_interval(OPENS_AT)]
    grain = timedelta(minutes=1)
    moment = arrival.moment(asked.handed_in_at, opens_at=OPENS_AT, intervals=intervals, grain=grain)
    token = draw.child_token(key=b"\2" * 32, child_key=asked.child)
    seed = SEEDS[moment.astimezone(ALMATY).date()]
    lives_there = asked.choice == SCHOOL and asked.street == "Абай даңғылы"
    return placement.Child(
        id=asked.child,
        choices=[asked.choice],
        moments=[int(moment.timestamp())],
        number=draw.number(seed=seed, token=token).hex(),
        territory=frozenset([asked.choice]) if lives_there else frozenset(),
        first_for={asked.choice: harmed} if harmed else {},
    )


# ------------------------------------------------------------------- the book


def test_two_receipts_for_one_press_are_a_promise_not_kept(book: Book) -> None:
    show(book, wish("Aliya"), number="another", minute=0)

    assert book.broken == ["Aliya was sent once more and got another after Aliya"]


def test_a_receipt_dated_before_its_press_is_a_promise_not_kept() -> None:
    book = Book()
    book.shown(
        wish=wish("Aliya"),
        door="portal",
        number="Aliya",
        printed_at=OPENS_AT - timedelta(minutes=5),
        pressed_at=OPENS_AT,
    )

    assert len(book.broken) == 1


def test_made_up_numbers_have_their_check_digit() -> None:
    town = Town(announced=announced(), busy=[SCHOOL], chance=random.Random(1))

    iins = [town.wish(str(n), lane="own").child.iin for n in range(50)]

    assert len(set(iins)) == 50
    assert all(check_digit(iin[:11]) == int(iin[11]) for iin in iins)


def test_the_first_day_is_one_moment() -> None:
    early = asked_for("Aliya", "early", person="a", minute=0)
    first_day = [
        Asked(
            a.number, a.child, a.person, a.choice, False, at, district=a.district, street=a.street, house=15
        )
        for a, at in ((early, OPENS_AT), (asked_for("Bolat", "late", person="b", minute=0), _evening()))
    ]

    winners = {
        next(iter(by_rule(order, slots="T").places)) for order in (first_day, list(reversed(first_day)))
    }

    assert len(winners) == 1


def _evening() -> datetime:
    return datetime(2027, 4, 1, 18, 59, tzinfo=UTC)


# ------------------------------------------------------------------ the rounds


def test_what_is_handed_in_after_the_closing_waits_for_the_next_round() -> None:
    late = asked_for("Aliya", "late", person="mother", minute=24 * 60)

    assert by_rule([late]).standing == {}


def test_who_holds_a_place_keeps_it_from_somebody_earlier() -> None:
    early = asked_for("Aliya", "early", person="a", minute=0)
    holder = asked_for("Bolat", "holder", person="b", minute=9)

    found = by_rule([early, holder], slots="T", holders={"Bolat": Place(SCHOOL, 0)})

    assert found.places == {"Bolat": Place(SCHOOL, 0)}
    assert found.lines[SCHOOL] == (["Aliya"], [])


def test_who_was_known_too_late_goes_first_at_its_kind_of_place() -> None:
    early = asked_for("Aliya", "early", person="a", minute=0)
    harmed = asked_for("Bolat", "harmed", person="b", minute=9)

    assert set(by_rule([early, harmed], slots="T", harmed={"Bolat": "T"}).places) == {"Bolat"}
    assert set(by_rule([early, harmed], slots="T", harmed={"Bolat": "O"}).places) == {"Aliya"}


def test_the_last_of_a_line_with_an_open_question_is_held_with_it() -> None:
    asked = [
        asked_for(child, child, person=child, is_proven=child != "Aliya", minute=minute)
        for minute, child in enumerate(("Aliya", "Bolat", "Dana"))
    ]

    assert by_rule(asked, slots="TTT").held == {"Aliya", "Dana"}


def test_a_confirmation_against_the_rule_is_told(book: Book) -> None:
    wrong = ["Aliya: confirmed elsewhere"]
    lines = [ListLine(SCHOOL, part, n, child, child, "Confirmed") for child, part, n in ALL_PLACED]
    found = ledger(
        book=book, should=by_rule(alive(book)), wrong=wrong, lines=lines, states=HAVE_PLACES, parked=()
    )

    assert found.overtaken == wrong
