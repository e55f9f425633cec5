"""
`python -m tests.bench.appending ENTRIES APPENDS`: fill a counter's journal, then measure its appends.

Each append is the counter's own service, so it includes the commit; after each one comes a
bare fsync of as many bytes in the same directory, to compare with. Prints JSON.
"""

import json
import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count, islice
from pathlib import Path
from time import perf_counter, process_time
from typing import TYPE_CHECKING
from uuid import uuid4

import django

if TYPE_CHECKING:
    from enrollment.rules import Request

NOON = datetime(2027, 4, 1, 7, tzinfo=UTC)
_TOGETHER = 500
_WEIGHTS = range(1, 12)


def main() -> None:
    django.setup()
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connection

    from schools import clock

    entries, appends = map(int, sys.argv[1:])
    clock.write_shift(Path(os.environ["QABYLDAU_CLOCK_FILE"]), shown=NOON)
    call_command("migrate", verbosity=0, interactive=False)
    _enrol()
    requests = _requests()
    at_start = [_append(request) for request in islice(requests, min(appends, entries // 2, 100))]
    _fill(entries, requests)
    folder = Path(settings.COUNTER_DIR)
    with connection.cursor() as cursor:
        # As at the start of a day: what was written yesterday lies in the file itself.
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        modes = [cursor.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")]
    measured, bare = [], []
    probe = os.open(folder / "probe", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    cpu = process_time()
    for request in islice(requests, appends):
        measured.append(_append(request))
        bare.append(_fsync(probe))
    cpu = process_time() - cpu
    os.close(probe)
    print(
        json.dumps(
            {
                "append_ms": measured,
                "fsync_ms": bare,
                "append_at_start_ms": at_start,
                "append_cpu_ms": cpu * 1000 / len(measured),
                "entries": _count(),
                "journal_mb": round((folder / "journal.sqlite3").stat().st_size / 1_048_576, 1),
                "journal_mode": modes[0],
                "synchronous": {1: "normal", 2: "full", 3: "extra"}.get(modes[1], str(modes[1])),
            }
        )
    )


def _enrol() -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from cscdesk.counter import services
    from cscdesk.counter.clocks import turn
    from cscdesk.entry import public_bytes
    from tests.counter.centre import Centre

    key = Ed25519PrivateKey.generate()
    enrolled = Centre().enrolled(public_bytes(key))
    with turn() as at:
        services.start_epoch(enrolled=enrolled, private_key=key.private_bytes_raw(), api_url="", at=at)
        services.open_desk(clerk="aigul", at=at)


def _requests() -> "Iterator[Request]":
    """Requests for made-up children, each another one, all as long as a real one."""
    from enrollment.rules import Address, Applicant, Child, Request, SeenDocument
    from tests.counter.catalogues import DISTRICT, LYCEUM_KAZAKH

    for serial in count():
        yield Request(
            child=Child(iin=_iin(serial), family_name="Омарова", given_name="Айша", birth_date="2021-04-01"),
            choices=[LYCEUM_KAZAKH],
            applicant=Applicant(iin="850101199993", family_name="Омаров", given_name="Ерлан"),
            relation="father",
            document=SeenDocument(type="birth_certificate", number=f"{serial:07}"),
            address=Address(district=DISTRICT, street="Достық", house="12", flat=str(serial % 90 + 1)),
            phone="+77011234567",
            language="ru",
        )


def _iin(serial: int) -> str:
    """A made-up IIN of a girl born on 1 April 2021 or on a later day of that month."""
    body = f"2104{1 + serial // 10_000 % 28:02}6{serial % 10_000:04}"
    check = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, body, strict=True)) % 11
    return body + str(check % 10)


def _fill(entries: int, requests: "Iterator[Request]") -> None:
    """The journal's own append, many to a commit: only what is measured later waits for the disk each time."""
    from django.db import transaction

    from cscdesk.counter import journal
    from cscdesk.counter.clocks import turn
    from cscdesk.counter.models import Identity
    from cscdesk.entry import About
    from enrollment.rules import content_sha256

    identity = Identity.objects.get()
    numbers = _numbers(year=identity.campaign, issuer=identity.prefix)
    while missing := max(0, entries - _count()):
        with turn() as at, transaction.atomic():
            for request in islice(requests, min(missing, _TOGETHER)):
                number = next(numbers)
                journal.append(
                    identity=identity,
                    kind="lodge",
                    content=request,
                    entry_id=uuid4(),
                    at=at,
                    clerk="aigul",
                    about=About(application=uuid4(), number=number),
                    content_sha256=content_sha256(request),
                )


def _numbers(*, year: int, issuer: str) -> Iterator[str]:
    """Numbers of receipts, each once: of so many drawn by chance two may well be equal."""
    from enrollment.receipts import make_number, random_body

    given: set[str] = set()
    while True:
        body = random_body()
        if body not in given:
            given.add(body)
            yield make_number(year=year, issuer=issuer, random=body)


def _count() -> int:
    from cscdesk.counter.models import JournalEntry

    return JournalEntry.objects.count()


def _append(request: "Request") -> float:
    """Milliseconds until the receipt may be shown."""
    from cscdesk.counter import services
    from cscdesk.counter.clocks import turn

    began = perf_counter()
    with turn() as at:
        services.lodge(application=uuid4(), request=request, clerk="aigul", at=at)
    return (perf_counter() - began) * 1000


def _fsync(probe: int) -> float:
    """Milliseconds that the disk needs for 4 KiB and nothing else."""
    began = perf_counter()
    os.write(probe, b"\0" * 4096)
    os.fsync(probe)
    return (perf_counter() - began) * 1000


if __name__ == "__main__":
    main()
