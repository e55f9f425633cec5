"""Operators' door: write the pages that the front shows while the portal does not open."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import DatabaseError

from enrollment.outage_page import OutageNotice, write_outage_pages
from enrollment.selectors import outage_notice
from schools import clock


class Command(BaseCommand):
    help = "Writes the outage pages (kk, ru, en) and the front's own answers (413, 429) into a folder."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--to", type=Path, default=settings.OUTAGE_PAGES_DIR, metavar="DIR")

    def handle(self, *, to: Path, **_options: Any) -> None:
        at = clock.now()
        try:
            notice = outage_notice(at=at)
        except DatabaseError as error:
            # Never overwrite what families were told with less, only because the database is down.
            if (to / "kk.html").exists():
                self.stderr.write(f"the database does not answer, the pages in {to} stay: {error}")
                return
            notice = OutageNotice()
        for page in write_outage_pages(to=to, notice=notice, at=at):
            self.stdout.write(str(page))
