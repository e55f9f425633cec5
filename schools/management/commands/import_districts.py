"""`import_districts FILE`: districts by KATO code; format in docs/reference/imports.md."""

from typing import Any

from schools.management.importing import ImportCommand
from schools.services.imports import import_districts


class Command(ImportCommand):
    help = "Add and change districts from a CSV or XLSX file: all of it, or nothing."

    def handle(self, *_args: Any, **options: Any) -> None:
        self.run(options, import_districts)
