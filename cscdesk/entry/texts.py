"""Exact texts: how they are read strictly, hashed, signed and written as plain letters."""

import base64
import binascii
import hashlib
import json
import re
from typing import Annotated, Any, Final, NoReturn

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from schools.rules import Refusal

INTEGER_LIMIT: Final = 2**53
"""Integers lie strictly between minus this and this: every JSON reader holds them exactly."""

Sha256Hex = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]
Sequence = Annotated[int, msgspec.Meta(ge=1)]
Name = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_.:-]{1,64}\Z")]
"""An identifier that its maker chose freely: an epoch, a boot, an anchor, a key."""

_SURROGATE_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")
_NUL_ESCAPE = "\\u0000"


class MalformedText(Refusal):
    """Base of what is refused because of its bytes, whatever it means; `fault` says what was found."""

    message = _("The record cannot be read: %(fault)s.")

    def __init__(self, fault: str | Promise) -> None:
        super().__init__(fault=fault)
        self.fault = fault

    @property
    def code(self) -> str:
        return "malformed"


class BadSignature(Refusal):
    message = _("The signature does not belong to this record.")


def strict_json(text: bytes, *, refuse_nul: bool = True) -> dict[str, Any]:
    """
    Read one JSON object that has only one meaning, whoever reads it.

    Refused beyond plain JSON: a byte order mark, bytes that are not UTF-8, a key given
    twice in any object, floats, NaN and infinities, integers of 2^53 and more, half
    surrogates; and with `refuse_nul` the character U+0000, which PostgreSQL cannot hold.

    :raises MalformedText: with the fault found first
    """
    try:
        letters = text.decode("utf-8")
        value = _decoder.decode(letters)
    except UnicodeDecodeError:
        raise MalformedText(_("it is not UTF-8 text")) from None
    except json.JSONDecodeError:
        raise MalformedText(_("it is not JSON")) from None
    except RecursionError:
        raise MalformedText(_("it is nested too deeply")) from None
    if not isinstance(value, dict):
        raise MalformedText(_("it is not a JSON object"))
    if _SURROGATE_ESCAPE.search(letters):
        _refuse_surrogates(value)
    if refuse_nul and _NUL_ESCAPE in letters and _has_nul(value):
        raise MalformedText(_("it holds a character that cannot be stored"))
    return value


def misread(error: msgspec.ValidationError) -> MalformedText:
    """The fault that msgspec found, with the place where it lies: `field: at.wall`."""
    what, _at, place = str(error).partition(" - at `$")
    if place:
        return MalformedText(
            format_lazy(_("wrong value, field: {field}"), field=place.strip("`").lstrip("."))
        )
    named = re.search(r"`([^`]+)`", what)
    return MalformedText(
        format_lazy(_("wrong set of fields, see: {field}"), field=named.group(1) if named else "?")
    )


def sha256(text: bytes) -> bytes:
    """The identity of a text: 32 bytes."""
    return hashlib.sha256(text).digest()


def key_id(public_key: bytes) -> str:
    """The short name of a public key: the first 16 hex digits of its SHA-256."""
    return hashlib.sha256(public_key).hexdigest()[:16]


def base64url(data: bytes) -> str:
    """Base64 with `-` and `_`, without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def from_base64url(text: str, *, size: int) -> bytes:
    """
    The bytes behind `base64url`; exactly one text stands for them.

    :raises ValueError: other letters, padding, another size, unused bits that are not zero
    """
    try:
        data = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error):
        raise ValueError("not base64url") from None
    if len(data) != size or base64url(data) != text:
        raise ValueError("not base64url of this size")
    return data


def sign(key: Ed25519PrivateKey, *, prefix: bytes, message: bytes) -> bytes:
    """Ed25519, 64 bytes, over the prefix that names the purpose and the message."""
    return key.sign(prefix + message)


def check_signature(public_key: bytes, *, prefix: bytes, message: bytes, sig: bytes) -> None:
    """
    :raises BadSignature: `sig` was not made over this message for this purpose by the owner of the key
    """
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(sig, prefix + message)
    except (InvalidSignature, ValueError):
        raise BadSignature from None


def public_bytes(key: Ed25519PrivateKey) -> bytes:
    """The public half of a key, 32 raw bytes."""
    return key.public_key().public_bytes_raw()


class SignedText(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A JSON text and its signature, as they travel: neither is ever written again."""

    text: str
    sig: str
    """base64url of 64 bytes"""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    read = dict(pairs)
    if len(read) != len(pairs):
        raise MalformedText(_("a field is given twice"))
    return read


def _integer(digits: str) -> int:
    # 17 characters hold every allowed number; longer ones are never converted, which costs quadratic time.
    if len(digits) > 17 or abs(value := int(digits)) >= INTEGER_LIMIT:
        raise MalformedText(_("a number is too large"))
    return value


def _float(_digits: str) -> NoReturn:
    raise MalformedText(_("a number is not whole"))


_decoder = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_float, parse_constant=_float
)


def _refuse_surrogates(value: dict[str, Any]) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise MalformedText(_("it is not UTF-8 text")) from None


def _has_nul(value: object) -> bool:
    match value:
        case str():
            return "\0" in value
        case dict():
            return any(_has_nul(key) or _has_nul(inner) for key, inner in value.items())
        case list():
            return any(map(_has_nul, value))
    return False
