"""`make run` as a whole: first start, everything killed, second start, clean stop."""

import os
import signal
import subprocess
import sys
from http.client import HTTPConnection
from pathlib import Path

import psycopg
import pytest

from config.embedded import OWNER_ROLE, Places, Postgres, Secrets, leftovers
from config.supervisor.control import ask
from config.supervisor.options import ROOT
from tests.faults.test_supervisor import free_base

pytestmark = [pytest.mark.fault, pytest.mark.slow]


def start(environment: dict[str, str]) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "config.supervisor"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=ROOT,
        env=environment,
    )
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line)
        if line.startswith("Qabyldau is ready"):
            return process
    pytest.fail("".join(said))


def status_of(port: int, path: str) -> int:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path)
    status = connection.getresponse().status
    connection.close()
    return status


def families(data_dir: Path, port: int) -> int:
    places = Places(data_dir)
    postgres = Postgres(places, port=port, secrets=Secrets(data_dir / "secrets.json"))
    with psycopg.connect(postgres.url(role=OWNER_ROLE)) as connection:
        row = connection.execute("SELECT count(*) FROM enrollment_application").fetchone()
    assert row is not None
    return int(row[0])


def test_the_demo_starts_survives_a_massacre_and_stops(tmp_path_factory: pytest.TempPathFactory) -> None:
    data_dir, base = tmp_path_factory.mktemp("whole") / "data", free_base()
    environment = {n: v for n, v in os.environ.items() if n not in {"DATABASE_URL", "REDIS_URL"}}
    environment |= {"DATA_DIR": str(data_dir), "PORT_BASE": str(base)}
    control = data_dir / "run" / "control.sock"

    first = start(environment)
    assert [status_of(base, path) for path in ("/kk/", "/ru/", "/en/", "/kk/account/")] == [200] * 4
    before = families(data_dir, base + 32)
    pids = [int(line.split()[2]) for line in ask(control, "status")]
    for pid in (first.pid, *pids):
        os.kill(pid, signal.SIGKILL)
    first.communicate()

    second = start(environment)
    after = families(data_dir, base + 32)
    pids = [int(line.split()[2]) for line in ask(control, "status")]
    second.terminate()
    second.communicate(timeout=30)

    assert after == before > 0
    assert not any(map(leftovers.is_alive, pids))
    subprocess.run([sys.executable, "-m", "config.supervisor.reset"], env=environment, cwd=ROOT, check=True)
    assert not data_dir.exists()
