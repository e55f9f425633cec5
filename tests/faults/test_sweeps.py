"""
A real worker and a real beat, killed and cut off from the bell: sweeps finish all the same (law 4).

PostgreSQL is the one of the test run; Valkey, worker and beat are this file's own, started with
the commands of `make run`.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from shutil import rmtree

import pytest
from celery import Celery
from django.core.management import call_command
from django.db import OperationalError, connection
from msgspec.structs import replace

from config.embedded import Places, Secrets, Valkey, ports
from config.supervisor.options import ROOT, Options
from config.supervisor.table import rows
from cscdesk.selectors import parked_applications
from enrollment.agreement import find_children_with_two_places, find_roster_differences
from enrollment.ledger import ledger, totals
from enrollment.models import Application
from enrollment.reconciliation import reconcile
from schools import clock
from schools.models import Campaign, IntakeState, RosterEntry, RosterState
from tests.country import (
    DAY_TWO,
    OPENING,
    apply_online,
    close_round,
    draw_really,
    iin,
    make_country,
    request,
)
from tests.cscdesk.desks import Counter

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.fault]

WITHIN = 60.0
"""Seconds in which everything is on the roster again, whatever was killed."""
HERE = 4711
"""The advisory lock at which a process is stopped in the middle of its work."""


@dataclass
class Sweeps:
    """The bell and those who hear it."""

    valkey: Valkey
    data_dir: Path
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str) -> None:
        """Start `worker` or `beat` as `make run` does, in a session of its own."""
        options = Options.read({**os.environ, "DATA_DIR": str(self.data_dir)})
        options.prepare_data_dir()
        row = next(row for row in rows(options) if row.name == name)
        environment = options.child_environment(database_url=database_url(), redis_url=self.valkey.url())
        # The places of equal moments are drawn with the key that the test computes with.
        environment |= {"DRAW_KEY": os.environ.get("DRAW_KEY", "00" * 32)}
        with self.log(name).open("ab") as log:
            self.processes[name] = subprocess.Popen(
                row.command,
                cwd=ROOT,
                env=environment | row.environment | {"DJANGO_SETTINGS_MODULE": row.settings},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def log(self, name: str) -> Path:
        return self.data_dir / "logs" / f"{name}.log"

    def kill(self, name: str) -> None:
        """SIGKILL to the process and all its children, none of them warned."""
        process = self.processes.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=10)

    def is_alive(self, name: str) -> bool:
        return self.processes[name].poll() is None

    def kill_valkey(self) -> None:
        assert self.valkey.process is not None
        self.valkey.process.kill()
        self.valkey.process.wait(timeout=10)
        self.valkey.process = None

    def rings_heard(self) -> int:
        """Tasks that the workers have ended, by their own word."""
        return self.log("worker").read_text(errors="replace").count(" succeeded in ")

    def last_words(self) -> str:
        return "\n".join(
            f"--- {log.name}\n" + "\n".join(log.read_text(errors="replace").splitlines()[-30:])
            for log in sorted((self.data_dir / "logs").glob("*.log"))
        )


@pytest.fixture
def sweeps(tmp_path_factory: pytest.TempPathFactory, clock_at) -> Iterator[Sweeps]:
    clock_at(DAY_TWO + timedelta(hours=8))
    places = Places(tmp_path_factory.mktemp("sweeps") / "data")
    valkey = Valkey(places, port=ports.free_port(), secrets=Secrets(places.data_dir / "secrets.json"))
    valkey.start()
    sweeps = Sweeps(valkey=valkey, data_dir=places.data_dir)
    try:
        yield sweeps
    finally:
        for name in list(sweeps.processes):
            sweeps.kill(name)
        wait_for(lambda: asked("SELECT count(*) = 0 FROM pg_locks WHERE locktype = 'advisory'"), seconds=20)
        if valkey.process is not None:
            valkey.stop()
        places.forget()


@pytest.fixture
def campaign() -> Campaign:
    """Both days are drawn: whoever applied on the second one stands on the list as soon as a run has read it."""
    campaign = make_country(places=8)
    draw_really(campaign, OPENING.date(), DAY_TWO.date())
    close_round(campaign, 2)
    return campaign


def database_url() -> str:
    settings = connection.settings_dict
    password = f":{settings['PASSWORD']}" if settings["PASSWORD"] else ""
    return f"postgres://{settings['USER']}{password}@{settings['HOST']}:{settings['PORT']}/{settings['NAME']}"


def asked(sql: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return bool(cursor.fetchone()[0])


def wait_for(is_true: Callable[[], bool], *, seconds: float, sweeps: Sweeps | None = None) -> float:
    """How many seconds it took."""
    begun = time.monotonic()
    while not is_true():
        if time.monotonic() - begun > seconds:
            said = f"{sweeps.processes}\n{sweeps.last_words()}" if sweeps else ""
            raise AssertionError(f"not within {seconds} s\n{said}")
        time.sleep(0.05)
    return time.monotonic() - begun


@contextmanager
def stopped_at(table: str, condition: str) -> Iterator[Callable[[], bool]]:
    """Whoever inserts such a row waits; what is yielded says whether somebody does."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [HERE])
        cursor.execute(
            f"""
            CREATE FUNCTION wait_here() RETURNS trigger LANGUAGE plpgsql AS
                $$BEGIN PERFORM pg_advisory_xact_lock({HERE}); RETURN NEW; END$$;
            CREATE TRIGGER waits AFTER INSERT ON {table}
                FOR EACH ROW WHEN ({condition}) EXECUTE FUNCTION wait_here();
            """
        )
    waits = f"FROM pg_locks WHERE locktype = 'advisory' AND objid = {HERE} AND NOT granted"
    try:
        yield lambda: asked(f"SELECT EXISTS (SELECT {waits})")
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [HERE])
        wait_for(lambda: not asked(f"SELECT EXISTS (SELECT {waits})"), seconds=10)
        with connection.cursor() as cursor:
            cursor.execute(f"DROP TRIGGER waits ON {table}; DROP FUNCTION wait_here()")


class Families:
    """Facts that keep coming by both doors, and what must be true of them in the end."""

    def __init__(self, campaign: Campaign) -> None:
        self.campaign = campaign
        self.counter = Counter()
        self.children: set[str] = set()

    def apply(self, *, online: int = 0, at_desk: int = 0) -> None:
        """New children, some on the portal, some at the counter: what the counter has is handed in whole."""
        for _one in range(online):
            apply_online(campaign=self.campaign, wanted=self._wanted(), at=self._next_at())
        for _one in range(at_desk):
            self.counter.lodge(self._wanted(), wall=self._next_at())
        if at_desk:
            self.counter.hand_in(at=clock.now())

    def next_child(self) -> str:
        """The child key of the next one who applies."""
        return iin(len(self.children) + 1)

    def hand_in_again(self) -> None:
        self.counter.hand_in(at=clock.now())

    def _wanted(self):
        child = self.next_child()
        self.children.add(child)
        wanted = request(child=child, applicant="900615199983")
        # As in the document: letters only, or the desk's entry is kept for a person.
        return replace(wanted, child=replace(wanted.child, given_name="Дана"))

    def _next_at(self):
        return OPENING + timedelta(hours=26, minutes=len(self.children))

    def are_on_the_roster(self) -> bool:
        return set(RosterEntry.objects.values_list("child_key", flat=True)) == self.children

    def check(self) -> None:
        """Nothing lost, nothing doubled, and the roster is the one that a single run makes from nothing."""
        ended = totals(ledger(campaign=self.campaign, parked=parked_applications(campaign=self.campaign)))
        assert ended["receipts"] == len(self.children) == Application.objects.count()
        assert ended["on_rosters"] == min(8, len(self.children))
        assert ended["on_rosters"] + ended["reserve"] == len(self.children)
        assert not find_children_with_two_places(campaign=self.campaign)
        assert not find_roster_differences(campaign=self.campaign)
        incremental = bytes(RosterState.objects.get().roster_sha256)
        for derived in (RosterEntry, IntakeState, RosterState):
            derived.objects.all().delete()
        reconcile(campaign=self.campaign, at=clock.now())
        assert bytes(RosterState.objects.get().roster_sha256) == incremental
        call_command("verify", "--campaign", "2027")


@pytest.fixture
def families(campaign: Campaign) -> Families:
    return Families(campaign)


def test_workers_killed_in_the_middle_lose_nothing_and_double_nothing(sweeps, families):
    sweeps.start("beat")
    sweeps.start("worker")
    with stopped_at("enrollment_application", f"NEW.child_key = '{iin(6)}'") as is_stopped:
        families.apply(online=2, at_desk=6)
        wait_for(is_stopped, seconds=30, sweeps=sweeps)
        sweeps.kill("worker")
        families.apply(online=2)
        families.hand_in_again()

    with stopped_at("schools_rosterentry", f"NEW.child_key = '{iin(2)}'") as is_stopped:
        sweeps.start("worker")
        wait_for(is_stopped, seconds=30, sweeps=sweeps)
        sweeps.kill("worker")
        families.apply(online=1, at_desk=4)

    sweeps.start("worker")
    took = wait_for(families.are_on_the_roster, seconds=WITHIN, sweeps=sweeps)

    families.check()
    print(f"after two killed workers: {took:.1f} s")


def test_valkey_killed_and_then_lost_with_its_data_delays_and_loses_nothing(sweeps, families):
    sweeps.start("worker")
    sweeps.start("beat")
    families.apply(online=1, at_desk=2)
    wait_for(families.are_on_the_roster, seconds=WITHIN, sweeps=sweeps)

    took = []
    for is_data_lost in (False, True):
        # The bell is lost while a worker is in the middle of what it rang for.
        with stopped_at("enrollment_application", f"NEW.child_key = '{families.next_child()}'") as is_stopped:
            families.apply(at_desk=2)
            wait_for(is_stopped, seconds=30, sweeps=sweeps)
            sweeps.kill_valkey()
            families.apply(online=2)
            time.sleep(1)
        time.sleep(2)  # Bells that nobody hears: longer than the timetable's shortest step.
        if is_data_lost:
            rmtree(sweeps.valkey.directory / "appendonlydir")
        sweeps.valkey.start()
        took.append(wait_for(families.are_on_the_roster, seconds=WITHIN, sweeps=sweeps))

    assert sweeps.is_alive("worker")
    assert sweeps.is_alive("beat")
    families.check()
    print(f"Valkey killed: {took[0]:.1f} s, lost with its data: {took[1]:.1f} s")


def test_bells_rung_a_hundred_times_at_once_change_nothing(sweeps, families):
    bell = Celery(broker=sweeps.valkey.url())
    families.apply(online=3, at_desk=6)
    for _ring in range(50):
        bell.send_task("cscdesk.tasks.take_in_entries", queue="intake")
        bell.send_task("enrollment.tasks.reconcile_rosters", queue="roster")
    bell.close()

    # No beat: these bells are all there are. Two workers, so that four processes meet.
    sweeps.start("worker")
    sweeps.processes["elder"] = sweeps.processes.pop("worker")
    sweeps.start("worker")
    wait_for(lambda: sweeps.rings_heard() == 100, seconds=WITHIN, sweeps=sweeps)

    assert Application.objects.count() == 9
    reconcile(campaign=families.campaign, at=clock.now())
    families.check()


RECONCILE = """
import sys, time
import django
django.setup()
from enrollment import reconciliation
from schools import clock

def read_slowly(**_):
    print("reading", flush=True)
    time.sleep(60)

reconciliation.read_facts = read_slowly
reconciliation.reconcile_all(at=clock.now())
"""


def test_a_run_killed_with_the_lock_in_its_hand_leaves_it_to_the_next(sweeps, families):
    families.apply(online=3)
    killed = subprocess.Popen(
        [sys.executable, "-c", RECONCILE],
        cwd=ROOT,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "config.settings.test",
            "DATABASE_URL": database_url(),
        },
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert killed.stdout is not None
        assert killed.stdout.readline() == "reading\n"
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '200ms'")
        with pytest.raises(OperationalError, match="lock timeout"):
            reconcile(campaign=families.campaign, at=clock.now())
    finally:
        killed.kill()
        killed.wait(timeout=10)
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '5s'")

    run = reconcile(campaign=families.campaign, at=clock.now())

    assert (run.placed, run.is_new) == (3, True)
    with connection.cursor() as cursor:
        cursor.execute("RESET lock_timeout")
    families.check()
