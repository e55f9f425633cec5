"""From facts to a roster: the placement alone on made-up nations, and a reconciliation from database to database."""

import json
import sys
from argparse import ArgumentParser, Namespace

from tests.bench.figures import Value, middle
from tests.bench.installation import (
    DidNotHappen,
    Installation,
    installation,
    quiet_environment,
    run_python,
)

SIZES = "50000,100000,200000,400000"
RECONCILED = "50000,100000,200000,400000"
ONE_DESK = 200
"""Entries that one desk delivers at once."""
_DERIVED = (
    "schools_rosterentry",
    "schools_rosterstate",
    "schools_intakestate",
    "enrollment_readfact",
    "enrollment_reading",
)
LIBRARY_CHILDREN = 2_000
"""The library `matching` does not get far beyond."""


def add_options(parser: ArgumentParser) -> None:
    parser.add_argument("--sizes", default=SIZES, help=f"children to place, one run each (default {SIZES})")
    parser.add_argument("--repeat", type=int, default=3, help="runs of each, medians are shown (default 3)")
    parser.add_argument(
        "--applications", default=RECONCILED, help=f"children to reconcile (default {RECONCILED})"
    )
    parser.add_argument("--country", choices=["city", "nation"], default="nation")


def measure(options: Namespace) -> dict[str, Value]:
    """The figures of both halves; the unmarked placement keys are those of the largest nation."""
    found: dict[str, Value] = {}
    for size in [int(text) for text in options.sizes.split(",")]:
        runs = [_placement(size) for _run in range(options.repeat)]
        seconds, megabytes = [run["s"] for run in runs], [run["mb"] for run in runs]
        found |= {
            f"placement_s_{size}": middle(seconds, 3),
            f"placement_mb_{size}": middle(megabytes, 1),
            f"placement_placed_{size}": runs[0]["placed"],
            f"placement_own_mb_{size}": middle([run["own_mb"] for run in runs], 1),
        }
        found |= {"children": size, "placement_s": middle(seconds, 3), "placement_mb": middle(megabytes, 1)}
    found |= _plain_and_library(options, children=size)
    return found | _reconciliation(options) | {"n": options.repeat}


def _plain_and_library(options: Namespace, *, children: int) -> dict[str, Value]:
    """
    The plain implementation at the largest size; ours and the library's answer beside each other.

    :raises DidNotHappen: they disagree
    """
    plain = _placement(children, "--plain")
    runs = [_placement(min(LIBRARY_CHILDREN, children), "--library") for _run in range(options.repeat)]
    if not all(run["agrees"] for run in (plain, *runs)):
        raise DidNotHappen("the fast placement and another one do not agree")
    return {
        "placement_plain_s": round(plain["s"], 3),
        "placement_plain_mb": plain["mb"],
        "ratio_to_matching": middle([run["library_s"] / run["s"] for run in runs], 1),
        "matching_s": middle([run["library_s"] for run in runs], 3),
        "matching_children": min(LIBRARY_CHILDREN, children),
    }


def _placement(children: int, *how: str) -> dict[str, float]:
    """One placement in a process of its own, whose memory is then that of this placement."""
    said = run_python("-m", "tests.bench.placing", str(children), *how, environment=quiet_environment())
    result: dict[str, float] = json.loads(said)
    return result


def _reconciliation(options: Namespace) -> dict[str, Value]:
    """From nothing at each size, a second run on the same facts, and one desk's delivery at the largest."""
    found: dict[str, Value] = {}
    there = 0
    with installation() as made:
        print("Founding the country …", file=sys.stderr)
        made.prepare("--size", options.country, "--applications", "0")
        for size in sorted(int(text) for text in options.applications.split(",")):
            made.python("-m", "tests.bench.peopling", str(size - there))
            there = size
            runs = [_from_nothing(made) for _run in range(options.repeat)]
            found |= {
                f"reconcile_s_{size}": middle([run["s"] for run in runs]),
                f"peak_mb_{size}": middle([run["peak_mb"] for run in runs], 1),
            }
            found |= {
                "reconcile_children": runs[0]["children"],
                "reconcile_placed": runs[0]["placed"],
                "reconcile_rows_written": runs[0]["rows_written"],
                "reconcile_s": found[f"reconcile_s_{size}"],
                "second_run_s": middle([run["second_s"] for run in runs]),
                "second_run_rows_written": max(run["second_rows_written"] for run in runs),
                "peak_mb": found[f"peak_mb_{size}"],
            }
        deliveries = [_one_desk(made) for _run in range(options.repeat)]
    return found | {
        "reconcile_200_s": middle([run["s"] for run in deliveries]),
        "reconcile_200_rows_written": deliveries[0]["rows_written"],
        "reconcile_200_peak_mb": middle([run["peak_mb"] for run in deliveries], 1),
    }


def _from_nothing(made: Installation) -> dict[str, float]:
    """Derived rows are forgotten, so that everything is computed and written."""
    with made.database(as_owner=True) as connection:
        connection.execute(f"TRUNCATE {', '.join(_DERIVED)}".encode())
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")
    return _run(made)


def _one_desk(made: Installation) -> dict[str, float]:
    made.python("-m", "tests.bench.peopling", "0", "--desk", str(ONE_DESK))
    return _run(made, "--once")


def _run(made: Installation, *how: str) -> dict[str, float]:
    said = made.python("-m", "tests.bench.reconciling", *how, settings="config.settings.portal")
    result: dict[str, float] = json.loads(said)
    return result
