"""A request in words, group by group: on the check page, on the receipt's back."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from enrollment.rules import IDENTITY_DOCUMENTS, RELATIONS, Applicant, Child, Request, full_name
from schools.models import District
from schools.selectors.offers import Offer

_LANGUAGE_NAMES = {"kk": "Қазақша", "ru": "Русский", "en": "English"}


def summary_of(request: Request, *, named: Mapping[str, Offer], draft_id: UUID) -> list[dict[str, Any]]:
    """Groups of rows for the component `summary_list`, each with the way to change it."""
    child, applicant, address = request.child, request.applicant, request.address
    groups = [
        (
            _("Child"),
            "child",
            [
                (_("Name"), full_name(child)),
                _identity(child),
                (_("Date of birth"), _date(child.birth_date)),
            ]
            + ([(_("Wish"), _("to start this year"))] if child.wish else []),
        ),
        (
            _("You"),
            "applicant",
            [
                (_("Name"), full_name(applicant)),
                _identity(applicant),
                (_("To the child"), str(RELATIONS.get(request.relation, ""))),
                (_("Mobile phone"), request.phone or ""),
                (_("We write in"), _LANGUAGE_NAMES.get(request.language, "")),
            ],
        ),
        (
            _("Registered address"),
            "address",
            [(_("Address"), _address(address.district, address.street, address.house, address.flat))],
        ),
        (_("School"), "school", _schools(request.choices, named)),
    ]
    return [
        {
            "title": title,
            "change_url": _change_url(draft_id, page),
            "rows": [{"label": label, "value": value} for label, value in rows],
        }
        for title, page, rows in groups
    ]


def _change_url(draft_id: UUID, page: str) -> str:
    url = (
        reverse("enrollment:school", args=[draft_id])
        if page == "school"
        else reverse("enrollment:step", args=[draft_id, page])
    )
    return f"{url}?change=1"


def _identity(person: Child | Applicant) -> tuple[str, str]:
    document = person.document
    if document is None:
        return _("IIN"), person.iin or ""
    kind = IDENTITY_DOCUMENTS.get(document.type, "")
    return _("Document"), f"{kind}, {document.country} {document.number}"


def _date(text: str) -> str:
    try:
        return date_format(date.fromisoformat(text), "DATE_FORMAT")
    except ValueError:
        return text


def _address(kato: str, street: str, house: str, flat: str) -> str:
    district = District.objects.select_related("region").filter(kato=kato).first() if kato else None
    place = [str(district.region), str(district)] if district else []
    lines = [*place, street, house, _("flat %(number)s") % {"number": flat} if flat else ""]
    return ", ".join(filter(None, lines))


def _schools(choices: list[str], named: Mapping[str, Offer]) -> list[tuple[str, str]]:
    offers = [named[choice] for choice in choices if choice in named]
    if not offers:
        return [(_("School"), "")]
    return [
        row
        for offer in offers
        for row in (
            (_("School"), str(offer.school)),
            (_("School's address"), offer.school.address),
            (_("Language of instruction"), offer.intake.get_language_display()),
        )
    ]
