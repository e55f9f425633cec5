"""What a run does when something is in its way, and when something dies under it."""

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from config import bootstrap
from config.embedded import ports
from config.embedded.faults import Unusable
from config.embedded.leftovers import is_alive, wait_until
from config.embedded.servers import locked
from config.supervisor.child import answers
from config.supervisor.control import ask
from config.supervisor.options import ROOT, Options
from config.supervisor.preparation import Preparation, Step, by_owner

pytestmark = pytest.mark.fault

SMALL_RUN = """
import sys
from config.embedded.servers import locked
from config.supervisor.keeper import Stopped, Supervisor
from config.supervisor.options import Options, inherited_environment
from config.supervisor.table import Row

options = Options.read(inherited_environment())
options.prepare_data_dir()
SERVER = "import http.server as h; h.test(h.SimpleHTTPRequestHandler, port=int(__import__('sys').argv[1]), bind='127.0.0.1')"
table = [
    Row(name=name, command=[sys.executable, "-c", SERVER, str(port)], settings="", port=port, probe="/manage.py")
    for name, port in (("portal", options.port(20)), ("counter", options.port(100)))
]
with locked(options.data_dir):
    supervisor = Supervisor(options, say=lambda line: print(line, flush=True), table=table)
    try:
        supervisor.start()
        print("READY", flush=True)
        supervisor.keep()
    except Stopped:
        pass
    finally:
        supervisor.stop()
"""


@dataclass
class Run:
    """A small real run: PostgreSQL, Valkey, the front, and two web servers as portal and counter."""

    data_dir: Path
    port_base: int
    process: subprocess.Popen[str] | None = None

    def environment(self) -> dict[str, str]:
        own = {"DATA_DIR": str(self.data_dir), "PORT_BASE": str(self.port_base), "PYTHONPATH": str(ROOT)}
        return {n: v for n, v in os.environ.items() if n not in {"DATABASE_URL", "REDIS_URL"}} | own

    def start(self) -> list[str]:
        """Start and wait until ready; what was said until then."""
        self.process = subprocess.Popen(
            [sys.executable, "-c", SMALL_RUN],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=ROOT,
            env=self.environment(),
        )
        assert self.process.stdout is not None
        said: list[str] = []
        for line in self.process.stdout:
            if line == "READY\n":
                return said
            said.append(line.strip())
        pytest.fail("\n".join(said))

    def ask(self, *words: str) -> list[str]:
        return ask(self.data_dir / "run" / "control.sock", *words)

    def pids(self) -> dict[str, int]:
        return {name: int(pid) for name, _, pid in map(str.split, self.ask("status")) if pid != "-"}

    def states(self) -> dict[str, str]:
        return {name: state for name, state, _ in map(str.split, self.ask("status"))}

    def stop(self) -> float:
        """Seconds that a stop by SIGTERM takes."""
        if self.process is None:
            return 0.0
        begun = time.monotonic()
        self.process.terminate()
        self.process.communicate(timeout=30)
        return time.monotonic() - begun


@pytest.fixture
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    run = Run(tmp_path_factory.mktemp("run") / "data", free_base())
    yield run
    run.stop()
    subprocess.run(
        [sys.executable, "-m", "config.supervisor.reset"], env=run.environment(), cwd=ROOT, check=True
    )


def free_base() -> int:
    """A base above which the ports of a small run are free."""
    while True:
        # Not from `random`, which every worker begins alike; below the ports that the machine lends out.
        base = 10_000 + 10 * secrets.randbelow(2_250)
        if base < 65_000 and not any(ports.is_busy(base + offset) for offset in (0, 1, 20, 32, 33, 100)):
            return base


def supervise(run: Run, **settings: str) -> subprocess.CompletedProcess[str]:
    """The real program of `make run`, which must refuse before it starts anything."""
    return subprocess.run(
        [sys.executable, "-m", "config.supervisor"],
        env=run.environment() | settings,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def assert_one_sentence(done: subprocess.CompletedProcess[str], *words: str) -> None:
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in done.stderr
    assert not (done.stdout + done.stderr).count("Qabyldau is ready")


# ------------------------------------------------------------------ in its way


def test_a_busy_port_is_named_with_its_holder_and_another_base(run: Run) -> None:
    with socket.create_server(("127.0.0.1", run.port_base)):
        done = supervise(run)

    assert_one_sentence(
        done, f"Port {run.port_base}, wanted by front", f"process {os.getpid()}", "PORT_BASE="
    )


def test_a_second_run_on_one_checkout_is_refused(run: Run) -> None:
    with locked(run.data_dir):
        done = supervise(run)

    assert_one_sentence(done, "Already running", f"process {os.getpid()}")


@pytest.mark.parametrize("base", ["eighty", "80", "70000"])
def test_a_senseless_port_base_is_refused_by_name(run: Run, base: str) -> None:
    assert_one_sentence(supervise(run, PORT_BASE=base), f"PORT_BASE={base} is no port")


def test_a_senseless_database_address_is_refused_by_name(run: Run) -> None:
    assert_one_sentence(supervise(run, DATABASE_URL="localhost"), "DATABASE_URL is no address")


def test_a_data_directory_that_cannot_be_written_is_named(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    place = tmp_path / "file" / "data"

    assert_one_sentence(supervise(run, DATA_DIR=str(place)), f"Cannot write to {place}", "start again")


def test_too_little_room_is_said_before_anything_is_made(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    options = Options.read(run.environment())
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(100, 95, 5_000_000))

    with pytest.raises(Unusable, match="Only 5 MB are free"):
        options.prepare_data_dir()


def test_an_old_python_is_refused_with_the_way_out(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 2, "final", 0))
    monkeypatch.setenv("PATH", "/nowhere")

    with pytest.raises(SystemExit) as refused:
        bootstrap.main()

    assert refused.value.code == 2
    assert "Python 3.11 or newer is needed and this is 3.9" in capsys.readouterr().err


def test_a_failed_installation_names_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    project = tmp_path / "project"
    (project / "requirements").mkdir(parents=True)
    (project / "requirements" / "portal.txt").write_text(f"nothing==1 --hash=sha256:{'0' * 64}\n")
    (project / "requirements" / "counter.txt").write_text("")
    venv = project / ".venv"
    for name, value in (("ROOT", project), ("VENV", venv), ("PYTHON", venv / "bin/python")):
        monkeypatch.setattr(bootstrap, name, value)
    monkeypatch.setattr(bootstrap, "LOG", venv / "install.log")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setattr(sys, "argv", ["bootstrap.py", "run"])
    monkeypatch.setattr(shutil, "which", lambda _: None)  # no uv here

    with pytest.raises(SystemExit) as refused:
        bootstrap.main()

    said = capsys.readouterr().err
    assert refused.value.code == 2
    assert "could not be installed: ERROR:" in said
    assert "nothing" in said
    assert not bootstrap.is_installed("run")


# ---------------------------------------------------------------- preparation


def test_a_step_is_done_once_and_again_when_what_it_reads_changes(tmp_path: Path) -> None:
    step = Step(("migrate",), ("config/supervisor/*.py",))
    preparation = Preparation(tmp_path, database_url="postgres://a:b@here/one")
    assert preparation.due([step]) == [step]

    preparation.stamp("migrate", preparation._fingerprint(step))

    assert Preparation(tmp_path, database_url="postgres://a:c@here/one").due([step]) == []
    assert Preparation(tmp_path, database_url="postgres://a:b@here/two").due([step]) == [step]
    assert preparation.due([replace(step, made=lambda _: False)]) != []


def test_after_a_broken_off_step_the_steps_behind_it_are_done_too(tmp_path: Path) -> None:
    first, second = Step(("migrate",), ()), Step(("collectstatic",), ())
    preparation = Preparation(tmp_path, database_url="")
    preparation.stamp("collectstatic", preparation._fingerprint(second))

    assert preparation.due([first, second]) == [first, second]


def test_one_role_for_owner_and_application_is_never_bounded() -> None:
    alone = by_owner(owner_url="postgres://one@here/db", database_url="postgres://one@here/db")
    apart = by_owner(owner_url="postgres://owner@here/db", database_url="postgres://app@here/db")

    assert [step.command for step in alone] == [("migrate", "--noinput")]
    assert [step.command for step in apart] == [("migrate", "--noinput"), ("grant_app_role", "app")]


# ------------------------------------------------------------------- what dies


def test_what_dies_is_started_again_and_what_is_killed_on_purpose_stays_down(run: Run) -> None:
    run.start()
    before = run.pids()

    os.kill(before["portal"], signal.SIGKILL)
    os.kill(before["postgres"], signal.SIGKILL)
    run.ask("kill", "counter")

    def is_back(name: str) -> bool:
        # The old state may still be shown for an instant: it is back when it is another process.
        return run.pids().get(name) not in (None, before[name]) and run.states()[name] == "ready"

    assert wait_until(lambda: is_back("portal") and is_back("postgres"), seconds=10)
    assert run.states()["counter"] == "down"
    assert not answers(run.port_base + 100, "/manage.py")

    run.ask("start", "counter")

    assert wait_until(lambda: run.states()["counter"] == "ready", seconds=10)


def test_the_front_goes_on_when_the_portal_is_killed(run: Run) -> None:
    run.start()
    assert answers(run.port_base, "/manage.py")  # through the front to the stand-in

    run.ask("kill", "portal")

    assert not answers(run.port_base, "/manage.py")
    assert answers(run.port_base, "/healthz")


def test_a_senseless_request_to_the_control_socket_changes_nothing(run: Run) -> None:
    run.start()
    before = run.pids()

    for words in ((), ("dance",), ("kill",), ("kill", "nobody"), ("status", "portal")):
        with pytest.raises(RuntimeError, match="error: "):
            run.ask(*words)

    assert run.pids() == before
    assert ((run.data_dir / "run" / "control.sock").stat().st_mode & 0o777) == 0o600


def test_a_stop_ends_every_process_within_seconds(run: Run) -> None:
    run.start()
    pids = run.pids()

    seconds = run.stop()

    assert seconds < 8
    assert not any(map(is_alive, pids.values()))


def test_when_the_supervisor_is_killed_its_children_end(run: Run) -> None:
    run.start()
    pids = run.pids()
    assert run.process is not None

    run.process.kill()
    run.process.communicate()

    assert wait_until(lambda: not any(map(is_alive, pids.values())), seconds=8)


def killed_together(run: Run) -> None:
    assert run.process is not None
    for pid in (run.process.pid, *run.pids().values()):
        os.kill(pid, signal.SIGKILL)


def frozen_then_orphaned(run: Run) -> None:
    """Children that cannot die with their holder: stopped, they hold their ports."""
    assert run.process is not None
    pids = run.pids().values()
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    run.process.kill()


@pytest.mark.parametrize("disaster", [killed_together, frozen_then_orphaned])
def test_after_a_disaster_the_next_start_recovers_by_itself(
    run: Run, disaster: Callable[[Run], None]
) -> None:
    run.start()
    disaster(run)
    assert run.process is not None
    run.process.communicate()

    run.start()

    assert set(run.states().values()) == {"ready"}


def test_the_children_of_a_killed_run_are_on_record(run: Run) -> None:
    run.start()

    noted = json.loads((run.data_dir / "run" / "children.json").read_text())

    assert noted == run.pids()
