"""
A desk without a line, far from the district it writes to: it delivers what it took in too late.

`python -m config.demo.late_desk register|deliver` runs with the counter's settings and a folder of
its own. It is the program of every counter with its own journal and key; only its line is a press
of the director's. A district waits for its own desks, so this one does not hold up the
confirmation, and who came to it in time and is known too late stands on the list of those.
"""

import json
import os
import sys
from pathlib import Path
from typing import Final

import django
import msgspec
from django.core.management import CommandError, call_command

from config.demo.counters import one_time_code, wait_for_centre
from cscdesk.demo_country.numbers import demo_id
from cscdesk.demo_country.personas import DEMO_PASSWORD, LATE_CLERK
from enrollment.rules import Request

DESK: Final = "2"
FAMILIES_FILE: Final = "families.json"
"""Requests of those who come, made by `manage.py demo_story families`: a counter knows no country."""
_BATCHES_MAX: Final = 20


def register() -> None:
    """Become a desk while there is a line, then take the families in; nothing is delivered."""
    from cscdesk.counter import selectors, services
    from cscdesk.counter.clocks import turn
    from cscdesk.counter.sync import exchange

    call_command("migrate", verbosity=0, interactive=False)
    if selectors.identity() is None:
        wait_for_centre(os.environ["DESK_API_URL"])
        call_command("counter_enroll", one_time_code(desk=DESK, centre=LATE_CLERK.centre), stdout=sys.stderr)
        os.environ["COUNTER_CLERK_PASSWORD"] = DEMO_PASSWORD
        call_command("counter_clerk", LATE_CLERK.code, LATE_CLERK.full_name, stdout=sys.stderr)
        exchange()
    taken = 0
    for number, request in enumerate(_families()):
        application = demo_id("late desk", number)
        with turn() as at:
            services.lodge(application=application, request=request, clerk=LATE_CLERK.code, at=at)
        taken += 1
    _say("late_registered", count=taken)


def deliver() -> None:
    """The line is mended: everything goes to the centre, as a counter sends it."""
    from cscdesk.counter.sync import exchange

    sent = 0
    for _batch in range(_BATCHES_MAX):
        done = exchange()
        sent += done.entries_sent
        if not done.is_more_unsent:
            break
    _say("late_delivered", count=sent)


def _families() -> list[Request]:
    """:raises CommandError: nobody wrote them down"""
    try:
        return msgspec.json.decode((_folder() / FAMILIES_FILE).read_bytes(), type=list[Request])
    except (OSError, msgspec.MsgspecError) as error:
        raise CommandError(f"No families for this desk: {error}") from error


def _folder() -> Path:
    return Path(os.environ["COUNTER_DIR"])


def _say(step: str, **facts: object) -> None:
    print(json.dumps({"step": step, **facts}), flush=True)


def main(action: str) -> None:
    """:raises CommandError: the centre is not there, or refused"""
    django.setup()
    from cscdesk.counter.holding import hold_journal
    from schools.rules import Refusal

    _folder().mkdir(parents=True, exist_ok=True)
    try:
        if action == "register":
            register()
        else:
            with hold_journal(_folder()):
                deliver()
    except Refusal as refusal:
        raise CommandError(str(refusal)) from refusal


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except CommandError as error:
        sys.exit(f"Error: {error}")
