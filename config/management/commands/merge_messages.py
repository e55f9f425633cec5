"""Operators' door: take in translations written elsewhere."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from config.translations import catalogues


class Command(BaseCommand):
    help = 'Merges JSON lists of {"msgid", "kk", "ru"} into the catalogues; run list_messages before.'
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
        parser.add_argument("--overwrite", action="store_true", help="replace translations that differ")

    def handle(self, *, files: list[Path], overwrite: bool, **_options: Any) -> None:
        try:
            translations = [translation for file in files for translation in catalogues.read_list(file)]
        except catalogues.BadList as error:
            raise CommandError(str(error)) from error
        for language in catalogues.LANGUAGES:
            catalogue = catalogues.read(settings.BASE_DIR, language)
            written, unused = catalogues.merged(
                catalogue, translations, language=language, overwrite=overwrite
            )
            catalogues.write(settings.BASE_DIR, language, catalogue)
            for sentence in unused:
                self.stderr.write(f"{language}: {sentence}")
            self.stdout.write(f"{language}: {written} written, {len(unused)} not used")
