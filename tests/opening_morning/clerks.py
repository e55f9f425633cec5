"""Clerks at their counters: every entry through the real pages of the counter's own program."""

import json
import random
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from schools import clock
from tests.opening_morning.book import Book, Receipt
from tests.opening_morning.browser import Browser, Form, NoAnswer, Page
from tests.opening_morning.families import Wish
from tests.opening_morning.parents import receipt_on
from tests.opening_morning.stage import DidNotHappen

CLERK, PASSWORD = "story-1", "Morning-of-the-story-27"
PATIENCE_S = 45.0
NOT_YET, NOT_YET_S = "Applications are taken from", 30.0


@dataclass
class Clerk:
    """One clerk at one counter; one family at a time."""

    name: str
    port: int
    book: Book
    chance: random.Random
    browser: Browser = field(init=False)
    doom: Callable[[], None] | None = None
    """Happens once, on its own thread, as soon as the next entry is handed in."""
    pages: dict[str, str] = field(default_factory=dict)
    """Address of the counter's own page of a receipt, by number."""

    def __post_init__(self) -> None:
        self.browser = Browser(self.port)

    def sign_in(self) -> None:
        page = self._page(lambda: self.browser.get("/en/"))
        if any("password" in form.fields for form in page.forms):
            form = page.form(having="password")
            page = self._page(lambda: self.browser.submit(form, code=CLERK, password=PASSWORD))
        if not any("child_iin" in form.fields for form in page.forms):
            raise DidNotHappen(f"the clerk cannot work at {self.name}: {page.words()[:300]}")

    def open_desk(self) -> None:
        """In the morning: the counter tells the centre, and learns from it what time it is."""
        self._hours("open")

    def close_desk(self) -> None:
        self._hours("close")

    def _hours(self, what: str) -> None:
        page = self._page(lambda: self.browser.get("/en/"))
        forms = [form for form in page.forms if form.action.endswith(f"/{what}/")]
        if forms:
            self._page(lambda: self.browser.submit(forms[0]))

    # --------------------------------------------------------------- entries

    def lodge(self, wish: Wish, *, key: str = "") -> Receipt:
        """A family's request; sent again until its receipt is seen, whatever happens to the counter."""
        page = self._page(lambda: self.browser.get("/en/"))
        return self._entered(page.form(having="child_iin"), wish, key=key)

    def correct(self, receipt: Receipt, wish: Wish) -> Receipt:
        """Another application in place of one made here."""
        page = self._page(lambda: self.browser.get(f"{self.pages[receipt.number]}correct/"))
        made = self._entered(page.form(having="child_iin"), wish)
        receipt.state = "replaced"
        made.replaces = receipt.number
        is_same = (receipt.wish.child.iin, receipt.wish.choice) == (wish.child.iin, wish.choice)
        made.keeps_time_of = receipt.number if is_same else ""
        return made

    def void(self, receipt: Receipt, *, reason: str) -> None:
        """Cancel what was entered here by mistake."""
        page = self._page(lambda: self.browser.get(f"{self.pages[receipt.number]}void/"))
        form = page.form(having="reason")
        self._done(form, reason=reason, code="")

    def withdraw(self, number: str, *, person: str, code: str) -> None:
        """A family takes its application back."""
        page = self._page(lambda: self.browser.get(f"/en/withdraw/{number}/"))
        self._done(page.form(having="entry_id"), person=person, code=code)

    def ask_for_code(self, number: str) -> None:
        """Let the centre send the family its one-time code."""
        page = self._page(lambda: self.browser.get(f"/en/withdraw/{number}/"))
        form = page.form(action="/code/")
        self._page(lambda: self.browser.submit(form))

    def receipt_again(self, receipt: Receipt) -> bool:
        """Whether the counter still knows the receipt that it has shown."""
        page = self._page(lambda: self.browser.get(f"{self.pages[receipt.number]}receipt/"))
        found = receipt_on(page)
        return found is not None and found[0] == receipt.number

    def _entered(self, form: Form, wish: Wish, *, key: str = "") -> Receipt:
        pressed_at = clock.now()
        answers = _answers(wish)

        def hand_in() -> Page:
            if (doom := self.doom) is not None:
                self.doom = None
                threading.Thread(target=doom, daemon=True).start()
            return self.browser.submit(form, **answers)

        page = self._page(hand_in, is_entry=True)
        until = time.monotonic() + NOT_YET_S
        while page.status == 409 and NOT_YET in page.words() and time.monotonic() < until:
            # The counter believes the centre's clock more than its own: it opens with the next answer.
            self.book.count(f"{self.name}_not_yet")
            time.sleep(0.3)
            page = self._page(hand_in, is_entry=True)
        found = receipt_on(page)
        if found is None:
            raise DidNotHappen(
                f"{self.name} shows no receipt to {wish.key}: {page.status} {page.words()[:400]}"
            )
        number, printed_at = found
        self.pages[number] = re.sub(r"receipt/$", "", page.url)
        return self.book.shown(
            wish=wish, door=self.name, number=number, printed_at=printed_at, pressed_at=pressed_at
        )

    def _done(self, form: Form, **answers: str) -> None:
        page = self._page(lambda: self.browser.submit(form, **answers))
        if page.status != 200 or any("entry_id" in f.fields for f in page.forms):
            raise DidNotHappen(f"{self.name} did not take it: {page.status} {page.words()[:400]}")

    def _page(self, call: Callable[[], Page], *, is_entry: bool = False) -> Page:
        """Tried again while the counter is dead: a clerk waits until the program is back."""
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until and not self.book.over.is_set():
            try:
                page = call()
            except NoAnswer:
                self.book.count(f"{self.name}_dead")
                time.sleep(self.chance.uniform(0.1, 0.3))
                continue
            if page.status < 500:
                return page
            self.book.count(f"{self.name}_{page.status}")
            time.sleep(0.3)
        raise DidNotHappen(f"{self.name} does not answer{' an entry' if is_entry else ''}")


def _answers(wish: Wish) -> dict[str, str]:
    child, applicant, address = wish.child, wish.applicant, wish.address
    return {
        "child_iin": child.iin,
        "child_family_name": child.family_name,
        "child_given_name": child.given_name,
        "birth_date": f"{child.birth_date:%d.%m.%Y}",
        "district": address.district,
        "street": address.street,
        "house": str(address.house),
        "flat": str(address.flat),
        "choice": wish.choice,
        "applicant_iin": applicant.iin,
        "applicant_family_name": applicant.family_name,
        "applicant_given_name": applicant.given_name,
        "relation": wish.relation,
        "seen_type": "birth_certificate" if wish.seen else "",
        "seen_number": wish.seen,
        "phone": wish.phone,
        "language": wish.language,
    }


class Phones:
    """The text messages that were sent, as files."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def code(self, *, to: str, about: str, patience: float) -> str | None:
        """The six digits of the latest message to a telephone that names an application."""
        until = time.monotonic() + patience
        while time.monotonic() < until:
            for path in sorted(self.directory.glob("*.json"), reverse=True):
                message = json.loads(path.read_text())
                code = re.search(r"(?<![0-9A-Z-])(\d{6})(?![0-9A-Z-])", message["text"])
                if message["to"] == to and about in message["text"] and code:
                    return code[1]
            time.sleep(0.1)
        return None
