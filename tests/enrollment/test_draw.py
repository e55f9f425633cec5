import datetime
import hashlib
import hmac
from itertools import pairwise

import pytest

from enrollment import draw


def test_a_token_is_the_hmac_of_the_child_key():
    key = b"\5" * 32
    assert (
        draw.child_token(key=key, child_key="190401599990")
        == hmac.new(key, b"190401599990", "sha256").digest()
    )


def test_the_seed_of_a_day_is_made_of_exactly_these_bytes():
    joined = b"draw/1" + b"2027-04-01" + b"\1" * 32 + "жеребе".encode()
    seed = draw.day_seed(date=datetime.date(2027, 4, 1), s=b"\1" * 32, v="жеребе")
    assert seed == hashlib.sha256(joined).digest()


@pytest.mark.parametrize("s", [b"", b"\1" * 31, b"\1" * 33])
def test_a_preimage_of_another_length_makes_no_seed(s: bytes):
    with pytest.raises(ValueError, match="32 bytes"):
        draw.day_seed(date=datetime.date(2027, 4, 1), s=s, v="v")


def test_each_link_of_the_chain_opens_the_one_shown_before():
    chain = draw.hash_chain(secret=b"secret", length=100)
    assert len(chain) == 101
    assert len(set(chain)) == 101
    for shown, preimage in pairwise(chain):
        assert hashlib.sha256(preimage).digest() == shown
        assert draw.is_next_link(preimage=preimage, shown=shown)
        assert not draw.is_next_link(preimage=shown, shown=preimage)
    assert b"secret" not in chain


def test_a_number_is_the_hash_of_seed_and_token_and_its_hex_keeps_the_order():
    tokens = [draw.child_token(key=b"k" * 32, child_key=str(child)) for child in range(200)]
    numbers = [draw.number(seed=b"\2" * 32, token=token) for token in tokens]
    assert numbers[0] == hashlib.sha256(b"\2" * 32 + tokens[0]).digest()
    assert sorted(numbers) == [bytes.fromhex(text) for text in sorted(n.hex() for n in numbers)]


def test_another_seed_draws_another_order():
    tokens = [draw.child_token(key=b"k" * 32, child_key=str(child)) for child in range(200)]

    def order(seed: bytes) -> list[bytes]:
        return sorted(tokens, key=lambda token: draw.number(seed=seed, token=token))

    assert order(b"\1" * 32) != order(b"\2" * 32)
