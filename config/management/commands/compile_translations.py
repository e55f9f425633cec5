"""Operators' door: make the files that running processes read."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from config.translations import catalogues


class Command(BaseCommand):
    help = "Makes django.mo from django.po in locale/kk and locale/ru where it is older."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--force", action="store_true", help="also where it is up to date")

    def handle(self, *, force: bool, **_options: Any) -> None:
        for language in catalogues.LANGUAGES:
            if catalogues.compiled(settings.BASE_DIR, language, force=force):
                self.stdout.write(f"{language}: compiled")
