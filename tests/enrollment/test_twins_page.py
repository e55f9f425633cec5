"""The parent's page for twins, through the portal's public door."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client

from enrollment import passes
from enrollment.models import TwinsWish
from tests.factories import DURING, AccountFactory, ApplicationFactory, IntakeFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _now(clock_at):
    clock_at(DURING)


def client_of(account, *, at=DURING) -> Client:
    client = Client()
    holder = passes.new_pass(account_id=account.pk, language="en", at=at)
    client.cookies[passes.cookie_name()] = passes.sealed(holder)
    return client


def some_twins():
    first = ApplicationFactory(n=31)
    return first, ApplicationFactory(
        n=32, intake=IntakeFactory(campaign=first.campaign), account=first.account
    )


def sent_by(page) -> dict[str, list[str]]:
    text = page.content.decode()
    return {name: re.findall(rf'name="{name}" value="([^"]+)"', text) for name in ("wish", "application")}


def test_a_parent_of_twins_is_led_to_the_wish_and_records_it_once():
    first, second = some_twins()
    client = client_of(first.account)
    assert 'href="/en/twins/"' in client.get("/en/applications/").content.decode()
    form = sent_by(client.get("/en/twins/"))

    for _press in "12":
        page = client.post("/en/twins/", form, follow=True)

    assert sorted(TwinsWish.objects.get().applications) == sorted([first.id, second.id])
    assert "Your wish is recorded." in page.content.decode()
    assert "Draw for them together" not in page.content.decode()


def test_nobody_else_is_offered_it():
    alone = ApplicationFactory()
    client = client_of(alone.account)
    assert "/en/twins/" not in client.get("/en/applications/").content.decode()
    assert "born on one day" in client.get("/en/twins/").content.decode()


def test_another_accounts_children_are_not_taken():
    first, second = some_twins()
    stranger = client_of(AccountFactory())
    response = stranger.post(
        "/en/twins/", {"wish": str(uuid4()), "application": [str(first.id), str(second.id)]}
    )
    assert response.status_code == 409
    assert first.number not in response.content.decode()
    assert not TwinsWish.objects.exists()


def test_after_the_day_the_page_says_why_not(clock_at):
    first, _second = some_twins()
    form = sent_by(client_of(first.account).get("/en/twins/"))
    later = DURING + timedelta(days=1)
    clock_at(later)
    client = client_of(first.account, at=later)

    response = client.post("/en/twins/", form)

    assert response.status_code == 409
    assert "is over" in response.content.decode()
    assert "Draw for them together" not in response.content.decode()
    assert not TwinsWish.objects.exists()


@pytest.mark.parametrize("sent", [{}, {"wish": "x"}, {"wish": str(uuid4()), "application": ["x"]}])
def test_what_no_page_sends_is_not_found(sent):
    first, _second = some_twins()
    assert client_of(first.account).post("/en/twins/", sent).status_code == 404


def test_nobody_without_a_sign_in_sees_it():
    response = Client().get("/en/twins/")
    assert response.status_code == 302
    assert "/en/account/" in response.url
