"""What a supervisor reads over the telephone while the line is down."""

import re
from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
from django.test import Client

from cscdesk.counter import selectors, services
from cscdesk.counter.clocks import Reading
from cscdesk.counter.models import Clerk, DeliveryState, Identity, JournalEntry
from tests.counter.catalogues import GYMNASIUM, LYCEUM
from tests.counter.conftest import PASSWORD, aisha

Lodge = Callable[..., JournalEntry]
At = Callable[..., Reading]


def code(at: At) -> selectors.ClosingCode:
    found = selectors.closing_code(at=at(30))
    assert found is not None
    return found


def delivered(seq: int) -> None:
    state = selectors.delivery_state()
    state.stored_seq = seq
    state.save()


def bins(at: At) -> set[str]:
    return {school.bin for school in code(at).schools}


def test_an_empty_book_has_nothing_to_read(book: object, at: At):
    assert selectors.closing_code(at=at()) is None


def test_it_is_the_end_of_the_journal_and_the_schools_that_the_centre_lacks(
    enrolled: Identity, lodged: Lodge, at: At
):
    lodged()
    last = lodged(minutes=1, choices=[f"{GYMNASIUM}/kk"])

    read = code(at)

    assert (read.last_seq, read.digits) == (last.seq, bytes(last.sha256).hex()[:8])
    assert bins(at) == {LYCEUM, GYMNASIUM}
    delivered(last.seq - 1)
    assert bins(at) == {GYMNASIUM}
    assert code(at).unsent == 1
    delivered(last.seq)
    assert (bins(at), code(at).unsent) == (set(), 0)
    assert code(at).last_seq == last.seq, "the code itself does not depend on the line"


def test_a_correction_touches_the_school_it_leaves_too(enrolled: Identity, lodged: Lodge, at: At):
    first = lodged()
    assert first.application is not None
    delivered(first.seq)
    services.correct(
        application=uuid4(),
        request=aisha(choices=[f"{GYMNASIUM}/kk"], replaces=str(first.application)),
        clerk="aigul",
        at=at(5),
    )

    assert bins(at) == {LYCEUM, GYMNASIUM}, "a child leaves one list and comes to another"


@pytest.fixture
def page(enrolled: Identity, clerk: Clerk) -> Client:
    client = Client()
    assert client.post("/en/sign-in/", {"code": "aigul", "password": PASSWORD}).status_code == 302
    return client


@pytest.mark.parametrize(
    ("language", "school"),
    [("en", "Lyceum No. 15"), ("kk", "№ 15 лицей"), ("ru", "Лицей № 15")],
)
def test_the_page_can_be_read_aloud_in_each_language(page: Client, lodged: Lodge, language: str, school: str):
    last = lodged()
    digits = bytes(last.sha256).hex()

    answer = page.get(f"/{language}/closing-code/")

    text = answer.content.decode()
    assert answer.status_code == 200
    assert " ".join(digits[n : n + 2] for n in range(0, 8, 2)) in text
    assert "990 140 999 995" in text
    assert re.search(rf">{last.seq}<", text)
    assert school in text
    assert f"/{language}/closing-code/" in page.get(f"/{language}/today/").content.decode()


def test_nobody_reads_it_without_signing_in(enrolled: Identity):
    assert Client().get("/en/closing-code/").status_code == 302
    assert isinstance(enrolled.desk, UUID)
    assert not DeliveryState.objects.exists()
