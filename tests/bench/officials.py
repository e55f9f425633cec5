"""The officials' pages with one list of ten thousand children: queries of a page, and how long it takes."""

import json
import time
from argparse import ArgumentParser, Namespace
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlencode

from tests.bench.figures import Value, middle, percentile
from tests.bench.installation import DidNotHappen, Installation, installation

FEW = 100
"""Entries of the list to compare the number of queries with."""


def add_options(parser: ArgumentParser) -> None:
    parser.add_argument("--entries", type=int, default=10_000, help="on the one list (default 10000)")
    parser.add_argument("--requests", type=int, default=100, help="of each page (default 100)")


def measure(options: Namespace) -> dict[str, Value]:
    """Every page that grows with the list, one connection, the officials' own pool."""
    with installation() as made:
        made.prepare("--size", "city", "--applications", "600")
        made.prepare_pages()
        made.python("manage.py", "reconcile", "--campaign", "2027", settings="config.settings.operator")
        few = _listed(made, FEW)
        listed = _listed(made, options.entries)
        with made.database(as_owner=True) as connection:
            connection.execute("VACUUM ANALYZE")
        row = made.start("officials")
        assert row.port is not None
        reader = _Reader(row.port, cookie=listed["cookie"], csrf=listed["csrf"])
        ms = {name: reader.times(path, options.requests) for name, path in listed["pages"].items()}
        p95 = {name: percentile(times, 0.95) for name, times in ms.items()}
        slowest = max(p95, key=lambda name: p95[name])
        exports = [reader.get(listed["export"]) for _export in range(5)]
        searches = [reader.post(listed["search"], text=listed["text"])[0] for _search in range(20)]
    return {
        "slowest_page_p95_ms": round(p95[slowest], 1),
        "slowest_page": slowest,
        "dashboard_p95_ms": round(p95["dashboard"], 1),
        **{f"{name}_p95_ms": round(value, 1) for name, value in p95.items() if name != "dashboard"},
        "roster_p50_ms": middle(ms["roster"], 1),
        "roster_queries": listed["queries"]["roster"],
        "roster_queries_at_100": few["queries"]["roster"],
        **{f"{name}_queries": number for name, number in listed["queries"].items() if name != "roster"},
        "export_s": middle([took / 1000 for took, _body in exports], 3),
        "export_mb": round(len(exports[0][1]) / 1_048_576, 2),
        "search_ms": middle(searches, 1),
        "entries": options.entries,
        "n": options.requests,
        "connections": 1,
        "load_generator": "tests.bench.officials: http.client, one kept connection",
    }


def _listed(made: Installation, entries: int) -> dict[str, Any]:
    """Give the first intake so many entries; pages, a signed-in cookie, queries of each page."""
    said = made.python("-m", "tests.bench.listing", str(entries), settings="config.settings.officials")
    result: dict[str, Any] = json.loads(said)
    return result


class _Reader:
    """One official's browser."""

    def __init__(self, port: int, *, cookie: str, csrf: str) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=30)
        self._headers = {"Cookie": cookie, "Accept-Language": "kk"}
        self._csrf = csrf

    def times(self, path: str, count: int) -> list[float]:
        """Milliseconds of so many requests, after three that do not count."""
        return [self.get(path)[0] for _request in range(count + 3)][3:]

    def get(self, path: str) -> tuple[float, bytes]:
        return self._ask("GET", path, None)

    def post(self, path: str, **fields: str) -> tuple[float, bytes]:
        return self._ask("POST", path, urlencode({"csrfmiddlewaretoken": self._csrf, **fields}))

    def _ask(self, method: str, path: str, body: str | None) -> tuple[float, bytes]:
        """
        Milliseconds and body.

        :raises DidNotHappen: anything but 200
        """
        form = {"Content-Type": "application/x-www-form-urlencoded"} if body is not None else {}
        began = time.perf_counter()
        self._connection.request(method, path, body, {**self._headers, **form})
        answer = self._connection.getresponse()
        data = answer.read()
        took = (time.perf_counter() - began) * 1000
        if answer.status != 200:
            raise DidNotHappen(f"{path}: {answer.status}")
        return took, data
