"""The draw and the rule in a real browser: three languages, both screens, light and dark, no JavaScript."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from enrollment import draw
from enrollment.services.draws import commit_draw, enter_public_value, make_due_seeds
from tests.browser.test_parent_pages import ARGUMENTS, DESKTOP, LANGUAGES, PHONE, _keep_picture
from tests.country import OPENING, make_country

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TOKEN = draw.child_token(key=b"\x0a" * 32, child_key="190401599990")
TWO_DAYS_LATER = OPENING + timedelta(days=2)


@pytest.fixture(scope="module")
def chromium_browser(chromium_path: str) -> Iterator[Browser]:
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        browser = playwright.chromium.launch(executable_path=chromium_path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def drawn(settings: Any, clock_at: Callable[..., None]) -> str:
    """The public value of day one, which is drawn; day two waits, day three goes on."""
    settings.DRAW_KEY, settings.DRAW_CHAIN_SECRET = "0a" * 32, "5e" * 32
    campaign = make_country()
    commit_draw(campaign=campaign, public_source="Ұлттық лотерея", length=200, at=OPENING - timedelta(days=1))
    enter_public_value(
        campaign=campaign, date=date(2027, 4, 1), value="17 4 22", entered_by=["A. One", "B. Two"],
        at=TWO_DAYS_LATER,
    )  # fmt: skip
    assert make_due_seeds(at=TWO_DAYS_LATER) == 1
    clock_at(TWO_DAYS_LATER, rate=0)
    return "17 4 22"


def _faults(page: Page, *, width: int) -> list[object]:
    found: list[object] = [
        (v["id"], [n["target"] for n in v["nodes"]]) for v in Axe().run(page).response["violations"]
    ]
    if page.evaluate("document.documentElement.scrollWidth") > width:
        found.append("runs out of the screen")
    return found


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("screen", "scheme"), [(PHONE, "light"), (DESKTOP, "dark")], ids=["phone-light", "desktop-dark"]
)
def test_the_draw_and_the_rule_are_accessible_and_fit(
    language: str, screen: Any, scheme: Any, drawn: str, chromium_browser: Browser, live_server: Any
) -> None:
    # The policy is lifted for axe alone: it has to be put into the page.
    context = chromium_browser.new_context(viewport=screen, color_scheme=scheme, bypass_csp=True)
    page, found, width = context.new_page(), {}, screen["width"]

    def look(name: str) -> None:
        _keep_picture(page, f"{name}-{language}-{width}-{scheme}")
        if faults := _faults(page, width=width):
            found[name] = faults

    page.goto(f"{live_server.url}/{language}/draw/")
    assert drawn in page.locator("table").inner_text()
    look("draw")
    page.fill("#id_token", "no token")
    page.locator("main button[type=submit]").click()
    page.locator(".error-summary").wait_for()
    look("draw-fault")
    page.fill("#id_token", TOKEN.hex())
    page.locator("main button[type=submit]").click()
    page.locator(".error-summary").wait_for(state="detached")
    look("draw-number")
    page.goto(f"{live_server.url}/{language}/rules/")
    look("rules")
    context.close()

    assert found == {}


def test_a_family_computes_its_number_without_javascript_and_without_complaints(
    drawn: str, chromium_browser: Browser, live_server: Any
) -> None:
    context = chromium_browser.new_context(viewport=PHONE, java_script_enabled=False)
    page, complaints = context.new_page(), []
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(f"{live_server.url}/kk/")
    page.locator("footer a[href='/kk/draw/']").click()
    page.fill("#id_token", TOKEN.hex())
    page.locator("main button[type=submit]").click()
    page.wait_for_selector("a.back")
    address, shown = page.url, page.locator("main").inner_text()
    context.close()

    assert drawn in shown
    assert TOKEN.hex() in shown
    assert address == f"{live_server.url}/kk/draw/"
    assert complaints == []
