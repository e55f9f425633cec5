"""The demonstration for tests: `make run` as a whole, or only its director under a real supervisor."""

import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from config.embedded import ports
from config.supervisor.control import ask
from config.supervisor.options import ROOT

PORTS = (0, 1, 4, 20, 21, 22, 23, 32, 33, 100, 101)

DIRECTOR_ALONE = """
import sys
from config.embedded.servers import locked
from config.supervisor.keeper import Stopped, Supervisor
from config.supervisor.options import Options, inherited_environment
from config.supervisor.table import Row, rows

options = Options.read(inherited_environment())
options.prepare_data_dir()
SERVER = "import http.server as h; h.test(h.SimpleHTTPRequestHandler, port=int(__import__('sys').argv[1]), bind='127.0.0.1')"
table = [
    Row(name=name, command=[sys.executable, "-c", SERVER, str(port)], settings="", port=port, probe="/manage.py")
    for name, port in (("portal", options.port(20)), ("signin", options.port(21)), ("deskapi", options.port(23)))
]
table += [row for row in rows(options) if row.name in {"line", "director"}]
with locked(options.data_dir):
    supervisor = Supervisor(options, say=lambda line: print(line, flush=True), table=table)
    try:
        supervisor.start()
        print("Qabyldau is ready", flush=True)
        supervisor.keep()
    except Stopped:
        pass
    finally:
        supervisor.stop()
"""


@dataclass(frozen=True)
class Demo:
    """A running demonstration."""

    data_dir: Path
    port_base: int
    said: list[str]
    pid: int

    @property
    def director(self) -> str:
        return f"http://localhost:{self.port_base + 4}"

    @property
    def portal(self) -> str:
        return f"http://localhost:{self.port_base}"

    @property
    def counter(self) -> str:
        return f"http://localhost:{self.port_base + 100}"

    def ask(self, *words: str) -> list[str]:
        return ask(self.data_dir / "run" / "control.sock", *words)

    def states(self) -> dict[str, str]:
        return {name: state for name, state, _pid in map(str.split, self.ask("status"))}

    def manage(self, *arguments: str) -> str:
        """What an operator's command says in this run, faults included."""
        done = subprocess.run(
            [sys.executable, "-m", "config.supervisor.command", *arguments],
            cwd=ROOT,
            env=environment(self.data_dir, self.port_base),
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout + done.stderr

    def pids(self) -> dict[str, int]:
        return {name: int(pid) for name, _state, pid in map(str.split, self.ask("status")) if pid != "-"}


def free_base() -> int:
    while True:
        # Not from `random`, which every worker begins alike; below the ports that the machine lends out.
        base = 10_000 + 10 * secrets.randbelow(2_250)
        if base < 65_000 and not any(ports.is_busy(base + offset) for offset in PORTS):
            return base


def environment(data_dir: Path, port_base: int, **settings: str) -> dict[str, str]:
    """This process's, without what names other servers, another clock or other data."""
    outside = {"DATABASE_URL", "OWNER_DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE", "DEMO"}
    own = {
        "DATA_DIR": str(data_dir),
        "PORT_BASE": str(port_base),
        "PYTHONPATH": str(ROOT),
        "PYTHONTZPATH": "",
        **settings,
    }
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name not in outside and not name.startswith("QABYLDAU")
    }
    return inherited | own


@contextmanager
def running(data_dir: Path, port_base: int, *command: str, **settings: str) -> Iterator[Demo]:
    """Start it, wait until it says that it is ready, stop it in the end; the data stays."""
    process = subprocess.Popen(
        [sys.executable, *command],
        cwd=ROOT,
        env=environment(data_dir, port_base, **settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    try:
        said: list[str] = []
        for line in process.stdout:
            said.append(line.rstrip())
            if line.startswith("Qabyldau is ready"):
                break
        else:
            raise AssertionError("\n".join(said))
        yield Demo(data_dir, port_base, said, process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=40)


def whole_demo(data_dir: Path, port_base: int) -> AbstractContextManager[Demo]:
    """What `make run` runs."""
    return running(data_dir, port_base, "-m", "config.supervisor")


def director_alone(data_dir: Path, port_base: int) -> AbstractContextManager[Demo]:
    """The director, the line, and web servers that stand where the portal and the desk API would."""
    nowhere = {"DATABASE_URL": "postgres://nobody@127.0.0.1:9/none", "REDIS_URL": "redis://127.0.0.1:9/0"}
    return running(data_dir, port_base, "-c", DIRECTOR_ALONE, **nowhere)
