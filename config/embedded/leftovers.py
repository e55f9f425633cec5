"""Find and end processes that an earlier start left behind (their holder was killed -9)."""

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterable
from pathlib import Path

PROC = Path("/proc")


def is_alive(pid: int) -> bool:
    """Whether a process runs; a zombie does not."""
    try:
        stat = (PROC / str(pid) / "stat").read_text()
    except FileNotFoundError:
        if PROC.joinpath("self").exists():
            return False
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
        return True
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in {"Z", "X"}


def working_in(directory: Path, *, named: str) -> list[int]:
    """
    Processes called `named` whose working directory is `directory`, eldest first.

    A server goes to its data directory and stays there: this finds it, and orphans of a killed
    parent, whatever the pid files say. Empty where there is no /proc.
    """
    found = []
    for entry in PROC.iterdir() if PROC.is_dir() else ():
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            if (entry / "comm").read_text().strip() == named and (entry / "cwd").readlink() == directory:
                found.append(int(entry.name))
    return sorted(found)


def group_members(group: int, *, within: Path) -> list[int]:
    """Live processes of a process group that work in or below `within`; the second test guards against a reused number."""
    found = []
    for entry in PROC.iterdir() if PROC.is_dir() else ():
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
            if fields[0] in {"Z", "X"} or int(fields[2]) != group:
                continue
            if (entry / "cwd").readlink().is_relative_to(within):
                found.append(int(entry.name))
    return sorted(found)


def end(pids: Iterable[int], *, kindly: signal.Signals, patience: float) -> None:
    """Ask processes that are not our children to end, and kill them after `patience` seconds."""
    left = list(pids)
    for signal_ in (kindly, signal.SIGKILL):
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal_)
                os.kill(pid, signal.SIGCONT)  # a stopped process would not hear the kind signal
        wait_until(lambda: not any(is_alive(pid) for pid in left), seconds=patience)  # noqa: B023
        left = [pid for pid in left if is_alive(pid)]


def wait_until(condition: Callable[[], bool], *, seconds: float, step: float = 0.02) -> bool:
    """Wait for a condition; False when it did not come true in time."""
    end_at = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end_at:
            return False
        time.sleep(step)
    return True
