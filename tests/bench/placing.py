"""
`python -m tests.bench.placing CHILDREN [--plain | --library]`: one placement of a made-up nation, as JSON.

`s` seconds, `cpu_s` of them at work (the rest a shared machine took); `mb` the most memory the process held while placing, with the nation it was given;
`own_mb` how much of that was not there before. `--plain`: by the plain implementation, and
whether it `agrees` with the fast one. `--library`: one kind of slots, strict order, beside the
answer of the library `matching`.
"""

import gc
import json
import os
import sys
import threading
from argparse import ArgumentParser
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from time import perf_counter, process_time
from typing import TypeVar

import numpy as np
from matching.games import HospitalResident

from schools import placement_plain
from schools.placement import FIRST_FOR_NONE, Columns, place, place_columns
from schools.placement_case import Child, Intake
from tests.bench.nations import as_objects, nation
from tests.bench.resources import peak_mb, resident_mb

Found = dict[str, float]
Result = TypeVar("Result")


def main() -> None:
    parser = ArgumentParser(prog="python -m tests.bench.placing")
    parser.add_argument("children", type=int)
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--plain", dest="measure", action="store_const", const=plainly, default=fast)
    how.add_argument("--library", dest="measure", action="store_const", const=beside_the_library)
    options = parser.parse_args()
    print(json.dumps(options.measure(nation(options.children))))


def fast(columns: Columns) -> Found:
    """The placement on arrays."""
    before = _forget_peak()
    seconds, placed = _timed(lambda: place_columns(columns, hold_territory=False))
    peak = peak_mb()
    return {
        **seconds,
        "mb": peak,
        "own_mb": round(peak - before, 1),
        "placed": int((placed.intake >= 0).sum()),
        "places": sum(map(len, columns.slots)),
        "rows": len(columns.child),
    }


def plainly(columns: Columns) -> Found:
    """The plain implementation on the same nation."""
    intakes, children = as_objects(columns)
    before = _forget_peak()
    seconds, placement = _timed(
        lambda: placement_plain.place(intakes=intakes, children=children, hold_territory=False)
    )
    peak = peak_mb()
    agrees = placement == place(intakes=intakes, children=children, hold_territory=False)
    return {**seconds, "mb": peak, "own_mb": round(peak - before, 1), "agrees": agrees}


def beside_the_library(columns: Columns) -> Found:
    """Ours on the same children one by one, then the library's."""
    strict = replace(
        columns,
        slots=["O" * len(slots) for slots in columns.slots],
        is_territory=np.zeros(len(columns.child), np.bool_),
        held_slot=np.full(len(columns.child), -1, np.int32),
        first_for=np.full(len(columns.child), FIRST_FOR_NONE, np.uint8),
    )
    intakes, children = as_objects(strict)
    named = {choice for child in children for choice in child.choices}
    intakes = [intake for intake in intakes if intake.id in named]
    seconds, placement = _timed(lambda: place(intakes=intakes, children=children, hold_territory=False))
    library_seconds, found = _timed(lambda: by_library(intakes, children))
    return {**seconds, "library_s": library_seconds["s"], "agrees": found == placement.placements}


def by_library(intakes: list[Intake], children: list[Child]) -> dict[str, str]:
    """
    Intake by child: the hospital-resident answer that is best for the children.

    For one kind of slots and no holders. In a thread with a deep stack, because the library
    copies what it is given from one child to the next.
    """
    asking: dict[str, list[tuple[int, str, str]]] = {intake.id: [] for intake in intakes}
    for child in children:
        for choice, moment in zip(child.choices, child.moments, strict=True):
            asking[choice].append((moment, child.number, child.id))
    found: dict[str, str] = {}

    def solve() -> None:
        game = HospitalResident.create_from_dictionaries(
            {child.id: [*child.choices] for child in children},
            {id_: [child for _moment, _number, child in sorted(line)] for id_, line in asking.items()},
            {intake.id: len(intake.slots) for intake in intakes},
        )
        for hospital, residents in game.solve(optimal="resident").items():
            found.update({resident.name: hospital.name for resident in residents})

    limit, stack = sys.getrecursionlimit(), threading.stack_size(512 * 1024 * 1024)
    sys.setrecursionlimit(200_000)
    try:
        thread = threading.Thread(target=solve)
        thread.start()
        thread.join()
    finally:
        sys.setrecursionlimit(limit)
        threading.stack_size(stack)
    return found


def _timed(work: Callable[[], Result]) -> tuple[dict[str, float], Result]:
    gc.collect()
    began, began_cpu = perf_counter(), process_time()
    result = work()
    return {"s": perf_counter() - began, "cpu_s": process_time() - began_cpu}, result


def _forget_peak() -> float:
    """Start counting the most memory anew; what the process holds now, in MB."""
    gc.collect()
    if (peak := Path("/proc/self/clear_refs")).exists():
        peak.write_text("5")
    return resident_mb(os.getpid())


if __name__ == "__main__":
    main()
