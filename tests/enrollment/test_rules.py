import hashlib
import json
from datetime import date, timedelta
from typing import Any

import msgspec
import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from enrollment.rules import (
    Applicant,
    Child,
    Document,
    InvalidPhone,
    MalformedForm,
    Request,
    SeenDocument,
    canonical,
    child_key,
    content_sha256,
    decode_request,
    faults,
    full_name,
    is_proven,
    masked_phone,
    normal_phone,
    person_key,
    tidied,
)
from schools.rules import Policy, default_policy_data, parse_policy

SCHOOL, OTHER = "990140999995/kk", "010240999986/ru"
OFFERED = frozenset({SCHOOL, OTHER})


def form(**changes: Any) -> dict[str, Any]:
    """A good form, with some fields (`child__iin=…`) changed."""
    answers: dict[str, Any] = {
        "child": {
            "iin": "200229599990",
            "document": None,
            "family_name": "Әлімбекова",
            "given_name": "Дана",
            "patronymic": "Айдарқызы",
            "birth_date": "2021-02-28",
            "wish": False,
        },
        "choices": [SCHOOL],
        "applicant": {
            "iin": "850101299996",
            "document": None,
            "family_name": "Әлімбекова",
            "given_name": "Гүлнар",
            "patronymic": "",
        },
        "relation": "mother",
        "document": None,
        "address": {"district": "751310000", "street": "Жандосов көшесі", "house": "58А", "flat": "12"},
        "phone": "8 701 123 45 67",
        "language": "kk",
        "replaces": None,
    }
    for path, value in changes.items():
        at = answers
        *parents, last = path.split("__")
        for parent in parents:
            at = at[parent]
        at[last] = value
    return answers


def policy(**changes: object) -> Policy:
    data = default_policy_data()
    for key, value in changes.items():
        data[key] = {"value": value, "legal_basis": "demo rule, needs an order"}
    return parse_policy(data)


def judged(request: Request | None = None, *, by: Policy | None = None, **changes: Any) -> dict[str, str]:
    request = request or decode_request(form(**changes))
    found = faults(request, year=2027, policy=by or policy(), offered=OFFERED)
    with translation.override("en"):
        return {path: str(text) for path, text in found.items()}


def request(**changes: Any) -> Request:
    return decode_request(form(**changes))


# Reading


def test_a_good_form_has_no_faults():
    assert judged() == {}


def test_a_form_reads_the_same_from_bytes_and_from_a_mapping():
    assert decode_request(json.dumps(form()).encode()) == decode_request(form())


@pytest.mark.parametrize(
    "source",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b"\xff\xfe",
        b"[" * 100_000,
        {},
        form(more=1),
        form(child__more=1),
        form(choices="990140999995/kk"),
        form(choices=[1]),
        form(child__wish="yes"),
        form(phone=77011234567),
        form(child=None),
        {name: value for name, value in form().items() if name != "language"},
    ],
    ids=lambda source: str(source)[:30],
)
def test_what_is_no_form_is_refused_as_a_whole(source: Any):
    with pytest.raises(MalformedForm):
        decode_request(source)


def test_half_a_character_is_no_text():
    with pytest.raises(MalformedForm):
        decode_request(json.dumps(form(child__given_name="ab")).encode().replace(b"ab", b"\xd3"))


# Tidying


def test_what_cannot_be_seen_is_taken_out():
    hidden = "\u202eДа\u200bна\u2066 \u00a0 Ай\u00adна\ufeff\r\n"
    assert request(child__given_name=hidden).child.given_name == "Дана Айна"


def test_a_lone_surrogate_and_a_zero_byte_do_not_reach_the_database():
    tidy = request(child__given_name="Да\ud800на\x00")
    assert tidy.child.given_name == "Дана"
    assert canonical(tidy).decode()


def test_letters_are_composed():
    assert request(child__given_name="Инкарь и\u0306").child.given_name == "Инкарь й"


def test_numbers_lose_their_spaces_and_a_phone_gets_its_normal_form():
    tidy = request(child__iin=" 2002 2959 9990 ", phone="8 (701) 123-45-67")
    assert tidy.child.iin == "200229599990"
    assert tidy.phone == "+77011234567"


def test_an_empty_phone_is_no_phone():
    assert request(phone="  ").phone is None


def test_a_phone_that_is_none_is_kept_for_its_message():
    assert request(phone="call  me").phone == "call me"


def _texts() -> st.SearchStrategy[str]:
    return st.text(max_size=12)


@given(name=_texts(), street=_texts(), phone=st.none() | _texts(), iin=st.none() | _texts(), number=_texts())
def test_tidying_twice_changes_nothing(name, street, phone, iin, number):
    once = request(
        child__family_name=name,
        address__street=street,
        phone=phone,
        child__iin=iin,
        applicant__document={"type": number, "country": name, "number": number},
    )
    assert tidied(once) == once
    assert decode_request(canonical(once)) == once


@given(name=_texts(), birth=_texts(), phone=st.none() | _texts(), choices=st.lists(_texts(), max_size=3))
def test_judging_never_breaks_whatever_was_typed(name, birth, phone, choices):
    raw = msgspec.convert(
        form(child__family_name=name, child__birth_date=birth, phone=phone, choices=choices), type=Request
    )
    assert isinstance(judged(raw), dict)


# One content, one hash


def test_the_canonical_form_is_json_with_sorted_keys_no_spaces_and_every_field():
    expected = form(phone="+77011234567")
    text = json.dumps(expected, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert canonical(request()) == text.encode()


def test_the_hash_is_that_of_the_canonical_form_whatever_the_order_of_keys():
    backwards = dict(reversed(form().items()))
    assert content_sha256(decode_request(backwards)) == content_sha256(request())
    assert content_sha256(request()) == hashlib.sha256(canonical(request())).digest()


@pytest.mark.parametrize(
    "change",
    [{"choices": [OTHER]}, {"child__wish": True}, {"address__flat": ""}, {"phone": None}, {"language": "ru"}],
    ids=str,
)
def test_another_answer_is_another_content(change: dict[str, Any]):
    assert content_sha256(request(**change)) != content_sha256(request())


# Keys


def test_the_key_of_a_child_is_its_iin():
    assert child_key(request().child) == "200229599990"
    assert person_key(request().applicant) == "850101299996"


@pytest.mark.parametrize("number", ["ав 12-34 567", "AB1234567", "АВ1234567", " aB 1234567 "])
def test_the_key_of_a_document_is_the_same_however_it_was_typed(number: str):
    tidy = request(child__iin=None, child__document={"type": "passport", "country": "uz", "number": number})
    assert child_key(tidy.child) == "PASSPORT:UZ:AB1234567"
    assert judged(tidy) == {}


def test_no_key_of_a_good_form_is_longer_than_forty_characters():
    for kind in ("refugee_certificate", "birth_certificate", "residence_permit", "stateless_person"):
        document = {"type": kind, "country": "UZ", "number": "1234567890123456"}
        tidy = request(child__iin=None, child__document=document)
        assert judged(tidy) == {}
        assert len(child_key(tidy.child)) <= 40


def test_nobody_has_no_key():
    assert person_key(Applicant(family_name="", given_name="")) == ""


# Proof


@pytest.mark.parametrize(
    ("relation", "document", "proven"),
    [
        ("mother", "birth_certificate", True),
        ("father", "birth_certificate", True),
        ("father", "court_act", True),
        ("guardian", "guardianship", True),
        ("guardian", "birth_certificate", False),
        ("mother", "guardianship", False),
        ("mother", "other", False),
        ("mother", None, False),
        ("relative", "birth_certificate", False),
        ("relative", "guardianship", False),
        ("relative", "court_act", False),
    ],
)
def test_only_a_document_that_proves_the_relation_proves_it(
    relation: str, document: str | None, proven: bool
):
    seen = None if document is None else {"type": document, "number": "123"}
    assert is_proven(request(relation=relation, document=seen)) is proven


def test_a_document_without_a_number_proves_nothing():
    assert not is_proven(request(document={"type": "birth_certificate", "number": " "}))


# Judging


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"child__iin": "20022959999"}, "child.iin"),
        ({"child__iin": "20022959999А"}, "child.iin"),
        ({"child__iin": "200229599991"}, "child.iin"),
        ({"child__iin": "123456789012"}, "child.iin"),
        ({"child__iin": None}, "child.iin"),
        ({"child__document": {"type": "passport", "country": "UZ", "number": "AB1234567"}}, "child.document"),
        ({"child__family_name": " "}, "child.family_name"),
        ({"child__family_name": "А" * 81}, "child.family_name"),
        ({"child__given_name": "Дана2"}, "child.given_name"),
        ({"child__given_name": "--"}, "child.given_name"),
        ({"child__patronymic": "200229599990"}, "child.patronymic"),
        ({"child__birth_date": "28.02.2021"}, "child.birth_date"),
        ({"child__birth_date": "2021-02-30"}, "child.birth_date"),
        ({"child__birth_date": "20210228"}, "child.birth_date"),
        ({"child__birth_date": "2022-01-01"}, "child.birth_date"),
        ({"child__birth_date": "2016-01-01"}, "child.birth_date"),
        ({"child__birth_date": "2021-09-02"}, "child.wish"),
        ({"choices": []}, "choices"),
        ({"choices": [SCHOOL, OTHER]}, "choices"),
        ({"choices": ["150340999978/kk"]}, "choices"),
        ({"choices": ["990140999995/ru"]}, "choices"),
        ({"applicant__iin": "850101299997"}, "applicant.iin"),
        ({"applicant__iin": "200229599990"}, "applicant.iin"),
        ({"applicant__given_name": ""}, "applicant.given_name"),
        ({"relation": "neighbour"}, "relation"),
        ({"relation": ""}, "relation"),
        ({"document": {"type": "drawing", "number": "1"}}, "document.type"),
        ({"document": {"type": "court_act", "number": ""}}, "document.number"),
        ({"document": {"type": "court_act", "number": "1" * 61}}, "document.number"),
        ({"address__district": "75131"}, "address.district"),
        ({"address__street": "а" * 121}, "address.street"),
        ({"address__house": "1" * 21}, "address.house"),
        ({"address__flat": "1" * 21}, "address.flat"),
        ({"phone": "12"}, "phone"),
        ({"language": "kz"}, "language"),
        ({"replaces": "27-4KQ7-M2XD-W"}, "replaces"),
    ],
    ids=str,
)
def test_one_wrong_answer_is_one_fault_at_its_field(change: dict[str, Any], path: str):
    assert list(judged(**change)) == [path]


@pytest.mark.parametrize(
    ("field", "value"),
    [("type", "library_card"), ("country", "UZB"), ("country", "7"), ("number", "12"), ("number", "1" * 17)],
)
def test_a_document_is_judged_field_by_field(field: str, value: str):
    document = {"type": "passport", "country": "UZ", "number": "AB1234567"} | {field: value}
    assert list(judged(child__iin=None, child__document=document)) == [f"child.document.{field}"]


@pytest.mark.parametrize(
    "change",
    [
        {"child__birth_date": "2020-12-31"},
        {"child__birth_date": "2021-09-01"},
        {"child__birth_date": "2021-09-02", "child__wish": True},
        {"child__patronymic": ""},
        {"child__family_name": "Д’Артаньян-Оглы"},
        {"child__given_name": "Мұхаммед Әли"},
        {"phone": None},
        {"phone": "+49 30 123456"},
        {"address": {"district": "", "street": "", "house": "", "flat": ""}},
        {"relation": "relative"},
        {"replaces": "0192F0A4-7c1e-7b52-9d41-3f0c5a6b7c8d"},
        {"document": {"type": "birth_certificate", "number": "ТТ-Г № 0123456"}},
    ],
    ids=str,
)
def test_what_is_unusual_but_lawful_is_no_fault(change: dict[str, Any]):
    assert judged(**change) == {}


def test_an_iin_whose_digits_differ_from_the_birth_date_is_accepted():
    assert judged(child__iin="190401599990", child__birth_date="2021-05-17") == {}


def test_several_choices_are_policy():
    assert judged(by=policy(choices_max=2), choices=[SCHOOL, OTHER]) == {}
    assert list(judged(by=policy(choices_max=2), choices=[SCHOOL, SCHOOL])) == ["choices"]
    assert "2" in judged(by=policy(choices_max=2), choices=["a", "b", "c"])["choices"]


def test_invisible_characters_of_an_untidied_form_are_refused():
    raw = msgspec.convert(form(child__given_name="Да\u200bна", address__street="\u202ex"), type=Request)
    assert set(judged(raw)) == {"child.given_name", "address.street"}


def test_all_faults_are_told_at_once():
    assert set(judged(child__iin="1", phone="x", relation="", language="")) == {
        "child.iin",
        "phone",
        "relation",
        "language",
    }


def test_a_wish_does_not_help_a_child_that_is_too_young():
    young = (date(2022, 1, 1) + timedelta(days=30)).isoformat()
    assert list(judged(child__birth_date=young, child__wish=True)) == ["child.birth_date"]


# Names and telephones


def test_a_full_name_is_in_the_order_of_papers():
    assert full_name(request().child) == "Әлімбекова Дана Айдарқызы"
    assert full_name(request().applicant) == "Әлімбекова Гүлнар"


@pytest.mark.parametrize(
    ("typed", "normal"),
    [
        ("+77011234567", "+77011234567"),
        ("8 701 123 45 67", "+77011234567"),
        ("8(701)123-45-67", "+77011234567"),
        ("77011234567", "+77011234567"),
        ("7011234567", "+77011234567"),
        ("+8 701 123 45 67", "+77011234567"),
        ("8 7272 12 34 56", "+77272123456"),
        ("7 717 212 34 56", "+77172123456"),
        ("+7\u00a0747\u2011123\u201145\u201167", "+77471234567"),
        ("+7 912 345 67 89", "+79123456789"),
        ("+49 30 123456", "+4930123456"),
        ("+998 90 123 45 67", "+998901234567"),
    ],
)
def test_a_telephone_number_is_understood_however_it_was_written(typed: str, normal: str):
    assert normal_phone(typed) == normal
    assert normal_phone(normal) == normal


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "1414",
        "701123456",
        "870112345678",
        "+7 011 234 56 78",
        "8 912 345 67 89",
        "tel",
        "+",
        "4930123456",
        "+0491234567",
        "७७०११२३४५६७",
    ],
)
def test_what_is_no_telephone_number_is_refused(typed: str):
    with pytest.raises(InvalidPhone):
        normal_phone(typed)


def test_a_masked_phone_shows_its_last_two_digits_only():
    assert masked_phone("+77011234567") == "+7 •••••••• 67"


def test_structs_are_facts():
    with pytest.raises(AttributeError):
        request().child.iin = "1"  # type: ignore[misc]
    assert Document(type="passport", country="UZ", number="1") == Document(
        type="passport", country="UZ", number="1"
    )
    assert SeenDocument(type="court_act", number="1") != SeenDocument(type="court_act", number="2")
    assert Child(family_name="a", given_name="b", birth_date="2021-01-01").patronymic == ""
