"""One process on one journal: a second one is told so and goes."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.utils.translation import gettext_lazy as _

from schools.rules import Refusal


class AlreadyRunning(Refusal):
    message = _(
        "Another counter program (process %(process)s) uses the folder %(folder)s. "
        "Stop it first, or name another folder in COUNTER_DIR."
    )


@contextmanager
def hold_journal(folder: Path) -> Iterator[None]:
    """
    Hold the journal in `folder` for this process; the kernel lets go when the process ends, however it ends.

    :raises AlreadyRunning: another process holds it
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(folder / "counter.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 20).decode("ascii", "replace").strip() or "?"
            raise AlreadyRunning(process=holder, folder=folder) from None
        os.truncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        yield
    finally:
        os.close(descriptor)
