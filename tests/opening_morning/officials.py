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
            )
            for row in rows
        ]

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
