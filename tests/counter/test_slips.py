"""What the family takes away can be checked by anybody who knows the centre's key."""

from collections.abc import Callable
from datetime import date

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from cscdesk.counter import selectors, slips
from cscdesk.counter.models import Identity, JournalEntry
from cscdesk.entry import MalformedDelivery, SignedText, from_base64url, public_bytes, verify_certificate
from cscdesk.entry.enrolment import Catalogue, read_body
from enrollment.receipts import ForgedQR, SignedReceipt, read_qr
from tests.counter.catalogues import catalogue
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


@pytest.mark.parametrize(
    ("moved", "days_later", "answered"),
    [
        pytest.param({}, 1, date(2027, 4, 5), id="on Friday: on Monday"),
        pytest.param({}, 2, date(2027, 4, 6), id="on Saturday: in Monday's list"),
        pytest.param({date(2027, 4, 5): False}, 1, date(2027, 4, 6), id="Monday is off"),
        pytest.param({date(2027, 4, 3): True}, 2, date(2027, 4, 5), id="Saturday is worked"),
    ],
)
def test_a_slip_knows_weekends_and_the_campaigns_moved_days(
    enrolled: Identity, lodged: Lodge, moved: dict[date, bool], days_later: int, answered: date
) -> None:
    known = selectors.catalogue()
    assert known is not None
    campaign = msgspec.structs.replace(known.campaign, moved_days=moved)

    slip = slips.slip(
        row=lodged(minutes=days_later * 24 * 60),
        identity=enrolled,
        catalogue=msgspec.structs.replace(known, campaign=campaign),
        is_line_up=True,
    )

    assert slip is not None
    assert slip.answer_date == answered


def test_a_catalogue_of_an_older_centre_moves_no_day() -> None:
    text = msgspec.json.encode(catalogue())
    older = msgspec.json.decode(text)
    assert older["campaign"].pop("moved_days") == {}

    assert read_body(msgspec.json.encode(older), Catalogue) == catalogue()


@pytest.mark.parametrize("moved", [{"someday": False}, {"2027-04-05": "no"}, [], None])
def test_a_catalogue_with_moved_days_that_say_nothing_is_refused(moved: object) -> None:
    answer = msgspec.json.decode(msgspec.json.encode(catalogue()))
    answer["campaign"]["moved_days"] = moved

    with pytest.raises(MalformedDelivery):
        read_body(msgspec.json.encode(answer), Catalogue)


def test_moved_days_come_as_they_were_sent() -> None:
    answer = msgspec.json.decode(msgspec.json.encode(catalogue()))
    answer["campaign"]["moved_days"] = {"2027-04-05": False, "2027-04-10": True}

    read = read_body(msgspec.json.encode(answer), Catalogue)

    assert read.campaign.moved_days == {date(2027, 4, 5): False, date(2027, 4, 10): True}


def _desk_key(centre: Centre, said: SignedReceipt) -> Ed25519PublicKey:
    signed = msgspec.json.decode(said.certificate or "", type=SignedText)
    certificate = verify_certificate(public_key=public_bytes(centre.key), text=signed.text, sig=signed.sig)
    return Ed25519PublicKey.from_public_bytes(from_base64url(certificate.public_key, size=32))
