"""Forms of the draft: text in, the rules' judgement at the field, in the reader's language."""

import pytest
from django.utils.translation import gettext, override

from enrollment.forms import AddressForm, ApplicantForm, ChildForm
from enrollment.rules import decode_request
from enrollment.services.drafts import BLANK_FORM
from tests.factories import CampaignFactory, DistrictFactory, DraftFactory, made_up_iin

pytestmark = pytest.mark.django_db

CHILD = {
    "iin": "190401599990", "family_name": "Серікқызы", "given_name": "Аружан", "patronymic": "",
    "birth_date": "2020-03-15",
}  # fmt: skip
MOTHER = {
    "iin": made_up_iin(3, born="900615"), "family_name": "Серікова", "given_name": "Гүлнар", "patronymic": "",
    "relation": "mother", "phone": "8 701 123 45 67", "language": "kk",
}  # fmt: skip


def child_form(**changes):
    draft = DraftFactory(form=dict(BLANK_FORM))
    return ChildForm({**CHILD, **changes}, draft=draft, campaign=draft.campaign)


def applicant_form(**changes):
    draft = DraftFactory(form=dict(BLANK_FORM))
    return ApplicantForm({**MOTHER, **changes}, draft=draft, campaign=draft.campaign)


def test_a_well_formed_child_is_taken_though_its_iin_differs_from_its_birth_date():
    form = child_form()

    assert form.is_valid(), form.errors
    assert form.part()["child"]["iin"] == "190401599990"


@pytest.mark.parametrize(
    ("iin", "message"),
    [
        ("12345", "An IIN has 12 digits; %(length)s were typed."),
        ("19040159999O", "An IIN is made of digits only."),
        ("123456789012", "There is a mistake in this IIN: its digits do not fit together. Compare it with the document."),
        ("", "Enter the IIN. If there is none, enter a document."),
    ],
)  # fmt: skip
@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_a_wrong_iin_is_named_at_the_field_in_the_readers_language(iin, message, language):
    with override(language):
        form = child_form(iin=iin)

        assert list(form.errors) == ["iin"]
        assert form.errors["iin"] == [gettext(message) % {"length": len(iin)}]


def test_too_young_too_old_and_only_by_wish():
    assert list(child_form(birth_date="2022-01-01").errors) == ["birth_date"]
    assert list(child_form(birth_date="2010-01-01").errors) == ["birth_date"]
    assert list(child_form(birth_date="2021-12-01").errors) == ["wish"]
    assert child_form(birth_date="2021-12-01", wish="on").is_valid()


@pytest.mark.parametrize("typed", ["15.03.2020", "15/3/2020", " 2020-03-15 "])
def test_dates_as_people_write_them(typed):
    form = child_form(birth_date=typed)

    assert form.is_valid(), form.errors
    assert decode_request({**BLANK_FORM, **form.part()}).child.birth_date == "2020-03-15"


@pytest.mark.parametrize("typed", ["", "32.01.2020", "yesterday", "2020-02-30", "0000-00-00"])
def test_what_is_no_date_is_said_at_the_field(typed):
    assert "birth_date" in child_form(birth_date=typed).errors


def test_a_document_in_place_of_an_iin():
    document = {"document_type": "passport", "document_country": "uz", "document_number": "AA 1234567"}

    form = child_form(iin="", **document)

    assert form.is_valid(), form.errors
    assert form.part()["child"]["document"]["number"] == "AA 1234567"
    assert "document_number" in child_form(**document).errors
    assert {"document_country", "document_number"} <= set(child_form(iin="", document_type="passport").errors)


def test_the_part_for_a_document_is_open_when_it_is_needed():
    assert not child_form().has_document
    assert child_form(iin="", document_type="passport").has_document


def test_the_childs_number_is_not_the_applicants():
    draft = DraftFactory()
    child = draft.form["child"]["iin"]

    form = ApplicantForm({**MOTHER, "iin": child}, draft=draft, campaign=draft.campaign)

    assert list(form.errors) == ["iin"]


def test_a_phone_is_wished_for_not_demanded():
    assert applicant_form(phone="").is_valid()
    assert list(applicant_form(phone="12").errors) == ["phone"]


def test_who_the_applicant_is_must_be_said():
    assert list(applicant_form(relation="").errors) == ["relation"]
    assert list(applicant_form(relation="neighbour").errors) == ["relation"]


def test_an_address_may_stay_empty_but_not_name_a_district_that_is_not_there():
    draft = DraftFactory(form=dict(BLANK_FORM))
    campaign, districts = CampaignFactory(), [DistrictFactory()]
    empty = {"district": "", "street": "", "house": "", "flat": ""}

    assert AddressForm(empty, draft=draft, campaign=campaign, districts=districts).is_valid()
    unknown = AddressForm(
        {**empty, "district": "999999999"}, draft=draft, campaign=campaign, districts=districts
    )
    assert list(unknown.errors) == ["district"]


NASTY = [
    "\x00",
    "a\x00b",
    "А" * 10_000,
    "\u202e\u202e\u202e",
    "😀" * 40,
    "\ud7ff\uffff",
    "<script>",
    "'; DROP TABLE x; --",
    "\u200b",
]


@pytest.mark.parametrize("nasty", NASTY)
@pytest.mark.parametrize("field", ["iin", "family_name", "patronymic", "birth_date", "document_country"])
def test_nasty_text_is_judged_never_an_error(field, nasty):
    form = child_form(**{field: nasty})

    form.is_valid()
    assert form.as_div()
