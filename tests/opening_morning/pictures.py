"""Pictures of the morning, where there is a Chromium: what families and officials looked at."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import BrowserContext, Error, sync_playwright

from tests.conftest import chromium

_ARGUMENTS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
PHONE, DESKTOP = (360, 740), (1200, 800)


@dataclass(frozen=True)
class Wanted:
    """One picture."""

    name: str
    words: str
    path: str = ""
    """Address below the front."""
    cookies: tuple[tuple[str, str], ...] = ()
    html: str = ""
    """A page as it was received, where it is not there any more."""
    size: tuple[int, int] = DESKTOP


def take(wanted: Iterable[Wanted], *, port: int, to: Path) -> list[tuple[str, str]]:
    """Names of the files below `to`, and what they show; none where there is no browser."""
    program = chromium()
    if program is None:
        return []
    to.mkdir(parents=True, exist_ok=True)
    taken = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=_ARGUMENTS)
        for one in wanted:
            width, height = one.size
            context = browser.new_context(viewport={"width": width, "height": height}, locale="kk")
            try:
                _take(context, one, port=port, to=to)
                taken.append((f"{to.name}/{one.name}.png", one.words))
            except Error as error:
                print(f"no picture of {one.name}: {str(error).splitlines()[0]}")
            finally:
                context.close()
        browser.close()
    return taken


def _take(context: BrowserContext, one: Wanted, *, port: int, to: Path) -> None:
    front = f"http://127.0.0.1:{port}"
    if one.cookies:
        context.add_cookies([{"name": name, "value": value, "url": front} for name, value in one.cookies])
    page = context.new_page()
    if one.html:
        page.set_content(one.html)
    else:
        page.goto(f"{front}{one.path}", wait_until="load")
    page.screenshot(path=to / f"{one.name}.png", full_page=True)
