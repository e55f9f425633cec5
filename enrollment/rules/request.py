"""What a family asks for: the content of one application, the same bytes from either door."""

import hashlib
import unicodedata
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from django.utils.translation import gettext_lazy as _

from enrollment.rules.contact import InvalidPhone, normal_phone
from schools.rules import Refusal

LANGUAGES: Final = ("kk", "ru", "en")
"""Languages in which a family can be answered."""

RELATIONS: Final = {
    "mother": _("mother"),
    "father": _("father"),
    "guardian": _("guardian"),
    "relative": _("another relative"),
}
"""Who the applicant is to the child."""

SEEN_DOCUMENTS: Final = {
    "birth_certificate": _("birth certificate"),
    "adoption_decision": _("decision on adoption"),
    "guardianship": _("decision on guardianship"),
    "court_act": _("court act"),
    "other": _("another document"),
}
"""What a clerk can have seen to prove the relation."""

IDENTITY_DOCUMENTS: Final = {
    "birth_certificate": _("birth certificate"),
    "passport": _("passport"),
    "identity_card": _("identity card"),
    "residence_permit": _("residence permit"),
    "refugee_certificate": _("refugee certificate"),
    "stateless_person": _("certificate of a stateless person"),
    "other": _("another document"),
}
"""What names a person who has no IIN."""

_PROOFS: Final[Mapping[str, frozenset[str]]] = {
    "mother": frozenset({"birth_certificate", "adoption_decision", "court_act"}),
    "father": frozenset({"birth_certificate", "adoption_decision", "court_act"}),
    "guardian": frozenset({"guardianship", "adoption_decision", "court_act"}),
}
"""Which document proves which relation; a relative with authority over the child is its guardian."""

_LATIN = str.maketrans("АВЕКМНОРСТУХІ", "ABEKMHOPCTYXI")
"""Cyrillic capitals that look like Latin ones: a document's number is the same in both alphabets."""


class MalformedForm(Refusal):
    message = _("The form cannot be read: a field is missing, unknown or of the wrong kind.")


class Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Names a person without an IIN: one of `IDENTITY_DOCUMENTS`, ISO 3166 two letters, as printed."""

    type: str
    country: str
    number: str


class Child(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who is to go to school; exactly one of `iin` and `document`."""

    iin: str | None = None
    document: Document | None = None
    family_name: str
    given_name: str
    patronymic: str = ""
    birth_date: str
    """YYYY-MM-DD"""
    wish: bool = False
    """The parents' wish for a child that turns six late in the year."""


class Applicant(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who asks; exactly one of `iin` and `document`."""

    iin: str | None = None
    document: Document | None = None
    family_name: str
    given_name: str
    patronymic: str = ""


class SeenDocument(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the clerk saw that proves the relation: one of `SEEN_DOCUMENTS`, number as printed."""

    type: str
    number: str


class Address(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where the child is registered; all empty where a family has no registration."""

    district: str = ""
    """KATO code, nine digits."""
    street: str = ""
    house: str = ""
    flat: str = ""


class Request(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One request for one child: what is lodged, and what a correction puts in its place."""

    child: Child
    choices: list[str]
    """`BIN/language`, best first."""
    applicant: Applicant
    relation: str
    document: SeenDocument | None = None
    """Only a desk may fill it in; the portal's door leaves it empty."""
    address: Address
    phone: str | None = None
    language: str
    replaces: str | None = None
    """The id of the application that this one corrects."""


def decode_request(source: bytes | str | Mapping[str, Any]) -> Request:
    """
    Read a form as it was sent, tidied (see `tidied`); judging it is left to `faults`.

    :raises MalformedForm: no JSON, a field missing, unknown or of the wrong kind, text that is not Unicode
    """
    try:
        if isinstance(source, bytes | str):
            return tidied(msgspec.json.decode(source, type=Request))
        return tidied(msgspec.convert(source, type=Request))
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise MalformedForm from error


def tidied(request: Request) -> Request:
    """
    The same request without what no reader can see, so that equal answers have equal bytes.

    Invisible characters (zero width, bidi overrides) go, runs of white space become one
    space, letters are composed (NFC), numbers lose their spaces, a phone gets its normal
    form where it has one. Nothing is guessed; what is still wrong is for `faults`.
    Tidying twice changes nothing.
    """
    child, applicant, address = request.child, request.applicant, request.address
    return msgspec.structs.replace(
        request,
        child=msgspec.structs.replace(
            child,
            iin=_without_spaces(child.iin),
            document=_tidied_document(child.document),
            family_name=_seen(child.family_name),
            given_name=_seen(child.given_name),
            patronymic=_seen(child.patronymic),
            birth_date=_seen(child.birth_date),
        ),
        choices=[_seen(choice) for choice in request.choices],
        applicant=msgspec.structs.replace(
            applicant,
            iin=_without_spaces(applicant.iin),
            document=_tidied_document(applicant.document),
            family_name=_seen(applicant.family_name),
            given_name=_seen(applicant.given_name),
            patronymic=_seen(applicant.patronymic),
        ),
        relation=_seen(request.relation),
        document=_tidied_seen_document(request.document),
        address=msgspec.structs.replace(
            address,
            district=_without_spaces(address.district) or "",
            street=_seen(address.street),
            house=_seen(address.house),
            flat=_seen(address.flat),
        ),
        phone=_tidied_phone(request.phone),
        language=_seen(request.language),
        replaces=_seen(request.replaces).lower() or None if request.replaces else None,
    )


def canonical(request: Request) -> bytes:
    """The request as JSON: sorted keys, no spaces, every field present, UTF-8."""
    return msgspec.json.encode(request, order="sorted")


def content_sha256(request: Request) -> bytes:
    """32 bytes that tell whether one id was used for two contents."""
    return hashlib.sha256(canonical(request)).digest()


def child_key(child: Child) -> str:
    """What makes two applications those of one child: its IIN, or `TYPE:COUNTRY:NUMBER`; 40 characters at most."""
    return _key(child.iin, child.document)


def person_key(applicant: Applicant) -> str:
    """What makes two senders one person, as stated by themselves: as `child_key`."""
    return _key(applicant.iin, applicant.document)


def is_proven(request: Request) -> bool:
    """
    Whether a document was seen that proves the stated relation.

    A relative is never proven: who has authority over the child is its guardian.
    What a registry says later is added by the reconciliation, not here.
    """
    seen = request.document
    return seen is not None and bool(seen.number) and seen.type in _PROOFS.get(request.relation, frozenset())


def full_name(person: Child | Applicant) -> str:
    """Family name, given name, patronymic: the order of official papers."""
    return " ".join(part for part in (person.family_name, person.given_name, person.patronymic) if part)


def document_number(text: str) -> str:
    """A document's number as it is compared: capital letters and digits, look-alikes as Latin."""
    return "".join(c for c in text.upper().translate(_LATIN) if c.isalnum())


def _key(iin: str | None, document: Document | None) -> str:
    if iin:
        return iin
    if document is None:
        return ""
    return f"{document.type}:{document.country}:{document_number(document.number)}".upper()


def _seen(text: str) -> str:
    """What a reader sees of a text: visible characters, composed, single spaces."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    spaced = "".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp", "Zs") else c for c in text)
    visible = "".join(c for c in spaced if unicodedata.category(c) not in ("Cf", "Cs"))
    return " ".join(unicodedata.normalize("NFC", visible).split())


def _without_spaces(text: str | None) -> str | None:
    return _seen(text).replace(" ", "") or None if text is not None else None


def _tidied_phone(text: str | None) -> str | None:
    if text is None or not (seen := _seen(text)):
        return None
    try:
        return normal_phone(seen)
    except InvalidPhone:
        return seen


def _tidied_document(document: Document | None) -> Document | None:
    if document is None:
        return None
    return Document(
        type=_seen(document.type), country=_seen(document.country).upper(), number=_seen(document.number)
    )


def _tidied_seen_document(document: SeenDocument | None) -> SeenDocument | None:
    if document is None:
        return None
    return SeenDocument(type=_seen(document.type), number=_seen(document.number))
