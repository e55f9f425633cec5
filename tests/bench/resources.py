"""What processes use, as the kernel counts it."""

import os
import resource
import sys
from collections.abc import Iterable
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")


def peak_mb() -> float:
    """
    The most memory that this process has held so far, in MB.

    From /proc where there is one: the other counter also holds what the parent had before it
    started this program.
    """
    status = _status(os.getpid())
    if "VmHWM" in status:
        return round(status["VmHWM"] / 1024, 1)
    unit = 1 if sys.platform == "darwin" else 1024
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1_048_576, 1)


def resident_mb(pid: int) -> float:
    """The memory a process holds now, in MB; 0 where the system does not say."""
    return round(_status(pid).get("VmRSS", 0) / 1024, 1)


def _status(pid: int) -> dict[str, int]:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return {}
    fields = (line.split() for line in lines)
    return {words[0].rstrip(":"): int(words[1]) for words in fields if len(words) == 3 and words[2] == "kB"}


def cpu_seconds(roots: Iterable[int]) -> float:
    """What these processes and all that descend from them have used so far; 0 where there is no /proc."""
    parents: dict[int, int] = {}
    used: dict[int, float] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        pid = int(entry.name)
        parents[pid] = int(fields[1])
        # Own time, and that of children which have ended and were waited for.
        used[pid] = sum(map(int, fields[11:15])) / _TICK
    wanted = set(roots)
    return sum(seconds for pid, seconds in used.items() if _descends(pid, wanted, parents))


def _descends(pid: int, wanted: set[int], parents: dict[int, int]) -> bool:
    while pid > 1:
        if pid in wanted:
            return True
        pid = parents.get(pid, 0)
    return False
