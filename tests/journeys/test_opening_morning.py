"""The morning everything fails, told by `python -m tests.opening_morning`; its judge: test_storys_judge.py."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from config.embedded import command_on_leash, leftovers
from tests.opening_morning.line import Line

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE_S = 300


# ------------------------------------------------------------------- the line


@pytest.fixture
def centre():
    """A centre that answers each delivery, and remembers what it got."""
    listener = socket.create_server(("127.0.0.1", 0))
    got: list[bytes] = []

    def serve() -> None:
        while True:
            try:
                connection, _address = listener.accept()
            except OSError:
                return
            with connection:
                received = b""
                while part := connection.recv(65_536):
                    received += part
                    if received.endswith(b"}") and b"\r\n\r\n" in received:
                        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
                        break
                got.append(received)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield listener.getsockname()[1], got
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


BODY = b'{"entries":["one"],"more":"' + b"x" * 200 + b'"}'
DELIVERY = b"POST /api/desk/v1/entries HTTP/1.1\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)


@pytest.mark.parametrize(
    ("mode", "once", "answered", "whole", "all_"),
    [
        ("good", [], True, 1, 1),
        ("twice", [], True, 2, 2),
        ("twice", ["cut"], False, 0, 1),
        ("twice", ["deaf"], False, 1, 1),
        ("down", [], False, 0, 0),
    ],
)
def test_the_line_is_as_bad_as_it_says(centre, mode, once, answered, whole, all_) -> None:
    port, got = centre
    line = Line(to_port=port, seed=1)
    line.mode = mode
    line.once += once
    try:
        with socket.create_connection(("127.0.0.1", line.port), timeout=5) as counter:
            counter.sendall(DELIVERY)
            answer = counter.recv(1000)
    except ConnectionResetError:
        answer = b""
    finally:
        line.close()
    leftovers.wait_until(lambda: len(got) >= all_, seconds=2)

    assert bool(answer) == answered
    assert (sum(message == DELIVERY for message in got), len(got)) == (whole, all_)


# ------------------------------------------------------------------ the story


def tell(*arguments: str, out: Path) -> tuple[int, dict[str, float], str]:
    """Tell the story in a process of its own: exit code, ledger, everything said."""
    command = [sys.executable, "-m", "tests.opening_morning", "--out", str(out), *arguments]
    done = subprocess.run(
        command_on_leash(command, last_signal=signal.SIGTERM),
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    written = out / "opening-morning.json"
    return done.returncode, json.loads(written.read_text()) if written.exists() else {}, done.stdout


@pytest.mark.fault
def test_nobody_is_lost_doubled_or_overtaken_on_the_opening_morning(tmp_path: Path) -> None:
    code, totals, said = tell("--quick", out=tmp_path)

    assert code == 0, said
    assert (totals["lost"], totals["doubled"], totals["overtaken"]) == (0, 0, 0)
    columns = ("on_rosters", "reserve", "linked", "contested", "parked", "withdrawn", "void")
    assert all(totals[column] >= 1 for column in columns), said
    assert sum(totals[column] for column in columns) == totals["receipts"]
    assert "lost 0 · doubled 0 · overtaken 0" in said
    assert (tmp_path / "opening-morning.html").read_text().count("<tr>") > 20


@pytest.mark.slow
@pytest.mark.fault
@pytest.mark.parametrize("law", ["law2", "law4", "law5"])
def test_a_broken_law_loses_somebody_and_is_told(law: str, tmp_path: Path) -> None:
    """2: facts removed. 4: a bell instead of sweeps. 5: the receipt before the journal."""
    code, totals, said = tell("--quick", "--break", law, out=tmp_path)

    assert code == 1, said
    assert totals["lost"] >= 1, said


@pytest.mark.slow
@pytest.mark.fault
def test_an_id_minted_at_each_press_is_told(tmp_path: Path) -> None:
    """Law 3: sent again, a family gets a second receipt; the first one is linked, which nobody asked for."""
    code, totals, said = tell("--quick", "--break", "law3", out=tmp_path)

    assert code == 1, said
    assert re.search(r"not kept: \S+ was sent once more and got (\S+) after (?!\1)", said)
    assert totals["linked"] > 6, said


@pytest.mark.slow
@pytest.mark.fault
def test_an_interrupted_story_leaves_nothing_running(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.opening_morning", "--quick", "--out", str(tmp_path)]
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    tmp_path.chmod(0o711)
    story = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert story.stdout is not None
    assert any("have signed in" in line for line in story.stdout)
    ports_dir = next(tmp_path.glob("qabyldau-morning-*"))
    running = _working_for(ports_dir)
    time.sleep(1)

    story.send_signal(signal.SIGINT)
    story.communicate(timeout=60)

    assert len(running) > 5
    assert leftovers.wait_until(lambda: not any(map(leftovers.is_alive, running)), seconds=10)
    assert not ports_dir.exists()


def _working_for(directory: Path) -> list[int]:
    """Processes whose environment names the story's directory."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            environment = (process / "environ").read_bytes()
        except OSError:
            continue
        if f"DATA_DIR={directory}".encode() in environment:
            found.append(int(process.name))
    return found
