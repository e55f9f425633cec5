"""The front with real nginx: what it routes, what it answers when nothing is behind it."""

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPResponse

import pytest

from config.embedded import Places, ports
from config.front import TEMPLATE, Front, render

POOLS = ("portal", "signin", "officials", "deskapi")


@dataclass
class Pool:
    """A stand-in that notes the first line of every request; it answers, or hangs up without a word."""

    name: str
    hangs_up: bool = False
    requests: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            with connection:
                self.requests.append(connection.recv(65_536).decode(errors="replace"))
                if not self.hangs_up:
                    body = self.name.encode()
                    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
                    connection.sendall(head.encode() + body)

    def close(self) -> None:
        # Closing alone would not wake the thread that waits in accept().
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


@pytest.fixture
def pools() -> Iterator[dict[str, Pool]]:
    pools = {name: Pool(name) for name in POOLS}
    yield pools
    for pool in pools.values():
        pool.close()


@pytest.fixture
def front(pools: dict[str, Pool], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    places = Places(tmp_path_factory.mktemp("front") / "data")
    front = Front(
        places,
        port=ports.free_port(),
        desk_port=ports.free_port(),
        portal_port=pools["portal"].port,
        signin_port=pools["signin"].port,
        officials_port=pools["officials"].port,
        deskapi_port=pools["deskapi"].port,
        signin_rate=1,
        signin_burst=3,
    )
    front.start()
    outage = places.shown("front") / "outage"
    for language in ("kk", "ru", "en"):
        (outage / f"{language}.html").write_text(f"outage {language}")
    for status in ("413", "429"):
        (outage / f"{status}.html").write_text(f"refused {status}")
    (places.shown("static") / "app.0123456789ab.css").write_text("body{}")
    (places.shown("static") / "robots.txt").write_text("")
    yield front
    front.stop()
    places.forget()


def ask(
    front: Front, path: str, *, method: str = "GET", body: bytes | None = None, port: int = 0
) -> tuple[HTTPResponse, str]:
    connection = HTTPConnection("127.0.0.1", port or front.port, timeout=10)
    connection.request(method, path, body=body)
    response = connection.getresponse()
    text = response.read().decode()
    connection.close()
    return response, text


@pytest.mark.parametrize(
    ("path", "pool"),
    [
        ("/kk/", "portal"),
        ("/ru/apply/", "portal"),
        ("/en/accountants/", "portal"),
        ("/.well-known/security.txt", "portal"),
        ("/kk/account/", "signin"),
        ("/ru/account/code/", "signin"),
        ("/en/officials/", "officials"),
        ("/admin/", "officials"),
        ("/api/v1/rosters", "officials"),
    ],
)
def test_every_address_goes_to_its_pool(front: Front, path: str, pool: str) -> None:
    assert ask(front, path)[1] == pool


@pytest.mark.parametrize("path", ["/readyz", "/metrics", "/api/desk/v1/entries"])
def test_what_is_not_for_the_public_is_not_there(front: Front, pools: dict[str, Pool], path: str) -> None:
    assert ask(front, path)[0].status == 404
    assert not any(pool.requests for pool in pools.values())


@pytest.mark.parametrize(
    ("path", "to"),
    [
        ("/", "/kk/"),
        ("/kz", "/kk"),
        ("/kz/apply/?a=1", "/kk/apply/?a=1"),
        ("/kz/%D3%98/", "/kk/%D3%98/"),
        # Nothing typed gets into a header as it is.
        ("/kz/x%0DSet-Cookie:%20a=b", "/kk/x%0DSet-Cookie:%20a=b"),
    ],
)
def test_addresses_that_people_type_lead_to_kazakh_pages(front: Front, path: str, to: str) -> None:
    response, _ = ask(front, path)

    assert response.status in {301, 302}
    assert response.getheader("Location") == to


@pytest.mark.parametrize(
    ("path", "language"), [("/kk/", "kk"), ("/ru/apply/", "ru"), ("/en/account/", "en"), ("/x", "kk")]
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_dead_pools_leave_the_outage_page_in_the_readers_language(
    front: Front, pools: dict[str, Pool], path: str, language: str, method: str
) -> None:
    for pool in pools.values():
        pool.close()

    response, text = ask(front, path, method=method, body=b"a=1" if method == "POST" else None)

    assert (response.status, text) == (503, f"outage {language}")
    assert response.getheader("Retry-After") == "60"
    assert response.getheader("Cache-Control") == "no-store"
    assert response.getheader("X-Frame-Options") == "DENY"


def test_a_dead_api_says_so_as_problem_json(front: Front, pools: dict[str, Pool]) -> None:
    pools["officials"].hangs_up = True

    response, _ = ask(front, "/api/v1/rosters")

    assert response.status == 503
    assert response.getheader("Content-Type") == "application/problem+json"


def test_without_rendered_pages_there_are_still_words(front: Front, pools: dict[str, Pool]) -> None:
    for page in (front.places.shown("front") / "outage").iterdir():
        page.unlink()
    pools["portal"].hangs_up = True

    response, text = ask(front, "/ru/")

    assert response.status == 503
    assert "Портал сейчас не открывается" in text


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_was_sent_once_is_never_sent_again(front: Front, pools: dict[str, Pool], method: str) -> None:
    pools["portal"].hangs_up = True

    response, _ = ask(front, "/kk/send", method=method, body=b"a=1" if method == "POST" else None)

    assert response.status == 503
    assert len(pools["portal"].requests) == 1


def test_nobody_can_pretend_to_come_from_elsewhere(front: Front, pools: dict[str, Pool]) -> None:
    connection = HTTPConnection("127.0.0.1", front.port, timeout=10)
    connection.request("GET", "/kk/", headers={"X-Forwarded-For": "10.0.0.1"})
    connection.getresponse().read()
    connection.close()

    assert "X-Forwarded-For: 127.0.0.1\r\n" in pools["portal"].requests[0]
    assert "10.0.0.1" not in pools["portal"].requests[0]


def test_more_than_64_kib_is_refused_before_any_pool_sees_it(front: Front, pools: dict[str, Pool]) -> None:
    response, text = ask(front, "/kk/send", method="POST", body=b"x" * 66_000)

    assert (response.status, text) == (413, "refused 413")
    assert pools["portal"].requests == []


def test_a_storm_of_sign_ins_is_slowed_and_nothing_else(front: Front) -> None:
    answers = [ask(front, "/kk/account/") for _ in range(8)]

    assert answers[0][0].status == 200
    assert answers[-1][0].status == 429
    assert answers[-1][1] == "refused 429"
    assert answers[-1][0].getheader("Retry-After") == "5"
    assert ask(front, "/kk/")[0].status == 200


def test_only_names_with_a_digest_are_kept_for_ever(front: Front) -> None:
    hashed, _ = ask(front, "/static/app.0123456789ab.css")
    plain, _ = ask(front, "/static/robots.txt")
    missing, _ = ask(front, "/static/none.css")

    assert "immutable" in (hashed.getheader("Cache-Control") or "")
    assert plain.getheader("Cache-Control") == "public, max-age=600"
    assert (missing.status, missing.getheader("Cache-Control")) == (404, None)
    assert hashed.getheader("X-Content-Type-Options") == "nosniff"


def test_a_name_in_the_template_without_a_value_is_an_error() -> None:
    with pytest.raises(KeyError):
        render({}, template=TEMPLATE)


# ------------------------------------------------------------ the desks' door


def desks_port(front: Front) -> int:
    return int(str(front.values["desk_listen"]).rpartition(":")[2])


def test_a_desks_call_goes_on_exactly_as_it_was_signed(front: Front, pools: dict[str, Pool]) -> None:
    path = "/api/desk/v1/outcomes?after=7&x=%D2%9B+a%2Fb"
    response, said = ask(front, path, method="POST", body=b'{"a": 1}', port=desks_port(front))

    assert (response.status, said) == (200, "deskapi")
    assert pools["deskapi"].requests[0].startswith(f"POST {path} HTTP/1.")
    assert pools["deskapi"].requests[0].endswith('{"a": 1}')


def test_slow_callers_hold_no_thread_of_the_desks_pool(front: Front, pools: dict[str, Pool]) -> None:
    """Twenty calls whose bodies never come: the pool hears of none, and of the whole one at once."""
    slow = []
    for _caller in range(20):
        connection = socket.create_connection(("127.0.0.1", desks_port(front)), timeout=5)
        connection.sendall(
            b"POST /api/desk/v1/entries HTTP/1.1\r\nHost: x\r\nContent-Length: 900000\r\n\r\n{"
        )
        slow.append(connection)
    try:
        _response, said = ask(
            front, "/api/desk/v1/entries", method="POST", body=b"{}", port=desks_port(front)
        )
    finally:
        for connection in slow:
            connection.close()

    assert said == "deskapi"
    assert len(pools["deskapi"].requests) == 1


@pytest.mark.parametrize(("size", "status", "code"), [(4_000_000, 413, "too_large"), (2, 503, "unavailable")])
def test_a_counter_is_answered_in_its_own_format(
    front: Front, pools: dict[str, Pool], size: int, status: int, code: str
) -> None:
    pools["deskapi"].close()
    response, said = ask(
        front, "/api/desk/v1/entries", method="POST", body=b" " * size, port=desks_port(front)
    )

    assert response.status == status
    assert response.getheader("Content-Type") == "application/problem+json"
    assert f'"code":"{code}"' in said
