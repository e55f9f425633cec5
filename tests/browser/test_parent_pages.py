"""
The parents' pages in a real browser: three languages, a phone and a desktop.

Nothing needs JavaScript; nothing breaks the content security policy; nothing runs out of the
screen; axe finds nothing. With `QABYLDAU_SCREENSHOTS=DIR` every page is kept as a picture.
"""

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from enrollment import passes
from enrollment.models import Application, Draft
from schools.models import Intake, RosterEntry
from tests.factories import (
    DURING,
    AccountFactory,
    ApplicationFactory,
    DraftFactory,
    IntakeFactory,
    RosterEntryFactory,
    TerritoryFactory,
    request_form,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
pytest_plugins = ("tests.signin",)

LANGUAGES = ("kk", "ru", "en")
PHONE, DESKTOP = {"width": 360, "height": 740}, {"width": 1280, "height": 900}
ARGUMENTS = [
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-first-run",
]  # fmt: skip


@pytest.fixture(scope="module")
def chromium_browser(chromium_path: str) -> Iterator[Browser]:
    # Playwright's own loop runs in this thread; the tables are asked from it all the same.
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        browser = playwright.chromium.launch(executable_path=chromium_path, args=ARGUMENTS)
        yield browser
        browser.close()


@dataclass(frozen=True)
class Country:
    """What the pages show: a mother with a draft, a place, a number in the reserve, and a withdrawal."""

    cookie: str
    draft: Draft
    placed: Application
    waiting: Application
    full: Intake

    @property
    def pages(self) -> dict[str, str]:
        draft, placed = f"draft/{self.draft.id}", f"applications/{self.placed.number}"
        return {
            "start": "",
            "child": f"{draft}/child/",
            "applicant": f"{draft}/applicant/",
            "address": f"{draft}/address/",
            "school": f"{draft}/school/",
            "check": f"{draft}/check/",
            "receipt": f"{placed}/receipt/",
            "print": f"{placed}/print/",
            "place": f"{placed}/",
            "withdraw": f"{placed}/withdraw/",
            "reserve": f"applications/{self.waiting.number}/",
            "applications": "applications/",
            "status": "status/",
        }


@pytest.fixture
def country(clock_at: Callable[..., None]) -> Country:
    clock_at(DURING)
    mother = AccountFactory()
    intake, full = IntakeFactory(slots="TTTOTTTO"), IntakeFactory(slots="T", language="ru")
    TerritoryFactory(school=intake.school, campaign=intake.campaign)
    placed = ApplicationFactory(account=mother, intake=intake, n=1)
    waiting = ApplicationFactory(account=mother, intake=full, n=2)
    RosterEntryFactory(application=placed)
    RosterEntryFactory(application=ApplicationFactory(intake=full, n=3), slot=0)
    RosterEntryFactory(application=waiting, slot=None, lane="outside")
    assert RosterEntry.objects.count() == 3
    return Country(
        cookie=passes.sealed(passes.new_pass(account_id=mother.pk, language="kk", at=DURING)),
        draft=DraftFactory(
            account=mother, intake=intake, form=request_form(n=4, choices=[full.name]), saved_at=DURING
        ),
        placed=placed,
        waiting=waiting,
        full=full,
    )


def _context(browser: Browser, live_server: Any, cookie: str, **options: Any) -> BrowserContext:
    context = browser.new_context(**options)
    context.add_cookies([{"name": passes.cookie_name(), "value": cookie, "url": live_server.url}])
    return context


def _keep_picture(page: Any, name: str) -> None:
    if directory := os.environ.get("QABYLDAU_SCREENSHOTS"):
        Path(directory).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(directory) / f"{name}.png", full_page=True)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("screen", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_every_page_is_accessible_and_fits(
    language: str, screen: Any, country: Country, chromium_browser: Browser, live_server: Any
) -> None:
    # The policy is lifted for axe alone: it has to be put into the page.
    context = _context(chromium_browser, live_server, country.cookie, viewport=screen, bypass_csp=True)
    page, titles, found = context.new_page(), {}, {}
    for name, path in country.pages.items():
        response = page.goto(f"{live_server.url}/{language}/{path}")
        assert response is not None
        assert response.status == 200, name
        assert page.locator("html").get_attribute("lang") == language
        assert page.evaluate("document.documentElement.scrollWidth") <= screen["width"], name
        titles[name] = page.title()
        _keep_picture(page, f"{name}-{language}-{screen['width']}")
        violations = Axe().run(page).response["violations"]
        if violations:
            found[name] = [(v["id"], [n["target"] for n in v["nodes"]]) for v in violations]
    context.close()

    assert found == {}
    assert len(set(titles.values())) == len(titles), titles


def test_nothing_breaks_the_policy_and_nothing_is_loaded_from_elsewhere(
    country: Country, chromium_browser: Browser, live_server: Any
) -> None:
    context = _context(chromium_browser, live_server, country.cookie, viewport=PHONE)
    page, complaints, foreign = context.new_page(), [], []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("request", lambda r: None if r.url.startswith(live_server.url) else foreign.append(r.url))
    for path in country.pages.values():
        page.goto(f"{live_server.url}/kk/{path}")
        assert page.locator("script").count() == 0
        assert page.locator("[style], style").count() == 0
    context.close()

    assert (complaints, foreign) == ([], [])


def test_a_family_finishes_without_javascript(
    country: Country, chromium_browser: Browser, live_server: Any, clock_at: Callable[..., None]
) -> None:
    clock_at(DURING + timedelta(minutes=3))
    context = _context(
        chromium_browser, live_server, country.cookie, viewport=PHONE, java_script_enabled=False
    )
    page = context.new_page()
    page.goto(f"{live_server.url}/kk/draft/{country.draft.id}/check/")
    page.get_by_role("checkbox").check()
    page.locator("button.button--big").click()
    page.wait_for_url(re.compile(r"/receipt/$"))
    number = Application.objects.get(id=country.draft.id).number
    shown = page.locator(".receipt__number dd").inner_text()
    _keep_picture(page, "sent-kk-360")
    context.close()

    assert shown == number


def test_faults_are_at_the_field_and_in_the_summary(
    country: Country, chromium_browser: Browser, live_server: Any
) -> None:
    context = _context(chromium_browser, live_server, country.cookie, viewport=PHONE, bypass_csp=True)
    page = context.new_page()
    for language in LANGUAGES:
        page.goto(f"{live_server.url}/{language}/draft/{country.draft.id}/child/")
        page.fill("#id_iin", "123456789012")
        page.fill("#id_family_name", "")
        page.locator("main button[type=submit]").click()
        links = page.locator(".error-summary a")
        assert links.count() == 2
        links.first.click()
        assert page.locator(":focus").get_attribute("id") == "id_iin"
        assert page.locator("#id_iin").get_attribute("aria-invalid") == "true"
        assert Axe().run(page).violations_count == 0
        _keep_picture(page, f"faults-{language}-360")
    context.close()


def test_the_dark_scheme_is_readable(country: Country, chromium_browser: Browser, live_server: Any) -> None:
    context = _context(
        chromium_browser, live_server, country.cookie, viewport=PHONE, color_scheme="dark", bypass_csp=True
    )
    page = context.new_page()
    found = {}
    for name in ("start", "school", "check", "receipt", "reserve"):
        page.goto(f"{live_server.url}/ru/{country.pages[name]}")
        _keep_picture(page, f"{name}-dark-360")
        if violations := Axe().run(page).response["violations"]:
            found[name] = [(v["id"], [n["target"] for n in v["nodes"]]) for v in violations]
    context.close()

    assert found == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_signing_in_is_accessible(
    language: str, chromium_browser: Browser, live_server: Any, signin_settings: Any, settings: Any
) -> None:
    settings.ROOT_URLCONF = "config.urls.signin"
    context = chromium_browser.new_context(viewport=PHONE, bypass_csp=True)
    page = context.new_page()
    page.goto(f"{live_server.url}/{language}/account/")
    first, asked = page.title(), Axe().run(page).violations_count
    _keep_picture(page, f"signin-{language}-360")
    page.fill("#id_email", "gulnar@example.kz")
    page.locator("main button[type=submit]").click()
    page.wait_for_url(re.compile(r"/account/code/"))
    page.fill("#id_code", "nonsense")
    page.locator("main button[type=submit]").click()
    page.locator(".error-summary").wait_for()
    _keep_picture(page, f"code-{language}-360")
    answered, second = Axe().run(page).violations_count, page.title()
    context.close()

    assert (asked, answered) == (0, 0)
    assert first != second
