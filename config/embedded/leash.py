"""
Start a program that dies with the one who started it.

Run as a file, not as a module, by a bare interpreter (`python -I -S leash.py …`): it takes a
few milliseconds, gives up root where asked, asks the kernel for a signal at the death of its
parent, and becomes the program. Linux only; elsewhere the program simply runs, and the next
start ends what is left over.
"""

import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def command_on_leash(
    command: list[str], *, last_signal: signal.Signals, user: tuple[int, int] | None = None
) -> list[str]:
    """
    The command line that runs `command` on a leash held by this process.

    The kernel ties the leash to the calling *thread*: start children from the main thread.

    :param last_signal: what the program gets when this process is gone
    :param user: uid and gid to run as; needs root
    """
    uid, gid = user if user is not None else (-1, -1)
    return [
        sys.executable,
        "-I",
        "-S",
        __file__,
        str(os.getpid()),
        str(int(last_signal)),
        str(uid),
        str(gid),
        *command,
    ]


def main(arguments: list[str]) -> None:
    holder, last_signal, uid, gid = (int(text) for text in arguments[:4])
    command = arguments[4:]
    on_linux = sys.platform == "linux"
    if on_linux:
        import ctypes  # before root is given up: the interpreter may lie where only root reads
    if uid >= 0:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    if on_linux:
        # After setuid: the kernel forgets the wish when credentials change.
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, last_signal, 0, 0, 0)
        if os.getppid() != holder:
            sys.exit(1)  # the holder died before the leash was on
    try:
        os.execvp(command[0], command)  # noqa: S606 - no shell is the point
    except OSError as error:
        sys.exit(f"{command[0]}: {error.strerror}")


if __name__ == "__main__":
    main(sys.argv[1:])
