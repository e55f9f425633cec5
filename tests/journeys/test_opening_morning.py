"""
The morning everything fails, told by `python -m tests.opening_morning`, and its judge.

The judge is tried first: a ledger that cannot say "lost" proves nothing.
"""

import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from config.embedded import command_on_leash, leftovers
from schools import placement
from tests.opening_morning.book import Book
from tests.opening_morning.counting import Ledger, ledger
from tests.opening_morning.families import Address, Person, Town, Wish, check_digit
from tests.opening_morning.line import Line
from tests.opening_morning.officials import PLACE
from tests.opening_morning.officials import Line as ListLine
from tests.opening_morning.plan import OPENS_AT
from tests.opening_morning.rule import Announced, Asked, verdict

ROOT = Path(__file__).resolve().parent.parent.parent
SCHOOL, OTHER = "990140999995/kk", "010240999986/kk"
PATIENCE_S = 300


def announced(slots: str = "TTO", *, hold_until: date | None = None) -> Announced:
    return Announced(
        year=2027,
        opens_at=OPENS_AT,
        grain=timedelta(minutes=1),
        has_opening_interval=True,
        hold_until=hold_until,
        first_round=date(2027, 4, 1),
        seed=b"\1" * 32,
        draw_key=b"\2" * 32,
        slots={SCHOOL: slots, OTHER: slots},
        district_of={SCHOOL[:12]: "751110000", OTHER[:12]: "711210000"},
        streets=[(SCHOOL[:12], "751110000", frozenset({"Абай даңғылы"}), 1, 99, "all")],
    )


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
    listed = [ListLine(SCHOOL, part, number, child, child) for child, part, number in lines]
    return ledger(book=book, announced=announced(slots), lines=listed, states=states, parked=())


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
    lines = [ListLine(SCHOOL, part, number, child, child) for child, part, number in ALL_PLACED]
    lines.append(ListLine(OTHER, PLACE, 1, "Aliya", "Aliya"))

    found = ledger(book=book, announced=announced(), lines=lines, states=HAVE_PLACES, parked=())

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

    found = verdict(announced(), asked, {})

    assert (found.contested, found.linked) == ({"first", "second"}, {"claimed"})
    assert found.standing == {"Aliya": "first", "Bolat": "proven"}


def test_the_grandmothers_earlier_time_is_kept_for_the_same_school_only() -> None:
    grandmother = asked_for("Aliya", "grandmother", person="grandmother", minute=0)
    mother = asked_for("Aliya", "mother", person="mother", is_proven=True, minute=9)
    rival = asked_for("Bolat", "rival", person="else", minute=5)
    elsewhere = asked_for("Aliya", "grandmother", person="grandmother", choice=OTHER, minute=0)

    assert set(verdict(announced("T"), [grandmother, mother, rival], {}).places) == {"Aliya"}
    assert set(verdict(announced("T"), [elsewhere, mother, rival], {}).places) == {"Bolat"}


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
    known = announced(slots, hold_until=chance.choice([None, date(2027, 4, 1)]))
    asked = [
        Asked(
            f"{n:02}", f"child {n}", "", chance.choice([SCHOOL, OTHER]), is_proven=False,
            handed_in_at=OPENS_AT + timedelta(days=chance.randrange(2), seconds=chance.randrange(200)),
            district="751110000", street=chance.choice(["Абай даңғылы", "Достық"]), house=7,
        )
        for n in range(chance.randrange(1, 30))
    ]  # fmt: skip

    own = verdict(known, asked, {})
    result = placement.place(
        intakes=[placement.Intake(id=name, slots=slots) for name, slots in known.slots.items()],
        children=[_as_placed(a) for a in asked],
        hold_territory=known.hold_until is not None,
    )

    assert own.places == result.placements
    for intake, (territory, outside) in own.lines.items():
        line = result.reserves.get(intake)
        assert [territory, outside] == ([line.territory, line.outside] if line else [[], []])


def _as_placed(asked: Asked) -> placement.Child:
    from enrollment import arrival, draw

    intervals = [arrival.opening_interval(OPENS_AT)]
    grain = timedelta(minutes=1)
    moment = arrival.moment(asked.handed_in_at, opens_at=OPENS_AT, intervals=intervals, grain=grain)
    token = draw.child_token(key=b"\2" * 32, child_key=asked.child)
    lives_there = asked.choice == SCHOOL and asked.street == "Абай даңғылы"
    return placement.Child(
        id=asked.child,
        choices=[asked.choice],
        moments=[int(moment.timestamp())],
        number=draw.number(seed=b"\1" * 32, token=token).hex(),
        territory=frozenset([asked.choice]) if lives_there else frozenset(),
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


# ------------------------------------------------------------------- the line


@pytest.fixture
def centre():
    """A centre that answers each delivery, and remembers what it got."""
    listener = socket.create_server(("127.0.0.1", 0))
    got: list[bytes] = []

    def serve() -> None:
        while True:
            try:
                connection, _address = listener.accept()
            except OSError:
                return
            with connection:
                received = b""
                while part := connection.recv(65_536):
                    received += part
                    if received.endswith(b"}") and b"\r\n\r\n" in received:
                        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
                        break
                got.append(received)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield listener.getsockname()[1], got
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


BODY = b'{"entries":["one"],"more":"' + b"x" * 200 + b'"}'
DELIVERY = b"POST /api/desk/v1/entries HTTP/1.1\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)


@pytest.mark.parametrize(
    ("mode", "once", "answered", "whole", "all_"),
    [
        ("good", [], True, 1, 1),
        ("twice", [], True, 2, 2),
        ("twice", ["cut"], False, 0, 1),
        ("twice", ["deaf"], False, 1, 1),
        ("down", [], False, 0, 0),
    ],
)
def test_the_line_is_as_bad_as_it_says(centre, mode, once, answered, whole, all_) -> None:
    port, got = centre
    line = Line(to_port=port, seed=1)
    line.mode = mode
    line.once += once
    try:
        with socket.create_connection(("127.0.0.1", line.port), timeout=5) as counter:
            counter.sendall(DELIVERY)
            answer = counter.recv(1000)
    except ConnectionResetError:
        answer = b""
    finally:
        line.close()
    leftovers.wait_until(lambda: len(got) >= all_, seconds=2)

    assert bool(answer) == answered
    assert (sum(message == DELIVERY for message in got), len(got)) == (whole, all_)


# ------------------------------------------------------------------ the story


def tell(*arguments: str, out: Path) -> tuple[int, dict[str, float], str]:
    """Tell the story in a process of its own: exit code, ledger, everything said."""
    command = [sys.executable, "-m", "tests.opening_morning", "--out", str(out), *arguments]
    done = subprocess.run(
        command_on_leash(command, last_signal=signal.SIGTERM),
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    written = out / "opening-morning.json"
    return done.returncode, json.loads(written.read_text()) if written.exists() else {}, done.stdout


@pytest.mark.fault
def test_nobody_is_lost_doubled_or_overtaken_on_the_opening_morning(tmp_path: Path) -> None:
    code, totals, said = tell("--quick", out=tmp_path)

    assert code == 0, said
    assert (totals["lost"], totals["doubled"], totals["overtaken"]) == (0, 0, 0)
    columns = ("on_rosters", "reserve", "linked", "contested", "parked", "withdrawn", "void")
    assert all(totals[column] >= 1 for column in columns), said
    assert sum(totals[column] for column in columns) == totals["receipts"]
    assert "lost 0 · doubled 0 · overtaken 0" in said
    assert (tmp_path / "opening-morning.html").read_text().count("<tr>") > 20


@pytest.mark.slow
@pytest.mark.fault
@pytest.mark.parametrize("law", ["law2", "law4", "law5"])
def test_a_broken_law_loses_somebody_and_is_told(law: str, tmp_path: Path) -> None:
    """2: facts removed. 4: a bell instead of sweeps. 5: the receipt before the journal."""
    code, totals, said = tell("--quick", "--break", law, out=tmp_path)

    assert code == 1, said
    assert totals["lost"] >= 1, said


@pytest.mark.slow
@pytest.mark.fault
def test_an_id_minted_at_each_press_is_told(tmp_path: Path) -> None:
    """Law 3: sent again, a family gets a second receipt; the first one is linked, which nobody asked for."""
    code, totals, said = tell("--quick", "--break", "law3", out=tmp_path)

    assert code == 1, said
    assert re.search(r"not kept: \S+ was sent once more and got (\S+) after (?!\1)", said)
    assert totals["linked"] > 6, said


@pytest.mark.slow
@pytest.mark.fault
def test_an_interrupted_story_leaves_nothing_running(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.opening_morning", "--quick", "--out", str(tmp_path)]
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    tmp_path.chmod(0o711)
    story = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert story.stdout is not None
    assert any("have signed in" in line for line in story.stdout)
    ports_dir = next(tmp_path.glob("qabyldau-morning-*"))
    running = _working_for(ports_dir)
    time.sleep(1)

    story.send_signal(signal.SIGINT)
    story.communicate(timeout=60)

    assert len(running) > 5
    assert leftovers.wait_until(lambda: not any(map(leftovers.is_alive, running)), seconds=10)
    assert not ports_dir.exists()


def _working_for(directory: Path) -> list[int]:
    """Processes whose environment names the story's directory."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            environment = (process / "environ").read_bytes()
        except OSError:
            continue
        if f"DATA_DIR={directory}".encode() in environment:
            found.append(int(process.name))
    return found


def test_the_first_day_is_one_moment() -> None:
    known = announced("T")
    early = asked_for("Aliya", "early", person="a", minute=0)
    first_day = [
        Asked(
            a.number, a.child, a.person, a.choice, False, at, district=a.district, street=a.street, house=15
        )
        for a, at in ((early, OPENS_AT), (asked_for("Bolat", "late", person="b", minute=0), _evening()))
    ]

    winners = {
        next(iter(verdict(known, order, {}).places)) for order in (first_day, list(reversed(first_day)))
    }

    assert len(winners) == 1


def _evening() -> datetime:
    return datetime(2027, 4, 1, 18, 59, tzinfo=UTC)
