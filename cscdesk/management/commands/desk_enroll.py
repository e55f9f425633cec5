"""`manage.py desk_enroll NAME --centre CODE`: a one-time code for a counter."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser, no_translations

from cscdesk.services import issue_enrolment_code
from schools import clock
from schools.rules import Refusal


class Command(BaseCommand):
    help = "Print a one-time code (15 minutes, one use) that binds a counter to a desk."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="The desk, as on the sign above it; made if the centre has none.")
        parser.add_argument("--centre", required=True, metavar="CODE")

    @no_translations
    def handle(self, *_args: Any, name: str, centre: str, **_options: Any) -> None:
        try:
            code = issue_enrolment_code(name=name, centre_code=centre, at=clock.now())
        except Refusal as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(code)
