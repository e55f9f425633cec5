"""`manage.py counter`: the program at the counter, in one process."""

import contextlib
import signal
import sqlite3
from pathlib import Path
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.servers.basehttp import get_internal_wsgi_application
from django.db import DatabaseError
from waitress.server import create_server

from cscdesk.counter.holding import hold_journal
from cscdesk.counter.sync import start_courier
from cscdesk.counter.views.faults import storage_sentence
from schools.rules import Refusal

THREADS = 6


class Command(BaseCommand):
    help = "Serve the clerk's pages on 127.0.0.1 and carry the journal to the centre."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=None, help="Default: COUNTER_PORT.")

    def handle(self, *_args: Any, port: int | None, **_options: Any) -> None:
        folder = Path(settings.COUNTER_DIR)
        try:
            with hold_journal(folder):
                call_command("migrate", verbosity=0, interactive=False)
                self._serve(port if port is not None else settings.COUNTER_PORT)
        except Refusal as refusal:
            raise CommandError(str(refusal)) from refusal
        except (DatabaseError, sqlite3.Error) as error:
            raise CommandError(storage_sentence(error)) from error

    def _serve(self, port: int) -> None:
        try:
            server = create_server(
                get_internal_wsgi_application(), host="127.0.0.1", port=port, threads=THREADS, ident="counter"
            )
        except OSError as error:
            raise CommandError(
                f"Port {port} cannot be used ({error.strerror}). "
                "Stop what uses it, or name another one in COUNTER_PORT."
            ) from error
        courier = start_courier()
        signal.signal(signal.SIGTERM, _end)
        self.stdout.write(f"Counter: http://127.0.0.1:{server.effective_port}/")
        self.stdout.flush()
        with contextlib.suppress(SystemExit, KeyboardInterrupt):
            # Waitress ends its threads on SystemExit: requests under way are finished first.
            server.run()
        courier.stop()
        courier.join(timeout=5)


def _end(_signal: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)
