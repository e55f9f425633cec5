"""The demonstration: its phone, its sign-ins through the real doors, its switches under a real supervisor."""

import base64
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from django.conf import settings as django_settings
from django.core.cache import cache
from django.core.handlers.wsgi import WSGIHandler
from django.core.mail import send_mail
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler

from config.demo import personas, signing_in
from config.demo.phone import messages
from config.demo.signing_in import NoCodeCame, NotLetIn, Place, sign_in_official, sign_in_parent
from config.demo.switches import MOVES, OPENS_AT
from config.demo.telling import after_midnight
from config.demo.visiting import NobodyThere, Page, Visitor
from config.embedded import ports
from config.supervisor.options import ROOT, Options
from config.supervisor.table import rows
from cscdesk.demo_country import morning
from cscdesk.demo_country.personas import DEMO_PASSWORD, DEMO_TOTP_SECRET, DISTRICT_OFFICIAL, MOTHER
from enrollment.passes import opened
from enrollment.sms import FileSms
from schools import clock
from schools.services.officials import add_official
from tests.demo_run import Demo, director_alone, free_base
from tests.factories import DURING
from tests.schools.officials_country import a_country, officials_process

pytest_plugins = ("tests.signin",)


def options(**environment: str) -> Options:
    return Options.read({"PORT_BASE": "8000", **environment})


# ----------------------------------------------------------------- the phone


@pytest.fixture
def folder(tmp_path: Path, settings: Any) -> Path:
    settings.MESSAGES_DIR = tmp_path
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = str(tmp_path / "mail")
    return tmp_path


def test_the_phone_shows_the_newest_first_with_its_code(folder: Path) -> None:
    send_mail("Кіру коды: 048213", "Кіру коды: 048213\n\nКод 10 минут жарамды.", None, [MOTHER.email])
    FileSms().send(to=MOTHER.phone, text="Өтінішіңіз тіркелді. Нөмірі: 27-4KQ7-M2XD-W.")

    sms, mail = messages(folder)

    assert (sms.kind, sms.to, sms.code) == ("sms", MOTHER.phone, "")
    assert (mail.kind, mail.to, mail.code) == ("mail", MOTHER.email, "048213")
    assert mail.text.endswith("Код 10 минут жарамды.")
    assert mail.minutes == 0


def test_a_phone_shows_what_was_sent_to_its_owner_only(folder: Path) -> None:
    FileSms().send(to=MOTHER.phone, text="hers")
    FileSms().send(to="+77000009002", text="his")

    assert [m.text for m in messages(folder, to=frozenset({MOTHER.phone}))] == ["hers"]


def test_a_message_that_is_still_being_written_is_not_shown(folder: Path) -> None:
    (folder / "sms").mkdir()
    (folder / "sms" / "1.json").write_text('{"to": "+7700')
    (folder / "mail").mkdir()
    (folder / "mail" / "1.log").write_text("Subject: Code 123456\nTo: a@b.example\n\nCode")

    assert messages(folder) == []


def test_a_phone_that_got_nothing_is_empty(tmp_path: Path) -> None:
    assert messages(tmp_path / "nothing") == []


# -------------------------------------------------------------- the sign-ins


def test_the_app_makes_the_codes_of_the_standard() -> None:
    """RFC 6238, appendix B, the last six digits."""
    secret = base64.b32encode(b"12345678901234567890").decode()

    for at, code in ((59, "287082"), (1_111_111_109, "081804"), (2_000_000_000, "279037")):
        assert next(iter(signing_in.app_codes(secret, at=at))) == code


@contextmanager
def served(folder: Path) -> Iterator[Place]:
    """The settings of this moment as a server of its own: its middleware is the one in force now."""
    server = ThreadedWSGIServer(("127.0.0.1", 0), WSGIRequestHandler)
    server.set_app(WSGIHandler())
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield Place(host="localhost", port_base=server.server_port, messages_dir=folder)
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.django_db(transaction=True)
def test_the_mother_signs_in_with_the_code_on_her_phone(
    folder: Path, signin_settings: ModuleType, settings: Any, clock_at: Callable[..., None]
) -> None:
    settings.ROOT_URLCONF = "config.urls.signin"
    clock_at(DURING)

    with served(folder) as place:
        entered = sign_in_parent(persona=MOTHER, place=place)

    handed = {morsel.key: morsel for morsel in entered.cookies}
    assert opened(handed["qabyldau_parent"].value, at=DURING + timedelta(minutes=1)) is not None
    assert handed["qabyldau_parent"]["httponly"]
    assert handed["qabyldau_parent"]["samesite"] == "Lax"
    assert handed["qabyldau_parent"]["path"] == "/"
    assert entered.path == "/kk/"


@pytest.mark.django_db(transaction=True)
def test_without_a_mail_nobody_gets_in(
    folder: Path,
    signin_settings: ModuleType,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings.ROOT_URLCONF = "config.urls.signin"
    settings.EMAIL_FILE_PATH = str(folder / "elsewhere")
    monkeypatch.setattr(signing_in, "MAIL_PATIENCE", 0.2)

    with served(folder) as place, pytest.raises(NoCodeCame):
        sign_in_parent(persona=MOTHER, place=place)


@pytest.fixture
def official(clock_at: Callable[[datetime], None]) -> Iterator[None]:
    cache.clear()
    clock_at(DURING)
    country = a_country()
    add_official(
        email=DISTRICT_OFFICIAL.email,
        full_name=DISTRICT_OFFICIAL.full_name,
        at=DURING,
        district=country.esil,
        password=DEMO_PASSWORD,
        totp_secret=DEMO_TOTP_SECRET,
    )
    with officials_process():
        yield


@pytest.mark.django_db(transaction=True)
def test_the_official_signs_in_with_password_and_code_again_and_again(official: None, folder: Path) -> None:
    for _press in range(2):
        with served(folder) as place:
            entered = sign_in_official(persona=DISTRICT_OFFICIAL, place=place)

        assert django_settings.SESSION_COOKIE_NAME in {morsel.key for morsel in entered.cookies}
        assert entered.path == "/kk/officials/"


@pytest.mark.django_db(transaction=True)
def test_a_wrong_password_does_not_open_the_officials_door(
    official: None, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signing_in.personas, "DEMO_PASSWORD", "not-the-password")

    with served(folder) as place, pytest.raises(NotLetIn):
        sign_in_official(persona=DISTRICT_OFFICIAL, place=place)


def test_a_visitor_says_where_nobody_is() -> None:
    port = ports.free_port()

    with pytest.raises(NobodyThere, match=f"http://localhost:{port}/kk/"):
        Visitor("localhost", port).open("/kk/")


# ------------------------------------------------------------- what is printed


def test_the_end_of_make_run_names_people_and_places(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT_BASE", "9000")

    text = "\n".join(personas())

    for said in (MOTHER.email, DISTRICT_OFFICIAL.email, DEMO_PASSWORD, ":9000/kk/", ":9100/", ":9004/"):
        assert said in text


def test_the_supervisor_may_ask_for_the_people_without_django() -> None:
    script = "import sys, config.demo; config.demo.personas(); assert 'django' not in sys.modules"

    assert subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=False).returncode == 0


# ---------------------------------------------------------- only in the demo


def test_without_demo_neither_director_nor_line_is_started() -> None:
    names = {row.name for row in rows(options(DEMO="0"))}
    counter = next(row for row in rows(options(DEMO="0")) if row.name == "counter")

    assert not names & {"director", "line"}
    assert counter.command[-2:] == ["manage.py", "counter"]
    assert {"director", "line"} <= {row.name for row in rows(options())}


def test_without_demo_the_director_does_not_load() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import config.settings.director"],
        cwd=ROOT,
        env={**os.environ, "DEMO": "0"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode != 0
    assert "DEMO=1" in done.stderr


# --------------------------------------------------------------- the director


@pytest.fixture(scope="module")
def director(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with director_alone(tmp_path_factory.mktemp("director") / "data", free_base()) as demo:
        yield demo


def press(demo: Demo, path: str, **fields: str) -> Page:
    visitor = Visitor("localhost", demo.port_base + 4)
    visitor.open("/en/")
    assert visitor.page is not None
    visitor.page = Page(path=path, status=200, text=visitor.page.text)
    return visitor.submit(**fields)


def until_ready(demo: Demo, name: str) -> None:
    until = time.monotonic() + 15
    while demo.states()[name] != "ready":
        assert time.monotonic() < until, demo.states()
        time.sleep(0.1)


def alive(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


def test_killing_the_portal_kills_it_until_it_is_started(director: Demo) -> None:
    before = director.pids()

    page = press(director, "/en/switch/", part="portal", to="off")

    assert "Done: Kill the portal." in page.text
    assert not alive(before["portal"])
    assert not alive(before["signin"])
    assert {director.states()["portal"], director.states()["signin"]} == {"down"}
    time.sleep(1.5)
    assert director.states()["portal"] == "down"

    press(director, "/en/switch/", part="portal", to="on")
    until_ready(director, "portal")
    until_ready(director, "signin")


def test_a_cut_line_refuses_and_a_mended_one_carries(director: Demo) -> None:
    address = f"http://127.0.0.1:{director.port_base + 101}/manage.py"
    with urlopen(address) as answer:
        assert b"django" in answer.read()

    press(director, "/en/switch/", part="line", to="off")
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", director.port_base + 101), timeout=1)

    press(director, "/en/switch/", part="line", to="on")
    until_ready(director, "line")
    with urlopen(address) as answer:
        assert answer.status == 200


def test_who_cannot_be_played_is_said_with_the_process_and_the_way_to_start_it(director: Demo) -> None:
    press(director, "/en/switch/", part="portal", to="off")
    try:
        page = press(director, "/en/play/mother/")
    finally:
        press(director, "/en/switch/", part="portal", to="on")
        until_ready(director, "signin")

    assert page.status == 503
    assert "<code>signin</code>" in page.text
    assert "config.supervisor.control start signin" in page.text


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/en/switch/", {"part": "postgres", "to": "off"}),
        ("/en/switch/", {"part": "portal", "to": "sideways"}),
        ("/en/clock/", {"move": "never"}),
        ("/en/story/", {"press": "annul everything"}),
        ("/en/play/president/", {}),
    ],
)
def test_what_the_director_does_not_know_it_does_not_do(
    director: Demo, path: str, fields: dict[str, str]
) -> None:
    assert press(director, path, **fields).status == 404


def test_nothing_is_pressed_from_another_site(director: Demo) -> None:
    for path in ("switch/", "clock/", "story/", "play/mother/"):
        with pytest.raises(HTTPError) as refused:
            urlopen(f"{director.director}/en/{path}", data=b"part=portal&to=off")
        assert refused.value.code == 403
    assert director.states()["portal"] == "ready"


def test_a_foreign_name_of_this_machine_is_refused(director: Demo) -> None:
    assert Visitor("attacker.example", director.port_base + 4).open("/en/").status == 400


def test_the_clock_moves_for_all_processes(director: Demo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QABYLDAU_CLOCK_FILE", str(director.data_dir / "run" / "clock.json"))

    press(director, "/en/clock/", move="opening")
    assert abs(clock.now() - OPENS_AT) < timedelta(seconds=5)

    press(director, "/en/clock/", move="hour")
    assert abs(clock.now() - OPENS_AT - timedelta(hours=1)) < timedelta(seconds=10)

    page = press(director, "/en/clock/", move="next-morning")
    assert abs(clock.now() - OPENS_AT - timedelta(days=1)) < timedelta(seconds=5)
    assert "2 April 2027, 09:00" in page.text


def settled(demo: Demo) -> str:
    """The director's page when the last press of the story has ended."""
    until = time.monotonic() + 60
    while "under way" in (text := Visitor("localhost", demo.port_base + 4).open("/en/").text):
        assert time.monotonic() < until
        time.sleep(0.2)
    return text


def test_closing_the_day_moves_the_clock_and_says_what_failed(
    director: Demo, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is no database behind this director: the program ends, and its last words are on the page."""
    monkeypatch.setenv("QABYLDAU_CLOCK_FILE", str(director.data_dir / "run" / "clock.json"))
    press(director, "/en/clock/", move="opening")

    begun = press(director, "/en/story/", press="close")
    text = settled(director)

    assert begun.status == 200
    assert "The clock shows 02.04.2027 00:06." in text
    assert clock.now().astimezone(clock.ALMATY).date() == date(2027, 4, 2)
    assert "notice--error" in text
    assert "connection" in text


def test_one_press_of_the_story_after_the_other(director: Demo) -> None:
    press(director, "/en/story/", press="check")
    second = press(director, "/en/story/", press="confirm")
    settled(director)

    assert second.status == 503
    assert "One thing after the other" in second.text


def test_the_day_closes_shortly_after_midnight_in_kazakhstan() -> None:
    late = datetime(2027, 4, 1, 23, 59, tzinfo=clock.ALMATY)
    early = datetime(2027, 4, 2, 0, 6, tzinfo=clock.ALMATY)

    assert after_midnight(late) == early
    assert after_midnight(early) == early + timedelta(days=1)
    assert after_midnight(late.astimezone(UTC)) == early


def test_the_next_morning_is_one_of_kazakhstan() -> None:
    late = datetime(2027, 4, 1, 23, 30, tzinfo=clock.ALMATY)

    assert MOVES["next-morning"].to(late) == datetime(2027, 4, 2, 9, tzinfo=clock.ALMATY)


def test_the_opening_is_the_demo_campaigns() -> None:
    assert OPENS_AT == morning.OPENS_AT


def test_the_director_listens_on_this_machine_only(director: Demo) -> None:
    wanted = f"{director.port_base + 4:04X}"
    listening = {
        line.split()[1]
        for table in ("/proc/net/tcp", "/proc/net/tcp6")
        for line in Path(table).read_text().splitlines()[1:]
        if line.split()[3] == "0A" and line.split()[1].endswith(f":{wanted}")
    }

    assert listening == {f"0100007F:{wanted}"}
    with urlopen(f"{director.director}/healthz") as healthz, urlopen(f"{director.director}/readyz") as readyz:
        assert (healthz.status, readyz.status) == (200, 200)
