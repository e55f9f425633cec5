"""`manage.py place FILE.json`: the pure placement on a file, no database."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, no_translations

from schools import placement, placement_file, placement_plain


class Command(BaseCommand):
    help = "Compute who gets which place from a JSON file and print it as JSON; no database is needed."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE.json")
        parser.add_argument(
            "--plain",
            action="store_true",
            help="by the implementation that is written to be read, slower; it must print the same",
        )

    @no_translations
    def handle(self, *, file: Path, plain: bool, **_: Any) -> None:
        try:
            case = placement_file.read(file.read_bytes())
        except OSError as fault:
            raise CommandError(f"{file}: {fault.strerror}") from fault
        except placement_file.InvalidPlacementFile as refusal:
            raise CommandError(f"{file}: {refusal}") from refusal
        place = placement_plain.place if plain else placement.place
        placed = place(intakes=case.intakes, children=case.children, hold_territory=case.hold_territory)
        self.stdout.write(placement_file.write(placed))
