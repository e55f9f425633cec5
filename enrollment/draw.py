"""
The draw: what decides between equal moments, and that nobody can know or choose beforehand.

The rule: docs/reference/rule.md, "Number". Bytes are joined without separators: ASCII
`draw/1`, ASCII YYYY-MM-DD, 32 raw bytes, UTF-8.
"""

import datetime
import hashlib
import hmac


def child_token(*, key: bytes, child_key: str) -> bytes:
    """
    HMAC-SHA-256(K, child key): names a child to the draw and to nobody who lacks K.

    K is committed to before the opening and kept apart from the database; the token is
    shown to the child's family only.
    """
    return hmac.digest(key, child_key.encode(), hashlib.sha256)


def day_seed(*, date: datetime.date, s: bytes, v: str) -> bytes:
    """
    SHA-256("draw/1" ‖ date ‖ s ‖ v): the seed of all moments of one day.

    `s`: the next preimage of the published hash chain, 32 bytes, shown after the day;
    `v`: a public random value named beforehand, known only later.

    :raises ValueError: s is not 32 bytes long
    """
    if len(s) != 32:
        raise ValueError("a preimage of the chain has 32 bytes")
    return hashlib.sha256(b"draw/1" + date.isoformat().encode("ascii") + s + v.encode()).digest()


def hash_chain(*, secret: bytes, length: int) -> list[bytes]:
    """
    A chain that is walked backwards: [0] is published before the opening, [1] shown after day one, …

    Each link is the SHA-256 of the next; the last one is the SHA-256 of `secret`.
    """
    links = [hashlib.sha256(secret).digest()]
    for _link in range(length):
        links.append(hashlib.sha256(links[-1]).digest())
    return links[::-1]


def is_next_link(*, preimage: bytes, shown: bytes) -> bool:
    """Whether `preimage` is the one link that may follow the last link shown."""
    return hmac.compare_digest(hashlib.sha256(preimage).digest(), shown)


def number(*, seed: bytes, token: bytes) -> bytes:
    """SHA-256(seed ‖ token), 32 bytes; the smaller one goes first. `.hex()` keeps that order."""
    return hashlib.sha256(seed + token).digest()
