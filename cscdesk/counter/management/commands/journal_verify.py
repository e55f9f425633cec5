"""`manage.py journal_verify`: is every line still what was written and signed?"""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from cscdesk.counter.agreement import find_broken_entries
from cscdesk.counter.models import JournalEntry


class Command(BaseCommand):
    help = "Check the journal's chain, hashes and signatures; exit 1 names the first bad entry."

    def handle(self, *_args: Any, **_options: Any) -> None:
        file = Path(str(settings.DATABASES["default"]["NAME"]))
        if not file.exists():
            raise CommandError(f"There is no journal: {file} does not exist.")
        try:
            broken = list(find_broken_entries())
            count = JournalEntry.objects.count()
        except DatabaseError as error:
            raise CommandError(f"The journal cannot be read: {error}.") from error
        for fault in broken[:20]:
            self.stderr.write(f"entry {fault.seq}: {fault.wrong} ({fault.sha256[:16]})")
        if broken:
            raise CommandError(
                f"The journal is broken: {len(broken)} faults, the first at entry {min(broken).seq}."
            )
        self.stdout.write(f"{count} entries, chain and signatures are whole.")
