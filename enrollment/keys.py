"""The centre's secrets: its signing key, one Ed25519 key in a file that only its owner reads, and those of the draw."""

import hashlib
import os
import secrets
from functools import lru_cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


def centre_key() -> Ed25519PrivateKey:
    """
    The key named by `CENTRE_KEY_FILE`; made on first use, readable by its owner only.

    :raises TypeError: the file holds something else
    """
    return _key_in(Path(settings.CENTRE_KEY_FILE))


def centre_public_key() -> bytes:
    """Its public half, 32 raw bytes: what everybody may know."""
    return centre_key().public_key().public_bytes_raw()


def centre_key_id() -> str:
    """How receipts name the key: the first 16 hex digits of SHA-256 of its public half."""
    return hashlib.sha256(centre_public_key()).hexdigest()[:16]


def draw_key() -> bytes:
    """
    K of the draw, 32 bytes.

    :raises ImproperlyConfigured: `DRAW_KEY` is not set: with a key that others know they would know the draw
    """
    return _secret("DRAW_KEY")


def draw_chain_secret() -> bytes:
    """
    What the chain of daily secrets is made of, 32 bytes.

    :raises ImproperlyConfigured: `DRAW_CHAIN_SECRET` is not set: who knows it knows every s beforehand
    """
    return _secret("DRAW_CHAIN_SECRET")


def _secret(name: str) -> bytes:
    try:
        secret = bytes.fromhex(getattr(settings, name))
    except ValueError:
        secret = b""
    if len(secret) != 32:
        raise ImproperlyConfigured(f"{name} must be 64 hex digits that nobody else knows. See .env.example.")
    return secret


@lru_cache(maxsize=4)
def _key_in(path: Path) -> Ed25519PrivateKey:
    if not path.exists():
        _make(path)
    key = load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise TypeError(f"{path} holds no Ed25519 private key")
    return key


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())
    # A race: several processes start at once. A link, unlike a rename, never replaces the first one's key.
    try:
        path.hardlink_to(fresh)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
