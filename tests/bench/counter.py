"""The counter: how long a family waits for the disk, and how soon the program serves after a start."""

import json
import sys
import time
from argparse import ArgumentParser, Namespace
from pathlib import Path

from config.embedded.ports import free_port
from config.supervisor.child import child_of_row
from config.supervisor.table import Row
from tests.bench.figures import Value, middle, percentile
from tests.bench.installation import DidNotHappen, filesystem_of, quiet_environment, run_python, scratch
from tests.bench.resources import resident_mb

READY_WITHIN = 60.0


def add_options(parser: ArgumentParser) -> None:
    parser.add_argument("--entries", type=int, default=10_000, help="in the journal before (default 10000)")
    parser.add_argument("--appends", type=int, default=400, help="measured (default 400)")
    parser.add_argument("--starts", type=int, default=5, help="of the program, medians are shown (default 5)")


def measure(options: Namespace) -> dict[str, Value]:
    """Appends beside bare fsyncs on the same disk, then starts of `manage.py counter` with that journal."""
    with scratch() as directory:
        environment = quiet_environment() | {
            "DATA_DIR": str(directory),
            "COUNTER_DIR": str(directory / "counter"),
            "DJANGO_SETTINGS_MODULE": "config.settings.counter",
            "QABYLDAU_CLOCK_FILE": str(directory / "clock.json"),
            # No line: the courier tries in vain, as on the day for which the counter was made.
            "DESK_API_URL": f"http://127.0.0.1:{free_port()}",
        }
        counts = [str(options.entries), str(options.appends)]
        said = json.loads(run_python("-m", "tests.bench.appending", *counts, environment=environment))
        appends, fsyncs = said["append_ms"], said["fsync_ms"]
        starts = [_start(directory, environment) for _start_number in range(options.starts)]
        return {
            "append_ms": middle(appends),
            "append_p99_ms": round(percentile(appends, 0.99), 2),
            "append_at_start_ms": middle(said["append_at_start_ms"]),
            "append_cpu_ms": round(said["append_cpu_ms"], 2),
            "fsync_ms": middle(fsyncs),
            "ratio_to_fsync": round(middle(appends, 6) / middle(fsyncs, 6), 2),
            "ready_s": middle([seconds for seconds, _megabytes in starts]),
            "memory_mb": middle([megabytes for _seconds, megabytes in starts], 1),
            "journal_entries": said["entries"],
            "journal_mb": said["journal_mb"],
            "journal_mode": said["journal_mode"],
            "synchronous": said["synchronous"],
            "filesystem": filesystem_of(directory),
            "n": len(appends),
            "starts": options.starts,
        }


def _start(directory: Path, environment: dict[str, str]) -> tuple[float, float]:
    """Seconds from the start of the process until it is ready, and the MB it then holds."""
    port = free_port()
    row = Row(
        name="counter",
        command=[sys.executable, "manage.py", "counter"],
        settings="config.settings.counter",
        port=port,
        environment={"COUNTER_PORT": str(port)},
    )
    child = child_of_row(row, environment=environment, logs=directory / "logs")
    began = time.perf_counter()
    child.start()
    try:
        while not child.is_ready():
            assert child.process is not None
            if child.process.poll() is not None or time.perf_counter() - began > READY_WITHIN:
                raise DidNotHappen(f"the counter does not start: {child.complaint()}")
            time.sleep(0.005)
        assert child.process is not None
        return time.perf_counter() - began, resident_mb(child.process.pid)
    finally:
        child.kill()
