"""What can be killed, cut and moved: processes through the supervisor, the clock through its file."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext_lazy as _

from config.supervisor.control import ask
from schools.clock import ALMATY
from schools.rules import Refusal

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

OPENS_AT: Final = datetime(2027, 4, 1, 9, tzinfo=ALMATY)
"""The opening of the demo's campaign; the director has no database to ask."""


class NoSupervisor(Refusal):
    message = _("The supervisor does not answer: switches work only while “make run” is running.")


class NotDone(Refusal):
    message = _("The supervisor refused: %(why)s")


def states() -> dict[str, str]:
    """
    Every process by name, with its state: ready, starting, pausing, down.

    :raises NoSupervisor: nobody listens at the control socket
    """
    return {name: state for name, state, _pid in (line.split() for line in _ask("status"))}


def turn(part: "Part", *, on: bool, known: dict[str, str]) -> None:
    """
    Kill or stop a part, or start it again; those of its processes that this run has.

    :raises NoSupervisor: nobody listens at the control socket
    :raises NotDone: the supervisor says why
    """
    names = [name for name in part.processes if name in known]
    if names:
        _ask("start" if on else part.verb, *names)


def _ask(*words: str) -> list[str]:
    try:
        return ask(Path(os.environ["QABYLDAU_CONTROL"]), *words)
    except (OSError, KeyError) as error:
        raise NoSupervisor from error
    except RuntimeError as error:
        raise NotDone(why=str(error).removeprefix("error: ")) from error


@dataclass(frozen=True, slots=True)
class Part:
    """Something that can fail, in the words of the director's page."""

    key: str
    processes: tuple[str, ...]
    verb: str
    """How it is ended: `kill` (SIGKILL, at once) or `stop`."""
    name: "StrOrPromise"
    without: "StrOrPromise"
    """What happens while it is down."""
    off: "StrOrPromise"
    on: "StrOrPromise"

    def state(self, states: dict[str, str]) -> str:
        """`ready`, `down`, `starting`; empty when this run has no such process."""
        own = {states[name] for name in self.processes if name in states}
        if not own or own == {"ready"}:
            return "ready" if own else ""
        return "down" if "down" in own else "starting"


PARTS: Final = {
    part.key: part
    for part in (
        Part(
            "portal",
            ("portal", "signin"),
            "kill",
            _("Portal"),
            _("Families see the outage page. What was registered is safe, counters go on."),
            _("Kill the portal"),
            _("Start the portal"),
        ),
        Part(
            "line",
            ("line",),
            "kill",
            _("Line of the desk"),
            _("The counter goes on as always; what it registers reaches the centre later."),
            _("Cut the line of the desk"),
            _("Mend the line of the desk"),
        ),
        Part(
            "counter",
            ("counter",),
            "kill",
            _("Counter"),
            _("The clerk's program is gone; every receipt it showed is in its journal."),
            _("Kill the counter"),
            _("Start the counter"),
        ),
        Part(
            "deskapi",
            ("deskapi",),
            "stop",
            _("Desk API"),
            _("No counter of the country reaches the centre; all of them go on."),
            _("Stop the desk API"),
            _("Start the desk API"),
        ),
        Part(
            "worker",
            ("worker",),
            "kill",
            _("Worker"),
            _("Applications are taken; lists and messages wait until it is back."),
            _("Kill the worker"),
            _("Start the worker"),
        ),
        Part(
            "valkey",
            ("valkey",),
            "kill",
            _("Valkey"),
            _("No bell rings; nothing is lost, lists and messages wait."),
            _("Kill Valkey"),
            _("Start Valkey"),
        ),
        Part(
            "officials",
            ("officials",),
            "kill",
            _("Officials' process"),
            _("Education departments see nothing; families and counters do not notice."),
            _("Kill the officials' process"),
            _("Start the officials' process"),
        ),
    )
}


def _next_morning(shown: datetime) -> datetime:
    day = shown.astimezone(ALMATY).date() + timedelta(days=1)
    return datetime.combine(day, time(9), tzinfo=ALMATY)


@dataclass(frozen=True, slots=True)
class Move:
    """One way to move the clock of all processes."""

    key: str
    name: "StrOrPromise"
    to: Callable[[datetime], datetime]


MOVES: Final = {
    move.key: move
    for move in (
        Move("ten-minutes", _("10 minutes on"), lambda shown: shown + timedelta(minutes=10)),
        Move("hour", _("1 hour on"), lambda shown: shown + timedelta(hours=1)),
        Move("next-morning", _("To the next morning, 09:00"), _next_morning),
        Move("opening", _("To the opening, 1 April 09:00"), lambda _shown: OPENS_AT),
        Move("before", _("Half an hour before the opening"), lambda _shown: OPENS_AT - timedelta(minutes=30)),
    )
}
