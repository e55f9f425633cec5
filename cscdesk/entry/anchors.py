"""A signed time from the centre, given against a stated head: what proves delivery, and what bounds clocks."""

from typing import Final
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cscdesk.entry.journal import Head, Moment, utc
from cscdesk.entry.texts import (
    BadSignature,
    MalformedText,
    Name,
    SignedText,
    base64url,
    check_signature,
    from_base64url,
    misread,
    sha256,
    sign,
    strict_json,
)

ANCHOR_PREFIX: Final = b"qabyldau/1/anchor\0"


class MalformedAnchor(MalformedText):
    """No anchor of the centre, whoever signed it."""


class Anchor(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the centre says in answer to one call; first what the desk had stated, then its own words."""

    id: Name
    desk: UUID
    nonce: str
    """That of the call: an anchor cannot be played back into another answer."""
    boot: Name | None
    """The start of the desk's machine, as the call stated it; null when it did not."""
    head: Head
    """As the call stated it: entries after it are no earlier than `time`."""
    stored_through: Head | None
    """Last entry on that head's branch before the first gap: everything up to it is delivered."""
    time: Moment
    key: Name
    """`key_id` of the centre's key."""


def compose_anchor(*, key: Ed25519PrivateKey, anchor: Anchor) -> SignedText:
    """Write and sign an anchor, once."""
    text = msgspec.json.encode(msgspec.structs.replace(anchor, time=utc(anchor.time)))
    return SignedText(
        text=text.decode(), sig=base64url(sign(key, prefix=ANCHOR_PREFIX, message=sha256(text)))
    )


def read_anchor(text: str) -> Anchor:
    """
    :raises MalformedAnchor: not the text of an anchor
    """
    try:
        return msgspec.convert(strict_json(text.encode()), Anchor)
    except msgspec.ValidationError as error:
        raise MalformedAnchor(misread(error).fault) from None
    except MalformedText as error:
        raise MalformedAnchor(error.fault) from None


def verify_anchor(*, public_key: bytes, text: str, sig: str) -> Anchor:
    """
    The anchor, after its signature was found good.

    :raises BadSignature: the owner of the key did not sign this text as an anchor
    :raises MalformedAnchor: signed, but no anchor
    """
    try:
        signature = from_base64url(sig, size=64)
        message = sha256(text.encode())
    except ValueError:
        raise BadSignature from None
    check_signature(public_key, prefix=ANCHOR_PREFIX, message=message, sig=signature)
    return read_anchor(text)
