"""`manage.py counter_enroll CODE`: make this counter's key and become a desk."""

from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from cscdesk.counter import selectors, services, sync
from cscdesk.counter.clocks import reading, turn
from cscdesk.counter.holding import hold_journal
from schools.rules import Refusal


class Command(BaseCommand):
    help = "Exchange a one-time code for this counter's identity; the private key never leaves this machine."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("code", help="From `desk_enroll`, 15 minutes old at most.")
        parser.add_argument("--url", default="", help="Address of the centre. Default: DESK_API_URL.")
        parser.add_argument("--again", action="store_true", help="Take a new key for the same desk.")

    def handle(self, *_args: Any, code: str, url: str, again: bool, **_options: Any) -> None:
        try:
            with hold_journal(Path(settings.COUNTER_DIR)):
                call_command("migrate", verbosity=0, interactive=False)
                known = selectors.identity()
                if known and not again:
                    # Before the call: a one-time code is not spent for nothing.
                    raise services.AlreadyEnrolled(name=known.name)
                key = Ed25519PrivateKey.generate()
                enrolled = sync.enroll(url=url or settings.DESK_API_URL, code=code, key=key, at=reading())
                with turn() as at:
                    services.start_epoch(
                        enrolled=enrolled,
                        private_key=key.private_bytes_raw(),
                        api_url=url,
                        at=at,
                        again=again,
                    )
        except Refusal as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(f"Enrolled: {enrolled.name}, {enrolled.catalogue.centre.names.en}")
