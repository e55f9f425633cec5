import datetime
import hashlib
import hmac
import os
import time
from itertools import pairwise

import pytest

from enrollment import draw
from schools.clock import ALMATY


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


OPENS_AT = datetime.datetime(2027, 4, 1, 9, tzinfo=ALMATY)
OPENING_DAY = datetime.date(2027, 4, 1)


@pytest.mark.parametrize("opens_at", [OPENS_AT, OPENS_AT.astimezone(datetime.UTC), OPENS_AT.replace(hour=0)])
def test_days_are_counted_from_the_opening_day_in_kazakhstan(opens_at: datetime.datetime):
    indexes = [
        draw.chain_index(date=OPENING_DAY + datetime.timedelta(days=n), opens_at=opens_at) for n in (0, 1, 40)
    ]
    assert indexes == [0, 1, 40]


def test_the_zone_of_the_machine_does_not_count(monkeypatch: pytest.MonkeyPatch):
    zone = os.environ.get("TZ")
    early = datetime.datetime(2027, 4, 1, 2, tzinfo=ALMATY)
    try:
        for machine in ("UTC", "America/Los_Angeles"):
            monkeypatch.setenv("TZ", machine)
            time.tzset()
            assert draw.chain_index(date=OPENING_DAY, opens_at=early) == 0
    finally:
        monkeypatch.undo()
        assert os.environ.get("TZ") == zone
        time.tzset()


def test_before_the_opening_day_there_is_no_day_of_the_draw():
    with pytest.raises(ValueError, match="2027-03-31 lies before"):
        draw.chain_index(date=datetime.date(2027, 3, 31), opens_at=OPENS_AT)


def test_each_day_shows_the_link_that_hashed_once_more_often_is_the_end():
    chain = draw.hash_chain(secret=b"secret", length=5)
    for index in range(5):
        s = draw.link_of_day(secret=b"secret", length=5, index=index)
        assert s == chain[index + 1]
        assert [draw.is_link(preimage=s, index=n, chain_end=chain[0]) for n in range(5)] == [
            n == index for n in range(5)
        ]
    assert not draw.is_link(preimage=b"\6" * 32, index=0, chain_end=chain[0])


@pytest.mark.parametrize("index", [-1, 5, 6])
def test_a_chain_has_no_link_for_days_beyond_it(index: int):
    with pytest.raises(ValueError, match=f"a chain of 5 days has no day {index}"):
        draw.link_of_day(secret=b"secret", length=5, index=index)


def test_what_replaces_a_missing_secret_is_made_of_exactly_these_bytes():
    joined = b"draw/missing/1" + b"2027-04-01" + b"\1" * 32 + "жеребе".encode()
    made = draw.replacement_secret(date=OPENING_DAY, last_shown=b"\1" * 32, v="жеребе")
    assert made == hashlib.sha256(joined).digest()


@pytest.mark.parametrize("last_shown", [b"", b"\1" * 31, b"\1" * 33])
def test_a_link_of_another_length_replaces_nothing(last_shown: bytes):
    with pytest.raises(ValueError, match="32 bytes"):
        draw.replacement_secret(date=OPENING_DAY, last_shown=last_shown, v="v")
