"""The measurements can be made; what they find is never asserted as a time."""

import json
import subprocess
import sys
from pathlib import Path

from config.supervisor.options import ROOT


def bench(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "tests.bench", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_the_roster_can_be_measured(tmp_path: Path) -> None:
    tiny = ["--sizes", "40,200", "--repeat", "1", "--country", "city", "--applications", "60"]

    said = bench("roster", *tiny, "--into", str(tmp_path))

    assert said.returncode == 0, said.stderr
    found = json.loads((tmp_path / "roster.json").read_text())
    assert found["children"] == 200
    assert found["placement_placed_40"] <= found["placement_placed_200"] <= 200
    assert 0 < found["reconcile_placed"] <= found["reconcile_children"] <= 60
    assert found["reconcile_rows_written"] >= found["reconcile_children"]
    assert found["second_run_rows_written"] == 0
    assert {"placement_s", "placement_mb", "reconcile_s", "peak_mb", "n", "cores"} <= found.keys()
    assert all(isinstance(value, int | float | str) for value in found.values())


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    said = bench("rooster")

    assert said.returncode == 2
    assert "'rooster'" in said.stderr
    assert all(name in said.stderr for name in ("accept", "counter", "roster", "officials"))
