"""
What has to be done before the processes can serve; every step may be repeated.

A step is done again only when what it depends on has changed: its fingerprint is kept in
`stamps.json` after it has ended well. A start that was broken off goes on where it stopped.
"""

import hashlib
import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from config.embedded import command_on_leash
from config.embedded.faults import EmbeddedFault
from config.supervisor.options import ROOT
from config.supervisor.table import has_command

LOCKS = ("requirements/portal.txt",)


@dataclass(frozen=True, slots=True)
class Step:
    """One management command and what it depends on, as patterns of files below the project."""

    command: tuple[str, ...]
    depends_on: tuple[str, ...]
    made: Callable[[Path], bool] = lambda _: True
    """Whether what it made is still there, given the data directory."""

    @property
    def name(self) -> str:
        return self.command[0]


def _catalogues_are_compiled(_: Path) -> bool:
    return all(path.with_suffix(".mo").exists() for path in ROOT.glob("locale/*/LC_MESSAGES/*.po"))


def _static_is_collected(data_dir: Path) -> bool:
    return (data_dir / "static" / "staticfiles.json").exists()


def _outage_pages_are_there(data_dir: Path) -> bool:
    return (data_dir / "front" / "outage" / "kk.html").exists()


MIGRATIONS = ("*/migrations/*.py", *LOCKS)
MIGRATE = Step(("migrate", "--noinput"), MIGRATIONS)
FILES = (
    Step(("compile_translations",), ("locale/**/*.po",), _catalogues_are_compiled),
    Step(("collectstatic", "--noinput"), ("static/**/*", "*/static/**/*", *LOCKS), _static_is_collected),
)
BY_APPLICATION = (
    Step(("seed_demo",), MIGRATIONS),
    Step(
        ("render_outage_pages",),
        ("templates/**/*.html", "*/templates/**/*.html", "locale/**/*.po"),
        _outage_pages_are_there,
    ),
)


def by_owner(*, owner_url: str, database_url: str) -> tuple[Step, ...]:
    """
    What the owner of the tables does: make them, then bound what the application may do to them.

    One role for both cannot be bounded; an installation of one's own gives the owner's address
    in OWNER_DATABASE_URL.
    """
    role = urlsplit(database_url).username
    if role is None or role == urlsplit(owner_url).username:
        return (MIGRATE,)
    return (MIGRATE, Step(("grant_app_role", role), (*MIGRATIONS, "schools/services/roles.py")))


class Preparation:
    """The steps of one start. Two chains may run side by side: each is one Python process."""

    def __init__(self, data_dir: Path, *, database_url: str) -> None:
        self.data_dir = data_dir
        self.log = data_dir / "logs" / "prepare.log"
        self._stamps_path = data_dir / "stamps.json"
        self._where = database_url.rpartition("@")[2]
        try:
            self._stamps: dict[str, str] = json.loads(self._stamps_path.read_text())
        except (OSError, ValueError):
            self._stamps = {}

    def due(self, steps: Iterable[Step]) -> list[Step]:
        """Those steps that have to be done now; once one is due, those after it depend on it."""
        wanted = [step for step in steps if step.name in DJANGO_COMMANDS or has_command(step.name)]
        first = next((i for i, step in enumerate(wanted) if not self._is_done(step)), len(wanted))
        return wanted[first:]

    def _is_done(self, step: Step) -> bool:
        return self._stamps.get(step.name) == self._fingerprint(step) and step.made(self.data_dir)

    def _fingerprint(self, step: Step) -> str:
        digest = hashlib.sha256(repr((step.command, self._where)).encode())
        for pattern in step.depends_on:
            for path in sorted(ROOT.glob(pattern)):
                if path.is_file() and path.parts[len(ROOT.parts)] not in {".venv", ".data"}:
                    digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
        return digest.hexdigest()

    def begin(self, steps: Iterable[Step], *, environment: Mapping[str, str]) -> "Chain":
        """Start a chain of steps; `Chain.finish` waits for it."""
        due = self.due(steps)
        fingerprints = {step.name: self._fingerprint(step) for step in due}
        return Chain(self, due, fingerprints, environment)

    def stamp(self, name: str, fingerprint: str) -> None:
        self._stamps[name] = fingerprint
        fresh = self._stamps_path.with_suffix(".new")
        fresh.write_text(json.dumps(self._stamps, indent=1))
        fresh.replace(self._stamps_path)


DJANGO_COMMANDS = frozenset({"migrate", "collectstatic"})


class Chain:
    """Steps running one after the other in a process of their own."""

    def __init__(
        self,
        preparation: Preparation,
        steps: list[Step],
        fingerprints: dict[str, str],
        environment: Mapping[str, str],
    ) -> None:
        self._preparation, self._steps, self._fingerprints = preparation, steps, fingerprints
        self._process: subprocess.Popen[str] | None = None
        if steps:
            with preparation.log.open("a") as log:
                self._process = subprocess.Popen(
                    command_on_leash(
                        [
                            sys.executable,
                            "-m",
                            "config.supervisor.steps",
                            json.dumps([s.command for s in steps]),
                        ],
                        last_signal=signal.SIGTERM,
                    ),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    text=True,
                    cwd=ROOT,
                    env={**environment, "DJANGO_SETTINGS_MODULE": "config.settings.operator"},
                    start_new_session=True,
                )

    def finish(self) -> list[str]:
        """
        Wait, stamping each step as it ends; the names of the steps that were done.

        :raises StepFailed: with the step's last line
        """
        done: list[str] = []
        if self._process is None:
            return done
        assert self._process.stdout is not None
        for line in self._process.stdout:
            name = line.strip()
            self._preparation.stamp(name, self._fingerprints[name])
            done.append(name)
        if self._process.wait() != 0:
            failed = self._steps[len(done)].name
            lines = self._preparation.log.read_text(errors="replace").strip().splitlines()
            raise StepFailed(
                f"The step `{failed}` failed: {lines[-1] if lines else 'no reason given'} "
                f"The whole story is in {self._preparation.log}; starting again goes on from this step."
            )
        return done

    def end(self) -> None:
        """End it early."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait()


class StepFailed(EmbeddedFault):
    """A step of the preparation did not end well."""
