"""`official_add EMAIL --district KATO | --region KATO --name NAME`: an official's account, or a reset of one."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import translation

from schools import clock
from schools.models import District, Region
from schools.rules import Refusal
from schools.services.officials import add_official


class Command(BaseCommand):
    help = (
        "Make an official's account, or reset its password and second factor. Prints a one-time password; "
        "at the first sign-in the official chooses an own one and sets up an authenticator app."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", metavar="EMAIL")
        parser.add_argument("--name", required=True, help="full name")
        scope = parser.add_mutually_exclusive_group(required=True)
        scope.add_argument("--district", metavar="KATO")
        scope.add_argument("--region", metavar="KATO")
        parser.add_argument("--staff", action="store_true", help="may also read the administration")

    def handle(self, *_args: Any, **options: Any) -> None:
        district, region = options["district"], options["region"]
        with translation.override("en"):
            try:
                added = add_official(
                    email=options["email"],
                    full_name=options["name"],
                    district=District.objects.get(kato=district) if district else None,
                    region=Region.objects.get(kato=region) if region else None,
                    is_staff=options["staff"],
                    at=clock.now(),
                )
            except (District.DoesNotExist, Region.DoesNotExist) as missing:
                raise CommandError(f"There is no district or region {district or region}.") from missing
            except Refusal as refusal:
                raise CommandError(str(refusal)) from refusal
        self.stdout.write(f"{added.account.email}: one-time password {added.password}")
