"""One supervised process: started, watched, started again with growing pauses, ended."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from config.embedded import command_on_leash
from config.embedded.ports import HOST
from config.embedded.server import Server
from config.supervisor.options import ROOT
from config.supervisor.table import Row, fresh_log

PAUSES = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
"""Seconds before the next try after the first, second … death in a row."""
STEADY_AFTER = 30.0
"""Seconds alive after which a death counts as the first one again."""


@dataclass
class Child:
    """
    A process of the table. Its states: `down` (on purpose), `pausing`, `starting`, `ready`.

    It leads a session of its own: a signal to the group reaches its workers too, and Ctrl-C in
    the terminal reaches only the supervisor.
    """

    name: str
    launch: Callable[[], subprocess.Popen[bytes]]
    is_ready: Callable[[], bool]
    log: Path
    state: str = "down"
    process: subprocess.Popen[bytes] | None = None
    deaths: int = 0
    started_at: float = 0.0
    next_start_at: float = 0.0
    wanted: bool = field(default=False)

    def start(self) -> None:
        """Start now; does nothing while it runs. Main thread only (the leash)."""
        self.wanted = True
        if self.process is None:
            self.process = self.launch()
            self.started_at = time.monotonic()
            self.state = "starting"

    def kill(self) -> None:
        """SIGKILL to the process and its workers; stays down until started again."""
        self.wanted = False
        self._signal(signal.SIGKILL)
        self._reap(patience=5)
        self.state = "down"

    def ask_to_end(self) -> None:
        """SIGTERM; stays down. `finish` waits for it."""
        self.wanted = False
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def finish(self, *, until: float) -> None:
        """Wait for the end until a moment of the monotonic clock, then kill what is left of the group."""
        if self.process is not None:
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout=max(0.0, until - time.monotonic()))
            self._signal(signal.SIGKILL)
            self._reap(patience=5)
        self.state = "down"

    def look(self) -> str | None:
        """Notice a death, a recovery, the end of a pause; one line about it, or None."""
        if self.process is not None and (code := self.process.poll()) is not None:
            return self._died(code)
        if self.state == "starting" and self.is_ready():
            self.state = "ready"
            return f"{self.name} is back" if self.deaths else None
        if self.state == "pausing" and self.wanted and time.monotonic() >= self.next_start_at:
            self.start()
        return None

    def complaint(self) -> str:
        """The line of its log that says most about why it ended: the last error, else the last line."""
        lines = self.log.read_text(errors="replace").strip().splitlines()[-200:] if self.log.exists() else []
        errors = [line for line in lines if "Error: " in line]
        return (errors or lines or ["it said nothing."])[-1].strip()

    def _died(self, code: int) -> str:
        # Its workers may have outlived it and still hold its port.
        self._signal(signal.SIGKILL)
        self.process = None
        if time.monotonic() - self.started_at > STEADY_AFTER:
            self.deaths = 0
        pause = PAUSES[min(self.deaths, len(PAUSES) - 1)]
        self.deaths += 1
        self.state, self.next_start_at = "pausing", time.monotonic() + pause
        how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with {code}"
        return f"{self.name} {how}; starting it again in {pause} s ({self.log})"

    def _signal(self, signal_: signal.Signals) -> None:
        if self.process is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal_)

    def _reap(self, *, patience: float) -> None:
        if self.process is not None:
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout=patience)
            self.process = None


def child_of_row(row: Row, *, environment: Mapping[str, str], logs: Path) -> Child:
    """A process of the application."""
    log = fresh_log(logs / f"{row.name}.log")
    start_of_log = 0

    def launch() -> subprocess.Popen[bytes]:
        nonlocal start_of_log
        with log.open("ab") as file:
            start_of_log = file.tell()
            return subprocess.Popen(
                command_on_leash(row.command, last_signal=signal.SIGTERM),
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                cwd=ROOT,
                env={**environment, "DJANGO_SETTINGS_MODULE": row.settings, **row.environment},
                start_new_session=True,
            )

    def is_ready() -> bool:
        if row.probe is not None and row.port is not None:
            return answers(row.port, row.probe)
        if row.ready_word is None:
            return True
        with log.open("rb") as file:
            file.seek(start_of_log)
            return row.ready_word.encode() in file.read()

    return Child(name=row.name, launch=launch, is_ready=is_ready, log=log)


def child_of_server(server: Server) -> Child:
    """An embedded server or the front."""
    fresh_log(server.log)

    def launch() -> subprocess.Popen[bytes]:
        server.launch()
        assert server.process is not None
        return server.process

    return Child(name=server.name, launch=launch, is_ready=server.is_ready, log=server.log)


def answers(port: int, path: str) -> bool:
    """Whether a process of this machine answers 200."""
    connection = HTTPConnection(HOST, port, timeout=1)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
