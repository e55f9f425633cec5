"""What families were sent: text messages and e-mails as the demo's backends leave them in files."""

import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from functools import lru_cache
from pathlib import Path
from typing import Final

_END_OF_MAIL: Final = b"\n" + b"-" * 79 + b"\n"
_CODE: Final = re.compile(r"(?<!\d)\d{6}(?!\d)")
LOOKED_AT: Final = 500
"""Files at most: the newest of each kind; a phone that was never emptied must not grow slow."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a phone."""

    kind: str
    """`sms` or `mail`."""
    to: str
    title: str
    text: str
    sent_ns: int
    """By the machine's own clock, nanoseconds since 1970: the shown clock may run backwards."""

    @property
    def minutes(self) -> int:
        """Whole minutes since it came, by the clock that was read when it came."""
        return max(0, time.time_ns() - self.sent_ns) // 60_000_000_000

    @property
    def code(self) -> str:
        """The one-time code in it, or nothing."""
        found = _CODE.search(f"{self.title}\n{self.text}")
        return found[0] if found else ""


def messages(folder: Path, *, to: frozenset[str] | None = None) -> list[Message]:
    """
    The newest first.

    :param folder: the setting MESSAGES_DIR
    :param to: addresses and telephone numbers; None for everybody's
    """
    found = [
        message
        for kind, pattern in (("sms", "sms/*.json"), ("mail", "mail/*.log"))
        for path, version in _newest(folder, pattern)
        for message in _read(kind, path, version)
        if to is None or message.to in to
    ]
    return sorted(found, key=lambda message: message.sent_ns, reverse=True)


def _newest(folder: Path, pattern: str) -> Iterator[tuple[Path, int]]:
    files = []
    for path in folder.glob(pattern):
        try:
            files.append((path.stat().st_mtime_ns, path))
        except FileNotFoundError:
            continue
    for version, path in sorted(files, reverse=True)[:LOOKED_AT]:
        yield path, version


@lru_cache(maxsize=4 * LOOKED_AT)
def _read(kind: str, path: Path, version: int) -> tuple[Message, ...]:
    """What a file holds; nothing while it is still being written."""
    try:
        content = path.read_bytes()
        if kind == "sms":
            sms = json.loads(content)
            return (Message(kind=kind, to=sms["to"], title="", text=sms["text"], sent_ns=version),)
    except (OSError, ValueError, KeyError):
        return ()
    # One connection of the file backend writes its mails into one file, one after the other.
    mails = [part for part in content.split(_END_OF_MAIL)[:-1] if part.strip()]
    return tuple(_mail(part, sent_ns=version + number) for number, part in enumerate(mails))


def _mail(content: bytes, *, sent_ns: int) -> Message:
    mail = message_from_bytes(content.lstrip(), policy=policy.default)
    body = mail.get_body(preferencelist=("plain",))
    return Message(
        kind="mail",
        to=str(mail["To"] or ""),
        title=str(mail["Subject"] or ""),
        text=str(body.get_content()).strip() if body is not None else "",
        sent_ns=sent_ns,
    )
