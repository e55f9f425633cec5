"""`manage.py explain NUMBER`: why this child stands where it stands, in words."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser, no_translations
from django.utils import translation
from django.utils.translation import gettext as _

from enrollment.receipts import InvalidNumber
from enrollment.selectors import applications_numbered, explanations_of


class Command(BaseCommand):
    help = "Say in words why the child of an application stands where it stands. Names no other child."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "number", metavar="NUMBER", help="of the receipt; hyphens and capitals may be missing"
        )
        parser.add_argument("--language", choices=("kk", "ru", "en"), default="en")

    @no_translations
    def handle(self, *_args: Any, number: str, language: str, **_options: Any) -> None:
        with translation.override(language):
            try:
                found = applications_numbered(number=number)
            except InvalidNumber as refusal:
                raise CommandError(str(refusal)) from refusal
            if not found:
                raise CommandError(_("There is no application with this number."))
            if len(found) > 1:
                self.stdout.write(
                    _("Applications with this number: %(n)s. Each is explained.") % {"n": len(found)}
                )
            explained = explanations_of(applications=found, for_officials=True)
            for application in found:
                self.stdout.write(f"\n{application.number} · {application.id}")
                for step in explained[application.id]:
                    self.stdout.write(f"\n{step.title}")
                    for sentence in step.sentences:
                        self.stdout.write(f"  {sentence}")
