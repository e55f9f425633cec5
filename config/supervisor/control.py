"""
The control socket of a running supervisor: `.data/run/control.sock`, for its owner only.

One line in, lines out, then the connection is closed; the last line is `ok`, or `error: ` and
why. Names are those of `status`; several may stand in one line and are treated together.

    status              NAME STATE PID, one a line
    kill NAME…          SIGKILL to the process and its workers; it stays down
    stop NAME…          SIGTERM, then SIGKILL after 5 s; it stays down
    start NAME…         start what is down
    restart NAME…       stop, then start

From a shell: `python -m config.supervisor.control kill portal signin`.
"""

import os
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

LINE_LIMIT = 1000


class Control:
    """The supervisor's end: asked now and then by its only thread, never blocks it for long."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.unlink(missing_ok=True)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        # The name of a socket has 107 bytes at most: bind by a name relative to its directory.
        before = Path.cwd()
        mask = os.umask(0o177)
        try:
            os.chdir(path.parent)
            self._socket.bind(path.name)
        finally:
            os.chdir(before)
            os.umask(mask)
        self._socket.listen(8)
        self._socket.settimeout(0)

    def fileno(self) -> int:
        return self._socket.fileno()

    def serve(self, answer: Callable[[list[str]], list[str]]) -> None:
        """Answer everybody who is waiting."""
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection, suppress(OSError, UnicodeDecodeError):
                connection.settimeout(1)
                with connection.makefile("rwb") as file:
                    words = file.readline(LINE_LIMIT).decode().split()
                    file.write("".join(f"{line}\n" for line in answer(words)).encode())

    def close(self) -> None:
        self._socket.close()
        self.path.unlink(missing_ok=True)


def ask(path: Path, *words: str, timeout: float = 30) -> list[str]:
    """
    Say one line to a running supervisor; its answer's lines without the closing `ok`.

    :raises RuntimeError: it answered with an error
    :raises OSError: no supervisor listens there
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(timeout)
        connection.connect(_short(path))
        connection.sendall((" ".join(words) + "\n").encode())
        with connection.makefile("rb") as file:
            lines = file.read().decode().splitlines()
    if not lines or lines[-1] != "ok":
        raise RuntimeError(lines[-1] if lines else "no answer")
    return lines[:-1]


def _short(path: Path) -> str:
    """The path, or a shorter name of the same file where it would be too long for a socket."""
    if len(os.fsencode(path)) < 100:
        return str(path)
    return os.path.relpath(path)


if __name__ == "__main__":
    default = Path(__file__).resolve().parent.parent.parent / ".data" / "run" / "control.sock"
    try:
        print("\n".join(ask(Path(os.environ.get("QABYLDAU_CONTROL", default)), *sys.argv[1:])))
    except (OSError, RuntimeError) as fault:
        sys.exit(f"The supervisor did not do that: {fault}")
