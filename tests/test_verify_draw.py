"""`docs/verify_draw.py` as a family runs it: a process of its own, with nothing of ours to import."""

import json
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from enrollment import draw

PROGRAM = Path(__file__).resolve().parent.parent / "docs" / "verify_draw.py"
OPENS = date(2027, 4, 1)
SECRET, LENGTH = b"\x5e" * 32, 30
LINKS = draw.hash_chain(secret=SECRET, length=LENGTH)
TOKEN = draw.child_token(key=b"\x0a" * 32, child_key="190401599990")
REPLACED = 2
"""Index of the day whose secret was missing."""


def published(count: int = 5) -> dict[str, Any]:
    """What the page offers; made by the server's own rules."""
    days, last = [], LINKS[0]
    for index in range(count):
        day, v = OPENS + timedelta(days=index), f"саны {index}"
        is_replacement = index == REPLACED
        s = LINKS[index + 1]
        if is_replacement:
            s = draw.replacement_secret(date=day, last_shown=last, v=v)
        else:
            last = s
        days.append(
            {
                "date": day.isoformat(),
                "s": s.hex(),
                "v": v,
                "is_replacement": is_replacement,
                "seed": draw.day_seed(date=day, s=s, v=v).hex(),
            }
        )
    return {
        "v": 1, "campaign": 2027, "opens": OPENS.isoformat(), "key_sha256": "00" * 32,
        "chain_end": LINKS[0].hex(), "chain_length": LENGTH, "public_source": "", "days": days,
    }  # fmt: skip


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return written(tmp_path, published())


def written(folder: Path, data: object) -> Path:
    path = folder / "days.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    return path


def run(*arguments: object, language: str = "en") -> subprocess.CompletedProcess[str]:
    # -I -S: neither our environment nor any package, only the standard library.
    command = [sys.executable, "-I", "-S", str(PROGRAM), *map(str, arguments), "--lang", language]
    return subprocess.run(command, capture_output=True, encoding="utf-8", check=False, timeout=60)


def assert_refused(done: subprocess.CompletedProcess[str], words: str) -> None:
    assert done.returncode == 1, done.stdout
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert "Everything agrees." not in done.stdout


def test_what_the_server_makes_agrees(file):
    done = run(file)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("Everything agrees.\n")
    for day in published()["days"]:
        assert day["s"] in done.stdout
        assert day["seed"] in done.stdout


def test_the_number_is_the_servers(file):
    for index in (0, REPLACED, 4):
        day = published()["days"][index]
        done = run(file, "--date", day["date"], "--token", TOKEN.hex())
        assert done.returncode == 0
        assert draw.number(seed=bytes.fromhex(day["seed"]), token=TOKEN).hex() in done.stdout


@pytest.mark.parametrize(
    ("language", "words"), [("kk", "Барлығы сәйкес келеді."), ("ru", "Всё совпадает."), ("en", "Everything")]
)
def test_it_speaks_three_languages(file, language, words):
    assert words in run(file, language=language).stdout


def test_kazakh_comes_first(file):
    done = subprocess.run([sys.executable, str(PROGRAM), str(file)], capture_output=True, check=True)

    assert "Барлығы сәйкес келеді." in done.stdout.decode()


def test_before_the_first_day_there_is_nothing_to_check(tmp_path):
    done = run(written(tmp_path, published(0)))

    assert done.returncode == 0
    assert "No day has been drawn yet" in done.stdout


def test_a_day_can_be_typed_by_hand():
    day = published()["days"][1]
    hand = ("--opens", "2027-04-01", "--chain-end", LINKS[0].hex(), "--date", day["date"], "--s", day["s"])

    done = run(*hand, "--v", day["v"], "--token", TOKEN.hex())

    assert done.returncode == 0
    assert draw.number(seed=bytes.fromhex(day["seed"]), token=TOKEN).hex() in done.stdout
    assert_refused(run(*hand), "all five")
    assert_refused(run(*hand[:-1], LINKS[1].hex(), "--v", day["v"]), "not from the published chain")
    assert_refused(run("--opens", "2027-04-05", *hand[2:], "--v", "x"), "not in order")


def _with(changes: dict[str, Any], *, day: int | None = None) -> dict[str, Any]:
    data = published()
    (data if day is None else data["days"][day]).update(changes)
    return data


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (_with({"s": "66" * 32}, day=3), "2027-04-04: s is not from the published chain"),
        (_with({"s": LINKS[3].hex()}, day=3), "2027-04-04: s is not from the published chain"),
        (_with({"chain_end": "66" * 32}), "2027-04-01: s is not from the published chain"),
        (_with({"v": "another"}, day=0), "2027-04-01: the published seed differs"),
        (_with({"seed": "66" * 32}, day=4), "2027-04-05: the published seed differs"),
        (_with({"v": "another"}, day=REPLACED), "2027-04-03: what took the place"),
        (_with({"is_replacement": True}, day=3), "2027-04-04: what took the place"),
        (_with({"is_replacement": False}, day=REPLACED), "2027-04-03: s is not from the published chain"),
        (_with({"date": "2027-04-09"}, day=4), "2027-04-05: this day is missing"),
        (_with({"days": published()["days"][1:]}), "2027-04-01: this day is missing"),
        (_with({"days": published()["days"][::-1]}), "2027-04-01: this day is missing"),
        (_with({"chain_length": 4}), "2027-04-05: this day lies beyond the chain"),
        (_with({"s": "66"}, day=1), "“s”: 64 characters"),
        (_with({"s": None}, day=1), "“s”: 64 characters"),
        (_with({"date": "nonsense"}, day=1), "“date”: a date"),
        (_with({"v": 17}, day=1), "“v”: readable text"),
        (_with({"v": "\ud800"}, day=1), "“v”: readable text"),
        (_with({"days": None}), "cannot be read"),
        (_with({"chain_length": float("inf")}), "cannot be read"),
        ([], "cannot be read"),
        ("x", "cannot be read"),
        (None, "cannot be read"),
    ],
)  # fmt: skip
def test_what_does_not_match_is_named(tmp_path, data, words):
    assert_refused(run(written(tmp_path, data)), words)


def test_a_chain_just_long_enough_is_enough(tmp_path):
    assert run(written(tmp_path, _with({"chain_length": 5}))).returncode == 0


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b'{"days": {}}'])
def test_a_file_that_is_none_is_named(tmp_path, content):
    path = tmp_path / "days.json"
    path.write_bytes(content)

    assert_refused(run(path), "days.json")


def test_no_file_at_all_is_named(tmp_path):
    assert_refused(run(tmp_path / "nowhere.json"), "cannot be read")
    assert_refused(run(), "Either the file days.json is needed")


@pytest.mark.parametrize("token", ["x", "66", "g" * 64, ""])
def test_a_token_that_is_none_is_named(file, token):
    assert_refused(run(file, "--date", "2027-04-01", "--token", token), "“--token”: 64 characters")


def test_a_day_that_is_not_drawn_is_named(file):
    assert_refused(run(file, "--date", "2027-05-01", "--token", TOKEN.hex()), "2027-05-01: no draw is shown")
    assert_refused(run(file, "--token", TOKEN.hex()), "--date is needed")
    assert_refused(run(file, "--date", "1 April", "--token", TOKEN.hex()), "“--date”: a date")
