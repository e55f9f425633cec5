"""Operators' door: write the pages that the front shows while the portal does not open."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import DatabaseError

from enrollment.outage_ledger import outage_notice
from enrollment.outage_page import OutageNotice, last_notice, write_outage_pages
from schools import clock


class Command(BaseCommand):
    help = "Writes the outage pages (kk, ru, en) and the front's own answers (413, 429) into a folder."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--to", type=Path, default=settings.OUTAGE_PAGES_DIR, metavar="DIR")

    def handle(self, *, to: Path, verbosity: int, **_options: Any) -> None:
        at = clock.now()
        try:
            notice, known_at = outage_notice(at=at), at
        except DatabaseError as error:
            # Never tell families less only because the database is down; an hour that passes
            # meanwhile is no promise any more.
            self.stderr.write(f"the database does not answer, the pages in {to} say what they said: {error}")
            notice, known_at = last_notice(to) or (OutageNotice(), at)
        for page in write_outage_pages(to=to, notice=notice, at=at, known_at=known_at):
            if verbosity:
                self.stdout.write(str(page))
