"""What a measurement has found: one flat object, a table for people, a file for machines."""

import json
import os
import platform
from collections.abc import Mapping, Sequence
from math import ceil
from pathlib import Path
from statistics import median

Value = float | int | str | bool


class Figures:
    """Figures of one measurement, with the machine they were taken on and how busy it was."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._load_before = os.getloadavg()[0]
        self._found: dict[str, Value] = {}

    def __ior__(self, found: Mapping[str, Value]) -> "Figures":
        self._found |= found
        return self

    def all(self) -> dict[str, Value]:
        """Every key, the machine's last."""
        return self._found | {
            "cores": os.cpu_count() or 0,
            "python": platform.python_version(),
            "load_before": round(self._load_before, 2),
            "load_after": round(os.getloadavg()[0], 2),
        }

    def print_table(self) -> None:
        """Names and values in two columns."""
        found = self.all()
        width = max(map(len, found))
        print(f"\n{self.name}")
        for key, value in found.items():
            print(f"  {key.ljust(width)}  {value}")
        print("  The load says whether the machine was shared: compare ratios within one run, not runs.")

    def write(self, directory: Path) -> Path:
        """Write `NAME.json`; its path."""
        directory.mkdir(parents=True, exist_ok=True)
        path = directory / f"{self.name}.json"
        path.write_text(json.dumps(self.all(), indent=1, ensure_ascii=False) + "\n")
        return path


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` (0 to 1) of the values do not exceed. :raises ValueError: no values"""
    if not values:
        raise ValueError("no values")
    ordered = sorted(values)
    return ordered[max(0, ceil(len(ordered) * share) - 1)]


def middle(values: Sequence[float], digits: int = 2) -> float:
    """The median, rounded."""
    return round(median(values), digits)
