"""What the family takes away can be checked by anybody who knows the centre's key."""

from collections.abc import Callable
from datetime import date

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from cscdesk.counter import selectors, slips
from cscdesk.counter.models import Identity, JournalEntry
from cscdesk.entry import SignedText, from_base64url, public_bytes, verify_certificate
from enrollment.receipts import ForgedQR, SignedReceipt, read_qr
from tests.counter.centre import Centre

Lodge = Callable[..., JournalEntry]


def test_the_signed_text_proves_number_time_and_child(
    centre: Centre, enrolled: Identity, lodged: Lodge
) -> None:
    row = lodged()

    receipt = read_qr(
        slips.signed_text(row=row, identity=enrolled), public_key_for=lambda said: _desk_key(centre, said)
    )

    assert (receipt.number, receipt.application_id) == (row.number, row.application)
    assert receipt.lodged_at == row.appended_at
    assert receipt.entry_sha256 == bytes(row.sha256)
    assert receipt.is_of("190401699997")
    assert not receipt.is_of("190401599990")


def test_a_changed_text_is_forged(centre: Centre, enrolled: Identity, lodged: Lodge) -> None:
    first, second = (slips.signed_text(row=lodged(minutes=n), identity=enrolled) for n in (0, 1))
    swapped = ".".join([*first.split(".")[:2], second.split(".")[2]])

    with pytest.raises(ForgedQR):
        read_qr(swapped, public_key_for=lambda said: _desk_key(centre, said))


def test_the_answer_comes_by_the_next_working_day(enrolled: Identity, lodged: Lodge) -> None:
    catalogue = selectors.catalogue()
    assert catalogue is not None

    slip = slips.slip(row=lodged(), identity=enrolled, catalogue=catalogue, is_line_up=True)

    assert slip is not None
    assert slip.answer_date == date(2027, 4, 2)


def _desk_key(centre: Centre, said: SignedReceipt) -> Ed25519PublicKey:
    signed = msgspec.json.decode(said.certificate or "", type=SignedText)
    certificate = verify_certificate(public_key=public_bytes(centre.key), text=signed.text, sig=signed.sig)
    return Ed25519PublicKey.from_public_bytes(from_base64url(certificate.public_key, size=32))
