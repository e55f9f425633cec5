"""Text messages: what a provider must offer, and the two that need none."""

import json
import logging
import secrets
from pathlib import Path
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from enrollment.rules import masked_phone

log = logging.getLogger(__name__)


class SmsNotSent(Exception):
    """The provider did not take the message; it stays owed."""


class SmsBackend(Protocol):
    """A provider of text messages."""

    def send(self, *, to: str, text: str) -> None:
        """
        Hand one message over; returns when the provider has taken it.

        :raises SmsNotSent: it has not, or did not say so in time
        """


class ConsoleSms:
    """Says in the log that a message would go; its text may hold a code and stays out."""

    def send(self, *, to: str, text: str) -> None:
        log.info("sms to %s, %d characters", masked_phone(to), len(text))


class FileSms:
    """One JSON file a message in `MESSAGES_DIR/sms`; the demo's phone shows them."""

    def send(self, *, to: str, text: str) -> None:
        directory = Path(settings.MESSAGES_DIR) / "sms"
        try:
            directory.mkdir(parents=True, exist_ok=True)
            fresh = directory / f".{secrets.token_hex(12)}.new"
            fresh.write_text(json.dumps({"to": to, "text": text}, ensure_ascii=False))
            fresh.rename(directory / f"{fresh.stat().st_mtime_ns}-{fresh.stem[1:]}.json")
        except OSError as error:
            raise SmsNotSent(str(error)) from error


def sms_backend() -> SmsBackend:
    """The provider that `SMS_BACKEND` names."""
    backend: SmsBackend = import_string(settings.SMS_BACKEND)()
    return backend
