"""A worker is killed in the middle of taking entries in: nothing is lost, nothing doubled."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.db import connection

from cscdesk import agreement
from cscdesk.models import EntryOutcome
from cscdesk.services import take_in_entries
from enrollment.models import Application
from tests.cscdesk.desks import Counter, at, request_of
from tests.factories import CampaignFactory, IntakeFactory

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.fault]

ROOT = Path(__file__).parents[2]
LODGED = 60
WORKER = """
import django
django.setup()
from schools import clock
from cscdesk.services import take_in_entries
print("ready", flush=True)
take_in_entries(limit=7, at=clock.now())
"""


@pytest.fixture
def counter():
    CampaignFactory()
    intake = IntakeFactory()
    counter = Counter()
    for n in range(LODGED):
        counter.lodge(request_of(intake, n=n))
    counter.hand_in(at=at(5))
    return counter


def worker() -> subprocess.Popen[str]:
    settings = connection.settings_dict
    password = f":{settings['PASSWORD']}" if settings["PASSWORD"] else ""
    url = f"postgres://{settings['USER']}{password}@{settings['HOST']}:{settings['PORT']}/{settings['NAME']}"
    process = subprocess.Popen(
        [sys.executable, "-c", WORKER],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings.test", "DATABASE_URL": url},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    return process


def wait_for(what: str) -> None:
    """Until a row of PostgreSQL's own tables says so."""
    with connection.cursor() as cursor:
        for _ in range(1000):
            cursor.execute(what)
            if cursor.fetchone()[0]:
                return
            time.sleep(0.01)
    raise AssertionError(f"never seen: {what}")


def test_the_next_run_completes_what_a_killed_one_began(counter):
    # The fourth batch stops at a row lock held here, its applications written, its outcomes not: then the kill.
    stop_at = counter.written[25].sha256.hex()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(4711)")
        cursor.execute(
            f"""
            CREATE FUNCTION wait_here() RETURNS trigger LANGUAGE plpgsql AS
                $$BEGIN PERFORM pg_advisory_xact_lock(4711); RETURN NEW; END$$;
            CREATE TRIGGER waits AFTER INSERT ON enrollment_application
                FOR EACH ROW WHEN (NEW.entry_sha256 = '\\x{stop_at}') EXECUTE FUNCTION wait_here();
            """
        )
    process = worker()
    try:
        wait_for(
            "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711 AND NOT granted)"
        )
        process.send_signal(signal.SIGKILL)
        assert process.wait(timeout=10) == -signal.SIGKILL
    finally:
        process.kill()
        process.wait()
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(4711)")
            wait_for("SELECT NOT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory')")
            cursor.execute("DROP TRIGGER waits ON enrollment_application; DROP FUNCTION wait_here()")
    before = set(EntryOutcome.objects.values_list("id", flat=True))
    assert len(before) == 21  # three whole batches, nothing of the fourth
    assert Application.objects.count() == 20

    assert take_in_entries(at=at(9)) == LODGED + 1 - 21
    assert Application.objects.count() == LODGED
    assert EntryOutcome.objects.filter(state="applied").count() == LODGED
    assert before < set(EntryOutcome.objects.values_list("id", flat=True))
    assert not list(agreement.find_entries_without_outcome(older_than=at(10)))
    assert not list(agreement.find_applications_without_entry())
    assert take_in_entries(at=at(10)) == 0
