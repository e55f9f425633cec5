"""`manage.py desk_revoke NAME --centre CODE`: trust a desk's key no longer."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser, no_translations

from cscdesk.services import revoke_desk
from schools import clock
from schools.rules import Refusal


class Command(BaseCommand):
    help = "Revoke a desk's keys. What it delivered before counts; what comes later waits for a person."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--centre", required=True, metavar="CODE")

    @no_translations
    def handle(self, *_args: Any, name: str, centre: str, **_options: Any) -> None:
        try:
            revoked = revoke_desk(name=name, centre_code=centre, at=clock.now())
        except Refusal as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(f"{revoked} keys revoked.")
