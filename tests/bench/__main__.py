"""`python -m tests.bench [NAME …]`: print the figures of a measurement and write `build/bench/NAME.json`."""

import os
import subprocess
import sys
from argparse import ArgumentParser
from importlib import import_module
from pathlib import Path

from config.embedded import EmbeddedFault
from tests.bench.figures import Figures
from tests.bench.installation import ROOT, DidNotHappen

NAMES = ("accept", "counter", "roster", "officials")
"""Each is a module of this package with `add_options(parser)` and `measure(options)`."""


def main(arguments: list[str]) -> int:
    """Exit status: 0, 1 when a measurement could not be made, 2 for a name that is not known."""
    if not arguments:
        return _all()
    name, *rest = arguments
    if name not in NAMES:
        print(f"There is no measurement {name!r}. Known: {', '.join(NAMES)}.", file=sys.stderr)
        return 2
    module = import_module(f"tests.bench.{name}")
    parser = ArgumentParser(prog=f"python -m tests.bench {name}", description=module.__doc__)
    parser.add_argument(
        "--into", type=Path, default=ROOT / "build" / "bench", help="where NAME.json is written"
    )
    module.add_options(parser)
    options = parser.parse_args(rest)
    figures = Figures(name)
    try:
        figures |= module.measure(options)
    except (DidNotHappen, EmbeddedFault) as fault:
        print(f"{name}: not measured. {fault}", file=sys.stderr)
        return 1
    figures.print_table()
    print(f"Written: {figures.write(options.into)}")
    return 0


def _all() -> int:
    """One after the other, each in a process of its own: a measurement that fails does not hide the others."""
    command = [sys.executable, "-m", "tests.bench"]
    return max(subprocess.run([*command, name], env=os.environ, check=False).returncode for name in NAMES)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
