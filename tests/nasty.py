"""What nobody should send and somebody will: arguments, fields, bodies, headers, for every address of a process."""

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import cycle, islice
from typing import Any
from urllib.parse import quote, urlencode

from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from config.encoding import as_utf8

SEGMENTS = ("%00", "%ED%A0%80", "%E2%80%AE", "..%2F..", "0", "9" * 5000, "%D3%98" * 3000, "%0D%0AX:y", "'")
"""Parts of a path, percent-encoded."""
TEXTS = (
    "%00",
    "%ED%A0%80",  # a lone surrogate
    "%E2%80%AEabc%E2%80%8B",  # right to left, zero width
    "%D3%98" * 10_000,
    "9" * 5000,
    "-1",
    "%27%3B+DROP+TABLE+schools_account%3B--",
    "%7B%7B7*7%7D%7D%3Cscript%3E",
    "%0D%0ABcc%3A+x%40example.kz",
    "%5Cud800%5Cu0000",
    "%FF%FE",
)
"""Values of fields, percent-encoded."""
QUERY_NAMES = (
    "page", "q", "district", "change", "next", "number", "sort", "places", "territory", "outside",
    "school", "after", "o", "p", "e", "all", "_popup", "is_staff__exact",
)  # fmt: skip
CHARSETS = ("utf-16", "raw_unicode_escape", "base64")
HEADERS = {
    "HTTP_ACCEPT": "\x00/*;q=x",
    "HTTP_ACCEPT_LANGUAGE": "kk-" + "x" * 5000 + ";q=9e9,\x00,*;q=-1",
    "HTTP_IF_MODIFIED_SINCE": "Thu, 99 Foo 0000 99:99:99 GMT",
    "HTTP_IF_NONE_MATCH": '"' * 3000,
    "HTTP_ORIGIN": "http://[",
    "HTTP_RANGE": "bytes=9-1",
    "HTTP_REFERER": "http://[",
    "HTTP_X_FORWARDED_FOR": "999.1.1.1, \x00, ::1%eth0",
    "HTTP_X_REQUESTED_WITH": "XMLHttpRequest",
}
COOKIES = "=;;\x00; csrftoken=\xff; messages=[[; qabyldau_parent=a:b:c; qabyldau_official=\x00; sessionid=%00"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "NONSENSE")
FORM = "application/x-www-form-urlencoded"

Known = dict[str, list[str]]
"""Values that lead to something, by the name of the argument; the rest of its values is nasty."""
Named = tuple[str, dict[str, Any]]
"""A call as the test client takes it, and what to call it."""


class Attacker(Client):
    """Sends what it likes to the application as it is served; with `stays` it never signs itself out."""

    def __init__(self, *, stays: bool = False) -> None:
        super().__init__(raise_request_exception=False)
        self.handler = as_utf8(self.handler)
        self.stays = stays

    def generic(self, method: str, path: str, *arguments: Any, **extra: Any) -> Any:
        if self.stays and path.endswith("out/") and method not in ("HEAD", "OPTIONS"):
            method = "GET"
        kept = self.cookies.copy()
        response = super().generic(method, path, *arguments, **extra)
        if self.stays:
            self.cookies = kept
        return response


def faults_of_all(
    client: Client, urlconf: str, known: Known, *, under: str = "/", but: str = "-"
) -> list[str]:
    """
    Every address of an address book: everything with good arguments, little with nasty ones.

    :param under: only addresses that begin so
    :param but: no addresses that begin so
    :raises AssertionError: there is no address
    """
    routes = [
        route
        for route in _routes(get_resolver(urlconf).url_patterns, "/")
        if route.startswith(under) and not route.startswith(but)
    ]
    assert routes
    found = []
    for route in routes:
        names = re.findall(r"<(?:\w+:)?(\w+)>", route)
        goods = zip(*(known.get(name, ["1"]) for name in names), strict=False) if names else [()]
        for values in goods:
            found += _faults(client, _filled(route, values), _calls)
        if names:
            for segment in SEGMENTS:
                found += _faults(client, _filled(route, [segment] * len(names)), _asked_and_sent)
    return found


def _filled(route: str, values: Iterable[str]) -> str:
    rest = iter(values)
    return re.sub(r"<(?:\w+:)?\w+>", lambda _match: next(rest), route)


def _routes(patterns: list[URLPattern | URLResolver], before: str) -> Iterator[str]:
    for pattern in patterns:
        route = str(pattern.pattern)
        # A regular expression becomes a route: its named groups are arguments, the rest is literal.
        route = re.sub(r"\(\?P(<\w+>)(?:\[[^\]]*\]|[^()\[\]])*\)", r"\1", route)
        route = before + route.lstrip("^").rstrip("$").replace(r"\.", ".")
        if isinstance(pattern, URLResolver):
            yield from _routes(pattern.url_patterns, route)
        else:
            yield route


def _faults(client: Client, address: str, calls: Callable[[Client, str], Iterator[Named]]) -> list[str]:
    """What was answered with 500 or worse, or not at all."""
    found = []
    for name, call in calls(client, address):
        where = f"{name} {address[:120]}"
        try:
            response = client.generic(**{"path": address, **call})
        except Exception as error:  # noqa: BLE001 - whatever it is, it would have been a 500
            found.append(f"{where}: {type(error).__name__} {str(error)[:120]}")
        else:
            if response.status_code >= 500:
                found.append(f"{where}: {response.status_code}")
    return found


def _asked_and_sent(_client: Client, _address: str) -> Iterator[Named]:
    yield "GET", {"method": "GET"}
    yield "POST", _post(b"a=b", FORM)


def _methods(_client: Client, _address: str) -> Iterator[Named]:
    for method in METHODS:
        yield method, {"method": method}


def _calls(client: Client, address: str) -> Iterator[Named]:
    yield from _methods(client, address)
    for turn in range(0, len(TEXTS), 3):
        # Each field another text; over the turns each text meets several fields.
        query = "&".join(f"{name}={text}" for name, text in zip(QUERY_NAMES, _texts(turn), strict=False))
        yield f"GET ?{turn}", {"method": "GET", "QUERY_STRING": query}
    yield "GET ?…", {"method": "GET", "QUERY_STRING": "&".join(["a=b"] * 5000)}
    yield "GET ?%", {"method": "GET", "QUERY_STRING": "%&&==;%zz=%&" + "%" * 50}
    fields = _fields(client, address)
    for turn in range(0, len(TEXTS), 2):
        # The hidden fields as they came in every other turn: what they guard is reached then.
        body = "&".join(
            f"{quote(name)}={quote(value) if value and turn % 4 else text}"
            for (name, value), text in zip(fields.items(), _texts(turn), strict=False)
        )
        yield f"POST {turn}", _post(body.encode(), FORM)
    first = next(iter(fields), "a")
    for charset in CHARSETS:
        body = "&".join(f"{name}=\\ud800%5Cud800" for name in [*fields, "q", "a"]).encode()
        yield f"POST charset {charset!r}", _post(body, f"{FORM}; charset={charset}")
        part = "".join(
            f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n\\ud800\x00\r\n'
            for name in [*fields, "q", "a"]
        )
        kind = f"multipart/form-data; boundary=b; charset={charset}"
        yield f"POST multipart charset {charset!r}", _post(f"{part}--b--\r\n".encode(), kind)
        query = "&".join(f"{name}=\\ud800" for name in QUERY_NAMES)
        yield (
            f"GET charset {charset!r}",
            {
                "method": "GET",
                "QUERY_STRING": query,
                "CONTENT_TYPE": f"text/plain; charset={charset}",
            },
        )
    for kind in (
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=\xff",
    ):
        yield f"POST {kind}", _post(b"--b\r\nContent-Disposition: nonsense\r\n\r\nx", kind)
    broken = (
        f'--b\r\nContent-Disposition: form-data; name="{first}"; filename="\x00../x"\r\n'
        "Content-Transfer-Encoding: base64\r\n\r\n***\r\n--b"
    )
    yield "POST broken multipart", _post(broken.encode(), "multipart/form-data; boundary=b")
    for kind in ("application/json", "text/plain", "image/png", "", ";", "a/b;" * 100):
        yield f"POST {kind[:20]!r}", _post(b'{"a":' * 5000, kind)
    yield "POST 3 MiB", _post(f"{first}=".encode() + b"x" * 3 * 2**20, FORM)
    yield "POST many fields", _post(urlencode([(first, "x")] * 1001).encode(), FORM)
    for length in ("-1", "9" * 30, ""):
        yield f"POST length {length}", {**_post(b"a=b", FORM), "CONTENT_LENGTH": length}
    yield "GET Host", {"method": "GET", "HTTP_HOST": "evil.example:99999"}
    yield "GET cookies", {"method": "GET", "HTTP_COOKIE": COOKIES}
    yield "GET headers", {"method": "GET", **HEADERS}
    yield "POST headers", {**_post(b"a=b", FORM), **HEADERS}


def _texts(turn: int) -> Iterator[str]:
    return islice(cycle(TEXTS), turn, None)


def _post(body: bytes, kind: str) -> dict[str, Any]:
    return {"method": "POST", "data": body, "content_type": kind}


def _fields(client: Client, address: str) -> dict[str, str]:
    """The fields of the page at this address, hidden ones with their values."""
    try:
        response = client.get(address)
        page = "" if response.streaming else response.content.decode(errors="replace")
    except Exception:  # noqa: BLE001 - told by the plain GET already
        page = ""
    fields = {}
    for tag in re.findall(r"<(?:input|select|textarea|button)\b[^>]*>", page):
        name = re.search(r'\bname="([^"]*)"', tag)
        value = re.search(r'\bvalue="([^"]*)"', tag) if 'type="hidden"' in tag else None
        if name:
            fields[name[1]] = value[1] if value else ""
    return {
        **dict.fromkeys(("draft", "content", "year", "consent", "retraction", "choice", "a"), ""),
        **fields,
    }
