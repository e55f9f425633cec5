"""A small journal with a fixed key and fixed salts: the same bytes on every machine, for ever."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cscdesk.entry import (
    About,
    AnchorReceived,
    At,
    Content,
    Head,
    Hours,
    Kind,
    Sealed,
    Start,
    Voiding,
    Withdrawal,
    base64url,
    compose,
    public_bytes,
)
from enrollment.rules import Address, Applicant, Child, Request, SeenDocument

DESK = UUID("0198f0a0-0000-7000-8000-000000000001")
APPLICATION = UUID("0198f0a0-0000-7000-8000-00000000000a")
NUMBER = "27-4KQ7-M2XD-W"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
CENTRE_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32, 64)))
PUBLIC_KEY = public_bytes(KEY)
NINE = datetime(2027, 4, 1, 4, 0, tzinfo=UTC)

REQUEST = Request(
    child=Child(
        iin="190401599990",
        family_name="Әбдірахман",
        given_name="Айым",
        patronymic="Ерланқызы",
        birth_date="2021-04-01",
    ),
    choices=["990140999995/kk"],
    applicant=Applicant(iin="850101199993", family_name="Әбдірахман", given_name="Ерлан"),
    relation="father",
    document=SeenDocument(type="birth_certificate", number="1234567"),
    address=Address(district="711210000", street="Қабанбай батыр", house="12", flat="3"),
    phone="+77011234567",
    language="kk",
    replaces=None,
)

DAY: list[tuple[Kind, Content]] = [
    ("start", Start(reason="first start", public_key=base64url(PUBLIC_KEY))),
    ("anchor", AnchorReceived(text='{"id":"a1"}', sig="c2ln")),
    ("open", Hours()),
    ("lodge", REQUEST),
    ("correct", REQUEST),
    ("withdraw", Withdrawal(person="850101199993", code=None)),
    ("void", Voiding(reason="typed twice", code="483920")),
    ("close", Hours()),
]
"""One entry of every kind."""


def journal(
    day: Iterable[tuple[Kind, Content]] = DAY,
    *,
    after: Head | None = None,
    epoch: str = "epoch-1",
    key: Ed25519PrivateKey = KEY,
) -> list[Sealed]:
    """A chain with one entry a minute from 09:00 in Almaty; ids and salts follow from the sequence."""
    head = after
    chain: list[Sealed] = []
    for kind, content in day:
        seq = head.seq + 1 if head else 1
        sealed = compose(
            key=key,
            campaign=2027,
            desk=DESK,
            epoch=epoch,
            head=head,
            kind=kind,
            id=UUID(int=DESK.int + 0x100 * seq),
            about=About(application=APPLICATION, number=NUMBER)
            if kind in ("lodge", "correct", "withdraw", "void")
            else None,
            clerk="" if kind in ("start", "anchor") else "aigul",
            at=At(
                wall=NINE + timedelta(minutes=seq),
                boot="boot-1",
                anchor="a1" if seq > 2 else None,
                elapsed_ms=1500 * seq if seq > 2 else None,
            ),
            content=content,
            salt=bytes([seq]) * 16,
        )
        chain.append(sealed)
        head = head_of(sealed, seq=seq)
    return chain


def head_of(sealed: Sealed, *, seq: int) -> Head:
    return Head(seq=seq, sha256=sealed.sha256.hex())
