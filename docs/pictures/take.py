"""
Takes the pictures of the README and of the handbooks from a demonstration that runs.

    make run                                                  (in another window)
    .venv/bin/python docs/pictures/take.py [PORT_BASE]        (8000 unless told)

On a demonstration that has just begun: first `make reset`. Needs Chromium (CHROMIUM names another one) and
the development packages. It plays the mother, the clerk and the official from the first morning to the
confirmed list, kills the portal for a moment and cuts the desk's line over the closing.
`pngquant`, where it is installed, makes the files small.
"""

import os
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from playwright.sync_api import Browser, Error, Page, sync_playwright

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

from cscdesk.demo_country.personas import CHILD, GRANDMOTHER, MOTHER  # noqa: E402 (the path comes first)

BASE = int(sys.argv[1]) if len(sys.argv) > 1 else 8000
PORTAL, COUNTER, DIRECTOR = (f"http://localhost:{BASE + offset}" for offset in (0, 100, 4))
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
ARGUMENTS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run"]
PHONE, DESKTOP = {"width": 360, "height": 760}, {"width": 1280, "height": 800}
OFFICE = {"width": 1280, "height": 1000}
HANDBOOKS = ("kk", "ru")
ADDRESS = {
    "district": CHILD.district,
    "street": CHILD.street_kk,
    "house": CHILD.house,
    "flat": CHILD.flat,
}


def new_page(browser: Browser, *, language: str, screen: dict[str, int]) -> Page:
    context = browser.new_context(
        viewport={"width": screen["width"], "height": screen["height"]},
        locale=language,
        device_scale_factor=2 if screen is PHONE else 1,
    )
    return context.new_page()


def keep(page: Page, name: str, *, top: str = "") -> None:
    """One picture of what is in sight; `top` is the element to begin with."""
    if top:
        page.locator(top).first.evaluate(
            "e => window.scrollTo(0, e.getBoundingClientRect().top + scrollY - 12)"
        )
    page.evaluate("document.activeElement && document.activeElement.blur()")
    page.evaluate("document.fonts.ready")
    path = HERE / f"{name}.png"
    page.screenshot(path=path)
    if pngquant := shutil.which("pngquant"):
        command = [pngquant, "--force", "--strip", "--speed", "1", "--output", str(path), "128", str(path)]
        subprocess.run(command, check=True)
    print(f"{path.name}: {path.stat().st_size // 1024} KB")


def open_director(page: Page) -> None:
    """It looks again by itself while something starts, and that may come between."""
    for _try in range(5):
        with suppress(Error):
            page.goto(f"{DIRECTOR}/en/")
            return
    page.goto(f"{DIRECTOR}/en/")


def press(page: Page, name: str) -> None:
    open_director(page)
    page.get_by_role("button", name=name).first.click()
    page.wait_for_load_state()


def fill(page: Page, **answers: str) -> None:
    for name, value in answers.items():
        field = page.locator(f"main [name={name}]").first
        if field.evaluate("e => e.tagName") == "SELECT":
            field.select_option(value)
        elif field.get_attribute("type") == "radio":
            page.locator(f"main [name={name}][value='{value}']").check(force=True)
        else:
            field.fill(value)


def go_on(page: Page) -> None:
    page.locator(
        "main form:has([name]:visible) button[type=submit]:visible, main form .button:visible"
    ).last.click()
    page.wait_for_load_state()


def names(full_name: str, prefix: str = "") -> dict[str, str]:
    family, given, patronymic = full_name.split()
    return {f"{prefix}family_name": family, f"{prefix}given_name": given, f"{prefix}patronymic": patronymic}


def take_the_portal(browser: Browser) -> str:
    """From the start to the receipt; gives the school and language the mother chose."""
    page = new_page(browser, language="kk", screen=PHONE)
    page.goto(f"{PORTAL}/kk/")
    keep(page, "start-kk-360")
    press(page, "Mother: portal in Kazakh")
    page.locator("form:has([name=draft]) button").first.click()
    page.wait_for_load_state()
    fill(page, iin=CHILD.iin, **names(CHILD.full_name), birth_date=CHILD.birth_date)
    go_on(page)
    fill(page, relation=MOTHER.relation, iin=MOTHER.iin, **names(MOTHER.full_name), phone=MOTHER.phone)
    go_on(page)
    fill(page, **ADDRESS)
    go_on(page)
    page.locator("main [name=choice]").first.check(force=True)
    choice = str(page.locator("main [name=choice]").first.get_attribute("value"))
    keep(page, "school-kk-360", top="h1")
    go_on(page)
    check = page.url
    page.goto(check.replace("/kk/", "/ru/"))
    keep(page, "check-ru-360", top="h1")
    page.goto(check)
    page.locator("form[action$='/send/'] input[type=checkbox]").check(force=True)
    page.locator("form[action$='/send/'] button").click()
    page.wait_for_load_state()
    keep(page, "receipt-kk-360", top=".receipt")
    page.context.close()
    return choice


def take_the_counter(browser: Browser, *, choice: str) -> None:
    page = new_page(browser, language="kk", screen={"width": 1280, "height": 1180})
    press(page, "Grandmother: at the counter")
    page.goto(f"{COUNTER}/kk/")
    fill(
        page,
        child_iin=CHILD.iin,
        birth_date=".".join(reversed(CHILD.birth_date.split("-"))),
        **names(CHILD.full_name, "child_"),
        **ADDRESS,
        applicant_iin=GRANDMOTHER.iin,
        **names(GRANDMOTHER.full_name, "applicant_"),
        relation=GRANDMOTHER.relation,
        phone=GRANDMOTHER.phone,
    )
    page.locator("[name=find]").click()
    page.wait_for_load_state()
    page.locator(f"main [name=choice][value='{choice}']").check(force=True)
    page.evaluate("scrollTo(0, 0)")
    keep(page, "counter-kk-1280")
    page.locator("main button[accesskey=s]").click()
    page.wait_for_load_state()
    page.context.close()


def take_the_draw(browser: Browser) -> None:
    page = new_page(browser, language="kk", screen=PHONE)
    page.goto(f"{PORTAL}/kk/draw/")
    keep(page, "draw-kk-360", top="h2#steps")
    page.context.close()


def take_the_answer(browser: Browser) -> None:
    """What the mother sees when the day is over, and why."""
    page = new_page(browser, language="kk", screen=PHONE)
    press(page, "Mother: portal in Kazakh")
    page.goto(f"{PORTAL}/kk/applications/")
    page.locator("main a[href*='/kk/applications/27-']").first.click()
    page.wait_for_load_state()
    keep(page, "answer-kk-360", top="h1")
    page.goto(page.url + "why/")
    keep(page, "why-kk-360", top="h1")
    page.context.close()


def take_the_districts_day(browser: Browser, *, choice: str) -> None:
    """From the checks to the list of those known too late; the desk is dark until its code was read."""
    page = new_page(browser, language="ru", screen=OFFICE)
    press(page, "District official")
    district = f"officials/districts/{CHILD.district}"
    for language in HANDBOOKS:
        page.goto(f"{PORTAL}/{language}/officials/checks/")
        keep(page, f"checks-{language}-1280", top="h1")
        page.goto(f"{PORTAL}/{language}/{district}/round/")
        keep(page, f"round-dark-{language}-1280", top="h1")
    tell(page, "An official checks everything in this district")
    press(page, "Mend the line of the desk")
    tell(page, "Confirm the district")
    tell(page, "The far desk delivers")
    for language in HANDBOOKS:
        page.goto(f"{PORTAL}/{language}/{district}/round/")
        keep(page, f"round-{language}-1280", top="h1")
        page.goto(f"{PORTAL}/{language}/{district}/must-act/")
        keep(page, f"must-act-{language}-1280", top="h1")
        page.goto(f"{PORTAL}/{language}/{district}/late/")
        keep(page, f"late-{language}-1280", top="h1")
    page.goto(f"{PORTAL}/ru/officials/rosters/{choice}/")
    keep(page, "roster-ru-1280", top="h1")
    page.context.close()


def take_the_closing_code(browser: Browser) -> None:
    page = new_page(browser, language="kk", screen=DESKTOP)
    press(page, "Clerk: today at the desk")
    for language in HANDBOOKS:
        page.goto(f"{COUNTER}/{language}/closing-code/")
        keep(page, f"closing-code-{language}-1280")
    page.context.close()


def take_the_outage(browser: Browser) -> None:
    page = new_page(browser, language="kk", screen=PHONE)
    press(page, "Kill the portal")
    try:
        page.goto(f"{PORTAL}/kk/")
        keep(page, "outage-kk-360")
    finally:
        press(page, "Start the portal")
    page.context.close()


def tell(page: Page, label: str) -> None:
    """One press of the story, until it is done."""
    open_director(page)
    page.get_by_role("button", name=label, exact=True).click()
    page.locator("section[aria-labelledby=after] .notice--success").wait_for(timeout=120_000)


def main() -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        choice = take_the_portal(browser)
        take_the_outage(browser)
        page = new_page(browser, language="en", screen=DESKTOP)
        open_director(page)
        keep(page, "director-en-1280")
        tell(page, "Families come to the far desk")
        press(page, "Cut the line of the desk")
        take_the_counter(browser, choice=choice)
        tell(page, "Close the day")
        take_the_draw(browser)
        take_the_answer(browser)
        take_the_closing_code(browser)
        take_the_districts_day(browser, choice=choice)
        browser.close()


if __name__ == "__main__":
    main()
