"""From facts to a roster: the placement alone on made-up nations, and a reconciliation from database to database."""

import json
import sys
from argparse import ArgumentParser, Namespace

from tests.bench.figures import Value, middle
from tests.bench.installation import installation, quiet_environment, run_python

SIZES = "5000,50000,400000"


def add_options(parser: ArgumentParser) -> None:
    parser.add_argument("--sizes", default=SIZES, help=f"children to place, one run each (default {SIZES})")
    parser.add_argument("--repeat", type=int, default=3, help="runs of each, medians are shown (default 3)")
    parser.add_argument("--applications", type=int, default=50_000, help="for the reconciliation")
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
        }
        found |= {"children": size, "placement_s": middle(seconds, 3), "placement_mb": middle(megabytes, 1)}
    return found | _reconciliation(options) | {"n": options.repeat}


def _placement(children: int) -> dict[str, float]:
    """One placement in a process of its own, whose memory is then that of this placement."""
    said = run_python("-m", "tests.bench.placing", str(children), environment=quiet_environment())
    result: dict[str, float] = json.loads(said)
    return result


def _reconciliation(options: Namespace) -> dict[str, Value]:
    with installation() as made:
        print("Founding the country …", file=sys.stderr)
        made.prepare("--size", options.country, "--applications", str(options.applications))
        firsts, seconds = [], []
        for run in range(options.repeat):
            if run:
                with made.database(as_owner=True) as connection:
                    connection.execute("TRUNCATE schools_rosterentry, schools_rosterstate")
            said = json.loads(made.python("-m", "tests.bench.reconciling", settings="config.settings.portal"))
            firsts.append(said)
            seconds.append(said["second_s"])
        first = firsts[0]
    return {
        "reconcile_applications": options.applications,
        "reconcile_children": first["children"],
        "reconcile_placed": first["placed"],
        "reconcile_rows_written": first["rows_written"],
        "reconcile_s": middle([said["s"] for said in firsts]),
        "second_run_s": middle(seconds),
        "second_run_rows_written": max(said["second_rows_written"] for said in firsts),
        "peak_mb": middle([said["peak_mb"] for said in firsts], 1),
    }
