import base64
import random
import uuid
from datetime import UTC, datetime, timedelta, timezone

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from enrollment import receipts
from enrollment.receipts import (
    ALPHABET,
    ForgedQR,
    InvalidNumber,
    InvalidQR,
    UnknownSigner,
    check_character,
    make_number,
    parse_number,
    qr_text,
    random_body,
    read_qr,
)

CHILD = "190401599990"
APPLICATION = uuid.UUID("0192f0a4-7c1e-7b52-9d41-3f0c5a6b7c8d")
LODGED = datetime(2027, 4, 1, 9, 5, 7, 123456, tzinfo=timezone(timedelta(hours=5)))
N = bytes(range(16))


def numbers(count: int) -> list[str]:
    chance = random.Random(2027)
    return [
        make_number(
            year=chance.randrange(100),
            issuer="".join(chance.choices(ALPHABET, k=3)),
            random="".join(chance.choices(ALPHABET, k=5)),
        )
        for _count in range(count)
    ]


def test_the_number_of_the_contract_has_the_check_character_of_the_contract():
    assert make_number(year=2027, issuer="4KQ", random="7M2XD") == "27-4KQ7-M2XD-W"
    assert make_number(year=27, issuer="4KQ", random="7M2XD") == "27-4KQ7-M2XD-W"


def test_the_check_is_the_polynomial_of_the_contract_computed_bit_by_bit():
    def times(one: int, other: int) -> int:
        product = 0
        for bit in range(5):
            if other >> bit & 1:
                product ^= one << bit
        for bit in range(8, 4, -1):
            if product >> bit & 1:
                product ^= 0b100101 << (bit - 5)
        return product

    def power(exponent: int) -> int:
        result = 1
        for _step in range(exponent):
            result = times(result, 0b00010)
        return result

    for number in numbers(200):
        plain = number.replace("-", "")
        check = times(power(9), int(plain[:2]) % 32)
        for k, symbol in enumerate(plain[2:10], start=1):
            check ^= times(power(9 - k), ALPHABET.index(symbol))
        assert plain[10] == ALPHABET[check]


def test_every_single_wrong_character_is_found():
    for number in numbers(40):
        for place, right in enumerate(number):
            if right == "-" or place < 2:
                continue
            for wrong in set(ALPHABET) - {right}:
                with pytest.raises(InvalidNumber):
                    parse_number(number[:place] + wrong + number[place + 1 :])


def test_a_wrong_digit_of_the_year_is_found():
    for number in numbers(40):
        for year in range(100):
            if year % 32 != int(number[:2]) % 32:
                with pytest.raises(InvalidNumber):
                    parse_number(f"{year:02}{number[2:]}")


def test_every_swap_of_neighbours_is_found():
    swaps = 0
    for number in numbers(300):
        plain = number.replace("-", "")
        for place in range(2, 10):
            one, other = plain[place], plain[place + 1]
            if one == other:
                continue
            swaps += 1
            with pytest.raises(InvalidNumber):
                parse_number(plain[:place] + other + one + plain[place + 2 :])
    assert swaps > 2000


def test_swapped_digits_of_the_year_are_found():
    for year in range(100):
        number = make_number(year=year, issuer="4KQ", random="7M2XD")
        swapped = number[1] + number[0] + number[2:]
        if swapped != number:
            with pytest.raises(InvalidNumber):
                parse_number(swapped)


@pytest.mark.parametrize(
    "typed",
    [
        "27-4KQ7-M2XD-W",
        "274kq7m2xdw",
        "  27 4kq7 m2xd w ",
        "27-4КQ7-М2ХD-W",
        "27–4кq7—м2хd−w",
        "27.4KQ7.M2XD.W".replace(".", "\u00a0"),
    ],
)
def test_a_number_is_read_however_it_was_typed(typed: str):
    assert parse_number(typed) == "27-4KQ7-M2XD-W"


def test_every_cyrillic_look_alike_is_read_as_its_latin_twin():
    number = make_number(year=27, issuer="ABE", random="KMHPC")
    other = make_number(year=27, issuer="TYX", random="22222")
    assert parse_number(number.replace("ABEK-MHPC", "АВЕК-МНРС")) == number
    assert parse_number(other.replace("TYX", "тух")) == other


@pytest.mark.parametrize(
    "typed", ["", "27", "27-4KQ7-M2XD", "27-4KQ7-M2XD-WW", "27-0KQ7-M2XD-W", "қ", "2" * 400]
)
def test_what_is_no_number_is_refused(typed: str):
    with pytest.raises(InvalidNumber):
        parse_number(typed)


@pytest.mark.parametrize(
    ("issuer", "rest"), [("4K", "7M2XD"), ("4KQ", "7M2X"), ("4KI", "7M2XD"), ("4kq", "7M2XD")]
)
def test_a_number_is_never_made_of_other_parts(issuer: str, rest: str):
    with pytest.raises(ValueError, match="not an issuer"):
        make_number(year=27, issuer=issuer, random=rest)


def test_the_random_part_uses_the_whole_alphabet_of_the_randomness_given():
    chance = random.Random(1)
    bodies = {random_body(chance.randrange) for _count in range(500)}
    assert set("".join(bodies)) == set(ALPHABET)
    assert {len(body) for body in bodies} == {5}
    assert random_body(lambda _limit: 31) == "ZZZZZ"
    assert len({random_body() for _count in range(50)}) > 40


def test_the_issuer_is_read_from_the_number():
    assert receipts.issuer_of("27-4KQ7-M2XD-W") == "4KQ"


def test_the_check_character_wants_eight_characters():
    with pytest.raises(ValueError, match="zip"):
        check_character(27, "4KQ7M2X")


# The text of the QR


@pytest.fixture
def key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(b"\7" * 32)


def portal_text(key: Ed25519PrivateKey) -> str:
    return qr_text(
        number="27-4KQ7-M2XD-W",
        application_id=APPLICATION,
        lodged_at=LODGED,
        child_key=CHILD,
        n=N,
        private_key=key,
        key_id="portal-1",
    )


def test_a_receipt_of_the_portal_reads_back(key: Ed25519PrivateKey):
    text = portal_text(key)
    receipt = read_qr(
        f" {text}\n", public_key_for=lambda said: key.public_key() if said.key_id == "portal-1" else None
    )

    assert receipt.number == "27-4KQ7-M2XD-W"
    assert receipt.application_id == APPLICATION
    assert receipt.lodged_at == LODGED
    assert receipt.lodged_at.tzinfo is not None
    assert receipt.n == N
    assert (receipt.entry_sha256, receipt.certificate) == (None, None)
    assert len(text) < 500


def test_a_receipt_of_a_desk_carries_its_entry_and_its_certificate(key: Ed25519PrivateKey):
    text = qr_text(
        number="27-4KQ7-M2XD-W",
        application_id=APPLICATION,
        lodged_at=LODGED,
        child_key=CHILD,
        n=N,
        private_key=key,
        entry_sha256=b"\1" * 32,
        certificate='{"desk":"…"}',
    )
    receipt = read_qr(text, public_key_for=lambda said: key.public_key() if said.certificate else None)
    assert (receipt.entry_sha256, receipt.certificate, receipt.key_id) == (b"\1" * 32, '{"desk":"…"}', None)


def test_a_receipt_proves_its_child_and_tells_it_to_nobody(key: Ed25519PrivateKey):
    text = portal_text(key)
    receipt = read_qr(text, public_key_for=lambda _said: key.public_key())
    payload = base64.urlsafe_b64decode(text.split(".")[1] + "==")
    assert receipt.is_of(CHILD)
    assert not receipt.is_of("190401699997")
    assert CHILD.encode() not in payload


def test_any_changed_character_is_found(key: Ed25519PrivateKey):
    text = portal_text(key)
    for place in range(len(text) - 1):  # the very last one holds bits that say nothing
        other = text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :]
        with pytest.raises(InvalidQR):
            read_qr(other, public_key_for=lambda _said: key.public_key())


def test_the_signature_of_somebody_else_is_forged(key: Ed25519PrivateKey):
    other = Ed25519PrivateKey.from_private_bytes(b"\x08" * 32)
    with pytest.raises(ForgedQR):
        read_qr(portal_text(key), public_key_for=lambda _said: other.public_key())


def test_an_unknown_signer_is_named_as_such(key: Ed25519PrivateKey):
    with pytest.raises(UnknownSigner):
        read_qr(portal_text(key), public_key_for=lambda _said: None)


def signed(key: Ed25519PrivateKey, payload: bytes) -> str:
    text = "QAB1." + base64.urlsafe_b64encode(payload).rstrip(b"=").decode()
    signature = key.sign(receipts._signed_bytes(text))
    return f"{text}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"{}",
        b"[1]",
        b"\xff",
        b'{"no":"27-4KQ7-M2XD-W","id":"x","at":"2027-04-01T04:05:07Z","mac":"AA","n":"AA","key":"k"}',
        b'{"no":"27-4KQ7-M2XD-X","id":"0192f0a4-7c1e-7b52-9d41-3f0c5a6b7c8d","at":"2027-04-01T04:05:07Z","mac":"AA","n":"AA","key":"k"}',
        b'{"no":"27-4KQ7-M2XD-W","id":"0192f0a4-7c1e-7b52-9d41-3f0c5a6b7c8d","at":"2027-04-01T04:05:07","mac":"AA","n":"AA","key":"k"}',
        b'{"no":"27-4KQ7-M2XD-W","id":"0192f0a4-7c1e-7b52-9d41-3f0c5a6b7c8d","at":"2027-04-01T04:05:07Z","mac":"A","n":"AA","key":"k"}',
        b'{"no":"27-4KQ7-M2XD-W","id":"0192f0a4-7c1e-7b52-9d41-3f0c5a6b7c8d","at":"2027-04-01T04:05:07Z","mac":"AA","n":"AA"}',
        b'{"no":"27-4KQ7-M2XD-W","id":"0192f0a4-7c1e-7b52-9d41-3f0c5a6b7c8d","at":"2027-04-01T04:05:07Z","mac":"AA","n":"AA","key":"k","entry":"AA","cert":"c"}',
        b'{"no":"27-4KQ7-M2XD-W","id":"0192f0a4-7c1e-7b52-9d41-3f0c5a6b7c8d","at":"2027-04-01T04:05:07Z","mac":"AA","n":"AA","key":"k","more":1}',
    ],
)
def test_a_well_signed_text_that_says_nothing_sensible_is_refused(key: Ed25519PrivateKey, payload: bytes):
    with pytest.raises(InvalidQR):
        read_qr(signed(key, payload), public_key_for=lambda _said: key.public_key())


@pytest.mark.parametrize("text", ["", "QAB1", "https://example.kz/", "QAB2.e30.AAAA", "QAB1.e30." + "A" * 85])
def test_what_is_no_text_of_ours_is_refused(text: str):
    with pytest.raises(InvalidQR):
        read_qr(text, public_key_for=lambda _said: None)


def test_a_receipt_is_of_a_desk_or_of_the_portal(key: Ed25519PrivateKey):
    facts = {
        "number": "27-4KQ7-M2XD-W",
        "application_id": APPLICATION,
        "lodged_at": LODGED.astimezone(UTC),
        "child_key": CHILD,
        "n": N,
        "private_key": key,
    }
    for issuer in ({}, {"key_id": "k", "certificate": "c"}, {"entry_sha256": b"1" * 32}):
        with pytest.raises(ValueError, match="a receipt is"):
            qr_text(**facts, **issuer)
    with pytest.raises(ValueError, match="16 bytes"):
        qr_text(**{**facts, "n": b"short"}, key_id="k")
