"""Operators' door: bring the catalogues up to the texts of the project."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from config.translations import catalogues
from config.translations.messages import messages_of_project


class Command(BaseCommand):
    help = "Writes every text of code and pages into locale/kk and locale/ru; translations are kept."
    requires_system_checks = ()

    def handle(self, **_options: Any) -> None:
        messages = messages_of_project(settings.BASE_DIR)
        for language in catalogues.LANGUAGES:
            catalogue = catalogues.read(settings.BASE_DIR, language)
            added, gone = catalogues.updated(catalogue, messages, language=language)
            catalogues.write(settings.BASE_DIR, language, catalogue)
            self.stdout.write(f"{language}: {len(messages)} texts, {added} new, {gone} gone")
