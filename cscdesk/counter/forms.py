"""Is this input well formed? Flat fields for the keyboard, judged by the rules of both doors."""

import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from cscdesk.counter.offers import Offer, districts, in_words, offer_of, offers
from cscdesk.entry.enrolment import Catalogue
from enrollment.receipts import InvalidNumber, parse_number
from enrollment.rules import (
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
    faults,
    person_key,
    tidied,
)
from enrollment.rules.request import document_number
from schools.rules import InvalidIIN, iin_matches_birth_date, parse_iin, parse_policy

_FIELD_OF_PATH: Final = {
    "child": "child_iin",
    "child.iin": "child_iin",
    "child.document": "child_document_type",
    "child.document.type": "child_document_type",
    "child.document.country": "child_document_country",
    "child.document.number": "child_document_number",
    "child.family_name": "child_family_name",
    "child.given_name": "child_given_name",
    "child.patronymic": "child_patronymic",
    "child.birth_date": "birth_date",
    "child.wish": "wish",
    "choices": "school",
    "applicant": "applicant_iin",
    "applicant.iin": "applicant_iin",
    "applicant.document": "applicant_document_type",
    "applicant.document.type": "applicant_document_type",
    "applicant.document.country": "applicant_document_country",
    "applicant.document.number": "applicant_document_number",
    "applicant.family_name": "applicant_family_name",
    "applicant.given_name": "applicant_given_name",
    "applicant.patronymic": "applicant_patronymic",
    "relation": "relation",
    "document": "seen_type",
    "document.type": "seen_type",
    "document.number": "seen_number",
    "address.district": "district",
    "address.street": "street",
    "address.house": "house",
    "address.flat": "flat",
    "phone": "phone",
    "language": "language",
}
_DAY_FIRST = re.compile(r"(\d{1,2})[.\-/ ](\d{1,2})[.\-/ ](\d{4})|(\d{2})(\d{2})(\d{4})", re.ASCII)
_NOTHING: Final = [("", "—")]


def typed_date(text: str) -> str:
    """YYYY-MM-DD from `1.4.2020`, `01042020` or itself; what is no date stays as it is, for the rules."""
    match = _DAY_FIRST.fullmatch(text.strip())
    if match is None:
        return text.strip()
    day, month, year = (int(part) for part in match.groups() if part is not None)
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return text.strip()


def _text(label: Any, *, most: int, kind: str = "", required: bool = False, **attrs: str) -> forms.CharField:
    return forms.CharField(
        label=label,
        required=required,
        max_length=most,
        error_messages={"required": _("Fill in this field.")},
        widget=forms.TextInput(attrs={"autocomplete": "off", "class": kind, **attrs}),
    )


class LodgeForm(forms.Form):
    """One family's request, on one page."""

    application = forms.UUIDField(widget=forms.HiddenInput)
    child_iin = _text(_("IIN of the child"), most=20, kind="code", inputmode="numeric")
    child_document_type = forms.ChoiceField(label=_("Document"), required=False)
    child_document_country = _text(_("Country, two letters"), most=2, kind="short", placeholder="KZ")
    child_document_number = _text(_("Number of the document"), most=40, kind="medium")
    child_family_name = _text(_("Family name"), most=120, required=True)
    child_given_name = _text(_("Given name"), most=120, required=True)
    child_patronymic = _text(_("Patronymic"), most=120)
    birth_date = _text(_("Date of birth"), most=20, kind="short", required=True, inputmode="numeric")
    wish = forms.BooleanField(label=_("The parents wish the child to start this year"), required=False)
    district = forms.ChoiceField(label=_("District"), required=False)
    street = _text(_("Street"), most=200)
    house = _text(_("House"), most=40, kind="short")
    flat = _text(_("Flat"), most=40, kind="short")
    school = _text(_("School: number or part of its name"), most=120)
    choice = forms.ChoiceField(label=_("School and language"), required=False, widget=forms.RadioSelect)
    applicant_iin = _text(_("IIN of the applicant"), most=20, kind="code", inputmode="numeric")
    applicant_document_type = forms.ChoiceField(label=_("Document"), required=False)
    applicant_document_country = _text(_("Country, two letters"), most=2, kind="short", placeholder="KZ")
    applicant_document_number = _text(_("Number of the document"), most=40, kind="medium")
    applicant_family_name = _text(_("Family name"), most=120, required=True)
    applicant_given_name = _text(_("Given name"), most=120, required=True)
    applicant_patronymic = _text(_("Patronymic"), most=120)
    relation = forms.ChoiceField(
        label=_("Who is this to the child"),
        error_messages={"required": _("Choose who this is to the child.")},
    )
    seen_type = forms.ChoiceField(label=_("Which document was shown"), required=False)
    seen_number = _text(_("Its number"), most=80, kind="medium")
    phone = _text(_("Telephone"), most=40, inputmode="tel")
    language = forms.ChoiceField(
        label=_("Language of the receipt"), choices=[("kk", "Қазақша"), ("ru", "Русский"), ("en", "English")]
    )

    def __init__(
        self,
        data: Any = None,
        *,
        catalogue: Catalogue,
        initial: dict[str, Any] | None = None,
        replaces: UUID | None = None,
    ) -> None:
        super().__init__(data, initial=initial, auto_id="id_%s")
        self.catalogue = catalogue
        self.replaces = replaces
        identity_documents = [*_NOTHING, *IDENTITY_DOCUMENTS.items()]
        for name, choices in {
            "child_document_type": identity_documents,
            "applicant_document_type": identity_documents,
            "relation": [*_NOTHING, *RELATIONS.items()],
            "seen_type": [("", _("none was shown")), *SEEN_DOCUMENTS.items()],
            "district": [*_NOTHING, *((d.code, in_words(d.names)) for d in districts(catalogue))],
        }.items():
            self.fields[name].choices = choices  # type: ignore[attr-defined]
        self.offers = self._offers()
        # What was chosen stays a valid answer, whatever is being searched for.
        self.chosen_elsewhere = self._chosen_elsewhere()
        shown = [*self.offers, self.chosen_elsewhere] if self.chosen_elsewhere else self.offers
        self.fields["choice"].choices = [(o.choice, o.label) for o in shown]  # type: ignore[attr-defined]
        if data is None:
            self.fields["child_iin"].widget.attrs["autofocus"] = True

    def clean(self) -> dict[str, Any]:
        """Both doors judge with the same rules; their faults go to the fields they mean."""
        cleaned = super().clean() or {}
        # What a field has refused already is judged as empty, so that all faults show at once.
        request = self._request(dict.fromkeys(self.fields, "") | {"wish": False} | cleaned)
        for path, fault in faults(
            request,
            year=self.catalogue.campaign.year,
            policy=parse_policy(self.catalogue.campaign.policy),
            offered=frozenset(self.catalogue.intakes),
        ).items():
            field = _FIELD_OF_PATH.get(path)
            if field not in self.errors:
                self.add_error(field, str(fault))
        cleaned["request"] = request
        return cleaned

    @property
    def languages(self) -> tuple[str, ...]:
        """In which the consent is read out: the family's own is not known before it is asked."""
        return LANGUAGES

    @property
    def request(self) -> Request:
        """What the family asks for, once the form is valid."""
        request: Request = self.cleaned_data["request"]
        return request

    def _request(self, cleaned: dict[str, Any]) -> Request:
        seen = SeenDocument(type=cleaned["seen_type"], number=cleaned["seen_number"])
        choice = cleaned["choice"] or self._only_offer()
        return tidied(
            Request(
                child=Child(
                    **self._key(cleaned, "child"),
                    family_name=cleaned["child_family_name"],
                    given_name=cleaned["child_given_name"],
                    patronymic=cleaned["child_patronymic"],
                    birth_date=typed_date(cleaned["birth_date"]),
                    wish=cleaned["wish"],
                ),
                choices=[choice] if choice else [],
                applicant=Applicant(
                    **self._key(cleaned, "applicant"),
                    family_name=cleaned["applicant_family_name"],
                    given_name=cleaned["applicant_given_name"],
                    patronymic=cleaned["applicant_patronymic"],
                ),
                relation=cleaned["relation"],
                document=seen if seen.type or seen.number else None,
                address=self._address(cleaned.get),
                phone=cleaned["phone"] or None,
                language=cleaned["language"],
                replaces=str(self.replaces) if self.replaces else None,
            )
        )

    def _key(self, cleaned: dict[str, Any], whose: str) -> dict[str, Any]:
        """IIN, or a document; both as typed, so that the rules can say what is wrong."""
        iin = cleaned[f"{whose}_iin"] or None
        type_ = cleaned[f"{whose}_document_type"]
        number = cleaned[f"{whose}_document_number"]
        if not type_ and not number:
            return {"iin": iin, "document": None}
        country = cleaned[f"{whose}_document_country"]
        return {"iin": iin, "document": Document(type=type_, country=country, number=number)}

    def _address(self, typed: Callable[[str], Any]) -> Address:
        return Address(
            district=typed("district") or "",
            street=typed("street") or "",
            house=typed("house") or "",
            flat=typed("flat") or "",
        )

    def _offers(self) -> list[Offer]:
        return offers(
            catalogue=self.catalogue, text=self._typed("school"), address=self._address(self._typed)
        )

    def _chosen_elsewhere(self) -> Offer | None:
        chosen = self._typed("choice")
        if chosen not in self.catalogue.intakes or any(offer.choice == chosen for offer in self.offers):
            return None
        return offer_of(catalogue=self.catalogue, choice=chosen)

    def _only_offer(self) -> str:
        """The intake that the typed words name exactly: nothing is ever guessed from a part."""
        typed = " ".join(self._typed("school").split()).casefold()
        named = [offer.choice for offer in self.offers if offer.label.casefold() == typed]
        return named[0] if len(named) == 1 else ""

    def _typed(self, name: str) -> str:
        value = self.data.get(name) if self.is_bound else self.initial.get(name)
        return str(value or "")


def initial_of(request: Request) -> dict[str, Any]:
    """The fields of a request, to correct them."""
    child, applicant, address = request.child, request.applicant, request.address
    fields: dict[str, Any] = {
        "wish": child.wish,
        "birth_date": f"{datetime.fromisoformat(child.birth_date):%d.%m.%Y}",
        "choice": request.choices[0] if request.choices else "",
        "relation": request.relation,
        "seen_type": request.document.type if request.document else "",
        "seen_number": request.document.number if request.document else "",
        "district": address.district,
        "street": address.street,
        "house": address.house,
        "flat": address.flat,
        "phone": request.phone or "",
        "language": request.language,
    }
    for whose, person in (("child", child), ("applicant", applicant)):
        fields[f"{whose}_iin"] = person.iin or ""
        fields[f"{whose}_document_type"] = person.document.type if person.document else ""
        fields[f"{whose}_document_country"] = person.document.country if person.document else ""
        fields[f"{whose}_document_number"] = person.document.number if person.document else ""
        fields[f"{whose}_family_name"] = person.family_name
        fields[f"{whose}_given_name"] = person.given_name
        fields[f"{whose}_patronymic"] = person.patronymic
    return fields


def is_iin_unlike_birth_date(request: Request) -> bool:
    """A hint to the clerk, never an error: since 2013 the digits need not be the date."""
    child = request.child
    return child.iin is not None and not iin_matches_birth_date(
        child.iin, date.fromisoformat(child.birth_date)
    )


class NumberField(forms.CharField):
    """A receipt's number as a person types it."""

    def clean(self, value: Any) -> str:
        typed = super().clean(value)
        try:
            return parse_number(typed) if typed else ""
        except InvalidNumber as refusal:
            raise forms.ValidationError(str(refusal)) from refusal


def _number_field() -> NumberField:
    return NumberField(
        label=_("Number of the receipt"),
        max_length=40,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "class": "code", "placeholder": "27-4KQ7-M2XD-W"}
        ),
    )


class FindForm(forms.Form):
    number = _number_field()


def _code_field() -> forms.CharField:
    return _text(_("The family's one-time code"), most=32, kind="code", inputmode="numeric")


class WithdrawForm(forms.Form):
    """Who takes the application back; the code proves it."""

    entry_id = forms.UUIDField(widget=forms.HiddenInput)
    person = _text(
        _("IIN of who withdraws, or the document as stated"), most=40, kind="medium", required=True
    )
    code = _code_field()

    def __init__(
        self, data: Any = None, *, made: Request | None, initial: dict[str, Any] | None = None
    ) -> None:
        super().__init__(data, initial=initial)
        self.made = made

    def clean_person(self) -> str:
        """The key by which the centre knows a person."""
        typed = "".join(str(self.cleaned_data["person"]).split())
        applicant = self.made.applicant if self.made else None
        stated = applicant.document if applicant else None
        if applicant and stated and document_number(typed) == document_number(stated.number):
            return person_key(applicant)
        if ":" in typed:
            return typed.upper()
        try:
            return parse_iin(typed)
        except InvalidIIN as refusal:
            raise forms.ValidationError(str(refusal)) from refusal


class VoidForm(forms.Form):
    """Why the counter's own entry should not count."""

    entry_id = forms.UUIDField(widget=forms.HiddenInput)
    reason = forms.CharField(
        label=_("What happened, in one or two sentences"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off"}),
    )
    code = _code_field()


class SignInForm(forms.Form):
    code = _text(_("Clerk's code"), most=20, kind="medium", required=True, autofocus="autofocus")
    password = forms.CharField(
        label=_("Password"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "class": "medium"}),
    )
