"""
A mother's morning: a code by e-mail, her daughter, the school of their street, the receipt.

Read it to see the whole portal once from outside: real middleware, real templates, real
tables; the sign-in process and the portal stand behind two address books, as in production.
"""

import re
from collections.abc import Callable
from datetime import date, timedelta
from types import ModuleType
from typing import Any

import pytest
from django.core import mail
from django.http import HttpResponse
from django.test import Client

from enrollment import reconciliation
from enrollment.models import Application, Retraction
from schools.models import Account, Campaign, RosterEntry
from tests.country import check_all, close_round, confirm, plan_rounds
from tests.factories import DURING, OPENS_AT, IntakeFactory, TerritoryFactory, made_up_iin

pytestmark = pytest.mark.django_db
pytest_plugins = ("tests.signin",)

Shown = Callable[..., None]
DAY_AFTER = DURING + timedelta(days=1)


class Browser:
    """One parent's browser: the front sends /…/account/ to the sign-in process, the rest to the portal."""

    def __init__(self, settings: Any, signin_settings: ModuleType) -> None:
        self.client, self.settings, self.signin = Client(), settings, signin_settings

    def get(self, url: str) -> HttpResponse:
        return self._ask("get", url)

    def post(self, url: str, data: dict[str, Any] | None = None) -> HttpResponse:
        return self._ask("post", url, data or {})

    def _ask(self, method: str, url: str, *data: Any) -> HttpResponse:
        is_signin = re.match(r"/(kk|ru|en)/account/", url)
        self.settings.ROOT_URLCONF = "config.urls.signin" if is_signin else "config.urls.portal"
        return getattr(self.client, method)(url, *data)

    def sign_in(self, email: str, language: str = "kk") -> HttpResponse:
        self.post(f"/{language}/account/", {"email": email})
        code = re.search(r"\d{6}", mail.outbox[-1].subject)
        assert code is not None
        return self.post(f"/{language}/account/code/", {"code": code[0]})


@pytest.fixture
def browser(signin_settings: Any, settings: Any) -> Browser:
    return Browser(settings, signin_settings)


CHILD = {
    "iin": made_up_iin(7),
    "family_name": "Серікқызы",
    "given_name": "Аружан",
    "birth_date": "2020-09-15",
    "wish": "on",
}
MOTHER = {
    "iin": made_up_iin(7, born="900615"),
    "family_name": "Серікова",
    "given_name": "Гүлнар",
    "relation": "mother",
    "phone": "8 701 123 45 67",
    "language": "kk",
}
ADDRESS = {"district": "711210000", "street": "ул. Абая", "house": "12", "flat": "5"}


def _fill_in(browser: Browser, choice: str, *, child: dict[str, str] = CHILD) -> str:
    """Answer every page; returns the address of the draft."""
    page = browser.get("/kk/").content.decode()
    draft = re.search(r'name="draft" value="([0-9a-f-]{36})"', page)
    assert draft is not None
    first = browser.post("/kk/draft/", {"draft": draft[1]})
    url = f"/kk/draft/{draft[1]}/"
    assert first["Location"] == f"{url}child/"
    assert browser.post(f"{url}child/", child)["Location"] == f"{url}applicant/"
    assert browser.post(f"{url}applicant/", MOTHER)["Location"] == f"{url}address/"
    assert browser.post(f"{url}address/", ADDRESS)["Location"] == f"{url}school/"
    assert browser.post(f"{url}school/", {"choice": choice})["Location"] == f"{url}check/"
    return url


def _hidden(page: HttpResponse, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]+)"', page.content.decode())
    assert found is not None
    return found[1]


def test_a_mother_applies_sees_the_place_and_withdraws(browser: Browser, clock_at: Shown) -> None:
    clock_at(DURING, rate=0)
    intake = IntakeFactory(slots="TTTO")
    TerritoryFactory(school=intake.school)
    other = IntakeFactory()

    # She signs in with an address that nobody has seen before.
    assert browser.sign_in("gulnar@example.kz")["Location"] == "/kk/"
    assert Account.objects.get(email="gulnar@example.kz").joined_at == DURING

    # The school of her street comes first.
    url = _fill_in(browser, intake.name)
    schools = browser.get(f"{url}school/").content.decode()
    assert schools.index(str(intake.school.name_kk)) < schools.index(str(other.school.name_kk))

    # She checks everything on one page and sends it, twice: her finger was quick.
    check = browser.get(f"{url}check/")
    sent = {"content": _hidden(check, "content"), "year": _hidden(check, "year"), "consent": "1"}
    first, second = browser.post(f"{url}send/", sent), browser.post(f"{url}send/", sent)
    assert first["Location"] == second["Location"]
    application = Application.objects.get()
    assert application.lodged_at == DURING

    # The receipt names number and time, and never says that the child is admitted.
    receipt = browser.get(first["Location"]).content.decode()
    assert application.number in receipt
    assert "<svg" in receipt

    # Until the list of the day has closed the application is registered, and the page says when it closes.
    page = f"/kk/applications/{application.number}/"
    campaign = Campaign.objects.get()
    plan_rounds(campaign)
    reconciliation.reconcile(campaign=campaign, at=DURING)
    registered = browser.get(page).context["state"]
    assert (registered.code, registered.decided.answer_by) == ("registered", date(2027, 4, 5))
    assert "Жауап мерзімі: 2027 ж. 5" in browser.get(page).content.decode()

    # Then a place is kept for the child while the relation and the address are checked, and why is said.
    reconciliation.reconcile(campaign=campaign, at=close_round(campaign, 2))
    assert browser.get(page).context["state"].code == "held"
    assert [step.code for step in browser.get(f"{page}why/").context["explanation"]][-1] == "held"
    check_all(campaign)
    reconciliation.reconcile(campaign=campaign, at=DAY_AFTER)
    assert browser.get(page).context["state"].code == "place"
    assert "Бекіту мерзімі: 2027 ж. 5" in browser.get(page).content.decode()

    # The department confirms the list: now nothing takes the place away.
    confirm(campaign, districts=["711210000"])
    reconciliation.reconcile(campaign=campaign, at=DAY_AFTER)
    assert browser.get(page).context["state"].code == "confirmed"
    assert "бекітілді" in browser.get(page).content.decode()

    # She withdraws, twice again; it is one withdrawal and the place is free.
    asked = browser.get(f"{page}withdraw/")
    answer = {"retraction": _hidden(asked, "retraction")}
    browser.post(f"{page}withdraw/", answer)
    browser.post(f"{page}withdraw/", answer)
    assert Retraction.objects.count() == 1
    assert browser.get(page).context["state"].code == "withdrawn"
    reconciliation.reconcile(campaign=campaign, at=DAY_AFTER)
    assert not RosterEntry.objects.exists()

    # She signs out; her applications are behind the sign-in again.
    browser.post("/kk/account/sign-out/")
    assert browser.get(page)["Location"].startswith("/kk/account/")


def test_before_the_opening_the_draft_waits(browser: Browser, clock_at: Shown) -> None:
    clock_at(OPENS_AT.replace(hour=2), rate=0)
    intake = IntakeFactory()
    browser.sign_in("early@example.kz")
    url = _fill_in(browser, intake.name)
    check = browser.get(f"{url}check/")
    sent = {"content": _hidden(check, "content"), "year": _hidden(check, "year"), "consent": "1"}

    too_early = browser.post(f"{url}send/", sent)
    clock_at(OPENS_AT, rate=0)
    in_time = browser.post(f"{url}send/", sent)

    assert too_early.status_code == 409
    assert in_time.status_code == 302
    assert Application.objects.get().lodged_at == OPENS_AT


def test_mother_and_grandmother_get_two_receipts_and_see_their_own(
    browser: Browser, clock_at: Shown, settings: Any, signin_settings: ModuleType
) -> None:
    clock_at(DURING, rate=0)
    intake = IntakeFactory()
    grandmother = Browser(settings, signin_settings)
    browser.sign_in("mother@example.kz")
    grandmother.sign_in("grandmother@example.kz")

    receipts = []
    for person in (browser, grandmother):
        url = _fill_in(person, intake.name)
        check = person.get(f"{url}check/")
        sent = {"content": _hidden(check, "content"), "year": _hidden(check, "year"), "consent": "1"}
        receipts.append(person.post(f"{url}send/", sent)["Location"])

    assert receipts[0] != receipts[1]
    assert browser.get(receipts[1]).status_code == 404
    assert grandmother.get(receipts[0]).status_code == 404
    # Both stand behind one claim: the grandmother sees the child's place through her own application.
    campaign = Campaign.objects.get()
    reconciliation.reconcile(campaign=campaign, at=close_round(campaign, 2))
    check_all(campaign)
    reconciliation.reconcile(campaign=campaign, at=DAY_AFTER)
    states = [
        person.get(receipt.replace("receipt/", "")).context["state"].code
        for person, receipt in zip((browser, grandmother), receipts, strict=True)
    ]
    assert states == ["place", "place"]
