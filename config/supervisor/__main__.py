"""`python -m config.supervisor`: what `make run` runs once `.venv` is there."""

import errno
import importlib
import sys
import time
from contextlib import suppress

from config.embedded.faults import EmbeddedFault, Unusable
from config.embedded.places import cannot_write
from config.embedded.servers import locked
from config.supervisor.keeper import Stopped, Supervisor
from config.supervisor.options import Options, inherited_environment

FAULT = 2
"""Exit code when a person has to mend something; the sentence says what."""


def main() -> int:
    started_at = time.monotonic()
    try:
        options = Options.read(inherited_environment())
        try:
            options.prepare_data_dir()
            with locked(options.data_dir):
                return _run(options, started_at=started_at)
        except OSError as error:
            if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM}:
                raise Unusable(cannot_write(options.data_dir, error)) from error
            raise
    except EmbeddedFault as fault:
        print(f"\n{fault}", file=sys.stderr, flush=True)
        return FAULT


def _run(options: Options, *, started_at: float) -> int:
    supervisor = Supervisor(options, say=_say)
    try:
        supervisor.start()
        _say(_welcome(supervisor, seconds=time.monotonic() - started_at))
        supervisor.keep()
    except Stopped:
        _say("Stopping …")
    finally:
        supervisor.stop()
    _say("Stopped; the data is kept. `make reset` forgets it.")
    return 0


def _welcome(supervisor: Supervisor, *, seconds: float) -> str:
    at = {row.name: f"http://localhost:{row.port}/" for row in supervisor.rows if row.port}
    front = f"http://localhost:{supervisor.options.port(0)}"
    lines = [
        "",
        f"Qabyldau is ready after {seconds:.1f} s.",
        "",
        f"  Parents          {front}/kk/  {front}/ru/  {front}/en/",
        f"  Officials        {front}/kk/officials/",
        f"  Clerk's counter  {at['counter']}" if "counter" in at else "",
        f"  Demo director    {at['director']}" if "director" in at else "",
        f"  Logs             {supervisor.options.data_dir / 'logs'}",
        "",
        *_personas(),
        "",
        "Ctrl-C stops everything.",
    ]
    return "\n".join(line for line, before in zip(lines, ["x", *lines], strict=False) if line or before)


def _personas() -> list[str]:
    """Who can be played, as the demo itself says it."""
    with suppress(ImportError):
        demo = importlib.import_module("config.demo")
        return [f"  {line}" for line in demo.personas()]
    return []


def _say(line: str) -> None:
    # A terminal that was closed must not take the processes' end down with it.
    with suppress(OSError):
        print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
