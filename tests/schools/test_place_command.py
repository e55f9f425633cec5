"""`manage.py place`: a file in, a placement out, or one named fault."""

import copy
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.placements import as_json, random_case

MANAGE = Path(__file__).parents[2] / "manage.py"
CASE: dict[str, Any] = {
    "policy": {"hold_territory": True},
    "intakes": [
        {"id": "A/kk", "slots": "T-O", "holders": {"0": "Асан"}},
        {"id": "B/ru", "slots": "T", "holders": {}},
    ],
    "children": [
        {"id": "Асан", "choices": ["A/kk"], "territory": ["A/kk"], "moments": [5], "number": "a" * 64},
        {"id": "Үсен", "choices": ["A/kk"], "territory": [], "moments": [3], "number": "b" * 64},
        {"id": "Дана", "choices": ["B/ru", "A/kk"], "territory": [], "moments": [3, 3], "number": "c" * 64},
    ],
}  # fmt: skip
PLACED = {
    "placements": {"Асан": "A/kk", "Үсен": "A/kk"},
    "slots": {"Асан": 0, "Үсен": 2},
    "reserves": {
        "A/kk": {"territory": [], "outside": ["Дана"]},
        "B/ru": {"territory": [], "outside": ["Дана"]},
    },
}


def printed(path: Path, *options: str) -> str:
    out = io.StringIO()
    call_command("place", str(path), *options, stdout=out)
    return out.getvalue()


def placed(path: Path) -> Any:
    return json.loads(printed(path))


@pytest.fixture
def written(tmp_path: Path) -> Callable[[object], Path]:
    def write(content: object) -> Path:
        path = tmp_path / "case.json"
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return path

    return write


def run_place(path: Path) -> subprocess.CompletedProcess[str]:
    """As an operator runs it, with every server out of reach."""
    nowhere = {"DATABASE_URL": "postgres://nobody@127.0.0.1:1/none", "REDIS_URL": "redis://127.0.0.1:1/0"}
    environment = {key: value for key, value in os.environ.items() if key != "DJANGO_SETTINGS_MODULE"}
    return subprocess.run(
        [sys.executable, MANAGE, "place", path],
        env=environment | nowhere,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_a_placement_comes_out_without_any_database(written: Callable[[object], Path]) -> None:
    run = run_place(written(CASE))

    assert (run.returncode, json.loads(run.stdout)) == (0, PLACED)


def test_a_refusal_is_one_line_on_standard_error_and_exit_1(written: Callable[[object], Path]) -> None:
    bad = copy.deepcopy(CASE)
    bad["intakes"][0]["holders"] = {"1": "Асан"}

    run = run_place(written(bad))

    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr.count("\n") == 1
    assert "slot 1 is removed" in run.stderr


def test_holders_may_be_left_out(written: Callable[[object], Path]) -> None:
    case = copy.deepcopy(CASE)
    del case["intakes"][0]["holders"], case["intakes"][1]["holders"]

    assert placed(written(case))["slots"] == {"Асан": 0, "Үсен": 2}


def test_who_is_harmed_may_be_said(written: Callable[[object], Path]) -> None:
    case = copy.deepcopy(CASE)
    case["children"][2]["first_for"] = {"A/kk": "O"}

    assert placed(written(case))["slots"] == {"Асан": 0, "Дана": 2}


@pytest.mark.parametrize("seed", range(5))
def test_both_implementations_print_the_same_bytes(written: Callable[[object], Path], seed: int) -> None:
    path = written(as_json(random_case(Random(seed))))

    assert printed(path) == printed(path, "--plain")
    assert printed(path, "--plain").endswith("}\n")


def test_plain_places_by_the_plain_implementation(
    written: Callable[[object], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**_: object) -> None:
        raise AssertionError("the fast implementation was asked")

    monkeypatch.setattr("schools.placement.place", broken)

    assert json.loads(printed(written(CASE), "--plain")) == PLACED


def spoil(path: str, value: object) -> Callable[[dict[str, Any]], None]:
    """Set the part of the case that `path` ("children.0.id") names."""
    *way, last = [int(step) if step.isdigit() else step for step in path.split(".")]

    def change(case: Any) -> None:
        for step in way:
            case = case[step]
        case[last] = value

    return change


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (spoil("intakes.0.holders", {"0": "Нұр"}), "intake 'A/kk', slot 0: unknown child 'Нұр'"),
        (spoil("intakes.0.holders", {"3": "Асан"}), "intake 'A/kk': slot 3 is out of range"),
        (spoil("intakes.0.holders", {"-1": "Асан"}), "intake 'A/kk': '-1' is not the index of a slot"),
        (spoil("intakes.0.holders", {"00": "Асан"}), "intake 'A/kk': '00' is not the index of a slot"),
        (spoil("intakes.0.holders", {"1": "Асан"}), "intake 'A/kk': slot 1 is removed"),
        (spoil("intakes.0.holders", {"0": "Асан", "2": "Асан"}), "child 'Асан' holds twice"),
        (spoil("intakes.1.holders", {"0": "Дана", "x": "Дана"}), "intake 'B/ru': 'x' is not the index"),
        (spoil("intakes.1.holders", {"0": "Үсен"}), "child 'Үсен' holds it but did not choose the intake"),
        (spoil("intakes.0.holders", ["Асан"]), "intake 'A/kk': holders must be an object"),
        (spoil("intakes.0.holders", {"0": 7}), "intake 'A/kk', holder of slot 0: a text is needed"),
        (spoil("intakes.0.slots", "TXO"), "intake 'A/kk': slots must be a text of T, O and -"),
        (spoil("intakes.0.slots", ["T"]), "intake 'A/kk': slots must be a text"),
        (spoil("intakes.1.id", "A/kk"), "intake 'A/kk' stands twice"),
        (spoil("intakes.1.id", ""), "intake 1, id: a text is needed"),
        (spoil("intakes.1.capacity", 3), "intake 1: unknown key 'capacity'"),
        (spoil("intakes", {}), "intakes must be a list"),
        (spoil("children.1.id", "Асан"), "child 'Асан' stands twice"),
        (spoil("children.1.id", 1), "child 1, id: a text is needed"),
        (spoil("children.1", "Үсен"), "child 1 must be an object"),
        (spoil("children.1.choices", ["C/kk"]), "child 'Үсен', choices: unknown intake 'C/kk'"),
        (spoil("children.1.choices", "A/kk"), "child 'Үсен', choices must be a list"),
        (spoil("children.1.territory", ["C/kk"]), "child 'Үсен', territory: unknown intake 'C/kk'"),
        (spoil("children.1.territory", None), "child 'Үсен', territory must be a list"),
        (spoil("children.1.moments", [1, 2]), "child 'Үсен': 1 choices, but 2 moments"),
        (spoil("children.1.moments", []), "child 'Үсен': 1 choices, but 0 moments"),
        (spoil("children.1.moments", [1.0]), "child 'Үсен': moments must be whole numbers"),
        (spoil("children.1.moments", [True]), "child 'Үсен': moments must be whole numbers"),
        (spoil("children.1.moments", ["1"]), "child 'Үсен': moments must be whole numbers"),
        (spoil("children.1.number", "b" * 63), "child 'Үсен': number must be 64 lower-case hex digits"),
        (spoil("children.1.number", "B" * 64), "child 'Үсен': number must be 64 lower-case hex digits"),
        (spoil("children.1.number", "b" * 64 + "\n"), "child 'Үсен': number must be 64 lower-case hex digits"),
        (spoil("children.1.number", 11), "child 'Үсен': number must be 64 lower-case hex digits"),
        (spoil("children.2.choices", ["A/kk", "A/kk"]), "child 'Дана': an intake is chosen twice"),
        (spoil("children.1.first_for", {"B/ru": "T"}),
         "child 'Үсен', first_for: intake 'B/ru' is not among its choices"),
        (spoil("children.1.first_for", {"C/kk": "T"}), "first_for: intake 'C/kk' is not among its choices"),
        (spoil("children.1.first_for", {"A/kk": "-"}), "child 'Үсен', first_for, 'A/kk': the kind must be T or O"),
        (spoil("children.1.first_for", {"A/kk": ["T"]}), "the kind must be T or O"),
        (spoil("children.1.first_for", ["A/kk"]), "child 'Үсен', first_for must be an object"),
        (spoil("policy", {}), "policy: hold_territory is missing"),
        (spoil("policy.hold_territory", "yes"), "policy: hold_territory must be true or false"),
        (spoil("policy.hold_teritory", True), "policy: unknown key 'hold_teritory'"),
        (spoil("comment", ""), "the file: unknown key 'comment'"),
    ],
)  # fmt: skip
def test_a_bad_case_is_refused_by_name(
    written: Callable[[object], Path], change: Callable[[dict[str, Any]], None], named: str
) -> None:
    case = copy.deepcopy(CASE)
    change(case)

    with pytest.raises(CommandError) as refused:
        placed(written(case))

    assert named in str(refused.value)


def test_a_child_that_holds_in_two_intakes_is_refused(written: Callable[[object], Path]) -> None:
    case = copy.deepcopy(CASE)
    case["intakes"][0]["holders"] = {"0": "Дана"}
    case["intakes"][1]["holders"] = {"0": "Дана"}

    with pytest.raises(CommandError, match="'Дана' holds twice"):
        placed(written(case))


@pytest.mark.parametrize("missing", ["id", "choices", "territory", "moments", "number"])
def test_a_missing_key_of_a_child_is_named(written: Callable[[object], Path], missing: str) -> None:
    case = copy.deepcopy(CASE)
    del case["children"][2][missing]

    with pytest.raises(CommandError, match=f"child 2: {missing} is missing"):
        placed(written(case))


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"[]", "the file must be an object"),
        (b"\xff\xfe{}", "not UTF-8"),
        (b"\xef\xbb\xbf{}", "not JSON"),
        (
            b'{"policy": {"hold_territory": true, "hold_territory": false}}',
            "key 'hold_territory' stands twice",
        ),
        (b'{"policy": NaN}', "not JSON: NaN"),
        (b"[" * 200_000, "not JSON: too deeply nested"),
        (b'{"policy": ' + b"9" * 5000 + b"}", "not JSON"),
    ],
)
def test_what_is_no_json_object_is_refused(
    written: Callable[[object], Path], content: bytes, named: str
) -> None:
    with pytest.raises(CommandError, match=named):
        placed(written(content))


def test_a_slot_held_twice_over_a_doubled_key_is_refused(written: Callable[[object], Path]) -> None:
    doubled = json.dumps(CASE).replace('"holders": {}', '"holders": {"0": "a", "0": "b"}').encode()

    with pytest.raises(CommandError, match="key '0' stands twice"):
        placed(written(doubled))


def test_a_file_that_is_not_there_is_said_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="No such file"):
        placed(tmp_path / "none.json")
