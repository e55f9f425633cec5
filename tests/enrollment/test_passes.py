"""The signed cookie: who is asking, without any table."""

from datetime import UTC, timedelta

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from enrollment import passes
from enrollment.passes import LIFETIME, Pass, PassMiddleware
from schools import clock
from tests.factories import DURING


@pytest.fixture
def holder() -> Pass:
    return passes.new_pass(account_id=7, language="ru", at=DURING)


def seen_by_view(cookie: str | None) -> HttpRequest:
    seen = []

    def view(request: HttpRequest) -> HttpResponse:
        seen.append(request)
        return HttpResponse()

    request = RequestFactory().get("/kk/")
    if cookie is not None:
        request.COOKIES[passes.cookie_name()] = cookie
    PassMiddleware(view)(request)
    return seen[0]


def test_a_pass_opens_as_it_was_sealed(holder):
    assert passes.opened(passes.sealed(holder), at=DURING) == holder


def test_a_pass_ends_after_twelve_hours(holder):
    sealed = passes.sealed(holder)

    assert passes.opened(sealed, at=DURING + LIFETIME - timedelta(seconds=1)) == holder
    assert passes.opened(sealed, at=DURING + LIFETIME) is None


def test_a_changed_pass_is_none(holder):
    sealed = passes.sealed(holder)

    for place in range(0, len(sealed), 7):
        other = "A" if sealed[place] != "A" else "B"
        assert passes.opened(sealed[:place] + other + sealed[place + 1 :], at=DURING) is None


@pytest.mark.parametrize("nasty", ["", "x", ":::", "\x00", "Ә" * 50, "e" * 10_000])
def test_nonsense_is_none(nasty):
    assert passes.opened(nasty, at=DURING) is None


def test_a_value_signed_for_something_else_is_none():
    from django.core.signing import Signer

    assert passes.opened(Signer(salt="other").sign_object([7, "ru", 2**33]), at=DURING) is None
    assert passes.opened(Signer(salt="enrollment.pass").sign_object({"a": 1}), at=DURING) is None
    assert passes.opened(Signer(salt="enrollment.pass").sign_object([7, "ru", 10**30]), at=DURING) is None


def test_the_middleware_asks_no_table_who_it_is(clock_at, holder):
    clock_at(DURING)

    # No database mark on this test: a query would fail it.
    request = seen_by_view(passes.sealed(holder))

    assert (request.account_id, request.parent) == (7, holder)


def test_without_a_pass_nobody_is_asking():
    assert (seen_by_view(None).account_id, seen_by_view("forged").account_id) == (None, None)


def test_the_cookie_is_closed_to_scripts_and_bound_to_tls_where_there_is_tls(settings, holder):
    settings.SECURE = True

    def view(request: HttpRequest) -> HttpResponse:
        request.issued = holder
        return HttpResponse()

    cookie = PassMiddleware(view)(RequestFactory().get("/kk/account/")).cookies["__Secure-qabyldau_parent"]

    assert cookie["httponly"]
    assert cookie["secure"]
    assert cookie["samesite"] == "Lax"
    assert cookie["max-age"] == 12 * 3600


def test_the_portal_process_knows_no_sessions_and_no_users():
    from config.settings import portal

    assert "enrollment.passes.PassMiddleware" in portal.MIDDLEWARE
    assert not [m for m in portal.MIDDLEWARE if "session" in m.lower() or "Authentication" in m]


@pytest.mark.parametrize("path", ["applications/", "applications/27-4KQ7-M2XD-W/"])
def test_pages_of_a_person_lead_strangers_to_the_sign_in_and_back(path):
    response = Client().get(f"/ru/{path}")

    assert response["Location"] == f"/ru/account/?next=%2Fru%2F{path.replace('/', '%2F')}"
    assert "no-store" in response["Cache-Control"]


def test_expiry_is_counted_by_the_shown_clock(clock_at, holder):
    clock_at(DURING + timedelta(days=1))

    assert clock.now() > holder.expires_at.astimezone(UTC)
    assert seen_by_view(passes.sealed(holder)).account_id is None
