"""What the three import commands share: options, reading the file, telling the diff or the faults."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import translation

from schools.rules import Refusal
from schools.services.imports import ImportReport

_LANGUAGES = ("en", "kk", "ru")


class ImportCommand(BaseCommand):
    """A door to one `import_…` service: exit 0 with the diff, or exit 1 with every wrong line on stderr."""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", help="CSV (UTF-8, `,` or `;`) or XLSX")
        parser.add_argument("--dry-run", action="store_true", help="show the diff, write nothing")
        parser.add_argument("--language", choices=_LANGUAGES, default="en", help="of the answers")

    def run(self, options: dict[str, Any], service: Callable[..., ImportReport], **more: Any) -> None:
        """Hand the file to the service and translate its answer out."""
        with translation.override(options["language"]):
            try:
                content = options["file"].read_bytes()
            except OSError as error:
                raise CommandError(f"{options['file']}: {error.strerror}") from error
            try:
                report = service(content=content, dry_run=options["dry_run"], **more)
            except Refusal as refusal:
                raise CommandError(str(refusal)) from refusal
            for change in report.changes:
                self.stdout.write(str(change))
            for note in report.notes:
                self.stderr.write(self.style.WARNING(str(note)))
            self.stdout.write(str(report.summary))
