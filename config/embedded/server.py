"""What both embedded servers have in common: one foreground child, its log, its end."""

import os
import signal
import subprocess
from pathlib import Path

from config.embedded import leftovers, ports
from config.embedded.faults import NotStarted, PortBusy
from config.embedded.leash import command_on_leash
from config.embedded.places import Places


class Server:
    """
    One server as a direct child in the foreground.

    A subclass says how to prepare its data, which command to run and when it is ready.
    """

    name: str
    comm: str
    last_signal: signal.Signals
    patience: float = 20.0
    """Seconds to become ready; crash recovery of a big database may need them."""

    def __init__(self, places: Places, *, port: int, log: Path | None = None) -> None:
        self.places = places
        self.port = port
        self.log = log or places.data_dir / "logs" / f"{self.name}.log"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def directory(self) -> Path:
        """Where the server keeps its data and stands while it runs."""
        raise NotImplementedError

    def prepare(self) -> None:
        """Make the data directory fit to start from, whatever state the last run left it in."""
        raise NotImplementedError

    def command(self) -> list[str]:
        """The server's own command line."""
        raise NotImplementedError

    def is_ready(self) -> bool:
        """Whether the running child serves."""
        raise NotImplementedError

    def end_leftovers(self) -> None:
        """End what an earlier holder left running in this data directory."""
        found = leftovers.working_in(self.directory, named=self.comm)
        leftovers.end(found[:1], kindly=self.last_signal, patience=8)
        leftovers.end(
            leftovers.working_in(self.directory, named=self.comm), kindly=signal.SIGKILL, patience=5
        )

    def leashed(self) -> list[str]:
        """The command line to start as a child of this process."""
        user = None if self.places.user is None else self.places.user.ids
        return command_on_leash(self.command(), last_signal=self.last_signal, user=user)

    def environment(self) -> dict[str, str]:
        """A small, known environment: nothing of the caller's PG… variables gets in."""
        return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}

    def launch(self) -> None:
        """
        Prepare and start the child, without waiting until it is ready. Main thread only.

        :raises PortBusy: another program has the port
        """
        self.end_leftovers()
        if ports.is_busy(self.port):
            by = ports.listener_of(self.port)
            raise PortBusy(
                f"Port {self.port}, wanted by {self.name}, is taken{f' by {by}' if by else ''}: "
                f"end that program, or choose other ports (PORT_BASE=9000 make run)."
            )
        self.prepare()
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.leashed(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.directory,
                env=self.environment(),
                start_new_session=True,
            )

    def start(self) -> None:
        """
        Start, and return when the server serves.

        :raises NotStarted: it ended or did not become ready; with the end of its log
        """
        self.launch()
        self.wait_ready()

    def wait_ready(self) -> None:
        """Wait until the launched child serves, or say why it does not."""
        process = self.process
        assert process is not None, "launch() comes first"
        leftovers.wait_until(lambda: process.poll() is not None or self.is_ready(), seconds=self.patience)
        if process.poll() is not None or not self.is_ready():
            self.stop()
            lines = self.log.read_text(errors="replace").splitlines()[-5:]
            raise NotStarted(
                f"{self.name} did not start; its last words in {self.log}:\n  " + "\n  ".join(lines)
            )

    def stop(self, *, patience: float = 10.0) -> None:
        """End the child and wait for it; quick and clean, killed only after `patience` seconds."""
        process, self.process = self.process, None
        if process is None:
            return
        for signal_ in (self.last_signal, signal.SIGKILL):
            if process.poll() is None:
                process.send_signal(signal_)
            try:
                process.wait(timeout=patience)
            except subprocess.TimeoutExpired:
                continue
            break
