"""
Officials' pages in a real browser, behind the real sign-in: three languages, a phone and a desktop.

Nothing needs JavaScript; nothing breaks the content security policy; nothing runs out of the
screen; axe finds nothing. With `QABYLDAU_SCREENSHOTS=DIR` every page is kept as a picture.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.core.cache import cache
from playwright.sync_api import Browser, Page, sync_playwright
from pytest_django.live_server_helper import LiveServer

from schools.models import Case, Harmed, Horizon, RosterEntry, RosterState
from schools.services.arrivals import note_arrivals
from schools.services.confirming import confirm_round, propose_annulment
from schools.services.officials import add_official
from tests.schools.officials_country import (
    CLOSING,
    NOW,
    PASSWORD,
    Country,
    a_colleague,
    a_country,
    a_list,
    all_reported,
    code_of,
    officials_process,
    round_one,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LANGUAGES = ("kk", pytest.param("ru", marks=pytest.mark.slow), pytest.param("en", marks=pytest.mark.slow))
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


@pytest.fixture
def country(clock_at: Callable[..., None]) -> Country:
    cache.clear()
    clock_at(NOW, rate=0)
    made = a_country()
    a_list(made)
    round_one(made)
    all_reported(made)
    Horizon.objects.filter(door=str(UUID(int=2))).update(through=None, contact="Дәурен Серік")
    RosterEntry.objects.filter(slot=0).update(is_confirmed=True)
    Harmed.objects.create(
        campaign=made.campaign, round=made.campaign.rounds.get(number=1), district=made.esil,
        intake=made.intake, kind="O", child_key="000000000006", child_name="Кеш Келген",
        application_id=UUID(int=6), application_number="27-4KQ7-0006-W",
    )  # fmt: skip
    return made


def after_the_decisions(country: Country) -> None:
    """The round is confirmed, a place is proposed to be taken back, and the brake is on."""
    Horizon.objects.update(through=CLOSING)
    made = confirm_round(campaign=country.campaign, district=country.esil, official=country.official, at=NOW)
    reason = "Құжат жалған екені анықталды, хат тіркелген."
    propose_annulment(place=made.places.get(), official=a_colleague(country), reason=reason, at=NOW)
    Case.objects.create(
        campaign=country.campaign, kind=Case.Kind.BRAKE, subject=country.esil.kato, district=country.esil,
        opened_at=NOW, detail={"places": {"000000000001": country.intake.name}},
    )  # fmt: skip


@pytest.fixture
def address(country: Country) -> Iterator[str]:
    """Where the officials' process answers; started under its settings, so that it loads its own middleware."""
    with officials_process():
        server = LiveServer("localhost:0")
        yield server.url
        server.stop()


def pages(country: Country) -> dict[str, str]:
    school, language = country.intake.school_id, country.intake.language
    return {
        "start": "",
        "district": f"districts/{country.esil.kato}/",
        "roster": f"rosters/{school}/{language}/",
        "by-name": f"rosters/{school}/{language}/?sort=name",
        "paper": f"rosters/{school}/{language}/print/",
        "search": "search/",
        "cases": "cases/",
        "round": f"districts/{country.esil.kato}/round/",
        "held": f"districts/{country.esil.kato}/held/",
        "must-act": f"districts/{country.esil.kato}/must-act/",
        "late": f"districts/{country.esil.kato}/late/",
        "code": f"districts/{country.esil.kato}/closing-code/",
        "stopped": f"districts/{country.esil.kato}/stopped/",
        "places": f"rosters/{school}/{language}/places/",
        "grant": f"rosters/{school}/{language}/{UUID(int=4)}/grant/",
        "missing": "districts/999999999/",
    }


def sign_in(page: Page, address: str, *, language: str = "kk", email: str = "esil@example.kz") -> None:
    page.goto(f"{address}/{language}/officials/")
    page.fill("#id_login", email)
    page.fill("#id_password", PASSWORD)
    page.locator("main button[type=submit]").first.click()
    page.fill("#id_code", code_of())
    page.locator("main button[type=submit]").first.click()


def keep_picture(page: Page, name: str) -> None:
    if directory := os.environ.get("QABYLDAU_SCREENSHOTS"):
        Path(directory).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(directory) / f"officials-{name}.png", full_page=True)


def judge(page: Page, name: str, found: dict[str, Any], *, language: str, screen: dict[str, int]) -> None:
    assert page.locator("html").get_attribute("lang") == language
    assert page.evaluate("document.documentElement.scrollWidth") <= screen["width"], name
    keep_picture(page, f"{name}-{language}-{screen['width']}")
    violations = Axe().run(page).response["violations"]
    if violations:
        found[name] = [(v["id"], [n["target"] for n in v["nodes"]]) for v in violations]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("screen", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_every_page_is_accessible_and_fits(
    language: str, screen: Any, country: Country, chromium_browser: Browser, address: str
) -> None:
    found: dict[str, Any] = {}
    # The policy is lifted for axe alone: it has to be put into the page.
    context = chromium_browser.new_context(viewport=screen, bypass_csp=True)
    page = context.new_page()
    page.goto(f"{address}/{language}/officials/")
    judge(page, "sign-in", found, language=language, screen=screen)
    sign_in(page, address, language=language)
    assert page.url == f"{address}/{language}/officials/"
    for name, path in pages(country).items():
        response = page.goto(f"{address}/{language}/officials/{path}")
        assert response is not None
        assert response.status == (404 if name == "missing" else 200), name
        judge(page, name, found, language=language, screen=screen)
    page.goto(f"{address}/{language}/officials/search/")
    page.fill("#id_text", "Әбенов")
    page.locator("main button[type=submit]").click()
    judge(page, "found", found, language=language, screen=screen)
    after_the_decisions(country)
    RosterEntry.objects.filter(slot=3).update(is_confirmed=True)
    annul = f"rosters/{country.intake.school_id}/{country.intake.language}/{UUID(int=3)}/annul/"
    for name, path in {
        "round": pages(country)["round"],
        "stopped": pages(country)["stopped"],
        "annul": annul,
    }.items():
        page.goto(f"{address}/{language}/officials/{path}")
        judge(page, f"{name}-after", found, language=language, screen=screen)
    RosterState.objects.update(round=None, closing_at=None)
    note_arrivals(campaign=country.campaign, counts={country.intake.name: (5, 2)})
    for name in ("start", "district", "roster", "round"):
        page.goto(f"{address}/{language}/officials/{pages(country)[name]}")
        judge(page, f"{name}-before", found, language=language, screen=screen)
    context.close()

    assert found == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_first_sign_in_is_accessible_and_ends_at_the_lists(
    language: str, country: Country, chromium_browser: Browser, address: str
) -> None:
    add_official(email="new@example.kz", full_name="Жаңа", district=country.esil, password=PASSWORD, at=NOW)
    found: dict[str, Any] = {}
    context = chromium_browser.new_context(viewport=PHONE, bypass_csp=True)
    page = context.new_page()
    page.goto(f"{address}/{language}/officials/")
    page.fill("#id_login", "new@example.kz")
    page.fill("#id_password", "wrong")
    page.locator("main button[type=submit]").first.click()
    judge(page, "wrong-password", found, language=language, screen=PHONE)
    page.fill("#id_password", PASSWORD)
    page.locator("main button[type=submit]").first.click()
    judge(page, "own-password", found, language=language, screen=PHONE)
    page.fill("#id_new_password1", "short")
    page.fill("#id_new_password2", "short")
    page.locator("main button[type=submit]").first.click()
    judge(page, "short-password", found, language=language, screen=PHONE)
    page.fill("#id_new_password1", "ozimnin-qupiya-sozim")
    page.fill("#id_new_password2", "ozimnin-qupiya-sozim")
    page.locator("main button[type=submit]").first.click()
    judge(page, "set-up", found, language=language, screen=PHONE)
    page.fill("#id_code", code_of(page.locator("code").inner_text()))
    page.locator("main button[type=submit]").first.click()
    ended_at = page.url
    context.close()

    assert ended_at == f"{address}/{language}/officials/"
    assert found == {}


def test_it_works_without_javascript_within_the_policy_and_loads_nothing_from_elsewhere(
    country: Country, chromium_browser: Browser, address: str
) -> None:
    context = chromium_browser.new_context(viewport=DESKTOP, java_script_enabled=False)
    page = context.new_page()
    complaints: list[str] = []
    foreign: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("request", lambda r: None if r.url.startswith((address, "data:")) else foreign.append(r.url))
    sign_in(page, address)
    for name, path in pages(country).items():
        if name != "missing":
            page.goto(f"{address}/kk/officials/{path}")
        assert page.locator("script, style, [style]").count() == 0, name
    page.goto(f"{address}/kk/officials/")
    page.locator(".nav__end button").click()
    ended_at = page.url
    context.close()

    assert (complaints, foreign) == ([], [])
    assert ended_at == f"{address}/kk/officials/account/login/"
