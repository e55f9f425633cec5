"""`python -m tests.opening_morning`: tell the story, print the ledger, exit 1 unless nothing was lost."""

import argparse
import os
import secrets
import signal
import sys
import time
from pathlib import Path
from types import FrameType

from tests.opening_morning import report
from tests.opening_morning.book import Book
from tests.opening_morning.plan import LAWS, full, quick
from tests.opening_morning.stage import DidNotHappen, Stage
from tests.opening_morning.story import Story


def main() -> int:
    arguments = _parser().parse_args()
    seed: int = arguments.seed if arguments.seed is not None else secrets.randbelow(10**6)
    plan = (quick if arguments.quick else full)(rate=arguments.speed, breaks=arguments.breaks or "")
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _as_interrupt)
    print(f"The opening morning, seed {seed}{f', breaking {plan.breaks}' if plan.breaks else ''}", flush=True)
    began = time.monotonic()
    stage = Stage(seed=seed, rate=plan.rate, breaks=plan.sitecustomize, extra={})
    os.environ["QABYLDAU_CLOCK_FILE"] = str(stage.clock_file)
    story = Story(stage=stage, plan=plan, seed=seed, book=Book())
    try:
        story.play()
        found = story.count()
        seconds = time.monotonic() - began
        report.write(story, found, seed=seed, seconds=seconds, to=arguments.out, pictures=not arguments.quick)
    except DidNotHappen as fault:
        print(f"\nThe story could not be told (seed {seed}): {fault}", file=sys.stderr)
        print(stage.complaints(), file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"\nInterrupted (seed {seed}).", file=sys.stderr)
        return 130
    finally:
        story.close()
        stage.end(keep=arguments.keep)
        if arguments.keep:
            print(f"Kept: {stage.directory}")
    print(report.words(found, story.book, seed=seed, seconds=seconds))
    return 1 if any((found.lost, found.doubled, found.overtaken, story.book.broken)) else 0


def _as_interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.opening_morning", description=__doc__)
    parser.add_argument("--seed", type=int, help="tell one telling again; random and printed otherwise")
    parser.add_argument("--quick", action="store_true", help="fewer families, as the test suite tells it")
    parser.add_argument(
        "--speed", type=float, default=30.0, metavar="R", help="shown seconds a real second (default 30)"
    )
    parser.add_argument("--break", dest="breaks", choices=LAWS, help="break a law, to see that it is noticed")
    parser.add_argument("--out", type=Path, default=Path("build"), help="directory of the report")
    parser.add_argument("--keep", action="store_true", help="keep the scratch data, to look at the logs")
    return parser


if __name__ == "__main__":
    sys.exit(main())
