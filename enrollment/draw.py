"""
The draw: what decides between equal moments, and that nobody can know or choose beforehand.

The rule: docs/reference/rule.md, "Number". Bytes are joined without separators: ASCII
`draw/1`, ASCII YYYY-MM-DD, 32 raw bytes, UTF-8.
"""

import datetime
import hashlib
import hmac

from schools.clock import ALMATY


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
    return hashlib.sha256(b"draw/1" + date.isoformat().encode() + s + v.encode()).digest()


def hash_chain(*, secret: bytes, length: int) -> list[bytes]:
    """
    A chain that is walked backwards: [0] is published before the opening, [1] shown after day one, …

    Each link is the SHA-256 of the next; the last one is the SHA-256 of `secret`.
    """
    links = [hashlib.sha256(secret).digest()]
    for _link in range(length):
        links.append(hashlib.sha256(links[-1]).digest())
    return links[::-1]


def chain_index(*, date: datetime.date, opens_at: datetime.datetime) -> int:
    """
    Which day of the campaign this is: 0 on the opening day, counted in calendar days of Kazakhstan.

    :raises ValueError: the day lies before the opening day
    """
    index = (date - opens_at.astimezone(ALMATY).date()).days
    if index < 0:
        raise ValueError(f"{date} lies before the opening day")
    return index


def link_of_day(*, secret: bytes, length: int, index: int) -> bytes:
    """
    s of the day with this index: the link after as many as days have passed before it.

    :raises ValueError: the chain of `length` days has no such day
    """
    if not 0 <= index < length:
        raise ValueError(f"a chain of {length} days has no day {index}")
    return hash_chain(secret=secret, length=length)[index + 1]


def is_link(*, preimage: bytes, index: int, chain_end: bytes) -> bool:
    """Whether `preimage` is s of the day with this index: hashed `index + 1` times it is the published end."""
    link = preimage
    for _day in range(index + 1):
        link = hashlib.sha256(link).digest()
    return hmac.compare_digest(link, chain_end)


def replacement_secret(*, date: datetime.date, last_shown: bytes, v: str) -> bytes:
    """
    SHA-256("draw/missing/1" ‖ date ‖ link shown last ‖ v): what takes the place of a missing s, in public.

    :param last_shown: the last link of the chain that was shown before, or its published end; 32 bytes
    :raises ValueError: it is not 32 bytes long
    """
    if len(last_shown) != 32:
        raise ValueError("a link of the chain has 32 bytes")
    joined = b"draw/missing/1" + date.isoformat().encode() + last_shown + v.encode()
    return hashlib.sha256(joined).digest()


def is_next_link(*, preimage: bytes, shown: bytes) -> bool:
    """Whether `preimage` is the one link that may follow the last link shown."""
    return hmac.compare_digest(hashlib.sha256(preimage).digest(), shown)


def number(*, seed: bytes, token: bytes) -> bytes:
    """SHA-256(seed ‖ token), 32 bytes; the smaller one goes first. `.hex()` keeps that order."""
    return hashlib.sha256(seed + token).digest()
