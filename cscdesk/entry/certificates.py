"""What the centre says of a desk: with it a receipt can be checked where there is no line."""

from typing import Annotated, Final
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from cscdesk.entry.journal import Moment, utc
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

CERTIFICATE_PREFIX: Final = b"qabyldau/1/certificate\0"

Prefix = Annotated[str, msgspec.Meta(pattern=r"^[2-9A-HJ-NP-Z]{3}\Z")]


class MalformedCertificate(MalformedText):
    """No certificate of a desk, whoever signed it."""


class Certificate(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A desk, its key, and the first three characters of the receipts it may number."""

    desk: UUID
    name: str
    centre: str
    """Code of the service centre in which the desk stands."""
    public_key: str
    """base64url of 32 bytes: checks the desk's entries, calls and receipts"""
    prefixes: list[Prefix]
    """One for each epoch: the first for the one that begins with this key, the others spare."""
    issued_at: Moment
    key: Name
    """`key_id` of the centre's key."""


def compose_certificate(*, key: Ed25519PrivateKey, certificate: Certificate) -> SignedText:
    """Write and sign a certificate, once."""
    text = msgspec.json.encode(msgspec.structs.replace(certificate, issued_at=utc(certificate.issued_at)))
    return SignedText(
        text=text.decode(), sig=base64url(sign(key, prefix=CERTIFICATE_PREFIX, message=sha256(text)))
    )


def read_certificate(text: str) -> Certificate:
    """
    :raises MalformedCertificate: not the text of a certificate
    """
    try:
        certificate = msgspec.convert(strict_json(text.encode()), Certificate)
        from_base64url(certificate.public_key, size=32)
    except msgspec.ValidationError as error:
        raise MalformedCertificate(misread(error).fault) from None
    except MalformedText as error:
        raise MalformedCertificate(error.fault) from None
    except ValueError:
        raise MalformedCertificate(
            format_lazy(_("wrong value, field: {field}"), field="public_key")
        ) from None
    return certificate


def verify_certificate(*, public_key: bytes, text: str, sig: str) -> Certificate:
    """
    The certificate, after its signature was found good.

    :raises BadSignature: the owner of the key did not sign this text as a certificate
    :raises MalformedCertificate: signed, but no certificate
    """
    try:
        signature = from_base64url(sig, size=64)
        message = sha256(text.encode())
    except ValueError:
        raise BadSignature from None
    check_signature(public_key, prefix=CERTIFICATE_PREFIX, message=message, sig=signature)
    return read_certificate(text)
