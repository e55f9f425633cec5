"""
The demo counter: becomes a desk at its first start, then is the clerk's program and nothing else.

`python -m config.demo.counters` runs with the counter's settings. What an installer does by hand
at a new desk happens here with the same commands: a one-time code from the centre, the exchange
of it for a key over the line, a clerk. Broken off anywhere, the next start goes on from there.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import django
from django.core.management import CommandError, call_command

from config.supervisor.options import ROOT
from cscdesk.demo_country.personas import CLERK, DEMO_PASSWORD

DESK = "1"
"""The desk of the clerk's centre that this counter becomes."""
PATIENCE = 60.0
"""Seconds to wait for the centre at the first start."""


def main() -> None:
    folder = Path(os.environ.get("COUNTER_DIR") or Path(os.environ["DATA_DIR"]) / "counter")
    if not is_desk(folder):
        django.setup()
        become_desk(folder)
    # In the place of this program: signals and the exit code are the counter's own.
    os.execv(sys.executable, [sys.executable, "manage.py", "counter"])  # noqa: S606 - no shell is the point


def is_desk(folder: Path) -> bool:
    """Whether this was done to its end; asked without Django, so that a later start loses no time."""
    try:
        done: dict[str, str] = json.loads(_stamp(folder).read_text())
    except (OSError, ValueError):
        return False
    return done == _wanted() and (folder / "journal.sqlite3").exists()


def become_desk(folder: Path) -> None:
    """
    Enrol this counter unless it is enrolled, give it the demo's clerk, note that it is done.

    :raises django.core.management.CommandError: the centre is not there, or refused
    """
    from cscdesk.counter import selectors

    call_command("migrate", verbosity=0, interactive=False)
    if selectors.identity() is None:
        wait_for_centre(os.environ["DESK_API_URL"])
        call_command("counter_enroll", one_time_code(desk=DESK, centre=CLERK.centre))
    # The command reads it here; it stands printed at the end of `make run`.
    os.environ["COUNTER_CLERK_PASSWORD"] = DEMO_PASSWORD
    call_command("counter_clerk", CLERK.code, CLERK.full_name)
    fresh = _stamp(folder).with_suffix(".new")
    fresh.write_text(json.dumps(_wanted()))
    fresh.replace(_stamp(folder))


def _stamp(folder: Path) -> Path:
    return folder / "demo.json"


def _wanted() -> dict[str, str]:
    return {"centre": CLERK.centre, "desk": DESK, "clerk": CLERK.code}


def wait_for_centre(url: str) -> None:
    """:raises django.core.management.CommandError: nobody answered in `PATIENCE` seconds"""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        try:
            with urlopen(f"{url}/readyz", timeout=2):  # noqa: S310 - our own address
                return
        except (URLError, OSError):
            time.sleep(0.1)
    raise CommandError(f"The centre does not answer at {url}: the counter cannot become a desk yet.")


def one_time_code(*, desk: str, centre: str) -> str:
    """
    What the centre's operator would read to the installer.

    :raises django.core.management.CommandError: refused
    """
    asked = subprocess.run(
        [sys.executable, "manage.py", "desk_enroll", desk, "--centre", centre],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings.operator"},
        capture_output=True,
        text=True,
        check=False,
    )
    if asked.returncode != 0:
        raise CommandError((asked.stderr.strip().splitlines() or ["desk_enroll failed"])[-1])
    return asked.stdout.strip()


if __name__ == "__main__":
    try:
        main()
    except CommandError as error:
        sys.exit(f"Error: {error}")
