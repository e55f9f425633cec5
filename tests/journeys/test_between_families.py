"""What one family, or a page of another site, could do to another family; what a hostile name could do to a page."""

import re
from collections.abc import Callable
from datetime import timedelta
from importlib import import_module
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from enrollment import passes, reconciliation
from enrollment.models import Application, Retraction
from enrollment.services import check_draft
from enrollment.views.drafts import sealed_year
from schools.models import RosterEntry
from tests.country import check_all, close_round
from tests.factories import (
    DURING,
    AccountFactory,
    ApplicationFactory,
    DraftFactory,
    IntakeFactory,
    request_form,
)

pytestmark = pytest.mark.django_db
pytest_plugins = ("tests.signin",)
HOSTILE = "<script>alert(1)</script>\"'><img src=x>"


@pytest.fixture(autouse=True)
def _second_day(clock_at: Callable[..., None], settings: Any, tmp_path: Any) -> None:
    clock_at(DURING, rate=0)
    settings.CENTRE_KEY_FILE = str(tmp_path / "centre.pem")
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": str(uuid4())}
    }


def serve(settings: Any, process: str) -> None:
    module = import_module(f"config.settings.{process}")
    settings.ROOT_URLCONF, settings.MIDDLEWARE = module.ROOT_URLCONF, list(module.MIDDLEWARE)


def browser_of(account: Any, **how: Any) -> Client:
    client = Client(**how)
    client.cookies[passes.cookie_name()] = passes.sealed(
        passes.new_pass(account_id=account.pk, language="kk", at=DURING)
    )
    return client


def send(client: Client, draft: Any) -> Any:
    content = check_draft(draft=draft, campaign=draft.campaign).content_sha256
    return client.post(
        f"/kk/draft/{draft.id}/send/", {"content": content.hex(), "year": sealed_year(draft), "consent": "1"}
    )


def test_after_a_withdrawal_the_same_child_applies_again_and_stands(
    settings: Any, clock_at: Callable[..., None]
) -> None:
    serve(settings, "portal")
    mother, intake = AccountFactory(), IntakeFactory()
    client = browser_of(mother)
    form = request_form(n=7, choices=[intake.name])

    def applied(minute: int) -> str:
        clock_at(DURING + timedelta(minutes=minute), rate=0)
        return str(
            send(client, DraftFactory(account=mother, intake=intake, form=form))["Location"].split("/")[3]
        )

    first = applied(0)
    page, stale_tab = (client.get(f"/kk/applications/{first}/withdraw/").context["fresh_id"] for _ in "12")
    clock_at(DURING + timedelta(minutes=1), rate=0)
    client.post(f"/kk/applications/{first}/withdraw/", {"retraction": page})
    second = applied(2)
    clock_at(DURING + timedelta(minutes=3), rate=0)
    client.post(f"/kk/applications/{first}/withdraw/", {"retraction": stale_tab})
    reconciliation.reconcile(campaign=intake.campaign, at=close_round(intake.campaign, 2))
    check_all(intake.campaign)
    reconciliation.reconcile(campaign=intake.campaign, at=DURING + timedelta(days=1))

    assert first != second
    assert (Application.objects.count(), Retraction.objects.count()) == (2, 1)
    assert RosterEntry.objects.get().application_number == second
    states = [client.get(f"/kk/applications/{number}/").context["state"].code for number in (first, second)]
    assert states == ["withdrawn", "place"]


def test_of_two_parents_of_one_child_neither_sees_the_other(settings: Any) -> None:
    serve(settings, "portal")
    intake = IntakeFactory()
    pair = []
    for who in ("Анасы", "Әкесі"):
        account = AccountFactory()
        form = request_form(n=7, choices=[intake.name])
        form["applicant"] = {**form["applicant"], "family_name": f"{who}тегі"}
        draft = DraftFactory(account=account, intake=intake, form=form)
        client = browser_of(account)
        pair.append((client, send(client, draft)["Location"].split("/")[3], f"{who}тегі", account.email))
    reconciliation.reconcile(campaign=intake.campaign, at=close_round(intake.campaign, 2))

    for (client, number, *_own), (_, other, *theirs) in (pair, pair[::-1]):
        for page in ("", "why/", "receipt/", "print/", "withdraw/"):
            shown = client.get(f"/kk/applications/{number}/{page}").content.decode()
            assert not [word for word in (other, *theirs) if word in shown]
            foreign = client.get(f"/kk/applications/{other}/{page}")
            missing = client.get(f"/kk/applications/27-AAAA-AAAA-A/{page}")
            assert foreign.status_code == missing.status_code == 404
            assert foreign.content.replace(other.encode(), b"") == missing.content.replace(
                b"27-AAAA-AAAA-A", b""
            )


def test_a_hostile_name_is_text_on_every_page(settings: Any) -> None:
    serve(settings, "portal")
    mother, intake = AccountFactory(), IntakeFactory()
    form = request_form(n=7, choices=[intake.name])
    form["child"] = {**form["child"], "family_name": HOSTILE, "given_name": HOSTILE}
    form["applicant"] = {**form["applicant"], "family_name": HOSTILE}
    form["address"] = {**form["address"], "street": HOSTILE}
    draft = DraftFactory(account=mother, intake=intake, form=form)
    sent = ApplicationFactory(account=mother, intake=intake, form=form)
    client = browser_of(mother)

    pages = [f"/kk/draft/{draft.id}/{name}/" for name in ("child", "applicant", "address", "school", "check")]
    pages += [
        f"/kk/applications/{sent.number}/{name}" for name in ("", "why/", "receipt/", "print/", "withdraw/")
    ]
    for page in [*pages, "/kk/", "/kk/applications/", "/kk/draft/<script>alert(1)</script>/"]:
        shown = client.get(page).content.decode()
        assert "<script" not in shown, page
        assert "<img src=x" not in shown, page


@pytest.mark.parametrize("process", ["portal", "signin", "officials"])
def test_no_other_site_presses_a_button_here(settings: Any, signin_settings: Any, process: str) -> None:
    serve(settings, process)
    client = browser_of(AccountFactory(), enforce_csrf_checks=True)

    walked = [path for path in _paths(get_resolver().url_patterns, "/") if "admin" not in path]
    assert len(walked) > 4
    for path in walked:
        answer = client.post(path, {"email": "a@example.kz", "code": "123456"})
        # Refused, or there is nothing that a POST could do.
        assert answer.status_code in (403, 404, 405, 301) or "text/html" in answer["Content-Type"], path
        assert not answer.cookies.get(passes.cookie_name()), path
        assert answer.status_code not in (200, 302) or path.endswith(_HARMLESS), (path, answer.status_code)


_HARMLESS = ("/kk/", "/", "login/", "signup/")


def _paths(patterns: list[URLPattern | URLResolver], before: str) -> list[str]:
    found: list[str] = []
    for pattern in patterns:
        route = before + str(pattern.pattern).lstrip("^").rstrip("$")
        if isinstance(pattern, URLResolver):
            found += _paths(pattern.url_patterns, route)
        else:
            route = re.sub(r"<uuid:\w+>", str(uuid4()), route)
            route = re.sub(r"<slug:\w+>", "child", re.sub(r"<number:\w+>", "27-4KQ7-M2XD-W", route))
            found += [route] if "(" not in route else []
    return found


@pytest.mark.parametrize("process", ["portal", "signin", "officials"])
@pytest.mark.parametrize(
    "path", ["/kk/", "/kk/nothing-here/", "/kk/account/", "/kk/officials/", "/nothing", "/admin/"]
)
def test_every_answer_says_what_a_page_may_do(
    settings: Any, signin_settings: Any, process: str, path: str
) -> None:
    serve(settings, process)
    for answer in (Client().get(path), Client(enforce_csrf_checks=True).post(path)):
        assert "default-src 'self'" in answer.get("Content-Security-Policy", ""), (path, answer.status_code)
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["X-Frame-Options"] == "DENY"
        assert answer["Referrer-Policy"] == "same-origin"
