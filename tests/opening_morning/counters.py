"""What happens at the two counters; each is played by its clerk's thread."""

import random
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from schools import clock
from tests.opening_morning import world
from tests.opening_morning.book import Receipt
from tests.opening_morning.clerks import Clerk
from tests.opening_morning.families import Wish
from tests.opening_morning.plan import OPENS_AT

if TYPE_CHECKING:
    from tests.opening_morning.story import Story

PATIENCE_S = 45.0


class _Counter:
    def __init__(self, story: "Story", clerk: Clerk) -> None:
        self.story, self.clerk = story, clerk
        self.town, self.book, self.stage = story.town, story.book, story.stage
        self.name = clerk.name
        self.line = story.lines[clerk.name]
        self.chance: random.Random = clerk.chance

    def plain(self, day: str) -> None:
        """Families that come here and nowhere else."""
        for number in range(self.story.plan.at_counters):
            self.clerk.lodge(self.town.wish(f"{self.name}-{day}-{number}"))
            time.sleep(self.chance.uniform(0.05, 0.3))

    def already(self, index: int) -> Wish:
        """What a family before the portal asks for; whether it got through nobody here knows."""
        return self.story.parents[index % len(self.story.parents)].wish

    def kill_after_a_receipt(self, wish: Wish) -> None:
        """No line, the receipt is on the table, and the machine dies: the journal must have it."""
        self.line.mode = "down"
        receipt = self.clerk.lodge(wish)
        self.stage.kill(self.name)
        self.book.tell(f"{self.name} is killed with the receipt {receipt.number} on its page")
        self.story.wanted.put(self.name)
        self.clerk.sign_in()
        self.line.mode = "twice"
        if not self.clerk.receipt_again(receipt):
            self.book.breach(f"{self.name} has forgotten {receipt.number}, which it had shown")

    def doom_the_next_entry(self) -> None:
        """The counter dies some milliseconds after its clerk has pressed."""

        def doom() -> None:
            time.sleep(self.chance.uniform(0, 0.04))
            self.stage.kill(self.name)
            self.book.tell(f"{self.name} is killed in the middle of an entry")
            self.story.wanted.put(self.name)

        self.clerk.doom = doom

    def wait_for_the_opening(self) -> None:
        """The clerk opens the desk; families stand before it and look at the clock."""
        self.clerk.open_desk()
        while clock.now() < OPENS_AT:
            time.sleep(0.05)


class CounterOne(_Counter):
    """Its line delivers everything twice; it is killed twice."""

    def schedule(self) -> list[tuple[float, Callable[[], None]]]:
        """What the director does to this counter on day one, by seconds after its beginning."""
        return [(self.chance.uniform(1.0, 2.0), self.doom_the_next_entry)]

    def day_one(self) -> None:
        self.line.mode = "twice"
        self.wait_for_the_opening()
        grandmother = self.town.also(self.already(0), "grandmother-0", relation="relative")
        self.clerk.lodge(grandmother)
        self.clerk.lodge(self.town.also(self.already(1), "father-1", relation="father", seen=True))
        self.plain("day-one")
        self._father_wants_another_school()
        self._contested()
        self._mistyped()
        self.kill_after_a_receipt(self.town.wish(f"{self.name}-killed"))
        self._withdrawn_with_the_code()

    def _father_wants_another_school(self) -> None:
        """Proven goes before claimed: the mother's request from the portal is joined to this one."""
        of_mother = self.already(2)
        self.clerk.lodge(
            self.town.also(
                of_mother, "father-2", relation="father", choice=self.town.other(of_mother.choice), seen=True
            )
        )

    def _contested(self) -> None:
        """Mother here, father at the other counter, both with the certificate, two schools."""
        self.clerk.lodge(self.story.contested_mother)

    def _mistyped(self) -> None:
        """Two corrections: one keeps its time, one has a new school and takes the new time."""
        same = self.clerk.lodge(self.town.wish(f"{self.name}-mistyped"))
        wish = same.wish
        self.clerk.correct(same, self.town.mended(wish, f"{wish.key}-mended"))
        other = self.clerk.lodge(self.town.wish(f"{self.name}-undecided"))
        self.clerk.correct(
            other,
            self.town.mended(
                other.wish, f"{other.wish.key}-decided", choice=self.town.other(other.wish.choice)
            ),
        )

    def _withdrawn_with_the_code(self) -> None:
        """The centre sends the family its code once it knows the application; then it counts at once."""
        receipt = self.clerk.lodge(self.town.wish(f"{self.name}-withdrawn"))
        code = self._code(receipt)
        if code is None:
            self.book.breach(f"no code came for {receipt.number}")
            return
        self.clerk.withdraw(receipt.number, person=receipt.wish.applicant.iin, code=code)
        receipt.state = "withdrawn"
        self.book.tell(f"{receipt.number} is withdrawn at {self.name} with the family's code")

    def _code(self, receipt: Receipt) -> str | None:
        """Asked for once: a second code would end the first."""
        known = "SELECT 1 FROM enrollment_application WHERE number = %s"
        until = time.monotonic() + PATIENCE_S
        with self.stage.database() as connection:
            while connection.execute(known, [receipt.number]).fetchone() is None:
                if time.monotonic() > until:
                    return None
                time.sleep(0.1)
        self.clerk.ask_for_code(receipt.number)
        return self.story.phones.code(
            to=receipt.wish.phone, about=receipt.number, patience=until - time.monotonic()
        )

    def day_two(self) -> None:
        self.clerk.open_desk()
        self.plain("day-two")


class CounterTwo(_Counter):
    """Its line is the worst: a request cut in half, an answer lost, nothing for a while."""

    def schedule(self) -> list[tuple[float, Callable[[], None]]]:
        """What the director does to this counter and to the centre on day one."""
        at = self.chance.uniform(3.0, 4.5)
        return [
            (at, self._kill_centre),
            (at + 2.0, partial(self.story.start_again, "deskapi")),
            (at + 2.1, partial(self._line, "twice")),
        ]

    def _line(self, mode: str) -> None:
        self.line.mode = mode
        self.book.tell(f"the line of {self.name}: {mode}")

    def _kill_centre(self) -> None:
        self._line("down")
        self.stage.kill("deskapi")
        self.book.tell("the desk API is killed: no counter has a line")

    def day_one(self) -> None:
        self.line.mode = "twice"
        self.wait_for_the_opening()
        self.clerk.lodge(self.town.wish(f"{self.name}-opening"))
        self.line.once += ["cut", "deaf"]
        self.plain("day-one")
        mother = self.story.contested_mother
        self.clerk.lodge(
            self.town.also(
                mother,
                "contested-father",
                relation="father",
                choice=self.town.other(mother.choice),
                seen=True,
            )
        )
        self._void()
        self.clerk.lodge(self.town.also(self.already(3), "grandmother-3", relation="relative"))
        self._vanished_school()
        self._withdrawn_without_a_code()

    def _void(self) -> None:
        """Entered for the wrong school, cancelled, entered again: the first must not count."""
        wrong = self.clerk.lodge(self.town.wish(f"{self.name}-wrong"))
        self.clerk.void(wrong, reason="The clerk took the wrong school.")
        wrong.state = "void"
        self.clerk.lodge(self.town.again(wrong.wish, f"{wrong.wish.key}-right"))

    def _vanished_school(self) -> None:
        """The counter's catalogue still has it, the centre no longer: kept for a person, never refused."""
        with self.stage.database(as_owner=True) as owner:
            world.vanish(owner, self.story.vanishing)
        receipt = self.clerk.lodge(self.town.wish(f"{self.name}-vanished", choice=self.story.vanishing))
        receipt.state = "parked"
        self.book.tell(f"{self.story.vanishing} has vanished at the centre; {receipt.number} asks for it")

    def _withdrawn_without_a_code(self) -> None:
        """It waits 48 hours for somebody to object: until then the application lives."""
        receipt = self.clerk.lodge(self.town.wish(f"{self.name}-hesitating"))
        self.clerk.withdraw(receipt.number, person=receipt.wish.applicant.iin, code="")

    def day_two(self) -> None:
        self.clerk.open_desk()
        self.plain("day-two")
        self.story.broker_is_dead.wait(timeout=30)
        self.clerk.lodge(self.town.wish(f"{self.name}-last"))
