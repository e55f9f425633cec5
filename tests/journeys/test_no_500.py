"""
Whatever is sent to any address of any process, the process answers, and never with 500.

Every address book is walked whole, so an address that is added later is attacked too. The
counter's own walk is `tests/counter/test_no_500.py`: it has settings of its own.
"""

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from importlib import import_module
from typing import Any
from uuid import uuid4

import pytest
from django.core.cache import cache

from enrollment import passes
from enrollment.services import check_draft
from schools.models import Account
from tests.cscdesk.desks import Counter, at
from tests.factories import (
    DURING,
    AccountFactory,
    ApplicationFactory,
    CampaignFactory,
    DraftFactory,
    IntakeFactory,
    RosterEntryFactory,
)
from tests.nasty import Attacker, Known, faults_of_all
from tests.schools.officials_country import Country, a_country, a_list, officials_process, signed_in

pytestmark = pytest.mark.django_db
pytest_plugins = ("tests.signin",)


@pytest.fixture(autouse=True)
def _second_day(
    clock_at: Callable[..., None], settings: Any, tmp_path: Any, request: pytest.FixtureRequest
) -> None:
    clock_at(DURING, rate=0)
    settings.CENTRE_KEY_FILE = str(tmp_path / "centre.pem")
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": str(uuid4())}
    }


def serve(settings: Any, process: str) -> str:
    """Take on the address book and the middleware of a process; returns the address book."""
    module = import_module(f"config.settings.{process}")
    settings.ROOT_URLCONF, settings.MIDDLEWARE = module.ROOT_URLCONF, list(module.MIDDLEWARE)
    return str(module.ROOT_URLCONF)


def parent(account: Account) -> Attacker:
    client = Attacker()
    client.cookies[passes.cookie_name()] = passes.sealed(
        passes.new_pass(account_id=account.pk, language="kk", at=DURING)
    )
    return client


@pytest.fixture
def family() -> Known:
    mother = AccountFactory()
    intake = IntakeFactory()
    draft = DraftFactory(account=mother, intake=intake)
    check_draft(draft=draft, campaign=draft.campaign)
    application = ApplicationFactory(account=mother, intake=intake)
    RosterEntryFactory(application=application)
    return {
        "draft_id": [str(draft.id)] * 3,
        "name": ["child", "applicant", "address"],
        "number": [application.number],
        "rest": ["status/"],
        "mother": [str(mother.pk)],
    }


def test_the_portal_for_a_stranger(settings: Any, family: Known) -> None:
    assert faults_of_all(Attacker(), serve(settings, "portal"), family) == []


def test_the_portal_for_a_parent(settings: Any, family: Known) -> None:
    mother = Account.objects.get(pk=family["mother"][0])

    assert faults_of_all(parent(mother), serve(settings, "portal"), family) == []


def test_the_sign_in(settings: Any, signin_settings: Any) -> None:
    assert faults_of_all(Attacker(), serve(settings, "signin"), {}) == []


def test_the_sign_in_with_a_code_on_its_way(settings: Any, signin_settings: Any) -> None:
    urlconf = serve(settings, "signin")
    client = Attacker()
    client.post("/kk/account/", {"email": "a@example.kz"})

    assert faults_of_all(client, urlconf, {}) == []


@pytest.fixture
def office(clock_at: Callable[[datetime], None]) -> Iterator[Country]:
    """The officials' process, and an official who may do everything."""
    cache.clear()
    with officials_process():
        country = a_country()
        a_list(country)
        Account.objects.filter(pk=country.official.pk).update(is_staff=True, is_superuser=True)
        yield country


def official(office: Country) -> Attacker:
    client = Attacker(stays=True)
    client.cookies = signed_in(office.official).cookies
    return client


def a_list_of(office: Country) -> Known:
    return {
        "school": [office.intake.school_id],
        "language": [office.intake.language],
        "kato": [office.esil.kato],
        "object_id": [office.esil.kato],
    }


OFFICE = "config.urls.officials"


def test_the_officials_pages_for_a_stranger(office: Country) -> None:
    assert faults_of_all(Attacker(), OFFICE, a_list_of(office), but="/admin/schools/") == []


def test_the_officials_pages_for_an_official(office: Country) -> None:
    client = official(office)

    assert faults_of_all(client, OFFICE, a_list_of(office), but="/admin/") == []
    assert client.get("/kk/officials/").status_code == 200


@pytest.mark.slow
def test_the_administration_for_its_master(office: Country) -> None:
    client = official(office)

    assert faults_of_all(client, OFFICE, a_list_of(office), under="/admin/") == []
    assert client.get("/admin/").status_code == 200


@pytest.mark.parametrize("model", ["region", "district", "school"])
def test_the_administration_of_what_is_named_by_text(office: Country, model: str) -> None:
    """A text that no table can hold names nothing."""
    for page in ("change", "delete", "history"):
        assert official(office).get(f"/admin/schools/{model}/%00/{page}/").status_code == 400


def test_the_desks_api(settings: Any) -> None:
    CampaignFactory()

    assert faults_of_all(Attacker(), serve(settings, "deskapi"), {}) == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{",
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b"\xff\xfe",
        b'{"code":"\\ud800","public_key":"\\ud800"}',
        b'{"code":"\\u0000","public_key":"' + b"A" * 43 + b'"}',
        b'{"number":"\\u0000"}',
        b'{"number":"\\ud800"}',
        b'{"number":' + b"9" * 5000 + b"}",
        b'{"number":"a","number":"b"}',
    ],
)
def test_the_desks_api_for_a_desk_gone_mad(settings: Any, clock_at: Callable[..., None], body: bytes) -> None:
    """Signed well, and nonsense all the same."""
    serve(settings, "deskapi")
    clock_at(at(10), rate=0)
    CampaignFactory()
    counter, client = Counter(), Attacker()

    for name in ("entries", "codes", "enroll"):
        answer = counter.post(client, body, path=f"/api/desk/v1/{name}")

        # Codes are answered alike for every number, also for one that cannot be.
        assert answer.status_code in (400, 401) or (name == "codes" and b"number" in body), answer.content
        assert answer.status_code == 200 or json.loads(answer.content)["code"]
    for query in ("after=%00", "after=" + "9" * 5000, "after=-1", "after=%D9%A1", "a" * 5000, "%%%"):
        assert counter.get(client, "/api/desk/v1/outcomes", query).status_code < 500
