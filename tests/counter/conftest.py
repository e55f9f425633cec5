"""
The counter's tests run on the counter's own settings, in a run of their own:

    pytest -o addopts="-ra" --ds=config.settings.countertest tests/counter

Under any other settings they are not collected: the counter's models do not exist there.
"""

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import pytest_django
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections

IS_COUNTER = settings.SETTINGS_MODULE == "config.settings.countertest"
collect_ignore_glob = [] if IS_COUNTER else ["test_*.py"]

if IS_COUNTER:
    from cscdesk.counter import services
    from cscdesk.counter.clocks import Reading
    from cscdesk.counter.models import Clerk, Identity, JournalEntry
    from cscdesk.counter.signing_in import save_clerk
    from cscdesk.entry import public_bytes
    from enrollment.rules import Address, Applicant, Child, Request, SeenDocument
    from tests.counter.catalogues import DISTRICT, LYCEUM_KAZAKH
    from tests.counter.centre import Centre

NOON = datetime(2027, 4, 1, 7, tzinfo=UTC)
"""12:00 in Almaty on the first day."""
PASSWORD = "made-up-word-7"


@pytest.fixture(autouse=True)
def first_day(clock_at: Callable[..., None]) -> None:
    """Every test begins at noon of the first day."""
    clock_at(NOON)


@pytest.fixture
def at() -> "Callable[..., Reading]":
    """Readings of both clocks so many minutes after noon."""

    def reading(minutes: float = 0, *, boot: str = "boot-1") -> Reading:
        return Reading(
            wall=NOON + timedelta(minutes=minutes), boot=boot, boot_ms=int(1_000_000 + minutes * 60_000)
        )

    return reading


@pytest.fixture(scope="session")
def empty_book(
    tmp_path_factory: pytest.TempPathFactory, django_db_blocker: pytest_django.DjangoDbBlocker
) -> Path:
    """A migrated file, made once."""
    path = tmp_path_factory.mktemp("book") / "empty.sqlite3"
    with django_db_blocker.unblock():
        connections.settings["default"]["NAME"] = path
        call_command("migrate", verbosity=0, interactive=False)
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
    return path


@pytest.fixture
def book(
    empty_book: Path, tmp_path: Path, django_db_blocker: pytest_django.DjangoDbBlocker
) -> Iterator[Path]:
    """
    A file of its own for each test: nothing is rolled back and nothing deleted.

    The journal's triggers would let Django's test cases do neither.
    """
    path = tmp_path / "journal.sqlite3"
    shutil.copy(empty_book, path)
    connection.close()
    connections.settings["default"]["NAME"] = path
    with django_db_blocker.unblock():
        yield path
        connection.close()


@pytest.fixture
def centre() -> "Iterator[Centre]":
    """A small centre on a real socket."""
    running = Centre()
    running.url = running.start()
    yield running
    running.stop()


@pytest.fixture
def enrolled(book: Path, centre: "Centre", at: "Callable[..., Reading]") -> "Identity":
    """This counter is desk 1 of the centre, and its journal holds the start."""
    key = Ed25519PrivateKey.generate()
    services.start_epoch(
        enrolled=centre.enrolled(public_bytes(key)),
        private_key=key.private_bytes_raw(),
        api_url=centre.url,
        at=at(-60),
    )
    return Identity.objects.get()


@pytest.fixture
def clerk(book: Path) -> "Clerk":
    return save_clerk(code="aigul", full_name="Айгүл Серікқызы", password=PASSWORD, is_supervisor=False)


def aisha(**changes: object) -> "Request":
    """Aisha's request as her father makes it; `changes` replace fields of the request."""
    fields: dict[str, object] = {
        "child": Child(iin="190401699997", family_name="Омарова", given_name="Айша", birth_date="2021-04-01"),
        "choices": [LYCEUM_KAZAKH],
        "applicant": Applicant(iin="850101199993", family_name="Омаров", given_name="Ерлан"),
        "relation": "father",
        "document": SeenDocument(type="birth_certificate", number="1234567"),
        "address": Address(district=DISTRICT, street="Достық", house="12", flat="3"),
        "phone": "+77011234567",
        "language": "ru",
        "replaces": None,
    }
    return Request(**{**fields, **changes})  # type: ignore[arg-type]


@pytest.fixture
def lodged(enrolled: "Identity", at: "Callable[..., Reading]") -> "Callable[..., JournalEntry]":
    """Lodge for Aisha; every call is another application."""

    def lodge(*, minutes: float = 0, application: UUID | None = None, **changes: object) -> JournalEntry:
        return services.lodge(
            application=application or uuid4(), request=aisha(**changes), clerk="aigul", at=at(minutes)
        )

    return lodge
