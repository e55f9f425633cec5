"""
Officials' pages about applications in a real browser: three languages, a phone and a desktop, light and dark.

Nothing needs JavaScript, nothing runs out of the screen, axe finds nothing. With
`QABYLDAU_SCREENSHOTS=DIR` every page is kept as a picture.
"""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.test import Client
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from enrollment.models import Retraction
from enrollment.services import checking
from schools.models import Case
from tests.browser.test_officials_pages import (
    DESKTOP,
    LANGUAGES,
    PHONE,
    chromium_browser,
    judge,
)
from tests.enrollment.test_checking import another_wish
from tests.factories import ApplicationFactory, IntakeFactory, RosterEntryFactory
from tests.schools.officials_country import NOW, Country, a_country, officials_process, signed_in

__all__ = ["chromium_browser"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
REASON = "Ата-аналардың келісімі, 2027-04-02"


@pytest.fixture
def country(clock_at: Callable[..., None]) -> Country:
    cache.clear()
    clock_at(NOW, rate=0)
    made = a_country()
    for n in range(3):
        application = ApplicationFactory(intake=made.intake)
        held_for = ["relation", "address"] if n else ["address"]
        RosterEntryFactory(application=application, slot=n, held_for=held_for, is_held=True)
    mother = ApplicationFactory(intake=made.intake, is_proven=True)
    another_wish(mother, intake=made.abroad, is_proven=True)
    _one_child_twice(made)
    _a_void(made)
    with officials_process():
        checking.open_matters(at=NOW)
        checking.open_near_duplicates(at=NOW)
    return made


def _one_child_twice(country: Country) -> None:
    by_iin = ApplicationFactory(intake=country.intake)
    document = {"type": "passport", "country": "UZ", "number": "AB 123"}
    form = {**by_iin.form, "child": {**by_iin.form["child"], "iin": None, "document": document}}
    other = IntakeFactory(campaign=country.campaign, school=country.intake.school, language="ru")
    ApplicationFactory(intake=other, form={**form, "choices": [other.name]}, child_key="PASSPORT:UZ:AB123")


def _a_void(country: Country) -> None:
    void = Retraction.objects.create(
        id=uuid4(), kind="void", campaign=country.campaign, application_number="27-4KQ7-M2XD-W",
        reason="Басқа баланың мәліметі", is_verified=False, door="desk", desk=uuid4(), seq=3,
        lodged_at=NOW, received_at=NOW,
    )  # fmt: skip
    Case.objects.create(
        campaign=country.campaign,
        kind=Case.Kind.VOID,
        subject=str(void.id),
        district=country.esil,
        detail={"number": void.application_number},
        opened_at=NOW,
    )


@pytest.fixture
def address(country: Country) -> Iterator[str]:
    with officials_process():
        server = LiveServer("localhost:0")
        yield server.url
        server.stop()


def cookies_of(client: Client, address: str) -> list[Any]:
    return [{"name": name, "value": morsel.value, "url": address} for name, morsel in client.cookies.items()]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("screen", "colours"),
    [
        (PHONE, "light"),
        pytest.param(DESKTOP, "light", marks=pytest.mark.slow),
        pytest.param(PHONE, "dark", marks=pytest.mark.slow),
        (DESKTOP, "dark"),
    ],
    ids=["phone", "desktop", "phone in the dark", "desktop in the dark"],
)
def test_every_page_is_accessible_and_fits(
    language: str, screen: Any, colours: Any, country: Country, chromium_browser: Browser, address: str
) -> None:
    context = chromium_browser.new_context(
        viewport=screen, color_scheme=colours, java_script_enabled=True, bypass_csp=True
    )
    context.add_cookies(cookies_of(signed_in(country.official), address))
    page = context.new_page()
    found: dict[str, Any] = {}

    def look(name: str) -> None:
        judge(page, f"{name}-{colours}", found, language=language, screen=screen)

    root = f"{address}/{language}/officials/"
    _walk_checks(page, root, look)
    _walk_cases(page, root, look)
    context.close()

    assert found == {}


def _walk_checks(page: Page, root: str, look: Callable[[str], None]) -> None:
    page.goto(f"{root}checks/")
    look("checks")
    page.goto(f"{root}checks/?what=arrivals")
    look("arrivals")
    page.goto(f"{root}checks/")
    page.locator("button[value$=':address:differs']").first.click()
    look("check-differs")
    page.locator("main form button[type=submit]").click()
    look("check-faults")
    page.goto(f"{root}checks/")
    page.locator("button[value='all:agrees']").click()
    look("check-all")
    page.fill("#id_basis", "Мекенжай тізілімі")
    page.locator("main form button[type=submit]").click()
    look("checks-recorded")


def _walk_cases(page: Page, root: str, look: Callable[[str], None]) -> None:
    for case in Case.objects.exclude(kind=Case.Kind.CHECK_DIFFERS).order_by("kind"):
        page.goto(f"{root}cases/{case.pk}/")
        look(f"case-{case.kind}")
        page.locator("main input[type=radio]").first.check()
        page.fill("#id_reason", REASON)
        page.locator("main form button[type=submit]").click()
        look(f"case-{case.kind}-asked")
        page.locator("main form button[type=submit]").click()
        look(f"case-{case.kind}-settled")
        case.refresh_from_db()
        assert case.closed_at is not None
