"""A scratch installation to measure: own directory, own servers that do write to the disk, own ports."""

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psycopg

from config.embedded import APP_ROLE, OWNER_ROLE, Places, Servers, ports, servers
from config.supervisor.child import Child, child_of_row
from config.supervisor.options import ROOT, Options
from config.supervisor.table import Row, rows

__all__ = ["ROOT", "DidNotHappen", "Installation", "installation", "quiet_environment", "scratch"]

READY_WITHIN = 60.0
_OFFSETS = (1, 20, 22, 100)


class DidNotHappen(Exception):
    """A part of the installation did not come up, or did not answer as it should."""


class Installation:
    """Servers that run, an environment for processes, and the processes started from it."""

    def __init__(self, *, directory: Path, options: Options, running: Servers) -> None:
        self.directory, self.options, self.servers = directory, options, running
        self.environment = options.child_environment(
            database_url=running.postgres.url(), redis_url=running.valkey.url()
        )
        self.children: dict[str, Child] = {}

    def prepare(self, *seeding: str) -> None:
        """Tables by their owner, the application's role bound, then the demo country: as `make run` does it."""
        self._steps([["migrate", "--noinput"], ["grant_app_role", APP_ROLE]], as_owner=True)
        self._steps([["seed_demo", *seeding]], as_owner=False)
        with self.database(as_owner=True) as connection:
            connection.execute("VACUUM ANALYZE")
            connection.execute("CHECKPOINT")

    def prepare_pages(self) -> None:
        """Static files and texts, for processes that render pages."""
        steps = [["collectstatic", "--noinput"]]
        if not all(path.with_suffix(".mo").exists() for path in ROOT.glob("locale/*/LC_MESSAGES/*.po")):
            steps.append(["compile_translations"])
        self._steps(steps, as_owner=False)

    def _steps(self, steps: list[list[str]], *, as_owner: bool) -> None:
        self.python("-m", "config.supervisor.steps", json.dumps(steps), as_owner=as_owner)

    def python(
        self, *arguments: str, settings: str = "config.settings.operator", as_owner: bool = False
    ) -> str:
        """
        Run a Python program of the project here; what it printed.

        :raises DidNotHappen: it failed
        """
        owner = {"DATABASE_URL": self.servers.postgres.url(role=OWNER_ROLE)} if as_owner else {}
        return run_python(
            *arguments, environment={**self.environment, **owner, "DJANGO_SETTINGS_MODULE": settings}
        )

    def database(self, *, as_owner: bool = False) -> "psycopg.Connection[tuple[object, ...]]":
        """A connection of the measurement's own."""
        postgres = self.servers.postgres
        return psycopg.connect(postgres.url(role=OWNER_ROLE) if as_owner else postgres.url(), autocommit=True)

    def start(self, name: str) -> Row:
        """
        Start a process exactly as the supervisor's table says, and wait until it is ready.

        :raises DidNotHappen: it does not come up
        """
        row = next(row for row in rows(self.options) if row.name == name)
        child = child_of_row(row, environment=self.environment, logs=self.directory / "logs")
        self.children[name] = child
        child.start()
        until = time.monotonic() + READY_WITHIN
        while not child.is_ready():
            if child.process is None or child.process.poll() is not None or time.monotonic() > until:
                raise DidNotHappen(f"{name} does not start: {child.complaint()}")
            time.sleep(0.05)
        return row

    def stop(self) -> None:
        """End every process started here."""
        for child in self.children.values():
            child.ask_to_end()
        for child in self.children.values():
            child.finish(until=time.monotonic() + 5)


def run_python(*arguments: str, environment: Mapping[str, str]) -> str:
    """
    Run a Python program of the project to its end; what it printed.

    :raises DidNotHappen: it failed
    """
    done = subprocess.run(
        [sys.executable, *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=dict(environment),
        check=False,
    )
    if done.returncode != 0:
        raise DidNotHappen(f"{' '.join(arguments[:3])}: {done.stderr.strip()[-1500:]}")
    return done.stdout


@contextmanager
def scratch() -> Iterator[Path]:
    """
    A directory for the length of a `with`, on a disk.

    :raises DidNotHappen: it would lie in memory, where writing durably costs nothing
    """
    directory = Path(tempfile.mkdtemp(prefix="qabyldau-bench-"))
    try:
        if filesystem_of(directory) in {"tmpfs", "ramfs"}:
            raise DidNotHappen(f"{directory} lies in memory: name a directory on a disk in TMPDIR.")
        # PostgreSQL under root runs as another user, who must be able to pass through.
        directory.chmod(0o711)
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def filesystem_of(path: Path) -> str:
    """The kind of file system a path lies on, such as `ext4`; empty where nobody can say."""
    try:
        mounts = [line.split()[1:3] for line in Path("/proc/mounts").read_text().splitlines()]
    except OSError:
        return ""
    above = [(len(at), kind) for at, kind in mounts if path.resolve().is_relative_to(at)]
    return max(above, default=(0, ""))[1]


@contextmanager
def installation() -> Iterator[Installation]:
    """
    Both servers with the settings of `make run` (fsync, synchronous_commit), and everything else ended at the end.

    :raises EmbeddedFault: a server does not start
    """
    with scratch() as directory:
        options = Options(
            data_dir=directory,
            port_base=_free_base(),
            database_url=None,
            owner_url=None,
            redis_url=None,
            environment=quiet_environment() | {"DEMO": "0"},
        )
        options.prepare_data_dir()
        try:
            with servers(directory) as running:
                _refuse_careless(running)
                made = Installation(directory=directory, options=options, running=running)
                made.environment["DEMO"] = "1"
                try:
                    yield made
                finally:
                    made.stop()
        finally:
            Places(directory).forget()


def _refuse_careless(running: Servers) -> None:
    with psycopg.connect(running.postgres.url(role=OWNER_ROLE)) as connection:
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            value = connection.execute(f"SHOW {name}".encode()).fetchone()
            if value != ("on",):
                raise DidNotHappen(f"{name} is {value}: such figures would mean nothing.")


def _free_base() -> int:
    for _try in range(200):
        base = random.randrange(20_000, 60_000, 200)
        if not any(ports.is_busy(base + offset) for offset in _OFFSETS):
            return base
    raise DidNotHappen("no free ports on this machine")


def quiet_environment() -> dict[str, str]:
    """Nothing of a running demo gets in: neither its data nor its servers nor its clock."""
    kept = ("PATH", "HOME", "LANG", "VIRTUAL_ENV", "TMPDIR")
    inherited = {name: os.environ[name] for name in kept if name in os.environ}
    return inherited | {"PYTHONPATH": str(ROOT), "PYTHONTZPATH": ""}
