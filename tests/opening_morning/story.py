"""The story, act by act. The main thread directs; families and clerks are threads of their own."""

import json
import queue
import random
import re
import subprocess
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from config.supervisor.options import ROOT
from tests.opening_morning import pictures, world
from tests.opening_morning.book import Book
from tests.opening_morning.browser import Browser, NoAnswer
from tests.opening_morning.clerks import CLERK, PASSWORD, Clerk, Phones
from tests.opening_morning.closing import Closings
from tests.opening_morning.counters import CounterOne, CounterTwo
from tests.opening_morning.counting import (
    Ledger,
    brought_in,
    ledger,
    parked_numbers,
    states_of,
    wait_until_counters_are_quiet,
)
from tests.opening_morning.families import Town, Wish
from tests.opening_morning.line import Line
from tests.opening_morning.officials import Line as ListLine
from tests.opening_morning.officials import Official, address_of
from tests.opening_morning.parents import OUTAGE_WORDS, Mailbox, Parent
from tests.opening_morning.pictures import PHONE, Wanted
from tests.opening_morning.plan import CENTRES, DISTRICTS, OPENS_AT, YEAR, Plan
from tests.opening_morning.rule import ALMATY, Announced
from tests.opening_morning.stage import DidNotHappen, Stage

PORTAL = ("portal", "signin")
ACT_S = 180.0
MIDNIGHT_ONE = datetime(2027, 4, 2, tzinfo=ALMATY)
"""When the first round closes: the second day of April begins in Kazakhstan."""
MIDNIGHT_TWO = MIDNIGHT_ONE + timedelta(days=1)
NIGHT = timedelta(minutes=6)
"""After a closing the portal has reported everything."""
CROWD = 10
"""Families at one instant, as many as two small cores can play."""


class Story:
    """One telling; `play` tells it, `count` says how it ended."""

    announced: Announced
    town: Town
    contested_mother: Wish
    vanishing: str
    """The intake that will be gone from the centre's tables."""
    seconds_to_bring_in: float | None = None

    def __init__(self, *, stage: Stage, plan: Plan, seed: int, book: Book) -> None:
        self.stage, self.plan, self.book, self.seed = stage, plan, book, seed
        self.chance = random.Random(seed)
        self.mail = Mailbox(stage.data_dir / "messages" / "mail")
        self.phones = Phones(stage.data_dir / "messages" / "sms")
        self.parents: list[Parent] = []
        self.second: list[Parent] = []
        self.clerks: dict[str, Clerk] = {}
        self.lines: dict[str, Line] = {}
        self.wanted: queue.Queue[str] = queue.Queue()
        """Names of processes that somebody wants started again by the main thread."""
        self._coming: set[str] = set()
        self._due: list[tuple[float, Callable[[], None]]] = []
        """What the director will do, by the real clock."""
        self._when_back: Callable[[], None] | None = None
        """What to do as soon as the portal serves again."""
        self.officials: list[Official] = []
        self.closings = Closings(self)
        self.rosters: list[ListLine] = []
        self.outage_pages: dict[str, str] = {}
        self.broker_is_dead = threading.Event()
        self.crowd = ThreadPoolExecutor(CROWD, thread_name_prefix="family")
        self.staff = ThreadPoolExecutor(4, thread_name_prefix="clerk")

    def play(self) -> None:
        """Everything from the first process to the last page read."""
        self.build()
        self.eve()
        self.day_one()
        self.first_night()
        self.day_two()
        self.all_back()
        self.last_night()

    # ------------------------------------------------------------- the stage

    def build(self) -> None:
        """Servers, tables, the demo country, pools, two counters."""
        stage, tell = self.stage, self.book.tell
        stage.show(OPENS_AT - timedelta(hours=2))
        tell("PostgreSQL, Valkey and nginx start")
        stage.start_servers()
        files = stage.begin("collectstatic", "--noinput", settings="config.settings.portal")
        # Before the pools: who starts without the catalogues speaks English for good.
        translations = [] if _are_compiled() else [["compile_translations"]]
        self._steps([*translations, ["migrate", "--noinput"], ["grant_app_role", "qabyldau"]], as_owner=True)
        if files.wait() != 0:
            raise DidNotHappen("static files could not be collected")
        tell("tables are there, the application's role is bound; the pools start")
        stage.start_pools()
        desks = [["desk_enroll", "1", "--centre", centre] for centre in CENTRES.values()]
        officials = [
            ["official_add", address_of(district), "--name", "Official", "--district", district]
            for district in DISTRICTS
        ]
        said = self._steps(
            [["seed_demo", "--applications", "0"], ["render_outage_pages"], *officials, *desks]
        )
        codes = [line.strip() for line in said.splitlines() if _is_code(line)]
        with stage.database(as_owner=True) as owner:
            busy = world.make_scarce(owner, self.plan)
            self.announced = world.announced(owner, draw_key=stage.draw_key)
        self.town = Town(self.announced, busy, self.chance)
        self.contested_mother = self.town.proven(self.town.wish("contested-mother"))
        self.vanishing = max(
            name
            for name in self.announced.slots
            if name not in busy and self.announced.district_of[name.partition("/")[0]] == list(DISTRICTS)[1]
        )
        stage.wait_ready(("deskapi",))
        self._enrol(codes[-len(CENTRES) :])
        stage.start(*CENTRES)
        passwords = {district: _one_time_password(said, district) for district in DISTRICTS}
        self.officials = [Official(stage.port(0), *known) for known in passwords.items()]
        stage.wait_ready(("portal", "signin", "officials", "worker", "beat", "front", *CENTRES))
        tell(f"everything runs; busy: {', '.join(f'{b} ({len(self.announced.slots[b])})' for b in busy)}")

    def _steps(self, commands: list[list[str]], *, as_owner: bool = False, **environment: str) -> str:
        """Several management commands in one process; what they printed."""
        done = self._begin_steps(commands, as_owner=as_owner, **environment)
        out, _nothing = done.communicate()
        if done.returncode != 0:
            raise DidNotHappen(f"{commands[0][0]} …: {out.strip()[-1500:]}")
        return out

    def _begin_steps(
        self, commands: list[list[str]], *, as_owner: bool = False, **environment: str
    ) -> "subprocess.Popen[str]":
        return self.stage.begin_python(
            "-m", "config.supervisor.steps", json.dumps(commands), as_owner=as_owner, **environment
        )

    def _enrol(self, codes: list[str]) -> None:
        """Both counters become desks, each over a line of its own."""
        enrolling = []
        for index, (name, code) in enumerate(zip(CENTRES, codes, strict=True)):
            self.stage.add_counter(name, offset=100 + index)
            self.lines[name] = Line(to_port=self.stage.port(1), seed=self.seed + index)
            enrolling.append(
                self._begin_steps(
                    [["counter_enroll", code, "--url", self.lines[name].url], ["counter_clerk", CLERK, name]],
                    DJANGO_SETTINGS_MODULE="config.settings.counter",
                    COUNTER_DIR=str(self.stage.data_dir / name),
                    COUNTER_CLERK_PASSWORD=PASSWORD,
                )
            )
        for process in enrolling:
            out, _nothing = process.communicate()
            if process.returncode != 0:
                raise DidNotHappen(f"a counter could not be enrolled: {out.strip()[-1000:]}")

    # --------------------------------------------------------------- the eve

    def eve(self) -> None:
        """Parents sign in and prepare, clerks open their pages."""
        for index, name in enumerate(CENTRES):
            self.clerks[name] = Clerk(name, self.stage.port(100 + index), self.book, self._own_chance())
            self.clerks[name].sign_in()
        self.parents = [self._parent(self.town.wish(f"first-{n}")) for n in range(self.plan.first_wave)]
        self.second = [self._parent(self.town.wish(f"second-{n}")) for n in range(self.plan.second_wave)]
        self._all(
            [partial(_prepare, parent) for parent in (*self.parents, *self.second)]
            + [official.sign_in for official in self.officials]
        )
        self.book.tell(f"{len(self.parents) + len(self.second)} families have signed in and prepared")

    def _parent(self, wish: Wish) -> Parent:
        return Parent(wish, self.stage.port(0), self.mail, self.book, self._own_chance())

    def _own_chance(self) -> random.Random:
        """A thread's own chance, so that its timing changes nobody else's."""
        return random.Random(self.chance.random())

    def _all(self, jobs: Iterable[Callable[[], object]]) -> None:
        for done in [self.crowd.submit(job) for job in jobs]:
            done.result()

    # ---------------------------------------------------------------- day one

    def day_one(self) -> None:
        """09:00: everybody presses; the portal is killed again and again; the counters go on."""
        self.stage.show(OPENS_AT - timedelta(seconds=1.2 * self.plan.rate))
        self.book.tell("day one: everybody waits for 09:00")
        first, second = self.clerks.values()
        one = CounterOne(self, first)
        two = CounterTwo(self, second)
        jobs = [self.crowd.submit(self._send, parent, self.plan.wave_s) for parent in self.parents]
        clerks = [self.staff.submit(one.day_one), self.staff.submit(two.day_one)]
        self._kill_portal_soon(0)
        self._direct(one.schedule() + two.schedule(), until=[*jobs, *clerks])
        self.stage.start(*PORTAL, "deskapi")
        self.stage.wait_ready((*PORTAL, "deskapi"))
        self._keep_or_break_law_2()
        withdrawing = [p for p in self.parents if self.book.receipt_of(p.wish.key)][-2:]
        self._all([partial(self._withdraw, parent) for parent in withdrawing])
        self._again(withdrawing[0].wish)
        # From now on nobody hears of the second counter.
        self.lines["counter-2"].mode = "down"
        for clerk in self.clerks.values():
            clerk.close_desk()

    # ---------------------------------------------------------- the first night

    def first_night(self) -> None:
        """Day one is drawn, its round is made; who can confirms it."""
        self.stage.start("worker", "beat", "officials")
        self.stage.wait_ready(("worker", "beat", "officials"))
        self.stage.show(MIDNIGHT_ONE + NIGHT)
        self.book.tell("day one is over")
        if self.plan.breaks != "law4":
            self.closings.draw(MIDNIGHT_ONE.astimezone(ALMATY).date() - timedelta(days=1), number=1)
            self.closings.first(closes_at=MIDNIGHT_ONE)

    def _send(self, parent: Parent, within: float) -> None:
        time.sleep(parent.chance.uniform(0, within))
        parent.send(until=time.monotonic() + 40)

    def _withdraw(self, parent: Parent) -> None:
        receipt = self.book.receipt_of(parent.wish.key)
        if receipt is not None and parent.withdraw(receipt.number):
            receipt.state = "withdrawn"
            self.book.tell(f"{parent.wish.key} has withdrawn {receipt.number}")
        else:
            self.book.breach(f"{parent.wish.key} could not withdraw")

    def _again(self, wish: Wish) -> None:
        """Who has withdrawn may come back, to a counter, and takes the new time."""
        again = self.town.also(
            wish, f"{wish.key}-again", relation="father", choice=self.town.other(wish.choice)
        )
        self.clerks["counter-1"].lodge(again)

    def _kill_portal_soon(self, number: int) -> None:
        """At a random instant while families press; down for a while; as soon as it is back, once more."""
        if number < self.plan.portal_kills:
            self._due.append(
                (time.monotonic() + self.chance.uniform(0.4, 1.6), partial(self._kill_portal, number))
            )

    def _kill_portal(self, number: int) -> None:
        self.stage.kill(*PORTAL)
        back_at = time.monotonic() + self.chance.uniform(1.2, 1.8)
        self._due.append((back_at, partial(self.start_again, *PORTAL)))
        self._when_back = partial(self._kill_portal_soon, number + 1)
        self.book.tell(f"the portal's pools are killed, {number + 1}. time")
        for language, words in OUTAGE_WORDS.items():
            with suppress(NoAnswer):
                page = Browser(self.stage.port(0)).get(f"/{language}/")
                self.outage_pages[language] = page.text
                if page.status != 503 or words not in page.text or f'lang="{language}"' not in page.text:
                    self.book.breach(f"no outage page at /{language}/: {page.status} {page.words()[:80]}")
                continue
            self.book.breach(f"the front gave no answer at /{language}/")

    def start_again(self, *names: str) -> None:
        self.stage.start(*names)
        self._coming |= set(names)

    def _keep_or_break_law_2(self) -> None:
        number = next(iter(self.book.by_key.values()))
        if self.plan.breaks == "law2":
            with self.stage.database(as_owner=True) as owner:
                world.forget(owner, number)
            self.book.tell(f"somebody takes the guards away and removes {number}")
        elif not world.is_kept(self.stage.postgres.url(), number):
            self.book.breach(f"the application's own role could change or remove {number}")

    # ---------------------------------------------------------------- day two

    def day_two(self) -> None:
        """Minutes count now; the worker and Valkey are killed, the last families send without them."""
        self.stage.show(OPENS_AT + timedelta(days=1))
        self.book.tell("day two: from now on minutes count")
        for name, line in self.lines.items():
            line.mode = "twice"
            self.clerks[name].sign_in()
        *early, late, latest = self.second
        jobs: list[Future[None]] = [self.staff.submit(partial(self._late, p)) for p in (late, latest)]
        jobs += [self.crowd.submit(self._second_day, parent) for parent in early]
        jobs += [self.staff.submit(CounterOne(self, self.clerks["counter-1"]).day_two)]
        jobs += [self.staff.submit(CounterTwo(self, self.clerks["counter-2"]).day_two)]
        span = self.plan.second_wave_s
        self._direct(
            [
                (self.chance.uniform(0.1, 0.4) * span, partial(self._kill, "worker")),
                (0.5 * span, partial(self.start_again, "worker")),
                (self.chance.uniform(0.7, 0.9) * span, self._kill_the_broker),
            ],
            until=jobs,
        )

    def _second_day(self, parent: Parent) -> None:
        time.sleep(parent.chance.uniform(0, self.plan.second_wave_s))
        self._come_back(parent)
        parent.send(until=time.monotonic() + 40)

    @staticmethod
    def _come_back(parent: Parent) -> None:
        """The pass of yesterday has run out; the session at the sign-in has not."""
        for _try in range(20):
            with suppress(DidNotHappen):
                parent.sign_in()
                return

    def _late(self, parent: Parent) -> None:
        """Sends when the broker is dead: accepting needs none."""
        self._come_back(parent)
        self.broker_is_dead.wait(timeout=30)
        parent.send(until=time.monotonic() + 40)

    def _kill_the_broker(self) -> None:
        """With all that it holds: it will come back empty."""
        self._kill("valkey")
        self.stage.forget_the_broker()
        self.broker_is_dead.set()

    def _kill(self, name: str) -> None:
        self.stage.kill(name)
        self.book.tell(f"{name} is killed")

    # ----------------------------------------------------------- the director

    def _direct(
        self,
        schedule: list[tuple[float, Callable[[], None]]],
        *,
        until: Iterable[Future[None]],
    ) -> None:
        """
        Do what is due, start what is wanted, until everybody is done.

        :raises DidNotHappen: one of them could not cope
        """
        began = time.monotonic()
        self._due += [(began + after, do) for after, do in schedule]
        everybody = list(until)
        while self._due or not all(one.done() for one in everybody):
            self._stop_if_hopeless(everybody, began=began)
            for item in sorted(self._due, key=lambda item: item[0]):
                if item[0] <= time.monotonic():
                    self._due.remove(item)
                    item[1]()
            with suppress(queue.Empty):
                self.start_again(self.wanted.get(timeout=0.02))
            for name in sorted(self._coming):
                if self.stage.is_up(name):
                    self._coming.discard(name)
                    self.book.tell(f"{name} is back")
            if self._when_back is not None and all(self.stage.is_up(name) for name in PORTAL):
                when_back, self._when_back = self._when_back, None
                when_back()
        for one in everybody:
            one.result()

    def _stop_if_hopeless(self, everybody: Iterable[Future[None]], *, began: float) -> None:
        for one in everybody:
            if one.done():
                one.result()
        for name in self._coming:
            child = self.stage.children[name]
            if child.process is None or child.process.poll() is not None:
                raise DidNotHappen(f"{name} did not come back: {child.complaint()}")
        if time.monotonic() > began + ACT_S:
            raise DidNotHappen(f"an act took longer than {ACT_S:.0f} s")

    # ---------------------------------------------------------------- the end

    def all_back(self) -> None:
        """Everything is up again; the sweeps bring everything in; officials read their lists."""
        for line in self.lines.values():
            line.mode = "good"
        names = ("valkey", "worker", "beat", "deskapi", "officials", *PORTAL, *CENTRES)
        if self.plan.breaks == "law4":
            wait_until_counters_are_quiet(self.stage, self.book)
        self.stage.start(*names)
        self.stage.wait_ready(names)
        self.book.tell("everything is back")
        self._judge_the_lines()
        self.seconds_to_bring_in = brought_in(self.stage, self.book, seconds=self.plan.patience_s)
        if self.seconds_to_bring_in is None:
            self.book.breach(f"not everything was brought in within {self.plan.patience_s:.0f} s")
        else:
            self.book.tell(
                f"everything is at the centre and on its lists after {self.seconds_to_bring_in:.1f} s"
            )
        one, other = self.officials
        if not (one.is_refused(other.district) and other.is_refused(one.district)):
            self.book.breach("an official sees another district")

    def last_night(self) -> None:
        """Day two is drawn too; what can be confirmed is; officials read their lists."""
        for clerk in self.clerks.values():
            clerk.close_desk()
        self.stage.show(MIDNIGHT_TWO + NIGHT)
        self.book.tell("day two is over")
        if self.plan.breaks != "law4":
            self.closings.draw(MIDNIGHT_TWO.astimezone(ALMATY).date() - timedelta(days=1), number=2)
            self.closings.last(closes_at=MIDNIGHT_TWO)
        self.rosters = [line for official in self.officials for line in official.lists()]
        self.book.tell(f"officials read {len(self.rosters)} lines")

    def _judge_the_lines(self) -> None:
        """What happened on the way of deliveries; the same bytes once more are refused as such."""
        for name, line in self.lines.items():
            self.book.tell(
                f"the line of {name}: " + " · ".join(f"{k} {n}" for k, n in sorted(line.seen.items()))
            )
            # 503: nobody was behind the door. 409: somebody was, and has seen these bytes before.
            if line.seen["twice"] != line.seen["twice: 409"] + line.seen["twice: 503"]:
                self.book.breach(f"the centre took the same bytes of {name} twice")
        missing = [
            what for what in ("twice", "cut", "deaf") if not any(li.seen[what] for li in self.lines.values())
        ]
        if missing:
            self.book.breach(f"never happened on a line: {', '.join(missing)}")

    def count(self) -> Ledger:
        """The ledger, from pages as far as they tell, else from the database, read-only."""
        found = ledger(
            book=self.book,
            should=self.closings.verdict(closes_at=MIDNIGHT_TWO),
            wrong=self.closings.wrong,
            lines=self.rosters,
            states=states_of(self.stage.port(0), self.book.receipts.values()),
            parked=parked_numbers(self.stage),
        )
        for words in found.unexpected:
            self.book.breach(words)
        self._ask_the_application(found)
        return found

    def _ask_the_application(self, found: Ledger) -> None:
        """Its own check and its own ledger must say the same."""
        try:
            said = self.stage.manage("verify", "--campaign", str(YEAR))
        except DidNotHappen as fault:
            self.book.breach(f"the application's own check disagrees: {str(fault)[-300:]}")
            return
        line = next((li for li in said.splitlines() if li.startswith("Ledger:")), "")
        own = {
            name: int(count)
            for name, count in (
                item.split() for item in line.removeprefix("Ledger:").split("·") if item.strip()
            )
        }
        totals = found.totals()
        different = [f"{k} {own[k]} ({totals[k]})" for k in own if k in totals and own[k] != totals[k]]
        if different:
            self.book.breach(f"the application's own ledger says {', '.join(different)}")

    def pictures(self, *, to: Path) -> list[tuple[str, str]]:
        """What the outage page, a receipt, a state and a list looked like."""
        parent = next(p for p in self.second if self.book.receipt_of(p.wish.key))
        receipt, official = self.book.receipt_of(parent.wish.key), self.officials[0]
        assert receipt is not None
        own = f"/{parent.wish.language}/applications/{receipt.number}/"
        cookies = tuple(parent.browser.cookies.items())
        school = self.town.busy[0]
        return pictures.take(
            [
                *(
                    Wanted(f"outage-{language}", f"The outage page, {language}", html=text, size=PHONE)
                    for language, text in self.outage_pages.items()
                ),
                Wanted("receipt", "A receipt", path=f"{own}receipt/", cookies=cookies, size=PHONE),
                Wanted("state", "Where an application stands", path=own, cookies=cookies, size=PHONE),
                Wanted(
                    "roster",
                    "A list as its district reads it",
                    path=f"/kk/officials/rosters/{school}/",
                    cookies=tuple(official.browser.cookies.items()),
                ),
            ],
            port=self.stage.port(0),
            to=to,
        )

    def close(self) -> None:
        """End the story's own threads and lines."""
        self.book.over.set()
        self.broker_is_dead.set()
        for threads in (self.crowd, self.staff):
            threads.shutdown(wait=False, cancel_futures=True)
        for line in self.lines.values():
            line.close()


def _prepare(parent: Parent) -> None:
    parent.sign_in()
    parent.prepare()


def _are_compiled() -> bool:
    return all(path.with_suffix(".mo").exists() for path in Path(ROOT).glob("locale/*/LC_MESSAGES/*.po"))


def _one_time_password(said: str, district: str) -> str:
    found = re.search(rf"{re.escape(address_of(district))}: one-time password (\S+)", said)
    if found is None:
        raise DidNotHappen(f"no official for {district}: {said[-500:]}")
    return found[1]


def _is_code(line: str) -> bool:
    return re.fullmatch(r"[2-9A-Z]{4}(-[2-9A-Z]{4}){2}", line.strip()) is not None
