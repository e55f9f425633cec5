"""
Is this input well formed? One form a page of the draft; the judgement is `enrollment.rules.faults`.

Both doors judge alike, so fields here only carry text: every message about its content
comes from the rules, and each form shows those of its own page.
"""

import datetime
import re
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Final

from django import forms
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from enrollment.models import Draft
from enrollment.rules import IDENTITY_DOCUMENTS, LANGUAGES, RELATIONS, MalformedForm, decode_request, faults
from schools.models import Campaign, District

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

_LANGUAGE_NAMES: Final = {"kk": "Қазақша", "ru": "Русский", "en": "English"}
_EUROPEAN_DATE: Final = re.compile(r"(\d{1,2})[./](\d{1,2})[./](\d{4})", re.ASCII)
_PLAIN: Final[Mapping[str, str]] = MappingProxyType({"autocomplete": "off"})
_LOOK_ALIKES: Final = str.maketrans("асе", "ace")
_DOCUMENTS: Final = [("", "–"), *IDENTITY_DOCUMENTS.items()]


class Line(forms.CharField):
    """
    One line of text. `required` says what the label promises; whether it is filled in the rules judge.

    PostgreSQL cannot store NUL in text; nobody types it, so it is left out.
    """

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value)).replace("\x00", "")

    def validate(self, value: Any) -> None:
        """Left to `enrollment.rules.faults`."""


class Pick(forms.ChoiceField):
    """One of a list; whether one was picked the rules judge."""

    def validate(self, value: Any) -> None:
        """Left to `enrollment.rules.faults`."""

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value)).replace("\x00", "")


def _line(
    label: "StrOrPromise",
    *,
    hint: "StrOrPromise" = "",
    required: bool = True,
    attrs: Mapping[str, str] = _PLAIN,
) -> Line:
    return Line(label=label, help_text=hint, required=required, widget=forms.TextInput(attrs=dict(attrs)))


def _iin(hint: "StrOrPromise") -> Line:
    return _line(_("IIN"), hint=hint, attrs={"class": "code", "inputmode": "numeric", "autocomplete": "off"})


def _document_fields(prefix: str = "document") -> dict[str, forms.Field]:
    return {
        f"{prefix}_type": Pick(label=_("Document"), choices=_DOCUMENTS, required=False),
        f"{prefix}_country": _line(
            _("Country that issued it"),
            hint=_("Two Latin letters, for example UZ."),
            required=False,
            attrs={"class": "short", "autocomplete": "off", "autocapitalize": "characters"},
        ),
        f"{prefix}_number": _line(
            _("Number of the document"), required=False, attrs={"class": "medium", "autocomplete": "off"}
        ),
    }


class PartOfDraft(forms.Form):
    """One page of a draft."""

    paths: ClassVar[Mapping[str, str]] = {}
    """Path in the request -> field of this form."""

    use_required_attribute = False

    def __init__(self, data: Mapping[str, Any] | None = None, *, draft: Draft, campaign: Campaign) -> None:
        super().__init__(data, initial=self.typed(draft.form))
        self.draft, self.campaign = draft, campaign

    def typed(self, form: Mapping[str, Any]) -> dict[str, Any]:
        """What the draft holds for the fields of this page."""
        raise NotImplementedError

    def part(self) -> dict[str, Any]:
        """The page's answers as top-level keys of a request."""
        raise NotImplementedError

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.errors:
            return cleaned
        try:
            request = decode_request({**self.draft.form, **self.part()})
        except MalformedForm as refusal:
            raise forms.ValidationError(str(refusal)) from refusal
        found = faults(request, year=self.campaign.year, policy=self.campaign.policy, offered=request.choices)
        for path, message in found.items():
            if path in self.paths:
                self.add_error(self.paths[path], str(message))
        return cleaned

    def _document(self) -> dict[str, str] | None:
        given = {key: self.cleaned_data[f"document_{key}"] for key in ("type", "country", "number")}
        return given if any(given.values()) else None

    @property
    def has_document(self) -> bool:
        """Whether the part for people without an IIN must be open."""
        names = ("document_type", "document_country", "document_number")
        return any(self[name].value() or self[name].errors for name in names)

    @property
    def document_fields(self) -> Iterator[forms.BoundField]:
        return (self[name] for name in ("document_type", "document_country", "document_number"))


def _person_paths(prefix: str) -> dict[str, str]:
    return {
        f"{prefix}.iin": "iin",
        f"{prefix}.document": "document_number",
        f"{prefix}.document.type": "document_type",
        f"{prefix}.document.country": "document_country",
        f"{prefix}.document.number": "document_number",
        f"{prefix}.family_name": "family_name",
        f"{prefix}.given_name": "given_name",
        f"{prefix}.patronymic": "patronymic",
    }


def _typed_person(person: Mapping[str, Any]) -> dict[str, Any]:
    document = person["document"] or {"type": "", "country": "", "number": ""}
    return {
        "iin": person["iin"] or "",
        **{f"document_{key}": document[key] for key in ("type", "country", "number")},
        **{key: person[key] for key in ("family_name", "given_name", "patronymic")},
    }


class ChildForm(PartOfDraft):
    """Who is to go to school."""

    paths = {**_person_paths("child"), "child.birth_date": "birth_date", "child.wish": "wish"}

    iin = _iin(_("12 digits, as in the child's birth certificate."))
    document_type, document_country, document_number = _document_fields().values()
    family_name = _line(_("Family name"))
    given_name = _line(_("Given name"))
    patronymic = _line(_("Patronymic"), required=False)
    birth_date = Line(
        label=_("Date of birth"), widget=forms.DateInput(attrs={"type": "date", "autocomplete": "off"})
    )
    wish = forms.BooleanField(
        label=_("We wish the child to start this year, although it turns six late in the year."),
        required=False,
    )

    def typed(self, form: Mapping[str, Any]) -> dict[str, Any]:
        child = form["child"]
        return {**_typed_person(child), "birth_date": child["birth_date"], "wish": child["wish"]}

    def clean_birth_date(self) -> str:
        """Browsers without a date field send what people write: 01.09.2020."""
        typed: str = self.cleaned_data["birth_date"].strip()
        if european := _EUROPEAN_DATE.fullmatch(typed):
            day, month, year = european.groups()
            return f"{year}-{month:0>2}-{day:0>2}"
        return typed

    def part(self) -> dict[str, Any]:
        answers = self.cleaned_data
        return {
            "child": {
                "iin": answers["iin"] or None,
                "document": self._document(),
                **{key: answers[key] for key in ("family_name", "given_name", "patronymic", "birth_date")},
                "wish": answers["wish"],
            }
        }


class ApplicantForm(PartOfDraft):
    """Who asks."""

    paths = {
        **_person_paths("applicant"),
        "relation": "relation",
        "phone": "phone",
        "language": "language",
    }

    iin = _iin(_("Your own 12 digits, as in your identity card."))
    document_type, document_country, document_number = _document_fields().values()
    family_name = _line(_("Family name"), attrs={"autocomplete": "family-name"})
    given_name = _line(_("Given name"), attrs={"autocomplete": "given-name"})
    patronymic = _line(_("Patronymic"), required=False, attrs={"autocomplete": "additional-name"})
    relation = Pick(
        label=_("Who are you to the child?"), choices=list(RELATIONS.items()), widget=forms.RadioSelect
    )
    phone = Line(
        label=_("Mobile phone"),
        help_text=_("We send the registration and the decision there. Example: +7 701 123 45 67."),
        required=False,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
    )
    language = Pick(
        label=_("In which language shall we write to you?"),
        choices=[(code, _LANGUAGE_NAMES[code]) for code in LANGUAGES],
        widget=forms.RadioSelect,
    )

    def typed(self, form: Mapping[str, Any]) -> dict[str, Any]:
        return {
            **_typed_person(form["applicant"]),
            **{key: form[key] or "" for key in ("relation", "phone", "language")},
        }

    def part(self) -> dict[str, Any]:
        answers = self.cleaned_data
        return {
            "applicant": {
                "iin": answers["iin"] or None,
                "document": self._document(),
                **{key: answers[key] for key in ("family_name", "given_name", "patronymic")},
            },
            "relation": answers["relation"],
            "phone": answers["phone"] or None,
            "language": answers["language"],
        }


class AddressForm(PartOfDraft):
    """Where the child is registered; may stay empty where a family has no registration."""

    paths = {f"address.{name}": name for name in ("district", "street", "house", "flat")}

    district = Pick(label=_("District"), required=False)
    street = _line(
        _("Street or microdistrict"),
        hint=_("As in the certificate of registration."),
        required=False,
        attrs={"autocomplete": "off"},
    )
    house = _line(
        _("House"),
        hint=_("For example 12, 12А or 12/1."),
        required=False,
        attrs={"class": "short", "autocomplete": "off"},
    )
    flat = _line(_("Flat"), required=False, attrs={"class": "short", "autocomplete": "off"})

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        draft: Draft,
        campaign: Campaign,
        districts: Iterable[District],
    ) -> None:
        super().__init__(data, draft=draft, campaign=campaign)
        known = list(districts)
        self.fields["district"].choices = [("", "–"), *grouped(known)]  # type: ignore[attr-defined]
        self.known_districts = {"", *(district.kato for district in known)}

    def clean_district(self) -> str:
        """The rules know how a code looks; which ones there are only the table knows."""
        kato: str = self.cleaned_data["district"]
        if kato not in self.known_districts:
            raise forms.ValidationError(_("Choose the district from the list."))
        return kato

    def typed(self, form: Mapping[str, Any]) -> dict[str, Any]:
        return dict(form["address"])

    def part(self) -> dict[str, Any]:
        return {
            "address": {name: self.cleaned_data[name] for name in ("district", "street", "house", "flat")}
        }


def grouped(districts: Iterable[District]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Districts under the names of their regions, as a select shows them."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for district in districts:
        groups.setdefault(str(district.region), []).append((district.kato, str(district)))
    return list(groups.items())


class StatusForm(forms.Form):
    """What somebody must know to ask about an application without signing in."""

    use_required_attribute = False

    number = forms.CharField(
        label=_("Number of the receipt"),
        help_text=_("For example 27-4KQ7-M2XD-W."),
        max_length=40,
        widget=forms.TextInput(
            attrs={"class": "medium", "autocomplete": "off", "autocapitalize": "characters"}
        ),
        error_messages={"required": _("Fill in this field.")},
    )
    last_four = forms.CharField(
        label=_("Last four digits of the child's IIN or document"),
        max_length=10,
        widget=forms.TextInput(attrs={"class": "short", "inputmode": "numeric", "autocomplete": "off"}),
        error_messages={"required": _("Fill in this field.")},
    )


class DrawForm(forms.Form):
    """What a family types to compute its child's number: the token, and the day of the draw."""

    use_required_attribute = False

    token = forms.CharField(
        label=_("Token of the child"),
        help_text=_("64 characters. It stands on the page of your application, after sign-in."),
        max_length=200,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
        ),
        error_messages={
            "required": _("Fill in this field."),
            "max_length": _("The token has 64 characters: digits and the letters a to f. Copy it whole."),
        },
    )
    date = forms.ChoiceField(
        label=_("Day of the draw"),
        help_text=_("It stands beside the token."),
        widget=forms.Select(attrs={"class": "medium"}),
        error_messages={
            "required": _("Choose a day."),
            "invalid_choice": _("This day is not drawn yet. Choose one of the list."),
        },
    )

    def __init__(self, *args: Any, dates: Iterable[datetime.date] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["date"]
        if isinstance(field, forms.ChoiceField):
            field.choices = [(day.isoformat(), date_format(day)) for day in dates]

    def clean_token(self) -> bytes:
        """32 bytes; spaces, capitals and Cyrillic letters that look alike are forgiven."""
        typed = "".join(str(self.cleaned_data["token"]).split()).lower().translate(_LOOK_ALIKES)
        if not re.fullmatch("[0-9a-f]{64}", typed, re.ASCII):
            raise forms.ValidationError(
                _("The token has 64 characters: digits and the letters a to f. Copy it whole.")
            )
        return bytes.fromhex(typed)

    def clean_date(self) -> datetime.date:
        return datetime.date.fromisoformat(str(self.cleaned_data["date"]))
