"""The ledger of the morning: where every receipt ended, and whether anybody was passed over."""

import re
import time
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from tests.opening_morning.book import Book, Receipt
from tests.opening_morning.browser import Browser, NoAnswer
from tests.opening_morning.closing import COUNTED
from tests.opening_morning.officials import Line
from tests.opening_morning.rule import Verdict
from tests.opening_morning.stage import DidNotHappen, Stage

COLUMNS = ("on_rosters", "reserve", "linked", "contested", "parked", "withdrawn", "void")
_TITLES = {
    "Withdrawn": "withdrawn",
    "Void": "void",
    "Your child has a provisional place": "place",
    "A place is kept for the child": "place",
    "The place is confirmed": "place",
    "Something became known too late": "reserve",
    "On the reserve list": "reserve",
    "Your child's number on the reserve list": "reserve",
    "The education department will ask you": "contested",
    "Joined with another application": "linked",
    "Registered": "registered",
    "There is no application with this number": "",
}


@dataclass
class Ledger:
    """Every receipt in one column, and what must not be."""

    column_of: dict[str, str] = field(default_factory=dict)
    doubled: list[str] = field(default_factory=list)
    overtaken: list[str] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)
    """Receipts that ended elsewhere than the story's own rule says, in words."""

    @property
    def lost(self) -> list[str]:
        return [number for number, column in self.column_of.items() if column == "lost"]

    def totals(self) -> dict[str, int]:
        """The keys of build/opening-morning.json."""
        counted = Counter(self.column_of.values())
        return {
            "receipts": len(self.column_of),
            **{column: counted[column] for column in COLUMNS},
            "lost": len(self.lost),
            "doubled": len(self.doubled),
            "overtaken": len(self.overtaken),
        }


def ledger(
    *,
    book: Book,
    should: Verdict,
    wrong: Iterable[str],
    lines: Iterable[Line],
    states: dict[str, str],
    parked: Collection[str],
) -> Ledger:
    """
    Put every receipt that was shown into the first column that is true of it.

    :param should: who must have which place, by the story's own rule
    :param wrong: confirmations that were against it, in words
    :param lines: the lists as officials read them
    :param states: what the status page says, by number; see `states_of`
    :param parked: numbers of entries kept with a reason
    """
    lines = list(lines)
    found = Ledger()
    by_number = {line.application: line for line in lines}
    on_lists = {line.child for line in lines}
    for number, receipt in book.receipts.items():
        found.column_of[number] = _column(
            receipt,
            line=by_number.get(number),
            state=states.get(number, ""),
            is_parked=number in parked,
            is_on_a_list=receipt.wish.child.iin in on_lists,
        )
    places = Counter(line.child for line in lines if line.has_place)
    found.doubled = sorted(child for child, count in places.items() if count > 1)
    children = {r.wish.child.iin for r in book.receipts.values()}
    found.overtaken = [*wrong, *_overtaken(should, lines, children=children)]
    found.unexpected = list(_unexpected(book, should, found.column_of))
    return found


def _column(receipt: Receipt, *, line: Line | None, state: str, is_parked: bool, is_on_a_list: bool) -> str:
    if state in ("void", "withdrawn"):
        return state
    if is_parked:
        return "parked"
    if state == "contested":
        return "contested"
    if line is not None and line.child == receipt.wish.child.iin:
        return "on_rosters" if line.has_place else "reserve"
    # The page shows the child's place also to those whose application was joined with another.
    if state == "linked" or (state in ("place", "reserve") and is_on_a_list):
        return "linked"
    return "lost"


def _overtaken(should: Verdict, lines: list[Line], *, children: set[str]) -> list[str]:
    given = {(line.child, line.intake) for line in lines if line.has_place}
    by_rule = {(child, place.intake) for child, place in should.places.items()}
    passed_over = [f"{child} should have a place at {intake}" for child, intake in by_rule - given]
    against = [f"{child} has a place at {intake}" for child, intake in given - by_rule]
    strangers = [
        f"nobody of the story asked for {line.child}" for line in lines if line.child not in children
    ]
    wrong_lines = []
    for intake, (own, outside) in should.lines.items():
        for is_territory, waiting in ((True, own), (False, outside)):
            listed = [
                line.child
                for line in sorted(lines, key=lambda line: line.number)
                if line.intake == intake and not line.has_place and line.is_of_territory == is_territory
            ]
            if listed != waiting and not passed_over:
                wrong_lines.append(f"the line at {intake} stands in another order")
    return sorted(passed_over if len(passed_over) >= len(against) else against) + strangers + wrong_lines


def _unexpected(book: Book, should: Verdict, column_of: dict[str, str]) -> Iterable[str]:
    for number, receipt in book.receipts.items():
        if receipt.state in ("withdrawn", "void", "parked"):
            expected = receipt.state
        elif number in should.contested:
            expected = "contested"
        elif receipt.state == "replaced" or number in should.linked:
            expected = "linked"
        else:
            expected = "on_rosters" if receipt.wish.child.iin in should.places else "reserve"
        if column_of[number] != expected:
            yield f"{number} ({receipt.wish.key}, {receipt.door}) is {column_of[number]}, should be {expected}"


def states_of(port: int, receipts: Iterable[Receipt]) -> dict[str, str]:
    """What the public page says of each receipt, by number; as a family's neighbour would ask."""
    browser = Browser(port)
    form = browser.get("/en/status/").form(having="last_four")
    states = {}
    for receipt in receipts:
        try:
            page = browser.submit(form, number=receipt.number, last_four=receipt.wish.child.iin[-4:])
        except NoAnswer as error:
            raise DidNotHappen(f"the status page does not answer: {error}") from error
        words = page.words()
        titles = [state for title, state in _TITLES.items() if re.search(rf"{title}\b", words)]
        states[receipt.number] = titles[0] if titles else f"? {words[:120]}"
    return states


_PARKED = """
SELECT convert_from(e.entry, 'UTF8')::json -> 'about' ->> 'number'
FROM cscdesk_entryoutcome o JOIN cscdesk_entry e ON e.id = o.entry_id WHERE o.state = 'parked'
"""


def parked_numbers(stage: Stage) -> set[str]:
    with stage.database() as connection:
        return {str(number) for (number,) in connection.execute(_PARKED) if number}


def brought_in(stage: Stage, book: Book, *, seconds: float) -> float | None:
    """Wait until every receipt is at the centre and on its lists; after how many seconds, or None."""
    began = time.monotonic()
    with stage.database() as connection:
        while time.monotonic() < began + seconds:
            numbers = {str(n) for (n,) in connection.execute("SELECT number FROM enrollment_application")}
            numbers |= {str(n) for (n,) in connection.execute(_PARKED) if n}
            facts, read, waiting = connection.execute(COUNTED).fetchone() or (0, 0, 0)
            if set(book.receipts) <= numbers and facts == read and not waiting:
                return time.monotonic() - began
            time.sleep(0.25)
    return None


_STORED = "SELECT convert_from(entry, 'UTF8')::json -> 'about' ->> 'number' FROM cscdesk_entry"
QUIET_S = 10.0
"""Longer than a counter waits before it hands in the anchor of its last delivery."""


def wait_until_counters_are_quiet(stage: Stage, book: Book) -> None:
    """For the break of law 4: whoever could still ring has rung, in vain."""
    at_counters = {number for number, receipt in book.receipts.items() if receipt.door != "portal"}
    until = time.monotonic() + 60
    with stage.database() as connection:
        while not at_counters <= {str(n) for (n,) in connection.execute(_STORED)}:
            if time.monotonic() > until:
                raise DidNotHappen("the counters did not deliver")
            time.sleep(0.2)
    time.sleep(QUIET_S)
