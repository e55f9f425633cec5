"""The demonstration in a real browser: the director's pages, and the five-minute tour on the whole of it."""

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Error, Page, expect, sync_playwright

from cscdesk.demo_country.personas import CHILD, DISTRICT_OFFICIAL, GRANDMOTHER, MOTHER
from tests.demo_run import Demo, director_alone, free_base, whole_demo

pytestmark = pytest.mark.browser

LANGUAGES = ("kk", "ru", "en")
PHONE, DESKTOP = {"width": 360, "height": 740}, {"width": 1280, "height": 900}
ARGUMENTS = [
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-first-run",
]  # fmt: skip
SMS = '{"to": "+77000009001", "text": "Ахметов Алихан: 27-4KQ7-M2XD-W. 1414"}'
MAIL = (
    "Subject: Code to sign in: 123456\nFrom: no-reply@qabyldau.example\nTo: aigerim@example.kz\n\n"
    f"Code to sign in: 123456\n{'-' * 79}\n"
)


@pytest.fixture(scope="module")
def chromium_browser(chromium_path: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def director(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with director_alone(tmp_path_factory.mktemp("director") / "data", free_base()) as demo:
        yield demo


@pytest.fixture
def written_messages(director: Demo) -> Iterator[None]:
    files = {"sms/1.json": SMS, "mail/1.log": MAIL}
    for name, text in files.items():
        path = director.data_dir / "messages" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    yield
    for name in files:
        (director.data_dir / "messages" / name).unlink()


def keep_picture(page: Page, name: str) -> None:
    if directory := os.environ.get("QABYLDAU_SCREENSHOTS"):
        Path(directory).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(directory) / f"{name}.png", full_page=True)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("screen", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_every_page_is_accessible_and_fits(
    language: str, screen: Any, director: Demo, written_messages: None, chromium_browser: Browser
) -> None:
    context = chromium_browser.new_context(viewport=screen)
    page, found = context.new_page(), {}
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))

    for name, path in (("director", ""), ("phone", "phone/?still"), ("empty", "phone/?of=father&still")):
        page.goto(f"{director.director}/{language}/{path}")
        assert page.locator("html").get_attribute("lang") == language
        assert page.evaluate("document.documentElement.scrollWidth") <= screen["width"], name
        keep_picture(page, f"demo-{name}-{language}-{screen['width']}")
        if violations := Axe().run(page).response["violations"]:
            found[name] = [(v["id"], [n["target"] for n in v["nodes"]]) for v in violations]
    context.close()

    assert found == {}
    assert complaints == []


def test_the_page_that_says_what_is_down_is_accessible(director: Demo, chromium_browser: Browser) -> None:
    page = chromium_browser.new_page(viewport=PHONE)
    page.goto(f"{director.director}/en/")
    page.get_by_role("button", name="Clerk: today at the desk").click()

    expect(page.locator("main")).to_contain_text("config.supervisor.control start counter")
    assert Axe().run(page).response["violations"] == []
    page.close()


def test_the_phone_looks_again_by_itself(director: Demo, chromium_browser: Browser) -> None:
    page = chromium_browser.new_page(java_script_enabled=False)
    page.goto(f"{director.director}/en/phone/")
    expect(page.locator(".phone")).to_contain_text("No messages yet")
    late = director.data_dir / "messages" / "mail" / "late.log"
    late.parent.mkdir(parents=True, exist_ok=True)
    late.write_text(MAIL)
    try:
        expect(page.locator(".phone__code")).to_have_text("123456", timeout=8_000)
    finally:
        late.unlink()
    page.close()


# ------------------------------------------------------------------ the tour


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with whole_demo(tmp_path_factory.mktemp("demo") / "data", free_base()) as demo:
        yield demo


def open_director(page: Page, demo: Demo) -> None:
    """It looks again by itself while something starts, and that may come between."""
    for _try in range(5):
        with suppress(Error):
            page.goto(f"{demo.director}/en/")
            return
    page.goto(f"{demo.director}/en/")


def press(page: Page, demo: Demo, name: str) -> None:
    open_director(page, demo)
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
    """The main button of the page's form."""
    page.locator(
        "main form:has([name]:visible) button[type=submit]:visible, main form .button:visible"
    ).last.click()
    page.wait_for_load_state()


def names(full_name: str, prefix: str = "") -> dict[str, str]:
    family, given, patronymic = full_name.split()
    return {f"{prefix}family_name": family, f"{prefix}given_name": given, f"{prefix}patronymic": patronymic}


ADDRESS = {
    "district": CHILD.district,
    "street": CHILD.street_kk,
    "house": CHILD.house,
    "flat": CHILD.flat,
}
BORN = ".".join(reversed(CHILD.birth_date.split("-")))


def tell(page: Page, demo: Demo, label: str, outcome: str) -> None:
    """Press one press of the story and look on until it is done; the page looks again by itself."""
    open_director(page, demo)
    page.get_by_role("button", name=label, exact=True).click()
    after = page.locator("section[aria-labelledby=after]")
    expect(after.locator(".notice--success, .notice--error")).to_contain_text(label, timeout=120_000)
    expect(after.locator(".notice--success")).to_contain_text(outcome, timeout=1_000)


@pytest.mark.slow
def test_the_five_minute_tour_ends_with_one_child_on_the_list(demo: Demo, chromium_browser: Browser) -> None:
    page = chromium_browser.new_page(viewport=DESKTOP)

    # 1. The mother starts an application.
    press(page, demo, "Mother: portal in Kazakh")
    assert page.url == f"{demo.portal}/kk/"
    page.locator("form:has([name=draft]) button").click()
    page.wait_for_load_state()
    for answers in (
        {"iin": CHILD.iin, **names(CHILD.full_name), "birth_date": CHILD.birth_date},
        {"relation": MOTHER.relation, "iin": MOTHER.iin, **names(MOTHER.full_name), "phone": MOTHER.phone},
        ADDRESS,
    ):
        fill(page, **answers)
        go_on(page)
    page.locator("main [name=choice]").first.check(force=True)
    choice = page.locator("main [name=choice]").first.get_attribute("value")
    go_on(page)
    draft = page.url
    assert draft.endswith("/check/")

    # 2. The portal dies.
    press(page, demo, "Kill the portal")
    answer = page.goto(draft)
    assert answer is not None
    assert answer.status == 503
    expect(page.locator("body")).to_contain_text("Портал қазір ашылмай тұр")
    keep_picture(page, "demo-outage")

    # 3. The grandmother goes to the counter.
    press(page, demo, "Grandmother: at the counter")
    assert page.url == f"{demo.counter}/kk/"
    fill(
        page,
        child_iin=CHILD.iin,
        birth_date=BORN,
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
    page.locator("main button[accesskey=s]").click()
    page.wait_for_load_state()
    keep_picture(page, "demo-counter-receipt")
    at_counter = page.locator(".receipt__number dd").inner_text()

    # 4. The portal is back; the draft is as she left it.
    press(page, demo, "Start the portal")
    expect(page.locator("main")).not_to_contain_text("starting", timeout=20_000)
    page.goto(draft)
    page.locator("form[action$='/send/'] input[type=checkbox]").check(force=True)
    page.locator("form[action$='/send/'] button").click()
    page.wait_for_load_state()
    online = page.locator(".receipt__number dd").inner_text()
    assert online != at_counter

    # Far away a desk without a line takes families in; then the day is over: its draw is made, and the list.
    tell(page, demo, "Families come to the far desk", "The centre knows nothing of them")
    tell(page, demo, "Close the day", "The list of round 1 is made")

    # 5. One child, one place.
    press(page, demo, "District official")
    assert page.url == f"{demo.portal}/{DISTRICT_OFFICIAL.language}/officials/"
    school, language = str(choice).split("/")
    rows = page.locator("tr", has_text=re.compile("Ахметов.*Алихан"))
    for _look in range(30):
        page.goto(f"{demo.portal}/kk/officials/rosters/{school}/{language}/")
        if rows.count():
            break
        page.wait_for_timeout(1_000)
    keep_picture(page, "demo-roster")
    assert rows.count() == 1

    # What was looked at is confirmed; the boy holds his place.
    tell(page, demo, "An official checks everything in this district", "has checked addresses and relations")
    tell(page, demo, "Confirm the district", "Round 1 is confirmed")
    keep_picture(page, "demo-confirmed")

    # What came in time and was known too late takes no place away.
    tell(page, demo, "The far desk delivers", "Children who came in time and were known too late")
    steps = page.locator("section[aria-labelledby=after] .notice--success li").all_inner_texts()
    known_late = re.search(r"known too late: (\d+)", " ".join(steps))
    assert known_late
    assert int(known_late[1]) > 0
    page.goto(f"{demo.portal}/kk/officials/districts/{DISTRICT_OFFICIAL.district}/late/")
    assert page.locator("main tbody tr").count() == int(known_late[1])
    keep_picture(page, "demo-late")

    # An operator asks the same demonstration; everything still agrees.
    said = demo.manage("verify", "--campaign", "2027")
    assert "All agrees." in said, said

    # What the family was told.
    page.goto(f"{demo.director}/en/phone/?of=mother")
    expect(page.locator(".phone")).to_contain_text(online, timeout=30_000)
    expect(page.locator(".phone__code").first).to_have_text(re.compile(r"\d{6}"))
    page.goto(f"{demo.director}/en/phone/?of=grandmother")
    expect(page.locator(".phone")).to_contain_text(at_counter, timeout=30_000)
    keep_picture(page, "demo-phone-after-tour")
    page.close()


@pytest.mark.slow
def test_a_cut_line_is_seen_at_the_counter_and_mended(demo: Demo, chromium_browser: Browser) -> None:
    page = chromium_browser.new_page(viewport=DESKTOP)
    press(page, demo, "Cut the line of the desk")
    press(page, demo, "Clerk: today at the desk")
    # An entry rings the courier: it finds the line cut.
    page.locator("form[action$='/open/'] button, form[action$='/close/'] button").first.click()

    for _look in range(40):
        page.goto(f"{demo.counter}/en/today/")
        if page.get_by_text("No line to the centre").count():
            break
        page.wait_for_timeout(500)
    expect(page.locator("body")).to_contain_text("No line to the centre")

    press(page, demo, "Mend the line of the desk")
    for _look in range(140):
        page.goto(f"{demo.counter}/en/today/")
        if page.get_by_text("Line to the centre: up").count():
            break
        page.wait_for_timeout(500)
    expect(page.locator("body")).to_contain_text("Line to the centre: up")
    page.close()
