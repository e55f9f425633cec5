"""The counter's program is killed in the middle of its work: every receipt that was shown is in the file."""

import http.client
import os
import random
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode
from uuid import uuid4

import pytest

from schools import clock
from tests.counter.catalogues import DISTRICT, LYCEUM_KAZAKH
from tests.counter.centre import CODE, Centre

pytestmark = pytest.mark.fault

ROOT = Path(__file__).resolve().parents[2]
KILLS = 6
CLERKS = 3
PASSWORD = "made-up-word-7"


class Counter:
    """The real program on a folder of its own, as an operator starts it."""

    def __init__(self, folder: Path, centre_url: str, clock_file: Path) -> None:
        self.folder = folder
        self.port = _free_port()
        self.environment = {
            "PATH": os.environ["PATH"],
            "DJANGO_SETTINGS_MODULE": "config.settings.counter",
            "COUNTER_DIR": str(folder),
            "COUNTER_PORT": str(self.port),
            "COUNTER_CLERK_PASSWORD": PASSWORD,
            "DESK_API_URL": centre_url,
            "QABYLDAU_CLOCK_FILE": str(clock_file),
            "PYTHONTZPATH": "",
        }
        self.process: subprocess.Popen[bytes] | None = None

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "counter"],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for _tick in range(600):
            if self.process.poll() is not None:
                pytest.fail("the counter did not start")
            try:
                if self.get("/readyz")[0] == 200:
                    return
            except OSError:
                time.sleep(0.05)
        pytest.fail("the counter did not become ready")

    def end(self, how: signal.Signals) -> int:
        assert self.process is not None
        self.process.send_signal(how)
        return self.process.wait(timeout=30)

    def get(self, path: str, cookie: str = "") -> tuple[int, dict[str, str], str]:
        return self._call("GET", path, cookie=cookie)

    def post(self, path: str, fields: dict[str, str], cookie: str) -> tuple[int, dict[str, str], str]:
        return self._call("POST", path, body=urlencode(fields), cookie=cookie)

    def sign_in(self) -> tuple[str, str]:
        """Cookies of a clerk, and the token for forms."""
        token = _cookies(self.get("/en/sign-in/")[1])["qabyldau_counter_csrf"]
        fields = {"code": "aigul", "password": PASSWORD, "csrfmiddlewaretoken": token}
        _status, headers, _body = self.post("/en/sign-in/", fields, f"qabyldau_counter_csrf={token}")
        cookies = _cookies(headers)
        return "; ".join(f"{name}={value}" for name, value in cookies.items()), cookies[
            "qabyldau_counter_csrf"
        ]

    def _call(
        self, method: str, path: str, *, body: str = "", cookie: str = ""
    ) -> tuple[int, dict[str, str], str]:
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)) as connection:
            headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            found: dict[str, str] = {}
            for name, value in answer.getheaders():
                found[name] = f"{found[name]}\n{value}" if name in found else value
            return answer.status, found, answer.read().decode()


class Hall:
    """Clerks who register one family after another and note every receipt that they saw."""

    def __init__(self, counter: Counter, cookie: str, token: str) -> None:
        self.counter = counter
        self.cookie = cookie
        self.token = token
        self.sent: list[str] = []
        self.shown: dict[str, str] = {}
        self._closing = threading.Event()

    def serve(self) -> None:
        threads = [threading.Thread(target=self._clerk) for _clerk in range(CLERKS)]
        for thread in threads:
            thread.start()
        self._threads = threads

    def close(self) -> None:
        self._closing.set()
        for thread in self._threads:
            thread.join(timeout=60)
        self._closing.clear()

    def register(self, application: str) -> None:
        """One family; a cut connection leaves it without a receipt."""
        status, headers, _body = self.counter.post("/en/", self._typed(application), self.cookie)
        if status != 302:
            return
        _status, _headers, page = self.counter.get(headers["Location"], self.cookie)
        number = re.search(r"27-[2-9A-Z]{4}-[2-9A-Z]{4}-[2-9A-Z]", page)
        assert number is not None
        self.shown[application] = number[0]

    def _clerk(self) -> None:
        while not self._closing.is_set():
            application = str(uuid4())
            self.sent.append(application)
            try:
                self.register(application)
            except (OSError, http.client.HTTPException):
                return

    def _typed(self, application: str) -> dict[str, str]:
        return {
            "csrfmiddlewaretoken": self.token,
            "application": application,
            "child_iin": "190401699997",
            "child_family_name": "Омарова",
            "child_given_name": "Айша",
            "birth_date": "01.04.2021",
            "district": DISTRICT,
            "street": "Достық",
            "house": "12",
            "choice": LYCEUM_KAZAKH,
            "applicant_iin": "850101199993",
            "applicant_family_name": "Омаров",
            "applicant_given_name": "Ерлан",
            "relation": "father",
            "language": "kk",
        }


@pytest.fixture
def centre() -> Iterator[Centre]:
    running = Centre()
    running.url = running.start()
    yield running
    running.stop()


@pytest.fixture
def counter(tmp_path: Path, centre: Centre, clock_file: Path) -> Iterator[Counter]:
    clock.write_shift(clock_file, shown=datetime(2027, 4, 1, 7, tzinfo=UTC))
    running = Counter(tmp_path / "counter", centre.url, clock_file)
    assert running.manage("counter_enroll", CODE).returncode == 0
    assert running.manage("counter_clerk", "aigul", "Айгүл").returncode == 0
    yield running
    if running.process is not None and running.process.poll() is None:
        running.end(signal.SIGKILL)


def test_every_shown_receipt_survives_kill_9(counter: Counter, centre: Centre) -> None:
    counter.start()
    hall = Hall(counter, *counter.sign_in())
    for _kill in range(KILLS):
        seen = len(hall.shown)
        hall.serve()
        _until(lambda before=seen: len(hall.shown) > before)  # type: ignore[misc]
        time.sleep(random.uniform(0, 0.5))
        counter.end(signal.SIGKILL)
        hall.close()
        counter.start()

    shown = dict(hall.shown)
    assert len(shown) >= KILLS
    assert _numbers(counter).items() >= shown.items()

    # Who was cut off sends the same form again, and everybody ends with one receipt.
    for application in hall.sent:
        hall.register(application)
    assert hall.shown.items() >= shown.items()
    assert _numbers(counter) == hall.shown
    verified = counter.manage("journal_verify")
    assert (verified.returncode, verified.stderr) == (0, "")
    assert _kinds(counter).count("start") == 1
    _until(lambda: len(centre.stored) >= len(hall.shown))


def test_a_second_program_on_the_same_file_is_told_so_and_goes(counter: Counter) -> None:
    counter.start()
    counter.environment["COUNTER_PORT"] = str(_free_port())

    second = counter.manage("counter")

    assert second.returncode == 1
    assert str(counter.folder) in second.stderr
    assert "Traceback" not in second.stderr


def test_it_ends_cleanly_when_asked_to(counter: Counter) -> None:
    counter.start()

    assert counter.end(signal.SIGTERM) == 0

    assert counter.manage("journal_verify").returncode == 0


def test_a_busy_port_is_one_clear_sentence(counter: Counter) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        busy = other.getsockname()[1]

        refused = counter.manage("counter", "--port", str(busy))

    assert refused.returncode == 1
    assert f"Port {busy} cannot be used" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_changed_bytes_are_named_by_the_command(counter: Counter) -> None:
    with closing(sqlite3.connect(counter.folder / "journal.sqlite3")) as file, file:
        file.execute("DROP TRIGGER journal_entries_are_never_changed")
        file.execute("UPDATE counter_journalentry SET sig = zeroblob(64) WHERE seq = 1")

    verified = counter.manage("journal_verify")

    assert verified.returncode == 1
    assert "the first at entry 1" in verified.stderr


def _numbers(counter: Counter) -> dict[str, str]:
    with closing(sqlite3.connect(counter.folder / "journal.sqlite3")) as file:
        rows = file.execute("SELECT application, number FROM counter_journalentry WHERE kind = 'lodge'")
        made = [(_hyphened(application), number) for application, number in rows]
    assert len(dict(made)) == len(made)
    return dict(made)


def _kinds(counter: Counter) -> list[str]:
    with closing(sqlite3.connect(counter.folder / "journal.sqlite3")) as file:
        return [row[0] for row in file.execute("SELECT kind FROM counter_journalentry ORDER BY seq")]


def _hyphened(digits: str) -> str:
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def _cookies(headers: dict[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in headers.get("Set-Cookie", "").split("\n"):
        found |= {name: morsel.value for name, morsel in SimpleCookie(line).items()}
    return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _until(is_so: Callable[[], bool], *, seconds: int = 40) -> None:
    for _tick in range(seconds * 10):
        if is_so():
            return
        time.sleep(0.1)
    pytest.fail("it did not come so")
