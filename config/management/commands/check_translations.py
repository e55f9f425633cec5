"""Operators' door: is every text there in Kazakh and Russian, and well made?"""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from config.translations.faults import find_faults
from config.translations.messages import UnreadableText, messages_of_project


class Command(BaseCommand):
    help = "Names every missing or faulty translation; exit 1 when there is one."
    requires_system_checks = ()

    def handle(self, **_options: Any) -> None:
        try:
            messages = messages_of_project(settings.BASE_DIR)
        except UnreadableText as error:
            raise CommandError(str(error)) from error
        faults = list(find_faults(settings.BASE_DIR, messages))
        for fault in faults:
            self.stderr.write(fault)
        if faults:
            raise CommandError(f"{len(faults)} faults in the translations")
        self.stdout.write(f"{len(messages)} texts, all translated")
