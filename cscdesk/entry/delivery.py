"""What a desk hands in and what it is answered."""

from typing import Annotated, Any, Final, Literal, TypeVar
from uuid import UUID

import msgspec
from django.utils.translation import gettext_lazy as _

from cscdesk.entry.journal import Head, Moment
from cscdesk.entry.sealing import Sealed
from cscdesk.entry.texts import (
    BadSignature,
    MalformedText,
    Name,
    Sequence,
    Sha256Hex,
    SignedText,
    base64url,
    from_base64url,
    misread,
    sha256,
    strict_json,
)
from schools.rules import Refusal

ENTRIES_MAX: Final = 500
DELIVERY_SIZE_MAX: Final = 2 * 1024 * 1024

State = Literal["stored", "known", "parked"]
T = TypeVar("T")


class MalformedDelivery(MalformedText):
    """Nothing of it is stored."""


class TooLarge(Refusal):
    message = _("Too much at once: at most 500 records and 2 MiB.")


class DeliveredEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One entry of a delivery; only its own outcome depends on what is in it."""

    entry: str
    form: str | None
    sig: str

    def sealed(self) -> Sealed:
        """
        The bytes as the desk stored them; neither read nor checked yet.

        :raises BadSignature: `sig` cannot be a signature
        """
        try:
            sig = from_base64url(self.sig, size=64)
        except ValueError:
            raise BadSignature from None
        entry = self.entry.encode()
        return Sealed(entry, None if self.form is None else self.form.encode(), sig, sha256(entry))


class Gauges(msgspec.Struct, frozen=True, kw_only=True):
    """How the desk is: information only, so unknown gauges of a newer counter are passed over."""

    unsent: Annotated[int, msgspec.Meta(ge=0)] | None = None
    last_lodged: Moment | None = None
    disk_mb: Annotated[int, msgspec.Meta(ge=0)] | None = None


class Delivery(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """The body of `POST /api/desk/v1/entries`."""

    desk: UUID
    epoch: Name
    entries: list[DeliveredEntry]
    head: Head
    """The end of the desk's journal when it called."""
    through: Moment
    """Up to when nothing is missing beyond this head."""
    gauges: Gauges
    boot: Name | None = None
    """The start of the desk's machine, to be signed into the anchor. May be left out."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one entry."""

    sha256: Sha256Hex
    seq: Sequence | None
    """Null where the entry could not be read."""
    state: State
    code: str | None
    """Why it was parked, stable; null for what was stored or known."""
    reason: str | None
    """The same in words."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a delivery. Only its anchor, once its signature is checked, proves anything."""

    v: int
    outcomes: list[Outcome]
    anchor: SignedText


def deliver(sealed: Sealed) -> DeliveredEntry:
    """An entry of the journal, ready for a delivery."""
    return DeliveredEntry(
        entry=sealed.entry.decode(),
        form=None if sealed.form is None else sealed.form.decode(),
        sig=base64url(sealed.sig),
    )


def write_delivery(delivery: Delivery) -> bytes:
    """
    :raises TooLarge: more than 500 entries or 2 MiB
    """
    body = msgspec.json.encode(delivery)
    if len(delivery.entries) > ENTRIES_MAX or len(body) > DELIVERY_SIZE_MAX:
        raise TooLarge
    return body


def read_delivery(body: bytes) -> Delivery:
    """
    Read a delivery strictly; its entries are texts still, so that a bad one blocks no other.

    :raises TooLarge: more than 500 entries or 2 MiB
    :raises MalformedDelivery: anything else that is not a delivery
    """
    if len(body) > DELIVERY_SIZE_MAX:
        raise TooLarge
    delivery = _read(body, Delivery)
    if len(delivery.entries) > ENTRIES_MAX:
        raise TooLarge
    return delivery


def write_answer(answer: Answer) -> bytes:
    return msgspec.json.encode(answer)


def read_answer(body: bytes) -> Answer:
    """
    Read what claims to be the centre's answer; additional keys of a newer centre are passed over.

    :raises MalformedDelivery: the page of a captive portal, say
    """
    return _read(body, Answer)


def _read(body: bytes, kind: type[T]) -> T:
    try:
        raw: dict[str, Any] = strict_json(body, refuse_nul=False)
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError as error:
        raise MalformedDelivery(misread(error).fault) from None
    except MalformedText as error:
        raise MalformedDelivery(error.fault) from None
