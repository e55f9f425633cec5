"""
The other calls of a desk: enrolment, the catalogue it serves from, and outcomes coming home.

`POST /api/desk/v1/enroll` is signed with the very key it brings; a desk that does not know its
id yet states `UNKNOWN_DESK`. Additional keys of a newer side are passed over.
"""

from datetime import date
from typing import Annotated, Any, Final, Literal, TypeVar
from uuid import UUID

import msgspec

from cscdesk.entry.certificates import Prefix
from cscdesk.entry.delivery import MalformedDelivery
from cscdesk.entry.journal import Moment
from cscdesk.entry.texts import MalformedText, Sequence, Sha256Hex, SignedText, misread, strict_json

UNKNOWN_DESK: Final = UUID(int=0)
OUTCOMES_MAX: Final = 500

ParityName = Literal["all", "odd", "even"]
ResultState = Literal["applied", "noted", "parked"]
T = TypeVar("T")


class Names(msgspec.Struct, frozen=True, kw_only=True):
    """One name in the languages of the pages."""

    kk: str
    ru: str
    en: str


class District(msgspec.Struct, frozen=True, kw_only=True):
    code: str
    """KATO, nine digits."""
    names: Names
    help_line: str = ""


class School(msgspec.Struct, frozen=True, kw_only=True):
    bin: str
    district: str
    names: Names
    address_kk: str = ""
    address_ru: str = ""
    help_line: str = ""


class Territory(msgspec.Struct, frozen=True, kw_only=True):
    """A street or a part of it, as `schools.rules.HouseRange`."""

    school: str
    """BIN"""
    district: str
    street_kk: str
    street_ru: str = ""
    first_house: int = 1
    last_house: int | None = None
    parity: ParityName = "all"


class Clerk(msgspec.Struct, frozen=True, kw_only=True):
    code: str
    full_name: str
    is_supervisor: bool = False


class Centre(msgspec.Struct, frozen=True, kw_only=True):
    code: str
    district: str
    names: Names
    address_kk: str = ""
    address_ru: str = ""
    phone: str = ""


class Campaign(msgspec.Struct, frozen=True, kw_only=True):
    year: int
    opens_at: Moment
    closes_at: Moment
    policy: dict[str, Any]
    """As `schools.rules.parse_policy` reads it."""
    moved_days: dict[date, bool] = {}
    """Days that differ from the calendar of Kazakhstan: true, worked; false, not. Older centres do not name it."""


class Catalogue(msgspec.Struct, frozen=True, kw_only=True):
    """What a desk must know to serve without a line; the answer of `GET /catalogue`, with an ETag."""

    v: int = 1
    campaign: Campaign
    centre: Centre
    districts: list[District]
    schools: list[School]
    intakes: list[str]
    """`BIN/language`, in this campaign."""
    territories: list[Territory] = []
    clerks: list[Clerk] = []


class Enrolment(msgspec.Struct, frozen=True, kw_only=True):
    """The body of `POST /enroll`."""

    code: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    """One-time code."""
    public_key: str
    """base64url of 32 bytes"""


class Enrolled(msgspec.Struct, frozen=True, kw_only=True):
    """Its answer: who the desk is from now on."""

    v: int = 1
    desk: UUID
    name: str
    campaign: int
    certificate: SignedText
    centre_key: str
    """base64url of the 32 bytes that check anchors and certificates: pinned at enrolment"""
    prefixes: list[Prefix]
    catalogue: Catalogue


class EntryResult(msgspec.Struct, frozen=True, kw_only=True):
    """What an entry became at the centre."""

    id: int
    """Of the outcome, growing: the next `after`."""
    sha256: Sha256Hex
    seq: Sequence | None
    state: ResultState
    code: str | None = None
    reason: str | None = None
    result: UUID | None = None


class EntryResults(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of `GET /outcomes?after=N`: the next ones in the order of their ids."""

    v: int = 1
    outcomes: list[EntryResult]


class CodeWanted(msgspec.Struct, frozen=True, kw_only=True):
    """The body of `POST /codes`."""

    number: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
    """Of the family's receipt, as typed."""


def read_body(body: bytes, kind: type[T]) -> T:
    """
    A call's body or answer, in the shape of `kind`.

    :raises MalformedDelivery: anything else, the page of a captive portal among them
    """
    try:
        raw: dict[str, Any] = strict_json(body, refuse_nul=False)
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError as error:
        raise MalformedDelivery(misread(error).fault) from None
    except MalformedText as error:
        raise MalformedDelivery(error.fault) from None


def write_body(body: msgspec.Struct) -> bytes:
    return msgspec.json.encode(body)
