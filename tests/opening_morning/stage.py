"""The processes of the story: started as in production, killed as on that morning, ended for sure."""

import os
import random
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

import psycopg

from config.embedded import OWNER_ROLE, Places, Postgres, Secrets, Valkey, ports
from config.front import Front
from config.supervisor.child import Child, answers, child_of_row, child_of_server
from config.supervisor.options import ROOT, Options
from config.supervisor.table import Row, rows
from schools import clock

READY_WITHIN = 90.0
OFFSETS = (0, 1, 20, 21, 22, 23, 32, 33, 100, 101)
POOLS = ("portal", "signin", "officials", "deskapi", "worker", "beat")


class DidNotHappen(Exception):
    """The story cannot go on: something needed for it did not come up or did not answer as it should."""


class Stage:
    """
    One scratch installation: own directory, own ports, own clock. Start children from the main thread only.

    :param breaks: a directory with a `sitecustomize.py` that breaks a law in every process
    """

    def __init__(self, *, seed: int, rate: float, breaks: Path | None, extra: dict[str, str]) -> None:
        self.rate = rate
        self.directory = Path(tempfile.mkdtemp(prefix="qabyldau-morning-"))
        # PostgreSQL under root runs as another user, who must be able to pass through.
        self.directory.chmod(0o711)
        self.data_dir = self.directory / "data"
        self.places = Places(self.data_dir)
        self.options = Options(
            data_dir=self.data_dir,
            port_base=_free_base(random.Random(f"{seed}/{os.getpid()}")),
            database_url=None,
            owner_url=None,
            redis_url=None,
            environment=_quiet_environment(breaks) | extra,
        )
        self.options.prepare_data_dir()
        self.clock_file = self.data_dir / "run" / "clock.json"
        self.draw_key = secrets.token_bytes(32)
        kept = Secrets(self.data_dir / "secrets.json")
        self.postgres = Postgres(self.places, port=self.port(32), secrets=kept)
        self.valkey = Valkey(self.places, port=self.port(33), secrets=kept)
        self.front = Front(
            self.places,
            port=self.port(0),
            desk_port=self.port(1),
            portal_port=self.port(20),
            signin_port=self.port(21),
            officials_port=self.port(22),
            deskapi_port=self.port(23),
            signin_rate=500,
        )
        self.children: dict[str, Child] = {}
        self.environment: dict[str, str] = {}
        self._commands: list[subprocess.Popen[str]] = []

    def port(self, offset: int) -> int:
        return self.options.port(offset)

    # ------------------------------------------------------------------ clock

    def show(self, shown: datetime) -> None:
        """Set the one clock of all processes; it goes on at the story's rate."""
        clock.write_shift(self.clock_file, shown=shown, rate=self.rate)

    @staticmethod
    def now() -> datetime:
        """What the story's clock shows."""
        return clock.now()

    # ------------------------------------------------------------------ start

    def start_servers(self) -> None:
        for server in (self.postgres, self.valkey, self.front):
            self.children[server.name] = child_of_server(server)
            self.children[server.name].start()
        self.wait_ready(["postgres", "valkey"])
        self.postgres.ensure_roles()
        self.environment = self.options.child_environment(
            database_url=self.postgres.url(), redis_url=self.valkey.url()
        ) | {
            "DRAW_KEY": self.draw_key.hex(),
            "QABYLDAU_CLOCK_FILE": str(self.clock_file),
            "CENTRE_KEY_FILE": str(self.data_dir / "keys" / "centre.pem"),
            "DEMO": "1",
        }

    def start_pools(self) -> None:
        for row in rows(self.options):
            if row.name in POOLS:
                self._add(row)
                self.children[row.name].start()

    def add_counter(self, name: str, *, offset: int) -> None:
        """A counter of its own folder and port; not started yet."""
        folder = self.data_dir / name
        self._add(
            Row(
                name=name,
                command=[sys.executable, "manage.py", "counter"],
                settings="config.settings.counter",
                port=self.port(offset),
                environment={"COUNTER_DIR": str(folder), "COUNTER_PORT": str(self.port(offset))},
            )
        )

    def _add(self, row: Row) -> None:
        self.children[row.name] = child_of_row(row, environment=self.environment, logs=self.data_dir / "logs")

    def wait_ready(self, names: Iterable[str], *, seconds: float = READY_WITHIN) -> None:
        """
        :raises DidNotHappen: one of them died or was not ready in time
        """
        until = time.monotonic() + seconds
        for name in names:
            child = self.children[name]
            while not child.is_ready():
                if child.process is None or child.process.poll() is not None or time.monotonic() > until:
                    raise DidNotHappen(f"{name} does not start: {child.complaint()}")
                time.sleep(0.05)

    # --------------------------------------------------------- kill, come back

    def kill(self, *names: str) -> None:
        """SIGKILL to whole process groups at once."""
        for name in names:
            self.children[name].kill()

    def start(self, *names: str) -> None:
        """Start again what was killed; `wait_ready` waits. Main thread only."""
        for name in names:
            self.children[name].start()

    def forget_the_broker(self) -> None:
        """The dead broker's disk is lost with it."""
        shutil.rmtree(self.valkey.directory / "appendonlydir")

    def is_up(self, name: str) -> bool:
        child = self.children[name]
        return child.process is not None and child.process.poll() is None and child.is_ready()

    def front_answers(self) -> bool:
        return answers(self.port(0), "/healthz")

    # --------------------------------------------------------------- commands

    def manage(
        self,
        *command: str,
        settings: str = "config.settings.operator",
        as_owner: bool = False,
        **environment: str,
    ) -> str:
        """
        Run a management command to its end; what it printed.

        :raises DidNotHappen: it failed
        """
        done = self.begin(*command, settings=settings, as_owner=as_owner, **environment)
        out, _nothing = done.communicate()
        if done.returncode != 0:
            raise DidNotHappen(f"manage.py {' '.join(command)}: {out.strip()[-1500:]}")
        return out

    def begin(
        self,
        *command: str,
        settings: str = "config.settings.operator",
        as_owner: bool = False,
        **environment: str,
    ) -> "subprocess.Popen[str]":
        """Start a management command; the caller waits for it."""
        settings_ = {"DJANGO_SETTINGS_MODULE": settings}
        return self.begin_python("manage.py", *command, as_owner=as_owner, **settings_, **environment)

    def begin_python(
        self, *arguments: str, as_owner: bool = False, **environment: str
    ) -> "subprocess.Popen[str]":
        """Start a Python program of the project in the story's environment; the caller waits for it."""
        owner = {"DATABASE_URL": self.postgres.url(role=OWNER_ROLE)} if as_owner else {}
        settings = {"DJANGO_SETTINGS_MODULE": "config.settings.operator"}
        process = subprocess.Popen(
            [sys.executable, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=ROOT,
            env={**self.environment, **settings, **owner, **environment},
            start_new_session=True,
        )
        self._commands.append(process)
        return process

    def database(self, *, as_owner: bool = False) -> "psycopg.Connection[tuple[object, ...]]":
        """A connection of the story's own: read-only unless it is the owner's."""
        url = self.postgres.url(role=OWNER_ROLE) if as_owner else self.postgres.url()
        connection = psycopg.connect(url, autocommit=True)
        if not as_owner:
            connection.execute("SET default_transaction_read_only = on")
        return connection

    def complaints(self) -> str:
        """The last lines of each log that name an error."""
        found = []
        for path in sorted((self.data_dir / "logs").glob("*.log")):
            lines = [line for line in path.read_text(errors="replace").splitlines() if "Error" in line]
            found += [f"  {path.stem}: {line[:300]}" for line in lines[-3:]]
        return "\n".join(found)

    # -------------------------------------------------------------------- end

    def end(self, *, keep: bool = False) -> None:
        """End everything that was started here and remove the data, whatever has happened."""
        for process in self._commands:
            if process.poll() is None:
                process.kill()
                process.wait()
        servers = {"postgres", "valkey"}
        for names in ([n for n in self.children if n not in servers], list(servers)):
            _each(lambda child: child.kill(), [self.children[n] for n in names if n in self.children])
        if not keep:
            self.places.forget()
            shutil.rmtree(self.directory, ignore_errors=True)


def _each(do: Callable[[Child], None], children: list[Child]) -> None:
    for child in children:
        try:
            do(child)
        except OSError as error:
            print(f"{child.name} did not end: {error}", file=sys.stderr)


def _free_base(chance: random.Random) -> int:
    for _try in range(200):
        # Below the ports that the machine lends to its own calls: a free one there may be lent a second later.
        base = chance.randrange(10_000, 32_600, 200)
        if not any(ports.is_busy(base + offset) for offset in OFFSETS):
            return base
    raise DidNotHappen("no free ports on this machine")


def _quiet_environment(breaks: Path | None) -> dict[str, str]:
    """Nothing of a running demo gets in: neither its data nor its servers nor its clock."""
    inherited = {
        name: os.environ[name] for name in ("PATH", "HOME", "LANG", "VIRTUAL_ENV") if name in os.environ
    }
    paths = [str(ROOT)] if breaks is None else [str(breaks), str(breaks.parent), str(ROOT)]
    return inherited | {
        "PYTHONPATH": os.pathsep.join(paths),
        "LOG_LEVEL": "INFO",
        "PYTHONDONTWRITEBYTECODE": "",
    }
