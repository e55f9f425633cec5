"""Parents before the portal: every step through the real pages, by anybody's browser."""

import email
import email.policy
import random
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path

from schools import clock
from tests.opening_morning.book import Book, Receipt
from tests.opening_morning.browser import Browser, Form, NoAnswer, Page
from tests.opening_morning.families import Wish
from tests.opening_morning.stage import DidNotHappen

NUMBER = re.compile(r'receipt__number">.*?<dd>([0-9A-Z-]{14})</dd>', re.DOTALL)
PRINTED = re.compile(r'<time datetime="([^"]+)"')
OUTAGE_WORDS = {
    "kk": "Портал қазір ашылмай тұр",
    "ru": "Портал сейчас не открывается",
    "en": "The portal is not opening right now",
}


class Mailbox:
    """
    The mails that were sent, as files.

    Django names a file by the second and by its backend's address in memory, so two mails of one
    second may stand in one file, one after the other.
    """

    _END = b"\n" + b"-" * 79 + b"\n"

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._read: dict[Path, int] = {}
        """How many mails of a file are known."""
        self._codes: dict[str, list[str]] = {}
        self._lock = threading.Lock()

    def codes(self, to: str) -> list[str]:
        """All codes that went to an address, oldest first."""
        with self._lock:
            for path in sorted(self.directory.glob("*.log"), key=lambda p: p.stat().st_mtime_ns):
                mails = path.read_bytes().split(self._END)[:-1]
                for mail in mails[self._read.get(path, 0) :]:
                    self._note(mail)
                self._read[path] = len(mails)
            return list(self._codes.get(to, []))

    def _note(self, mail: bytes) -> None:
        message = email.message_from_bytes(mail.lstrip(), policy=email.policy.default)
        body = message.get_body()
        code = re.search(r"\b(\d{6})\b", body.get_content() if body is not None else "")
        if code:
            self._codes.setdefault(str(message["To"]), []).append(code[1])


def receipt_on(page: Page) -> tuple[str, datetime] | None:
    """Number and time of the receipt that a page shows."""
    number, printed = NUMBER.search(page.text), PRINTED.search(page.text)
    if page.status != 200 or number is None or printed is None:
        return None
    return number[1], datetime.fromisoformat(printed[1])


@dataclass
class Parent:
    """One parent with one wish."""

    wish: Wish
    port: int
    mail: Mailbox
    book: Book
    chance: random.Random
    form: Form | None = None
    """The button “send” of the checked draft."""
    pressed_at: datetime | None = None
    browser: Browser = field(init=False)

    def __post_init__(self) -> None:
        self.browser = Browser(self.port, address=self.wish.loopback)

    # ------------------------------------------------------------ before

    def sign_in(self) -> None:
        """By the code in the mail."""
        before = len(self.mail.codes(self.wish.email))
        page = self._page(lambda: self.browser.get(f"/{self.wish.language}/account/"))
        if not any("email" in form.fields for form in page.forms):
            return  # the session outlived the pass: a fresh pass was handed out on the way
        asked = self._page(lambda: self.browser.submit(page.form(having="email"), email=self.wish.email))
        code = self._code(before)
        page = self._page(lambda: self.browser.submit(asked.form(having="code"), code=code))
        if page.status != 200 or any("code" in form.fields for form in page.forms):
            raise DidNotHappen(f"{self.wish.key} cannot sign in: {page.words()[:300]}")

    def _code(self, before: int) -> str:
        until = time.monotonic() + 10
        while time.monotonic() < until:
            codes = self.mail.codes(self.wish.email)
            if len(codes) > before:
                return codes[-1]
            time.sleep(0.05)
        raise DidNotHappen(f"no mail came to {self.wish.email}")

    def prepare(self) -> None:
        """Fill in everything, page by page, up to the button “send”."""
        wish = self.wish
        page = self._page(lambda: self.browser.get(f"/{wish.language}/"))
        start = page.form(having="draft")
        page = self._page(lambda: self.browser.submit(start))
        for answers in (
            {"iin": wish.child.iin, **_names(wish.child), "birth_date": wish.child.birth_date.isoformat()},
            {
                "relation": wish.relation,
                "iin": wish.applicant.iin,
                **_names(wish.applicant),
                "phone": wish.phone,
                "language": wish.language,
            },
            {
                "district": wish.address.district,
                "street": wish.address.street,
                "house": str(wish.address.house),
                "flat": str(wish.address.flat),
            },
            {"choice": wish.choice},
        ):
            form = next(f for f in page.forms if f.method == "post" and _asks(f, answers))
            page = self._page(partial(self.browser.submit, form, **answers))
            if page.status != 200:
                raise DidNotHappen(f"{wish.key} is not understood: {page.status} {page.words()[:500]}")
        self.form = page.form(action="/send/")

    def _page(self, call: Callable[[], Page]) -> Page:
        """Before the opening nothing is broken: an answer must come, if need be at the third try."""
        for _try in range(3):
            try:
                page = call()
            except NoAnswer:
                time.sleep(0.3)
                continue
            if page.status < 500:
                return page
            time.sleep(0.5)
        raise DidNotHappen(f"{self.wish.key} gets no page")

    # ------------------------------------------------------------- sending

    def press(self, browser: Browser | None = None) -> Receipt | None:
        """Press “send” once; the receipt, where one is shown."""
        assert self.form is not None
        browser = browser or self.browser
        self.pressed_at = self.pressed_at or clock.now()
        self.book.count("presses")
        try:
            page = browser.submit(self.form, consent="1")
        except NoAnswer:
            self.book.count("cut")
            return None
        found = receipt_on(page)
        if found is None:
            self._no_receipt(page)
            return None
        number, printed_at = found
        return self.book.shown(
            wish=self.wish, door="portal", number=number, printed_at=printed_at, pressed_at=self.pressed_at
        )

    def _no_receipt(self, page: Page) -> None:
        if page.status == 503:
            self.book.count("outage_pages")
            if (
                OUTAGE_WORDS[self.wish.language] not in page.text
                or f'lang="{self.wish.language}"' not in page.text
            ):
                self.book.breach(f"the outage page does not speak to {self.wish.key} ({self.wish.language})")
        elif page.status == 409:
            self.book.count("not_yet")
        else:
            self.book.count(f"status_{page.status}")
            if page.status < 500:
                self.book.breach(f"{self.wish.key} sent and got {page.status}: {page.words()[:200]}")

    def send(self, *, until: float) -> None:
        """Press until a receipt is shown, as people do; some press twice, some from two tabs."""
        habit = self.chance.random()
        while time.monotonic() < until:
            receipt = self._press_at_once(2) if habit < 0.25 else self.press()
            if receipt is not None:
                break
            time.sleep(self.chance.uniform(0.15, 0.6))
        else:
            return
        if habit > 0.6:
            time.sleep(self.chance.uniform(0.1, 1.5))
            self.press()

    def _press_at_once(self, times: int) -> Receipt | None:
        """A double click, or the same page in two tabs."""
        self.pressed_at = clock.now() if self.pressed_at is None else self.pressed_at
        found: list[Receipt | None] = []
        tabs = [
            threading.Thread(target=lambda: found.append(self.press(self.browser.again())))
            for _n in range(times)
        ]
        for tab in tabs:
            tab.start()
        for tab in tabs:
            tab.join()
        return next(filter(None, found), None)

    # ------------------------------------------------------------ afterwards

    def withdraw(self, number: str) -> bool:
        """End what was sent; pressed until the page says so."""
        path = f"/{self.wish.language}/applications/{number}/withdraw/"
        for _try in range(40):
            if self.book.over.is_set():
                break
            try:
                page = self.browser.get(path)
                if page.status == 200 and any("retraction" in form.fields for form in page.forms):
                    page = self.browser.submit(page.form(having="retraction"))
                if page.status == 200 and page.url.endswith(f"{number}/"):
                    return True
            except NoAnswer:
                pass
            time.sleep(0.3)
        return False


def _names(person: object) -> dict[str, str]:
    return {
        "family_name": getattr(person, "family_name", ""),
        "given_name": getattr(person, "given_name", ""),
    }


def _asks(form: Form, answers: dict[str, str]) -> bool:
    """Whether a form is the one for these answers; a list of schools may offer none of them on its first page."""
    names = form.fields.keys() | form.offered.keys()
    return set(answers) <= names or (set(answers) == {"choice"} and form.action.endswith("/school/"))
