"""`grant_app_role ROLE`: law 2 in the database; run it as the owner of the tables after every migration."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import translation

from schools.rules import Refusal
from schools.services.roles import grant_app_role


class Command(BaseCommand):
    help = "Let the application's database role read and write, but never change or delete a fact."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("role", metavar="ROLE")

    def handle(self, *_args: Any, **options: Any) -> None:
        with translation.override("en"):
            try:
                written, facts = grant_app_role(role=options["role"])
            except Refusal as refusal:
                raise CommandError(str(refusal)) from refusal
        self.stdout.write(
            f"{options['role']}: reads and writes {written} tables; on {facts} tables of facts it reads and adds."
        )
