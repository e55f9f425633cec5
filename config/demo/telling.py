"""
The story after the first morning, press by press: programs that go on while the page looks on.

The director has no database: what a press does is a command of its own, with the settings of those
who would run it; each line it prints is a step, kept in a file that the page reads.
"""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from config.demo.late_desk import FAMILIES_FILE
from config.supervisor.options import ROOT
from schools import clock
from schools.clock import ALMATY
from schools.rules import Refusal

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

LINES_SHOWN: Final = 60
_AFTER_MIDNIGHT: Final = time(0, 6)
"""A round can be confirmed from five minutes after its closing on."""
_one_at_a_time = threading.Lock()


class StillGoing(Refusal):
    message = _("One thing after the other: the last press is not done yet.")


class NoClock(Refusal):
    message = _("No clock file is named: the demonstration shows the machine's own time.")


FOLDER: Final = Path(settings.DATA_DIR) / "late-desk"
OPERATOR: Final = "config.settings.operator"
COUNTER: Final = "config.settings.counter"


@dataclass(frozen=True, slots=True)
class Press:
    """One press of the story, in the words of the director's page."""

    key: str
    name: "StrOrPromise"
    commands: tuple[tuple[str, ...], ...]
    """Settings first, then the arguments of Python, one program after the other."""
    closes_day: bool = False
    """The clock goes to shortly after the next midnight first."""


def _story(*arguments: str) -> tuple[str, ...]:
    return OPERATOR, "manage.py", "demo_story", *arguments


def _late_desk(action: str) -> tuple[str, ...]:
    return COUNTER, "-m", "config.demo.late_desk", action


PRESSES: Final = {
    press.key: press
    for press in (
        Press(
            "late_desk",
            _("Families come to the far desk"),
            (_story("families", "--to", f"{FOLDER}/{FAMILIES_FILE}"), _late_desk("register")),
        ),
        Press("close", _("Close the day"), (_story("close"),), closes_day=True),
        Press("check", _("An official checks everything in this district"), (_story("check"),)),
        Press("confirm", _("Confirm the district"), (_story("confirm"),)),
        Press("deliver", _("The far desk delivers"), (_late_desk("deliver"), _story("harmed"))),
    )
}

WORDS: Final[Mapping[str, "StrOrPromise"]] = {
    "clock": _("The clock shows %(at)s."),
    "value": _("The public value of %(date)s is entered: %(value)s."),
    "seed": _("The draw of %(date)s is made at %(at)s."),
    "list": _("The list of round %(round)s is made at %(at)s. Places given: %(places)s."),
    "checked": _("%(official)s has checked addresses and relations: %(count)s."),
    "confirmed": _("Round %(round)s is confirmed. Places confirmed: %(places)s."),
    "late_registered": _(
        "Applications written into the far desk's journal: %(count)s. The centre knows nothing of them."
    ),
    "late_delivered": _("Entries delivered by the far desk: %(count)s."),
    "taken_in": _("The centre has taken them in."),
    "harmed": _(
        "Children who came in time and were known too late: %(count)s. They go first when a place becomes free."
    ),
}


@dataclass(frozen=True, slots=True)
class Told:
    """What the last press has done so far."""

    press: Press | None
    steps: list[str]
    fault: str
    is_done: bool


def told() -> Told:
    """Read the file of the last press; nothing was pressed yet: no press."""
    try:
        lines = [json.loads(line) for line in _file().read_text().splitlines()[:LINES_SHOWN]]
    except (OSError, ValueError):
        return Told(press=None, steps=[], fault="", is_done=True)
    first = lines[0] if lines else {}
    last = lines[-1] if lines else {}
    # A director that was started anew knows nothing of a program that its predecessor began.
    is_done = "done" in last or not _one_at_a_time.locked()
    return Told(
        press=PRESSES.get(str(first.get("press", ""))),
        steps=[_said(line) for line in lines if line.get("step") in WORDS],
        fault=str(last.get("fault", "")),
        is_done=is_done,
    )


def press(key: str) -> None:
    """
    Begin what this press does; it goes on by itself.

    :raises KeyError: no such press
    :raises StillGoing: the last one is not done
    :raises NoClock: the clock of this run cannot be moved
    """
    wanted = PRESSES[key]
    clock_file = os.environ.get("QABYLDAU_CLOCK_FILE")
    if wanted.closes_day and not clock_file:
        raise NoClock
    if not _one_at_a_time.acquire(blocking=False):
        raise StillGoing
    try:
        _file().parent.mkdir(parents=True, exist_ok=True)
        _file().write_text(json.dumps({"press": key}) + "\n")
        if wanted.closes_day and clock_file:
            shown = after_midnight(clock.now())
            clock.write_shift(Path(clock_file), shown=shown)
            _note(step="clock", at=f"{shown:%d.%m.%Y %H:%M}")
        threading.Thread(target=_run, args=(wanted,), daemon=True).start()
    except BaseException:
        _one_at_a_time.release()
        raise


def after_midnight(shown: datetime) -> datetime:
    """Six minutes after the next midnight in Kazakhstan."""
    tomorrow = shown.astimezone(ALMATY).date() + timedelta(days=1)
    return datetime.combine(tomorrow, _AFTER_MIDNIGHT, tzinfo=ALMATY)


def _run(wanted: Press) -> None:
    fault = ""
    try:
        for settings_module, *arguments in wanted.commands:
            fault = _one(settings_module, arguments)
            if fault:
                break
        _note(done=True, fault=fault)
    finally:
        _one_at_a_time.release()


def _one(settings_module: str, arguments: list[str]) -> str:
    """Run one program to its end, its steps into the file; its last words when it failed, else empty."""
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": settings_module,
        "COUNTER_DIR": str(FOLDER),
        "DESK_API_URL": f"http://127.0.0.1:{settings.PORT_BASE + 1}",
    }
    with subprocess.Popen(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as program:
        assert program.stdout is not None
        assert program.stderr is not None
        for line in program.stdout:
            if line.startswith("{"):
                _note(**json.loads(line))
        words = program.stderr.read().strip().splitlines()
    return (words or [f"exit {program.returncode}"])[-1] if program.returncode else ""


def _note(**facts: Any) -> None:
    with _file().open("a") as file:
        file.write(json.dumps(facts) + "\n")


def _said(line: dict[str, Any]) -> str:
    return str(WORDS[line["step"]]) % {"at": "", "date": "", **line}


def _file() -> Path:
    return Path(settings.DATA_DIR) / "run" / "story.jsonl"
