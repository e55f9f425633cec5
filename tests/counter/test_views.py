"""The clerk's pages, through the door."""

import re
import sqlite3
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.contrib.messages import get_messages
from django.db import OperationalError, connection
from django.test import Client

from cscdesk.counter import selectors, services
from cscdesk.counter.models import Clerk, DeliveryState, Identity, JournalEntry
from cscdesk.counter.views import desk as desk_views
from tests.counter.catalogues import DISTRICT, GYMNASIUM, LYCEUM_KAZAKH
from tests.counter.centre import Centre
from tests.counter.conftest import NOON, PASSWORD

Lodge = Callable[..., JournalEntry]


@pytest.fixture
def page(enrolled: Identity, clerk: Clerk) -> Client:
    """A browser in which Aigul is signed in, in English."""
    client = Client(enforce_csrf_checks=False)
    answer = client.post("/en/sign-in/", {"code": "aigul", "password": PASSWORD})
    assert answer.status_code == 302
    return client


def filled(**changes: str) -> dict[str, str]:
    """What the clerk types for Aisha; the receipt in Russian."""
    return {
        "application": str(uuid4()),
        "child_iin": "190401699997",
        "child_family_name": "Омарова",
        "child_given_name": "Айша",
        "birth_date": "01042021",
        "district": DISTRICT,
        "street": "ул. Достык",
        "house": "12",
        "choice": LYCEUM_KAZAKH,
        "applicant_iin": "850101199993",
        "applicant_family_name": "Омаров",
        "applicant_given_name": "Ерлан",
        "relation": "father",
        "seen_type": "birth_certificate",
        "seen_number": "1234567",
        "phone": "8 701 123 45 67",
        "language": "ru",
        **changes,
    }


def errors(answer: object) -> dict[str, list[str]]:
    return dict(answer.context["form"].errors)  # type: ignore[attr-defined]


def test_nobody_sees_a_page_without_signing_in(enrolled: Identity) -> None:
    for address in ("/kk/", "/kk/today/", "/kk/find/", f"/kk/applications/{uuid4()}/receipt/"):
        answer = Client().get(address)
        assert answer.status_code == 302
        assert answer["Location"].startswith("/kk/sign-in/")


def test_a_wrong_password_opens_nothing(enrolled: Identity, clerk: Clerk) -> None:
    client = Client()

    answer = client.post("/ru/sign-in/", {"code": "aigul", "password": "nothing-like-it"})

    assert answer.status_code == 200
    assert client.get("/ru/").status_code == 302


def test_sign_in_leads_only_to_own_pages(enrolled: Identity, clerk: Clerk) -> None:
    answer = Client().post(
        "/en/sign-in/?next=https://elsewhere.example/", {"code": "aigul", "password": PASSWORD}
    )

    assert answer["Location"] == "/en/"


def test_a_family_goes_away_with_a_receipt_in_its_own_language(page: Client) -> None:
    answer = page.post("/en/", filled(), follow=True)

    row = JournalEntry.objects.get(kind="lodge")
    text = answer.content.decode()
    assert row.number in text
    assert 'lang="ru"' in text
    assert "Айша" in text
    assert "<svg" in text
    assert row.clerk == "aigul"


def test_without_a_line_the_receipt_says_so(page: Client) -> None:
    answer = page.post("/en/", filled(language="en"), follow=True)

    assert "There is no line to the central system now" in answer.content.decode()


def test_with_a_line_the_receipt_is_the_usual_one(page: Client) -> None:
    DeliveryState(id=1, is_line_up=True).save()

    text = page.post("/en/", filled(language="en"), follow=True).content.decode()

    assert "There is no line" not in text
    assert "This is not yet a decision on admission." in text


def test_the_receipt_says_registered_and_never_admitted(page: Client) -> None:
    text = page.post("/kk/", filled(language="kk"), follow=True).content.decode()

    assert "қабылданды" not in text.lower()


def test_a_second_press_finds_the_first_receipt(page: Client) -> None:
    typed = filled()

    answers = [page.post("/en/", typed) for _press in range(2)]

    assert answers[0]["Location"] == answers[1]["Location"]
    assert JournalEntry.objects.filter(kind="lodge").count() == 1


def test_the_same_form_with_other_answers_is_refused_in_words(page: Client) -> None:
    typed = filled()
    page.post("/en/", typed)

    answer = page.post("/en/", typed | {"house": "14"})

    assert answer.status_code == 409
    assert errors(answer)["__all__"] == [str(services.IdReused())]


def test_the_next_family_finds_an_empty_form_that_nobody_keeps(page: Client) -> None:
    page.post("/en/", filled(), follow=True)

    answer = page.get("/en/")

    assert "no-store" in answer["Cache-Control"]
    assert "850101199993" not in answer.content.decode()
    assert 'autocomplete="off"' in answer.content.decode()


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("child_iin", "19040169999"),
        ("child_iin", "19040169999A"),
        ("child_iin", "190401699998"),
        ("child_iin", ""),
        ("child_family_name", ""),
        ("child_given_name", "7"),
        ("birth_date", "31.02.2021"),
        ("birth_date", "вчера"),
        ("birth_date", "01.04.2023"),
        ("birth_date", "01.04.2015"),
        ("wish", ""),
        ("applicant_iin", "190401699997"),
        ("relation", ""),
        ("phone", "12"),
        ("school", ""),
    ],
)
def test_a_fault_stands_at_its_field(page: Client, field: str, typed: str) -> None:
    changes = {field: typed}
    if field == "wish":
        changes = {"birth_date": "02.09.2021"}
    if field == "school":
        changes = {"choice": ""}

    answer = page.post("/en/", filled(**changes))

    assert answer.status_code == 422
    assert field in errors(answer)
    assert not JournalEntry.objects.filter(kind="lodge").exists()


def test_all_faults_show_at_once(page: Client) -> None:
    answer = page.post("/en/", {"application": str(uuid4()), "language": "kk"})

    assert {"child_iin", "child_family_name", "birth_date", "school", "applicant_iin", "relation"} <= set(
        errors(answer)
    )


def test_an_iin_unlike_the_birth_date_is_a_hint_and_no_fault(page: Client) -> None:
    text = page.post("/en/", filled(), follow=True).content.decode()

    assert "Compare once more" in text


def test_a_child_without_iin_is_taken_with_a_document(page: Client) -> None:
    page.post(
        "/en/",
        filled(
            child_iin="",
            child_document_type="passport",
            child_document_country="uz",
            child_document_number="AB 123456",
        ),
    )

    assert JournalEntry.objects.get(kind="lodge").child_key == "PASSPORT:UZ:AB123456"


def test_the_schools_of_the_address_are_found_first(page: Client) -> None:
    answer = page.post("/ru/", filled(choice="", school="гимназия", find="1"))

    offers = answer.context["form"].offers
    assert [offer.is_of_territory for offer in offers] == [True, True, False]
    assert offers[-1].choice == f"{GYMNASIUM}/kk"
    assert not answer.context["form"].errors
    assert not JournalEntry.objects.filter(kind="lodge").exists()


def test_a_number_means_that_school_and_not_one_that_begins_alike(page: Client) -> None:
    answer = page.post("/en/", filled(house="", choice="", school="15", find="1"))

    assert {offer.school for offer in answer.context["form"].offers} == {"Lyceum No. 15"}


def test_what_was_typed_stays_while_a_school_is_sought(page: Client) -> None:
    text = page.post("/en/", filled(find="1", school="151")).content.decode()

    assert 'value="850101199993"' in text
    assert f'value="{LYCEUM_KAZAKH}" checked' in text


def test_a_locked_file_gives_a_sentence_and_no_receipt(page: Client, book: Path) -> None:
    connection.ensure_connection()
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout = 100")
    other = sqlite3.connect(book, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        answer = page.post("/en/", filled())
    finally:
        other.execute("ROLLBACK")
        other.close()

    assert answer.status_code == 503
    assert "No receipt was made" in str(errors(answer))
    assert 'value="850101199993"' in answer.content.decode()
    assert not JournalEntry.objects.filter(kind="lodge").exists()


def test_a_full_disk_gives_a_sentence_and_no_receipt(page: Client) -> None:
    with connection.cursor() as cursor:
        pages = cursor.execute("PRAGMA page_count").fetchone()[0]
        cursor.execute(f"PRAGMA max_page_count = {pages}")
    answers = [page.post("/en/", filled()) for _family in range(30)]

    receipts = [answer for answer in answers if answer.status_code == 302]
    assert len(receipts) == JournalEntry.objects.filter(kind="lodge").count()
    assert answers[-1].status_code == 503
    assert "the disk of this machine is full" in str(errors(answers[-1]))


def test_a_fault_of_the_file_elsewhere_is_a_page_too(page: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(**_any: object) -> None:
        raise OperationalError("disk I/O error")

    monkeypatch.setattr(desk_views.services, "open_desk", broken)
    page.raise_request_exception = False

    answer = page.post("/en/open/")

    assert answer.status_code == 503
    assert "Not saved" in answer.content.decode()


def test_no_receipt_is_shown_for_what_is_not_in_the_file(page: Client) -> None:
    assert page.get(f"/en/applications/{uuid4()}/receipt/").status_code == 404


def test_gauges_are_on_every_page(page: Client, lodged: Lodge) -> None:
    row = lodged()
    lodged(minutes=1)
    for address in ("", "today/", "find/", f"applications/{row.application}/", f"withdraw/{row.number}/"):
        text = page.get(f"/en/{address}").content.decode()
        assert "All 2 safe here. Not yet at the centre: 2." in text


def test_found_by_its_number_however_it_is_typed(page: Client, lodged: Lodge) -> None:
    row = lodged()
    typed = row.number.replace("-", " ").lower()

    assert page.get("/en/find/", {"number": typed})["Location"] == f"/en/applications/{row.application}/"


def test_a_number_of_another_door_can_only_be_withdrawn(page: Client) -> None:
    text = page.get("/en/find/", {"number": "27-4KQ7-M2XD-W"}).content.decode()

    assert "/en/withdraw/27-4KQ7-M2XD-W/" in text
    assert page.get("/en/find/", {"number": "27-4KQ7-M2XD-Z"}).status_code == 200


def test_corrected_through_the_page(page: Client, lodged: Lodge) -> None:
    row = lodged()
    address = f"/en/applications/{row.application}/correct/"
    form = page.get(address).context["form"]
    typed = {name: form[name].value() or "" for name in form.fields if name != "wish"}

    answer = page.post(address, typed | {"house": "14"})

    made = JournalEntry.objects.get(kind="correct")
    assert answer["Location"] == f"/en/applications/{made.application}/receipt/"
    assert made.replaces == row.application
    request = selectors.request_of(made)
    assert request is not None
    assert request.address.house == "14"
    assert page.post(address, typed | {"house": "14"})["Location"] == answer["Location"]


def test_withdrawn_through_the_page(page: Client, lodged: Lodge) -> None:
    row = lodged()

    answer = page.post(
        f"/en/withdraw/{row.number}/",
        {"entry_id": str(uuid4()), "person": "850101199993", "code": "483920"},
    )

    assert answer.status_code == 302
    assert JournalEntry.objects.get(kind="withdraw").application == row.application


def test_a_withdrawal_needs_a_person(page: Client, lodged: Lodge) -> None:
    row = lodged()

    answer = page.post(f"/en/withdraw/{row.number}/", {"entry_id": str(uuid4()), "person": "123"})

    assert answer.status_code == 422
    assert "person" in errors(answer)


def test_the_families_code_is_asked_of_the_centre(page: Client, lodged: Lodge, centre: Centre) -> None:
    row = lodged()

    page.post(f"/en/withdraw/{row.number}/code/")

    assert centre.codes_wanted == [row.number]


def test_without_a_line_the_code_cannot_come_and_the_page_says_so(
    page: Client, lodged: Lodge, centre: Centre
) -> None:
    row = lodged()
    centre.stop()

    answer = page.post(f"/en/withdraw/{row.number}/code/")

    said = [str(message) for message in get_messages(answer.wsgi_request)]
    assert answer.status_code == 302
    assert "without a code" in said[0]


def test_voided_through_the_page(page: Client, lodged: Lodge) -> None:
    row = lodged()
    address = f"/en/applications/{row.application}/void/"

    refused = page.post(address, {"entry_id": str(uuid4()), "reason": ""})
    page.post(address, {"entry_id": str(uuid4()), "reason": "typed twice"})

    assert refused.status_code == 422
    assert JournalEntry.objects.get(kind="void").application == row.application
    assert "Cancellation" in page.get(f"/en/applications/{row.application}/").content.decode()


def test_the_desk_is_opened_and_closed_by_buttons(page: Client) -> None:
    page.post("/en/open/")
    assert selectors.is_desk_open()

    page.post("/en/close/")

    assert not selectors.is_desk_open()


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_every_page_opens_in_every_language(page: Client, lodged: Lodge, language: str) -> None:
    row = lodged()
    own = f"applications/{row.application}/"
    for address in (
        "",
        "today/",
        "find/",
        own,
        f"{own}receipt/",
        f"{own}correct/",
        f"{own}void/",
        f"withdraw/{row.number}/",
    ):
        answer = page.get(f"/{language}/{address}")
        assert answer.status_code == 200
        assert f'<html lang="{language}"' in answer.content.decode()


@pytest.mark.parametrize(
    "address", ["", "find/?number=%00", "withdraw/x/", "applications/1/", "today/?q=%ED%A0%80"]
)
@pytest.mark.parametrize("body", [{}, {"application": "x"}, {"application": "\x00", "choice": "'"}])
def test_bad_input_is_never_our_fault(page: Client, address: str, body: dict[str, str]) -> None:
    page.raise_request_exception = False
    for answer in (page.get(f"/en/{address}"), page.post(f"/en/{address}", body)):
        assert answer.status_code < 500


def test_hidden_characters_and_great_lengths_are_faults_of_the_field(page: Client) -> None:
    answer = page.post("/en/", filled(child_family_name="А" * 5000, street="x\x00y", seen_number="\u202e1"))

    assert answer.status_code == 422


def test_the_page_says_what_became_of_entries(page: Client, lodged: Lodge) -> None:
    row = lodged()
    text = page.get("/en/today/").content.decode()
    assert "Safe here" in text

    DeliveryState(id=1, stored_seq=row.seq).save()

    assert "At the centre" in page.get("/en/today/").content.decode()


def test_an_unenrolled_counter_says_what_to_do(book: Path, clerk: Clerk) -> None:
    client = Client()
    client.post("/en/sign-in/", {"code": "aigul", "password": PASSWORD})

    answer = client.get("/en/")

    assert answer.status_code == 503
    assert "counter_enroll" in answer.content.decode()


def test_probes_answer(book: Path) -> None:
    assert Client().get("/healthz").status_code == 200
    assert Client().get("/readyz").status_code == 200


def test_cookies_have_names_of_their_own(page: Client) -> None:
    page.get("/en/")

    assert {"qabyldau_counter", "qabyldau_counter_csrf"} <= set(page.cookies)


def test_forbidden_words_stand_on_no_page(page: Client, lodged: Lodge) -> None:
    row = lodged()
    for address in ("", "today/", f"applications/{row.application}/receipt/"):
        words = set(
            re.findall(
                r"[a-z]+", re.sub(r"<[^>]+>", " ", page.get(f"/en/{address}").content.decode().lower())
            )
        )
        assert not words & {"slot", "lane", "moment", "watermark", "claim"}


def test_yesterdays_families_are_not_todays(page: Client, lodged: Lodge) -> None:
    lodged()

    assert list(selectors.entries_of_day(day=(NOON + timedelta(days=1)).date())) == []
