"""
What the family takes away: a number that survives a telephone, and a text that survives a fire.

Formats: docs/reference/receipt.md.
"""

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.utils.translation import gettext_lazy as _

from schools.rules import Refusal

ALPHABET: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""32 symbols, values 0 to 31 in this order: nothing that looks like something else."""
ISSUER_LENGTH: Final = 3
RANDOM_LENGTH: Final = 5
BODY_LENGTH: Final = ISSUER_LENGTH + RANDOM_LENGTH

_VALUES: Final = {symbol: value for value, symbol in enumerate(ALPHABET)}
_LATIN: Final = str.maketrans("АВЕКМНРСТУХ", "ABEKMHPCTYX")
_SEPARATORS: Final = re.compile(r"[\s\-\u2010-\u2015\u2212]+")
_NUMBER: Final = re.compile(rf"([0-9]{{2}})([{ALPHABET}]{{{BODY_LENGTH}}})([{ALPHABET}])")


class InvalidNumber(Refusal):
    message = _("There is no receipt with this number. Check it and type it again.")


class InvalidQR(Refusal):
    message = _("This is not the code of one of our receipts.")


class UnknownSigner(InvalidQR):
    message = _("It is not known who issued this receipt.")


class ForgedQR(InvalidQR):
    message = _("The signature of this receipt is wrong.")


def _powers() -> list[int]:
    """Powers of α, a root of x⁵ + x² + 1 over GF(2): every element but 0, in 31 steps."""
    powers, element = [], 1
    for _step in range(31):
        powers.append(element)
        element <<= 1
        if element & 0b100000:
            element ^= 0b100101
    return powers


_POWERS: Final = _powers()
_LOGARITHMS: Final = {element: power for power, element in enumerate(_POWERS)}


def _times_alpha(element: int, power: int) -> int:
    """element · α^power in GF(32)."""
    return _POWERS[(_LOGARITHMS[element] + power) % 31] if element else 0


def check_character(year: int, body: str) -> str:
    """
    The last character of a number: α⁹·(year mod 32) + Σ α^(9−k)·c_k, k = 1 … 8.

    `year`: the two printed digits. One wrong character, or two neighbours that changed
    places, always show.
    """
    check = _times_alpha(year % 100 % 32, 9)
    for power, symbol in zip(range(8, 0, -1), body, strict=True):
        check ^= _times_alpha(_VALUES[symbol], power)
    return ALPHABET[check]


def make_number(*, year: int, issuer: str, random: str) -> str:
    """
    `27-4KQ7-M2XD-W` for the campaign 2027 (or 27), the issuer's three characters and five random ones.

    :raises ValueError: characters outside the alphabet, or not three and five of them
    """
    body = issuer + random
    if len(issuer) != ISSUER_LENGTH or len(random) != RANDOM_LENGTH or not _VALUES.keys() >= set(body):
        raise ValueError(f"not an issuer and a random part: {issuer!r}, {random!r}")
    return _printed(year % 100, body, check_character(year, body))


def random_body(randbelow: Callable[[int], int] = secrets.randbelow) -> str:
    """Five random characters; the issuer keeps a book and draws again when they are taken."""
    return "".join(ALPHABET[randbelow(len(ALPHABET))] for _place in range(RANDOM_LENGTH))


def parse_number(text: str) -> str:
    """
    A number as it is printed, from what a person typed or read out.

    Lower case, missing hyphens, spaces and Cyrillic letters of the same look are accepted.

    :raises InvalidNumber: no such number can exist
    """
    plain = _SEPARATORS.sub("", text).upper().translate(_LATIN)
    match = _NUMBER.fullmatch(plain)
    if match is None or check_character(int(match[1]), match[2]) != match[3]:
        raise InvalidNumber
    return _printed(int(match[1]), match[2], match[3])


def issuer_of(number: str) -> str:
    """The three characters that name a desk's epoch, or one of the portal's issuers."""
    return number[3:6]


def _printed(year: int, body: str, check: str) -> str:
    return f"{year:02}-{body[:4]}-{body[4:]}-{check}"


QR_VERSION: Final = "QAB1"
_CONTEXT: Final = b"qabyldau/1/receipt\0"
_QR: Final = re.compile(rf"{QR_VERSION}\.([A-Za-z0-9_-]{{1,4000}})\.([A-Za-z0-9_-]{{86}})")


class _Payload(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The signed JSON; the names are short because they are printed."""

    no: str
    id: UUID
    at: datetime
    mac: str
    n: str
    entry: str | None = None
    cert: str | None = None
    key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedReceipt:
    """What a receipt's QR says; only `read_qr` makes one whose signature has been checked."""

    number: str
    application_id: UUID
    lodged_at: datetime
    child_mac: bytes
    """HMAC-SHA-256(n, child key): proves the child to whoever holds the slip, tells it to nobody else."""
    n: bytes
    entry_sha256: bytes | None
    """Of a desk's entry."""
    certificate: str | None
    """A desk's, as the centre gave it; says which key signed."""
    key_id: str | None
    """The portal's key."""

    def is_of(self, child_key: str) -> bool:
        """Whether this receipt was given for that child."""
        return hmac.compare_digest(self.child_mac, child_mac(n=self.n, child_key=child_key))


def child_mac(*, n: bytes, child_key: str) -> bytes:
    """HMAC-SHA-256(n, child key); n is 16 random bytes that only the family's QR and the erasable form hold."""
    return hmac.digest(n, child_key.encode(), hashlib.sha256)


def qr_text(
    *,
    number: str,
    application_id: UUID,
    lodged_at: datetime,
    child_key: str,
    n: bytes,
    private_key: Ed25519PrivateKey,
    entry_sha256: bytes | None = None,
    certificate: str | None = None,
    key_id: str | None = None,
) -> str:
    """
    The signed text of one receipt: `QAB1.`, payload, `.`, signature.

    A desk gives `entry_sha256` and `certificate`, the portal `key_id`.

    :raises ValueError: neither or both of these, n not 16 bytes, or `lodged_at` without a zone
    """
    is_desk = entry_sha256 is not None and certificate is not None and key_id is None
    is_portal = entry_sha256 is None and certificate is None and key_id is not None
    if is_desk == is_portal or len(n) != 16 or lodged_at.tzinfo is None:
        raise ValueError("a receipt is a desk's (entry, certificate) or the portal's (key), with 16 bytes n")
    payload = _Payload(
        no=number,
        id=application_id,
        at=lodged_at.astimezone(UTC),
        mac=_b64(child_mac(n=n, child_key=child_key)),
        n=_b64(n),
        entry=_b64(entry_sha256) if entry_sha256 is not None else None,
        cert=certificate,
        key=key_id,
    )
    text = f"{QR_VERSION}.{_b64(msgspec.json.encode(payload))}"
    return f"{text}.{_b64(private_key.sign(_signed_bytes(text)))}"


def read_qr(
    text: str, *, public_key_for: Callable[[SignedReceipt], Ed25519PublicKey | None]
) -> SignedReceipt:
    """
    Check and read the text of a QR.

    `public_key_for` gets what the text claims and answers with the key that must have
    signed it: of the desk (after checking the certificate) or of the portal's key id.

    :raises InvalidQR: no text of ours, or damaged
    :raises UnknownSigner: `public_key_for` knows no key
    :raises ForgedQR: the signature does not fit
    """
    match = _QR.fullmatch(text.strip())
    if match is None:
        raise InvalidQR
    receipt = _claimed(match[1])
    public_key = public_key_for(receipt)
    if public_key is None:
        raise UnknownSigner
    try:
        public_key.verify(_bytes(match[2]), _signed_bytes(f"{QR_VERSION}.{match[1]}"))
    except InvalidSignature as error:
        raise ForgedQR from error
    return receipt


def _claimed(payload: str) -> SignedReceipt:
    try:
        said = msgspec.json.decode(_bytes(payload), type=_Payload)
        receipt = SignedReceipt(
            number=parse_number(said.no),
            application_id=said.id,
            lodged_at=said.at,
            child_mac=_bytes(said.mac),
            n=_bytes(said.n),
            entry_sha256=_bytes(said.entry) if said.entry is not None else None,
            certificate=said.cert,
            key_id=said.key,
        )
    except (ValueError, InvalidNumber) as error:
        raise InvalidQR from error
    is_desk = receipt.entry_sha256 is not None and receipt.certificate is not None
    if is_desk == (receipt.key_id is not None) or receipt.lodged_at.tzinfo is None:
        raise InvalidQR
    return receipt


def _signed_bytes(text: str) -> bytes:
    return _CONTEXT + hashlib.sha256(text.encode("ascii")).digest()


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def _bytes(text: str) -> bytes:
    """:raises ValueError: not base64url"""
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
