"""Every call of a desk is signed over its own words: method, path, query, body, desk and nonce."""

import hashlib
from typing import Final
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cscdesk.entry.texts import BadSignature, base64url, check_signature, from_base64url, sign

CALL_PREFIX: Final = b"qabyldau/1/call\0"

DESK_ID: Final = "Desk-Id"
DESK_NONCE: Final = "Desk-Nonce"
DESK_SIGNATURE: Final = "Desk-Signature"
DESK_TIME: Final = "Desk-Time"
"""What the desk's wall clock said: information, never a condition."""


def call_text(*, method: str, path: str, query: str, body: bytes, desk: UUID | str, nonce: str) -> bytes:
    """
    The bytes that a call's signature covers, the prefix among them.

    :param path: as on the request line, still percent-encoded, without host and query
    :param query: as on the request line, without the question mark; empty when there is none
    :raises ValueError: a line break inside a part, which would make two calls look like one
    """
    lines = (method.upper(), path, query, hashlib.sha256(body).hexdigest(), str(desk), nonce)
    if any("\n" in line for line in lines):
        raise ValueError("a line of a signed call holds a line break")
    return CALL_PREFIX + "".join(f"{line}\n" for line in lines).encode()


def sign_call(
    *, key: Ed25519PrivateKey, method: str, path: str, query: str, body: bytes, desk: UUID | str, nonce: str
) -> str:
    """The value of `Desk-Signature`: base64url without padding."""
    text = call_text(method=method, path=path, query=query, body=body, desk=desk, nonce=nonce)
    return base64url(sign(key, prefix=b"", message=text))


def verify_call(
    *,
    public_key: bytes,
    method: str,
    path: str,
    query: str,
    body: bytes,
    desk: UUID | str,
    nonce: str,
    signature: str,
) -> None:
    """
    :raises BadSignature: the owner of the key did not sign this very call
    """
    try:
        text = call_text(method=method, path=path, query=query, body=body, desk=desk, nonce=nonce)
        sig = from_base64url(signature, size=64)
    except ValueError:
        raise BadSignature from None
    check_signature(public_key, prefix=b"", message=text, sig=sig)
