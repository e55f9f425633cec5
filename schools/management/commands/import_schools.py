"""`import_schools FILE`: format in docs/reference/imports.md."""

from typing import Any

from django.core.management.base import CommandParser

from schools import clock
from schools.management.importing import ImportCommand
from schools.services.imports import import_schools


class Command(ImportCommand):
    help = "Add and change schools and their places from a CSV or XLSX file: all of it, or nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--campaign", type=int, metavar="YEAR", help="default: the newest")

    def handle(self, *_args: Any, **options: Any) -> None:
        self.run(options, import_schools, year=options["campaign"], at=clock.now())
