"""The end of a day: its public value, its seed, its round, what officials check and confirm."""

import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import TYPE_CHECKING

from tests.opening_morning.book import Receipt
from tests.opening_morning.browser import Browser
from tests.opening_morning.officials import Official
from tests.opening_morning.rule import Place, Round, Verdict, seed_of_day, verdict
from tests.opening_morning.stage import DidNotHappen

if TYPE_CHECKING:
    from tests.opening_morning.story import Story

PATIENCE_S = 60.0
COUNTED = """
SELECT (SELECT count(*) FROM enrollment_application) + (SELECT count(*) FROM enrollment_retraction)
     + (SELECT count(*) FROM enrollment_decision) + (SELECT count(*) FROM enrollment_outage)
     + (SELECT count(*) FROM enrollment_outageend) + (SELECT count(*) FROM enrollment_dayseed)
     + (SELECT count(*) FROM enrollment_check) + (SELECT count(*) FROM enrollment_childlink)
     + (SELECT count(*) FROM enrollment_twinswish) + (SELECT count(*) FROM schools_confirmation)
     + (SELECT count(*) FROM schools_confirmedplace) + (SELECT count(*) FROM schools_annulment)
     + (SELECT count(*) FROM schools_slotchange) + (SELECT count(*) FROM schools_spokenclosing)
     + (SELECT count(*) FROM schools_acknowledgement),
       (SELECT facts_read FROM schools_rosterstate LIMIT 1),
       (SELECT count(*) FROM cscdesk_chainlink l LEFT JOIN cscdesk_entryoutcome o ON o.entry_id = l.entry_id
        WHERE o.entry_id IS NULL)
"""
"""Facts there are, facts the roster was made of, entries that wait to be taken in."""
_ROUND = "SELECT r.number FROM schools_rosterstate s JOIN schools_round r ON r.id = s.round_id"
_CHECKED = """
SELECT a.number FROM enrollment_application a JOIN enrollment_check c ON c.application_id = a.id
WHERE c.subject = 'relation' AND c.agrees
"""
_STORED = "SELECT number FROM enrollment_application"


@dataclass
class Closings:
    """What the days' ends left, in the story's own words."""

    story: "Story"
    seeds: dict[date, bytes] = field(default_factory=dict)
    holders: dict[str, Place] = field(default_factory=dict)
    """Places that were confirmed, as the story's own rule gave them, by child."""
    harmed: dict[str, str] = field(default_factory=dict)
    """Kind of the place that a child would have, had it been known in time."""
    wrong: list[str] = field(default_factory=list)
    """Places confirmed against the rule, or not confirmed against it, in words."""

    # --------------------------------------------------------------- the draw

    def draw(self, day: date, *, number: int) -> None:
        """Two people enter the public value of a day that is over; its seed and its round follow by themselves."""
        stage, value = self.story.stage, f"{self.story.chance.random():.17f}"
        stage.manage("draw", "value", day.isoformat(), value, "--by", "A. Serikova", "--by", "B. Kim")
        self.story.book.tell(f"the public value of {day} is entered: {value}")
        self._wait(lambda: self._reached(number), f"round {number}")
        published = json.loads(Browser(stage.port(0)).get("/en/draw/days.json").text)
        (drawn,) = [one for one in published["days"] if one["date"] == day.isoformat()]
        if drawn["v"] != value or drawn["is_replacement"]:
            raise DidNotHappen(f"{day} was drawn with other values: {drawn}")
        self.seeds[day] = seed_of_day(day, s=bytes.fromhex(drawn["s"]), v=value)
        self.story.book.tell(f"{day} is drawn, the list of round {number} is made")

    def _reached(self, number: int) -> bool:
        with self.story.stage.database() as connection:
            reached = connection.execute(_ROUND).fetchone()
            facts, read, waiting = connection.execute(COUNTED).fetchone() or (0, None, 0)
        return reached == (number,) and facts == read and not waiting

    def _wait(self, is_so: Callable[[], bool], what: str) -> None:
        until = time.monotonic() + PATIENCE_S
        while not is_so():
            if time.monotonic() > until:
                raise DidNotHappen(f"{what} does not come within {PATIENCE_S:.0f} s")
            time.sleep(0.2)

    # -------------------------------------------------------- the first night

    def first(self, *, closes_at: datetime) -> None:
        """
        The first day is over; one desk is dark.

        Its district must wait and names it; the other one confirms what is checked and uncontested.
        """
        one, other = self.story.officials
        self._check([one, other], number=1)
        known = self._known()
        expected = self._verdict([r for r in known if r.state == "alive"], closes_at=closes_at)
        if (said := one.confirm()) != "":
            self.story.book.breach(f"{one.district} cannot confirm its first round: {said[:400]}")
            return
        self._wait(lambda: self._reached(1), "the confirmed list")
        self.story.book.tell(f"{one.district} has confirmed its first round")
        said = other.confirm()
        if "cannot be confirmed yet" not in said:
            self.story.book.breach(f"{other.district} could confirm while a desk is dark: {said[:200]}")
        else:
            self.story.book.tell(f"{other.district} cannot confirm: its desk is not heard from")
        self._compare(one, expected)
        self._remember_the_harmed(one, expected, closes_at=closes_at)
        mine = {child: p for child, p in expected.places.items() if self._district(p) == one.district}
        self.holders = {child: place for child, place in mine.items() if child not in expected.held}

    def _known(self) -> list[Receipt]:
        with self.story.stage.database() as connection:
            stored = {str(number) for (number,) in connection.execute(_STORED)}
        return [receipt for receipt in self.story.book.receipts.values() if receipt.number in stored]

    def _remember_the_harmed(self, official: Official, expected: Verdict, *, closes_at: datetime) -> None:
        """Who would have a place by everything handed in, known or not; nothing more is handed in today."""
        everything = [r for r in self.story.book.receipts.values() if r.state == "alive"]
        whole = self._verdict(everything, closes_at=closes_at)
        slots = self.story.announced.slots
        self.harmed = {
            child: slots[place.intake][place.slot]
            for child, place in whole.places.items()
            if self._district(place) == official.district
            and expected.places.get(child, Place("", -1)).intake != place.intake
        }
        self.story.book.tell(f"{len(self.harmed)} children will be known too late")

    def ask_for_the_harmed(self, *, closes_at: datetime) -> None:
        """Everything has arrived: the district's page names exactly who was known too late and has no place."""
        if not self.seeds:
            return
        now = self.verdict(closes_at=closes_at)
        numbers = {now.standing[child] for child in self.harmed if child not in now.places}
        shown = set(
            re.findall(r"\b27-[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]\b", self.story.officials[0].known_too_late())
        )
        if shown != numbers:
            self.story.book.breach(f"known too late are {sorted(numbers)}, the page says {sorted(shown)}")
        else:
            self.story.book.tell(f"the page of those known too late names {len(shown)}")

    # --------------------------------------------------------- the last night

    def last(self, *, closes_at: datetime) -> None:
        """Everything has been heard of: both districts confirm."""
        self._check(self.story.officials, number=2)
        expected = self.verdict(closes_at=closes_at)
        for official in self.story.officials:
            if said := official.confirm():
                self.story.book.breach(f"{official.district} cannot confirm: {said[:400]}")
        self._wait(lambda: self._reached(2), "the confirmed lists")
        for official in self.story.officials:
            self._compare(official, expected)
        self.story.book.tell("both districts have confirmed their lists")

    def verdict(self, *, closes_at: datetime) -> Verdict:
        """What must be on the lists in the end; nothing when no day was drawn."""
        if not self.seeds:
            return Verdict()
        return self._verdict(
            [r for r in self.story.book.receipts.values() if r.state == "alive"], closes_at=closes_at
        )

    # ---------------------------------------------------------------- in both

    def _check(self, officials: list[Official], *, number: int) -> None:
        done = sum(official.check_everything() for official in officials)
        self._wait(lambda: self._reached(number), "a list that knows the checks")
        self.story.book.tell(f"officials have checked {done} relations and addresses")

    def _verdict(self, living: list[Receipt], *, closes_at: datetime) -> Verdict:
        times: Mapping[str, datetime] = {
            number: receipt.printed_at for number, receipt in self.story.book.receipts.items()
        }
        with self.story.stage.database() as connection:
            checked = {str(number) for (number,) in connection.execute(_CHECKED)}
        asked = [replace(r.asked(), is_proven=r.wish.is_proven or r.number in checked) for r in living]
        # Who has a place all the same needs no help; helping one may take it from another one.
        helped: dict[str, str] = {}
        while True:
            round_ = Round(closes_at, self.seeds, holders=self.holders, harmed=helped)
            found = verdict(self.story.announced, asked, times, round_=round_)
            fresh = {
                child: kind
                for child, kind in self.harmed.items()
                if child not in helped.keys() | found.places
            }
            if not fresh:
                return found
            helped |= fresh

    def _district(self, place: Place) -> str:
        return self.story.announced.district_of[place.intake.partition("/")[0]]

    def _compare(self, official: Official, expected: Verdict) -> None:
        """Confirmed must be exactly who has a place by the rule and is not held."""
        confirmed = {
            line.child: Place(line.intake, line.number - 1)
            for line in official.lists()
            if line.has_place and line.is_confirmed
        }
        should = {
            child: place
            for child, place in expected.places.items()
            if self._district(place) == official.district and child not in expected.held
        }
        # Confirmed earlier is confirmed, whatever became known since.
        should |= {c: p for c, p in self.holders.items() if self._district(p) == official.district}
        for child in sorted(confirmed.keys() | should.keys()):
            if confirmed.get(child) != should.get(child):
                self.wrong.append(
                    f"{child} of {official.district}: confirmed {confirmed.get(child)}, should be {should.get(child)}"
                )
