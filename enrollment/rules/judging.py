"""Is this request well formed? One answer for both doors, field by field."""

import re
import unicodedata
from collections.abc import Collection, Iterator
from datetime import date
from uuid import UUID

from django.utils.functional import Promise, lazystr
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from enrollment.rules.contact import InvalidPhone, normal_phone
from enrollment.rules.request import (
    IDENTITY_DOCUMENTS,
    LANGUAGES,
    RELATIONS,
    SEEN_DOCUMENTS,
    Address,
    Applicant,
    Child,
    Document,
    Request,
    SeenDocument,
    child_key,
    document_number,
    person_key,
)
from schools.rules import InvalidIIN, Policy, Refusal, age_refusal, parse_iin

NAME_LENGTH = 80
STREET_LENGTH = 120
HOUSE_LENGTH = 20
DOCUMENT_LENGTHS = range(3, 17)
"""Letters and digits of a document's number; a child key never outgrows 40 characters."""
SEEN_NUMBER_LENGTH = 60

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_KATO = re.compile(r"[0-9]{9}")
_COUNTRY = re.compile(r"[A-Z]{2}")

_EMPTY = _("Fill in this field.")
_TOO_LONG = _("This is too long.")
_INVISIBLE = _("There is a character here that cannot be seen. Delete this and type it again.")

Text = str | Promise
Fault = tuple[str, Text]


def faults(request: Request, *, year: int, policy: Policy, offered: Collection[str]) -> dict[str, Text]:
    """
    What is wrong, by the path of the field (`child.iin`, `choices`, …); empty when nothing is.

    `offered`: the intakes of the campaign as `BIN/language`. A full school is no fault, and
    neither are an IIN whose digits differ from the birth date, an empty address, or no phone.
    """
    found: dict[str, Text] = {}
    for path, text in _all(request, year=year, policy=policy, offered=offered):
        found.setdefault(path, text)
    return found


def _all(request: Request, *, year: int, policy: Policy, offered: Collection[str]) -> Iterator[Fault]:
    yield from _of_person("child", request.child)
    yield from _of_age(request.child, year=year, policy=policy)
    yield from _of_choices(request.choices, most=policy.choices_max, offered=offered)
    yield from _of_person("applicant", request.applicant)
    if person_key(request.applicant) and person_key(request.applicant) == child_key(request.child):
        yield (
            "applicant.iin" if request.applicant.iin else "applicant.document.number",
            _("This is the child's own number. Enter the number of the person who applies."),
        )
    if request.relation not in RELATIONS:
        yield "relation", _("Choose who you are to the child.")
    if request.document is not None:
        yield from _of_seen_document(request.document)
    yield from _of_address(request.address)
    if request.phone is not None:
        try:
            normal_phone(request.phone)
        except InvalidPhone as refusal:
            yield "phone", lazystr(refusal)
    if request.language not in LANGUAGES:
        yield "language", _("Choose Kazakh, Russian or English.")
    if request.replaces is not None and not _is_uuid(request.replaces):
        yield "replaces", _("This is not the identifier of an application.")


def _of_person(path: str, person: Child | Applicant) -> Iterator[Fault]:
    if person.iin is not None and person.document is not None:
        yield f"{path}.document", _("Enter the IIN or a document, not both.")
    elif person.document is not None:
        yield from _of_document(f"{path}.document", person.document)
    elif not person.iin:
        yield f"{path}.iin", _("Enter the IIN. If there is none, enter a document.")
    else:
        try:
            parse_iin(person.iin)
        except InvalidIIN as refusal:
            yield f"{path}.iin", lazystr(refusal)
    yield from _of_name(f"{path}.family_name", person.family_name)
    yield from _of_name(f"{path}.given_name", person.given_name)
    if person.patronymic:
        yield from _of_name(f"{path}.patronymic", person.patronymic)


def _of_document(path: str, document: Document) -> Iterator[Fault]:
    if document.type not in IDENTITY_DOCUMENTS:
        yield f"{path}.type", _("Choose the document from the list.")
    if not _COUNTRY.fullmatch(document.country):
        yield f"{path}.country", _("Enter the country as two Latin letters, for example UZ.")
    if len(document_number(document.number)) not in DOCUMENT_LENGTHS:
        yield f"{path}.number", _("Enter the number as printed in the document: 3 to 16 letters and digits.")


def _of_seen_document(document: SeenDocument) -> Iterator[Fault]:
    if document.type not in SEEN_DOCUMENTS:
        yield "document.type", _("Choose the document from the list.")
    if not document.number:
        yield "document.number", _EMPTY
    else:
        yield from _of_text("document.number", document.number, most=SEEN_NUMBER_LENGTH)


def _of_name(path: str, name: str) -> Iterator[Fault]:
    if not name.strip():
        yield path, _EMPTY
        return
    yield from _of_text(path, name, most=NAME_LENGTH)
    if any(unicodedata.category(c).startswith("N") for c in name) or not any(c.isalpha() for c in name):
        yield path, _("Enter the name in letters, as in the document.")


def _of_age(child: Child, *, year: int, policy: Policy) -> Iterator[Fault]:
    birth_date = _parsed_date(child.birth_date)
    if birth_date is None:
        yield "child.birth_date", _("Enter the date of birth: year, month, day.")
        return
    refusal = _age_refusal(birth_date, year=year, policy=policy, wish=child.wish)
    if refusal is None:
        return
    is_a_matter_of_wish = _age_refusal(birth_date, year=year, policy=policy, wish=True) is None
    yield "child.wish" if is_a_matter_of_wish else "child.birth_date", lazystr(refusal)


def _age_refusal(birth_date: date, *, year: int, policy: Policy, wish: bool) -> Refusal | None:
    return age_refusal(birth_date, year=year, policy=policy, wish=wish)


def _of_choices(choices: list[str], *, most: int, offered: Collection[str]) -> Iterator[Fault]:
    if not choices:
        yield "choices", _("Choose a school and a language of instruction.")
    elif len(choices) > most:
        yield "choices", format_lazy(_("This many schools can be chosen: {count}."), count=most)
    elif len(set(choices)) != len(choices):
        yield "choices", _("The same school is chosen twice.")
    elif any(choice not in offered for choice in choices):
        yield "choices", _("This school does not take part in the admission. Choose another one.")


def _of_address(address: Address) -> Iterator[Fault]:
    if address.district and not _KATO.fullmatch(address.district):
        yield "address.district", _("Choose the district from the list.")
    yield from _of_text("address.street", address.street, most=STREET_LENGTH)
    yield from _of_text("address.house", address.house, most=HOUSE_LENGTH)
    yield from _of_text("address.flat", address.flat, most=HOUSE_LENGTH)


def _of_text(path: str, text: str, *, most: int) -> Iterator[Fault]:
    if len(text) > most:
        yield path, _TOO_LONG
    if any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") for c in text):
        yield path, _INVISIBLE


def _parsed_date(text: str) -> date | None:
    if not _DATE.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
