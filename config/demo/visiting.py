"""A visitor to one of our own processes: keeps cookies, fills in forms, follows redirects, as a browser does."""

import re
from dataclasses import dataclass, field
from html import unescape
from http.client import HTTPConnection, HTTPException
from http.cookies import Morsel, SimpleCookie
from urllib.parse import urlencode, urljoin, urlsplit

REDIRECTS_MAX = 5
_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


class NobodyThere(Exception):
    """The process does not answer; the argument says where."""


@dataclass(frozen=True, slots=True)
class Page:
    """What came back in the end."""

    path: str
    status: int
    text: str


@dataclass(slots=True)
class Visitor:
    """One browser at one address; `host` is the name by which the real browser knows this machine."""

    host: str
    port: int
    cookies: dict[str, "Morsel[str]"] = field(default_factory=dict)
    page: Page | None = None

    def open(self, path: str) -> Page:
        """
        Go to a page.

        :raises NobodyThere: no answer
        """
        return self._go("GET", path)

    def submit(self, **fields: str) -> Page:
        """
        Fill in the form of the page that is open and send it to that page's own address.

        :raises NobodyThere: no answer
        """
        assert self.page is not None
        token = _TOKEN.search(self.page.text)
        sent = {**fields, **({"csrfmiddlewaretoken": unescape(token[1])} if token else {})}
        return self._go("POST", self.page.path, urlencode(sent))

    def _go(self, method: str, path: str, body: str | None = None) -> Page:
        for _redirect in range(REDIRECTS_MAX):
            status, location, text = self._ask(method, path, body)
            if status not in {301, 302, 303}:
                break
            method, path, body = "GET", _path_of(urljoin(path, location)), None
        self.page = Page(path=path, status=status, text=text)
        return self.page

    def _ask(self, method: str, path: str, body: str | None) -> tuple[int, str, str]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=15)
        headers = {
            "Host": f"{self.host}:{self.port}",
            "Cookie": "; ".join(f"{name}={morsel.coded_value}" for name, morsel in self.cookies.items()),
        }
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            for line in response.headers.get_all("Set-Cookie", []):
                self._keep(SimpleCookie(line))
            return response.status, response.getheader("Location", ""), response.read().decode()
        except (OSError, HTTPException) as error:
            raise NobodyThere(f"http://{self.host}:{self.port}{path}") from error
        finally:
            connection.close()

    def _keep(self, cookies: "SimpleCookie") -> None:
        for name, morsel in cookies.items():
            if morsel["max-age"] == "0" or not morsel.value:
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = morsel


def _path_of(url: str) -> str:
    """The part below the host: a redirect never leads this visitor to another machine."""
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path
