"""How an entry is written: once, in exact bytes, signed by the desk."""

import secrets
from typing import NamedTuple
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.utils.translation import gettext_lazy as _

from cscdesk.entry.forms import CONTENTS, FORM_VERSION, Content, read_form, write_form
from cscdesk.entry.journal import (
    ENTRY_PREFIX,
    SIZE_MAX,
    VERSION,
    About,
    At,
    Entry,
    Head,
    Kind,
    MalformedEntry,
    read_entry,
    utc,
)
from cscdesk.entry.texts import sha256, sign


class Sealed(NamedTuple):
    """An entry as it is stored and delivered: bytes that are never written again."""

    entry: bytes
    form: bytes | None
    """None once it was erased."""
    sig: bytes
    """Ed25519, 64 bytes."""
    sha256: bytes
    """Of `entry`: its identity, 32 bytes."""


def compose(
    *,
    key: Ed25519PrivateKey,
    campaign: int,
    desk: UUID,
    epoch: str,
    head: Head | None,
    kind: Kind,
    id: UUID,  # noqa: A002 - named as the key in the text
    about: About | None = None,
    clerk: str = "",
    at: At,
    content: Content,
    salt: bytes | None = None,
) -> Sealed:
    """
    Write the entry that follows `head` (None: no head is known, this is the first start).

    What it returns was read back by `read_entry` and `read_form`, so that nothing is ever signed
    that the centre could not read.

    :param key: the desk's own key of this epoch
    :param content: the shape that belongs to the kind, see `CONTENTS`
    :param salt: 16 bytes, random when left out
    :raises MalformedEntry: more than 32 KiB with its form, or fields that do not fit the kind
    """
    if not isinstance(content, CONTENTS[kind]):
        raise TypeError(f"{kind} carries {CONTENTS[kind].__name__}, not {type(content).__name__}")
    form = write_form(content=content, salt=secrets.token_bytes(16) if salt is None else salt)
    entry = msgspec.json.encode(
        Entry(
            v=VERSION,
            campaign=campaign,
            desk=desk,
            epoch=epoch,
            seq=head.seq + 1 if head else 1,
            prev=head.sha256 if head else None,
            kind=kind,
            id=id,
            about=about,
            clerk=clerk,
            at=msgspec.structs.replace(at, wall=utc(at.wall)),
            form_sha256=sha256(form).hex(),
            form_v=FORM_VERSION,
        )
    )
    if len(entry) + len(form) > SIZE_MAX:
        raise MalformedEntry(_("it is longer than 32 KiB"))
    read_form(read_entry(entry), form)
    identity = sha256(entry)
    return Sealed(entry, form, sign(key, prefix=ENTRY_PREFIX, message=identity), identity)
