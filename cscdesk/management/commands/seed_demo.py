"""`seed_demo [--size city|nation] [--applications N]`: the demo country; idempotent."""

import os
from pathlib import Path
from time import monotonic
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import translation

from cscdesk.demo_country.founding import CITY, CITY_APPLICATIONS, SIZES, seed_country
from cscdesk.demo_country.morning import SHOWN_AT
from schools import clock
from schools.rules import Refusal


class Command(BaseCommand):
    help = "Add what is missing of the demo country: schools, desks, made-up families and their applications."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--size", choices=SIZES, default=CITY)
        parser.add_argument(
            "--applications",
            type=int,
            metavar="N",
            help=f"how many were lodged on the first morning (default: city {CITY_APPLICATIONS}, nation 0)",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        asked: int | None = options["applications"]
        count = asked if asked is not None else CITY_APPLICATIONS * (options["size"] == CITY)
        if count < 0:
            raise CommandError("--applications: 0 or more is needed.")
        began = monotonic()
        with translation.override("en"):
            try:
                added = seed_country(size=options["size"], applications=count)
            except Refusal as refusal:
                raise CommandError(str(refusal)) from refusal
        self._show_the_first_morning()
        new = ", ".join(f"{number} {name}" for name, number in added.items() if number)
        took = f"({monotonic() - began:.1f} s)"
        self.stdout.write(
            f"Added: {new} {took}"
            if new
            else f"The demo country is there already; nothing was changed {took}"
        )

    def _show_the_first_morning(self) -> None:
        """Set the demonstration's clock, unless it runs already."""
        path = os.environ.get("QABYLDAU_CLOCK_FILE")
        if path and not Path(path).exists():
            clock.write_shift(Path(path), shown=SHOWN_AT)
            self.stdout.write(f"The clock shows {SHOWN_AT:%d.%m.%Y %H:%M} in Almaty.")
