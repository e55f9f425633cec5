"""`manage.py counter_clerk CODE NAME`: who may sign in at this counter."""

import getpass
import os
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from cscdesk.counter.signing_in import save_clerk


class Command(BaseCommand):
    help = "Make a clerk or change one; the password comes from COUNTER_CLERK_PASSWORD or is asked for."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("code")
        parser.add_argument("name")
        parser.add_argument("--supervisor", action="store_true")

    def handle(self, *_args: Any, code: str, name: str, supervisor: bool, **_options: Any) -> None:
        call_command("migrate", verbosity=0, interactive=False)
        password = os.environ.get("COUNTER_CLERK_PASSWORD") or self._asked()
        try:
            save_clerk(code=code, full_name=name, password=password, is_supervisor=supervisor)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        self.stdout.write(f"{code}: {name}")

    def _asked(self) -> str:
        password = getpass.getpass("Password: ")
        if password != getpass.getpass("Again: "):
            raise CommandError("The two passwords differ.")
        return password
