"""
Does a test fail when one thing in a room is changed? `make mutants ROOM=placement`.

mutmut makes one small change at a time (a comparison, a sign, a constant, an argument …) in a
copy of the project and runs the tests of the room. A change that no test notices survives.
Every survivor is either killed by a better test or stands in docs/reference/mutants.md with the
reason why it changes nothing; whatever survives and does not stand there is printed, as rows
ready to be pasted, and the exit status is 1.

To add a room or a test to one: `ROOMS` below. The tests must need no database and be quick
(a second or two in all): each change runs all tests that reach the changed function, until one
fails. Property tests are welcome; they run with a fixed seed. mutmut does not change what
stands outside of functions, nor functions with a decorator.

    python -m tests.mutation ROOM [--only 'enrollment.draw.x_number*' …] [--keep DIRECTORY]
    --only   changes whose name matches one of these; names are printed beside survivors
    --keep   work in this directory and leave it there, to look at the changed files
"""

import ast
import difflib
import os
import shutil
import subprocess
import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LISTED = ROOT / "docs" / "reference" / "mutants.md"
NOWHERE = {"DATABASE_URL": "postgres://nobody@127.0.0.1:1/none", "REDIS_URL": "redis://127.0.0.1:1/0"}
"""Pure rooms need no server, and none is started a thousand times."""
_NO_SURVIVORS = {"killed", "timeout", "caught by type check"}


@dataclass(frozen=True, slots=True)
class Room:
    """What is changed, and which tests must notice."""

    changed: tuple[str, ...]
    """Rooms by their path; a file or, when it outgrew one, a package."""
    tests: tuple[str, ...]


ROOMS = {
    "placement": Room(
        ("schools/placement", "schools/placement_plain"),
        ("tests/schools/test_placement.py", "tests/schools/test_placement_columns.py"),
    ),
    "arrival": Room(
        ("enrollment/arrival", "enrollment/rounds"),
        (
            "tests/enrollment/test_arrival.py",
            "tests/enrollment/test_rounds.py",
            "tests/properties/test_arrival.py",
        ),
    ),
    "draw": Room(("enrollment/draw",), ("tests/enrollment/test_draw.py",)),
    "claims": Room(
        ("enrollment/claims",),
        (
            "tests/enrollment/test_claims.py",
            "tests/enrollment/test_claims_effects.py",
            "tests/enrollment/test_claims_corrections.py",
            "tests/enrollment/test_claims_children.py",
        ),
    ),
}


@dataclass(frozen=True, slots=True)
class Survivor:
    """A change that no test noticed."""

    name: str
    """As mutmut calls it."""
    function: str
    before: str
    after: str
    was_tried: bool
    """False: no test reaches the function."""

    @property
    def is_words(self) -> bool:
        """Only the words of a programmer's error are other ones; its class is the same."""
        raised = "raise ValueError("
        return self.was_tried and self.before.startswith(raised) and self.after.startswith(raised)

    @property
    def row(self) -> str:
        """What a line of docs/reference/mutants.md begins with."""
        return f"| `{self.function}` | {_cell(self.before)} | {_cell(self.after)} |"


def main(arguments: list[str]) -> int:
    """Exit status: 0, or 1 when something survived that is not listed, or the tests did not run."""
    parser = ArgumentParser(prog="python -m tests.mutation", description="Mutation testing of one room.")
    parser.add_argument("room", choices=sorted(ROOMS))
    parser.add_argument("--only", nargs="+", default=["*"], metavar="PATTERN")
    parser.add_argument("--keep", type=Path, metavar="DIRECTORY")
    options = parser.parse_args(arguments)
    room = ROOMS[options.room]
    with _directory(options.keep) as copy:
        _copy(copy, room)
        ran = subprocess.run(
            [sys.executable, "-m", "mutmut", "run", "--max-children", "2", *options.only],
            cwd=copy,
            env=os.environ | NOWHERE | {"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        results = _results(copy, options.only)
        if ran.returncode != 0 or not results:
            print(ran.stdout[-6000:].replace("\r", "\n"), file=sys.stderr)
            return 1
        survivors = [
            survivor
            for name, status in sorted(results.items())
            if status not in _NO_SURVIVORS
            if not (survivor := _survivor(copy, name, status)).is_words
        ]
    return _report(options.room, results, survivors)


def _report(room: str, results: dict[str, str], survivors: list[Survivor]) -> int:
    listed = LISTED.read_text() if LISTED.exists() else ""
    unlisted = [survivor for survivor in survivors if survivor.row not in listed]
    print(
        f"{room}: {len(results)} changes, {len(results) - len(survivors)} noticed, {len(survivors)} survived,"
        f" {len(unlisted)} of them not in {LISTED.relative_to(ROOT)}"
    )
    for survivor in unlisted:
        print(f"{survivor.row} {'' if survivor.was_tried else 'NO TEST REACHES IT '}|  <- {survivor.name}")
    return 1 if unlisted else 0


@contextmanager
def _directory(keep: Path | None) -> Iterator[Path]:
    if keep is not None:
        shutil.rmtree(keep, ignore_errors=True)
        yield keep.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="qabyldau-mutants-") as made:
        yield Path(made) / "copy"


def _copy(copy: Path, room: Room) -> None:
    """The project, without what is made from it, and told what to change."""
    ignored = shutil.ignore_patterns(
        ".*", "__pycache__", "build", "node_modules", "*.log", "bench", "browser"
    )
    shutil.copytree(ROOT, copy, ignore=ignored)
    everything = sorted(path.name for path in copy.iterdir())
    settings = {
        "source_paths": [path if (ROOT / path).is_dir() else f"{path}.py" for path in room.changed],
        "also_copy": everything,
        "pytest_add_cli_args_test_selection": list(room.tests),
        "pytest_add_cli_args": [
            *("-p", "no:randomly", "-p", "no:cacheprovider", "-p", "no:xdist", "--hypothesis-seed=0"),
        ],
        "timeout_constant": 10.0,
        "timeout_multiplier": 4.0,
    }
    lines = "".join(f"{key} = {value!r}\n" for key, value in settings.items())
    with (copy / "pyproject.toml").open("a") as project:
        project.write(f"\n[tool.mutmut]\n{lines}")


def _results(copy: Path, patterns: Iterable[str]) -> dict[str, str]:
    """Status by name of the change."""
    said = subprocess.run(
        [sys.executable, "-m", "mutmut", "results", "--all", "true"],
        cwd=copy,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    ).stdout
    pairs = (line.strip().rsplit(": ", 1) for line in said.splitlines() if "__mutmut_" in line)
    return {name: status for name, status in pairs if any(fnmatchcase(name, one) for one in patterns)}


def _survivor(copy: Path, name: str, status: str) -> Survivor:
    """Read what was changed from the file that holds the function in all its versions."""
    module, mangled = name.rsplit(".", 1)
    path = copy / "mutants" / Path(*module.split("."))
    source = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    functions = {
        node.name: node
        for node in ast.walk(ast.parse(source.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    stem = mangled.rsplit("__mutmut_", 1)[0]
    before, after = _lines(functions[f"{stem}__mutmut_orig"]), _lines(functions[mangled])
    diff = [line for line in difflib.ndiff(before, after) if line[:2] in {"- ", "+ "}]
    return Survivor(
        name=name,
        function=f"{module}.{stem.removeprefix('x_').removeprefix('xǁ').replace('ǁ', '.')}",
        before=" ".join(line[2:].strip() for line in diff if line[0] == "-"),
        after=" ".join(line[2:].strip() for line in diff if line[0] == "+"),
        was_tried=status != "no tests",
    )


def _lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    """Its signature and body, whatever its name and however its lines are wrapped."""
    function.name = "f"
    return ast.unparse(function).splitlines()


def _cell(code: str) -> str:
    return f"`{code}`".replace("|", "\\|") if code else "nothing"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
