"""`import_territories FILE`: format in docs/reference/imports.md."""

from typing import Any

from django.core.management.base import CommandParser

from schools import clock
from schools.management.importing import ImportCommand
from schools.services.imports import import_territories


class Command(ImportCommand):
    help = "Give schools their streets and houses from a CSV or XLSX file: all of it, or nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--campaign", type=int, metavar="YEAR", help="default: the newest")

    def handle(self, *_args: Any, **options: Any) -> None:
        self.run(options, import_territories, year=options["campaign"], at=clock.now())
