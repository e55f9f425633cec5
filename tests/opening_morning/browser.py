"""A small honest browser: cookies, forms as they stand on the page, redirects after a press."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlencode, urljoin, urlsplit

REDIRECTS = {301, 302, 303, 307, 308}


class NoAnswer(Exception):
    """The connection was refused or cut: nobody knows what became of the request."""


@dataclass
class Form:
    """One form of a page, filled as the page filled it."""

    action: str
    method: str
    fields: dict[str, str]
    offered: dict[str, list[str]] = field(default_factory=dict)
    """Values that radio buttons, tick boxes and selects offer, by name."""
    again: list[tuple[str, str]] = field(default_factory=list)
    """Hidden fields that bear a name which another one bears too."""


@dataclass
class Page:
    """What came back."""

    status: int
    url: str
    text: str
    headers: Mapping[str, str]
    forms: list[Form]

    def form(self, *, having: str = "", action: str = "") -> Form:
        """The form with a field of this name, or that goes to an address ending so."""
        for form in self.forms:
            names = form.fields.keys() | form.offered.keys()
            if (not having or having in names) and (not action or form.action.endswith(action)):
                return form
        raise LookupError(f"no form {having or action!r} on {self.url} ({self.status}): {self.words()[:400]}")

    def words(self) -> str:
        """The page as read aloud: no tags, single spaces."""
        body = re.sub(r"<(style|script|svg)\b.*?</\1>", " ", self.text, flags=re.DOTALL)
        return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())


class Browser:
    """
    One person's browser.

    :param address: the loopback address it comes from; every family has one of its own
    """

    def __init__(self, port: int, *, address: str = "127.0.0.1", timeout: float = 20.0) -> None:
        self.port, self.address, self.timeout = port, address, timeout
        self.cookies: dict[str, str] = {}

    def again(self) -> "Browser":
        """A second tab: the same cookies."""
        tab = Browser(self.port, address=self.address, timeout=self.timeout)
        tab.cookies = dict(self.cookies)
        return tab

    def get(self, path: str) -> Page:
        """
        :raises NoAnswer: refused or cut
        """
        return self._followed(self._call("GET", path))

    def submit(self, form: Form, **answers: str | bool) -> Page:
        """
        Press the form's button; what comes back, the page behind a redirect included.

        :raises NoAnswer: refused or cut; whether it was taken in nobody knows
        """
        return self._followed(self.press(form, **answers))

    def press(self, form: Form, **answers: str | bool) -> Page:
        """As `submit`, without following a redirect."""
        fields = {**form.fields}
        for name, value in answers.items():
            if value is False:
                fields.pop(name, None)
            else:
                fields[name] = "1" if value is True else value
        if form.method == "get":
            return self._call("GET", f"{form.action}?{urlencode(fields)}")
        return self._call("POST", form.action, urlencode([*fields.items(), *form.again]).encode())

    def follow(self, page: Page) -> Page:
        """Where a redirect leads."""
        return self._followed(page)

    def _followed(self, page: Page) -> Page:
        for _hop in range(6):
            if page.status not in REDIRECTS:
                return page
            page = self._call("GET", urljoin(page.url, page.headers["location"]))
        raise NoAnswer(f"too many redirects at {page.url}")

    def _call(self, method: str, url: str, body: bytes | None = None) -> Page:
        place = urlsplit(url)
        path = f"{place.path}?{place.query}" if place.query else place.path
        headers = {"Accept": "text/html", "Connection": "close"}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection = HTTPConnection(
            "127.0.0.1", self.port, timeout=self.timeout, source_address=(self.address, 0)
        )
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            text = answer.read().decode("utf-8", "replace")
        except (OSError, HTTPException) as error:
            raise NoAnswer(f"{method} {path}: {error!r}") from error
        finally:
            connection.close()
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie":
                self._keep(value)
        named = {name.lower(): value for name, value in answer.getheaders()}
        reader = _Forms(path)
        if "html" in named.get("content-type", ""):
            reader.feed(text)
        return Page(answer.status, path, text, named, reader.forms)

    def _keep(self, header: str) -> None:
        pair, *attributes = header.split(";")
        name, _sign, value = pair.strip().partition("=")
        if value in ("", '""') or any(a.strip().lower() == "max-age=0" for a in attributes):
            self.cookies.pop(name, None)
        else:
            self.cookies[name] = value


class _Forms(HTMLParser):
    """Reads the forms of one page."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self.path = path
        self.forms: list[Form] = []
        self._form: Form | None = None
        self._select: str | None = None
        self._textarea: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name = given.get("name", "")
        if tag == "form":
            action = urljoin(self.path, given.get("action") or self.path)
            self._form = Form(action, given.get("method", "get").lower(), {})
            self.forms.append(self._form)
        elif self._form is None:
            return
        elif tag == "input" and name:
            self._input(self._form, given, name)
        elif tag == "select" and name:
            self._select = name
            self._form.offered.setdefault(name, [])
        elif tag == "option" and self._select:
            value = given.get("value", "")
            self._form.offered[self._select].append(value)
            if "selected" in given or self._select not in self._form.fields:
                self._form.fields[self._select] = value
        elif tag == "textarea" and name:
            self._textarea = name
            self._form.fields[name] = ""

    def _input(self, form: Form, given: dict[str, str], name: str) -> None:
        kind = given.get("type", "text")
        if kind in ("radio", "checkbox"):
            form.offered.setdefault(name, []).append(given.get("value", "on"))
            if "checked" in given:
                form.fields[name] = given.get("value", "on")
        elif kind == "hidden" and name in form.fields:
            form.again.append((name, given.get("value", "")))
        elif kind not in ("submit", "button", "image", "reset", "file"):
            form.fields[name] = given.get("value", "")

    def handle_data(self, data: str) -> None:
        if self._form is not None and self._textarea:
            self._form.fields[self._textarea] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = None
        elif tag == "textarea":
            self._textarea = None
