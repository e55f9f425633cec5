"""What officials see: the lists of their districts, read over HTTP as they are offered to them."""

import base64
import csv
import hashlib
import hmac
import re
import secrets
import struct
import time
from dataclasses import dataclass, field

from tests.opening_morning.browser import Browser, Form, Page
from tests.opening_morning.stage import DidNotHappen

_STEP_S = 30
PLACE = "Places"


@dataclass(frozen=True)
class Line:
    """One line of an intake's list."""

    intake: str
    part: str
    number: int
    child: str
    """IIN."""
    application: str
    state: str

    @property
    def is_confirmed(self) -> bool:
        return self.state == "Confirmed"

    @property
    def has_place(self) -> bool:
        return self.part == PLACE

    @property
    def is_of_territory(self) -> bool:
        return "territory" in self.part


@dataclass
class Official:
    """An official of one district, signed in with password and authenticator app."""

    port: int
    district: str
    password: str
    """At first the one-time password from the operator."""
    email: str = field(init=False)
    secret: str = field(default_factory=lambda: base64.b32encode(secrets.token_bytes(20)).decode())
    browser: Browser = field(init=False)

    def __post_init__(self) -> None:
        self.email = address_of(self.district)
        self.browser = Browser(self.port)

    def sign_in(self) -> Page:
        """As at a first sign-in: a one-time password, a password of one's own, the app."""
        page = self.browser.get("/en/officials/")
        for _step in range(6):
            form = next((f for f in page.forms if f.method == "post" and _is_of_sign_in(f)), None)
            if form is None:
                break
            page = self.browser.submit(form, **self._answers(form, page))
        if page.status != 200 or not page.url.rstrip("/").endswith("/officials"):
            raise DidNotHappen(f"{self.email} cannot sign in: {page.status} {page.url} {page.words()[:300]}")
        return page

    def _answers(self, form: Form, page: Page) -> dict[str, str]:
        if "password" in form.fields:
            return {"login": self.email, "password": self.password}
        if "new_password1" in form.fields:
            self.password = f"Own-{secrets.token_hex(8)}"
            return {"new_password1": self.password, "new_password2": self.password}
        shown = re.search(r"\b([A-Z2-7]{32})\b", page.text)
        if shown:
            self.secret = shown[1]
        return {"code": code_of(self.secret, at=_real_time())}

    def lists(self) -> list[Line]:
        """
        Every list of the district, as its download says.

        :raises DidNotHappen: a list cannot be read
        """
        page = self.browser.get(f"/en/officials/districts/{self.district}/")
        found = sorted(set(re.findall(r"officials/rosters/(\d{12})/([a-z]{2})/", page.text)))
        if page.status != 200 or not found:
            raise DidNotHappen(f"no lists of {self.district}: {page.status} {page.words()[:300]}")
        return [line for school, language in found for line in self._list(school, language)]

    def _list(self, school: str, language: str) -> list[Line]:
        path = f"/en/officials/rosters/{school}/{language}/roster.csv"
        page = self.browser.get(path)
        if page.status != 200:
            raise DidNotHappen(f"{path}: {page.status}")
        rows = csv.DictReader(page.text.lstrip("\ufeff").splitlines())
        return [
            Line(
                f"{school}/{language}",
                row["List"],
                int(row["Number"]),
                row["IIN or document"].lstrip("'"),
                row["Application"],
                row["State"],
            )
            for row in rows
        ]

    def check_everything(self) -> int:
        """
        Compare the places that wait for a check, a page at once, and find that it agrees; how many things.

        :raises DidNotHappen: the pages do not come to an end
        """
        done = 0
        for _page in range(20):
            page = self.browser.get("/en/officials/checks/?what=places")
            forms = [form for form in page.forms if "look" in form.fields]
            if not forms:
                return done
            done += 1 + len(forms[0].again)
            asked = self.browser.submit(forms[0], press="all:agrees")
            kept = self.browser.submit(asked.form(having="basis"), basis="The story's own register")
            if kept.status != 200:
                raise DidNotHappen(f"a check is not kept: {kept.status} {kept.words()[:300]}")
        raise DidNotHappen(f"{self.email} cannot come to the end of the checks")

    def confirm(self) -> str:
        """Press "Confirm the list"; nothing when it is confirmed, else what the page says."""
        page = self.browser.get(f"/en/officials/districts/{self.district}/round/")
        forms = [form for form in page.forms if "round" in form.fields]
        if not forms:
            return page.words()
        after = self.browser.submit(forms[0])
        return "" if after.status == 200 and "is confirmed" in after.words() else after.words()

    def known_too_late(self) -> str:
        """The page of those who would have won a place."""
        return self.browser.get(f"/en/officials/districts/{self.district}/late/").words()

    def is_refused(self, district: str) -> bool:
        """Whether another district is not there for this official."""
        return self.browser.get(f"/en/officials/districts/{district}/").status == 404


def address_of(district: str) -> str:
    """The e-mail address of a district's official."""
    return f"official-{district}@officials.example"


def code_of(secret: str, *, at: float) -> str:
    """The six digits that an authenticator app shows (RFC 6238)."""
    key = base64.b32decode(secret)
    digest = hmac.new(key, struct.pack(">Q", int(at) // _STEP_S), hashlib.sha1).digest()
    start = digest[-1] & 15
    (number,) = struct.unpack(">I", digest[start : start + 4])
    return f"{(number & 0x7FFFFFFF) % 1_000_000:06}"


def _real_time() -> float:
    # Authenticator apps know nothing of the story's clock.
    return time.time()  # noqa: TID251


def _is_of_sign_in(form: Form) -> bool:
    return bool({"password", "new_password1", "code"} & form.fields.keys())
