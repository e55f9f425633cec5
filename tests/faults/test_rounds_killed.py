"""Workers killed in the middle of a round: the next ones end the work, and the roster is the same."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection

from enrollment.agreement import find_roster_differences
from enrollment.reconciliation import reconcile
from schools.models import IntakeState, RosterEntry, RosterState
from tests.country import ABAY, SATBAYEV
from tests.properties.campaigns import DISTRICTS, ENDS, Asked, Ended, Signed, Story, World

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.fault]

ROOT = Path(__file__).parents[2]
WORKER = """
import django
django.setup()
import sys
from datetime import datetime
from cscdesk.services import take_in_entries
from enrollment.reconciliation import reconcile_all
at = datetime.fromisoformat(sys.argv[1])
print("ready", flush=True)
for _ in range(int(sys.argv[2])):
    take_in_entries(limit=2, at=at)
    reconcile_all(at=at)
"""
CHOICES = ((ABAY,), (SATBAYEV,), (ABAY, SATBAYEV), (SATBAYEV, ABAY))
STORY = Story(
    asked=[
        Asked(1 + n % 6, n % 3, CHOICES[n % 4], n % 2 == 0, n % 3 == 0, (None, 0, 1, 2)[n % 4], 3 * n, None, n // 6)
        for n in range(10)
    ],
    ended=[Ended("withdrawal", 4, False, 1, 1, 40, 1)],
    broken=[], looked=[], settled=[], linked=[], wished=[],
    signed=[Signed(DISTRICTS, None, None, None)] * 2,
    is_everything_checked=True,
    brake=100,
)  # fmt: skip


@contextmanager
def worker(world: World, *, rounds: int) -> Iterator[subprocess.Popen[str]]:
    """A process that takes entries in and reconciles, so many times; in the end it is gone."""
    settings = connection.settings_dict
    password = f":{settings['PASSWORD']}" if settings["PASSWORD"] else ""
    url = f"postgres://{settings['USER']}{password}@{settings['HOST']}:{settings['PORT']}/{settings['NAME']}"
    at = ENDS[0] + timedelta(hours=1)
    process = subprocess.Popen(
        [sys.executable, "-c", WORKER, at.isoformat(), str(rounds)],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings.test", "DATABASE_URL": url},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        yield process
    finally:
        process.kill()
        process.wait()


def wait_for(what: str) -> None:
    """Until a row of PostgreSQL's own tables says so."""
    with connection.cursor() as cursor:
        for _ in range(2000):
            cursor.execute(what)
            if cursor.fetchone()[0]:
                return
            time.sleep(0.01)
    raise AssertionError(f"never seen: {what}")


def from_nothing(world: World) -> dict[str, object]:
    """What one run makes of the same facts when nothing was ever published."""
    for table in (RosterEntry, IntakeState, RosterState):
        table.objects.all().delete()
    reconcile(campaign=world.campaign, at=ENDS[-1])
    return world.outcome()


def test_a_run_killed_between_two_rows_publishes_nothing_and_stops_nobody():
    world = World(STORY)
    world.hand_in(world.of_part(0), at=ENDS[0])
    world.take_in(at=ENDS[0])
    world.reconcile(at=ENDS[0])
    before = world.outcome()
    world.hand_in(world.of_part(1), at=ENDS[1])
    world.take_in(at=ENDS[1])
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(4712)")
        cursor.execute(
            """
            CREATE FUNCTION wait_here() RETURNS trigger LANGUAGE plpgsql AS
                $$BEGIN PERFORM pg_advisory_xact_lock(4712); RETURN NEW; END$$;
            CREATE TRIGGER waits AFTER INSERT ON schools_rosterentry FOR EACH ROW EXECUTE FUNCTION wait_here();
            """
        )
    try:
        with worker(world, rounds=1) as process:
            wait_for(
                "SELECT EXISTS (SELECT FROM pg_locks"
                " WHERE locktype = 'advisory' AND objid = 4712 AND NOT granted)"
            )
            process.send_signal(signal.SIGKILL)
            assert process.wait(timeout=20) == -signal.SIGKILL
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(4712)")
            wait_for("SELECT NOT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory')")
            cursor.execute("DROP TRIGGER waits ON schools_rosterentry; DROP FUNCTION wait_here()")
    after = world.outcome()
    assert [after[part] for part in ("state", "intakes", "rows")] == [
        before[part] for part in ("state", "intakes", "rows")
    ]

    world.reconcile(at=ENDS[1])
    assert not find_roster_differences(campaign=world.campaign)
    published = world.outcome()
    assert published != before
    assert from_nothing(world) == published


def test_workers_killed_again_and_again_lose_nothing_and_double_nothing():
    world = World(STORY)
    chance = random.Random(3)
    calls = [world.of_part(0), world.of_part(1)[::-1], world.of_part(0)[::2]]
    for part, call in zip((0, 1, 1), calls, strict=True):
        with worker(world, rounds=1000) as process:
            for fact in call:
                world.hand_in([fact], at=ENDS[0])
            time.sleep(chance.random() / 2)
            process.send_signal(signal.SIGKILL)
            assert process.wait(timeout=20) == -signal.SIGKILL
        world.check_places()
        if part == 0:
            world.take_in(at=ENDS[0])
            world.reconcile(at=ENDS[0])
            world.sign(0, STORY.signed[0])
    world.hand_in(world.of_part(2), at=ENDS[0])

    with worker(world, rounds=2) as process:
        assert process.wait(timeout=60) == 0

    world.check()
    outcome = world.outcome()
    assert len(outcome["applications"]) == len(STORY.asked)
    assert from_nothing(world) == outcome
