"""
From a bare Python to a filled `.venv`: `python3 config/bootstrap.py GROUP [COMMAND…]`.

Standard library only, and written so that an old Python can still read it and say what is
wrong. GROUP is `run` or `dev`; the locks of that group are installed with their hashes, by uv
where there is one, else by pip; a stamp in `.venv` makes the next start skip all of it. Then
COMMAND runs in the place of this program, `python` in it meaning the one of `.venv`.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOG = VENV / "install.log"
OLDEST = (3, 11)
LOCKS = {"run": ["portal.txt", "counter.txt"], "dev": ["dev.txt"]}
FAULT = 2


def fail(sentence: str) -> NoReturn:
    """End with one sentence for a person."""
    sys.stderr.write(f"\n{sentence}\n")
    sys.exit(FAULT)


def use_new_enough_python() -> None:
    """Go on with a Python that is new enough, this one or another of this machine."""
    if sys.version_info[:2] >= OLDEST:
        return
    for minor in range(20, OLDEST[1] - 1, -1):
        other = shutil.which(f"python3.{minor}")
        # A shim may be there without the Python behind it.
        if other and works(Path(other)):
            os.execv(other, [other, *sys.argv])  # noqa: S606 - no shell is the point
    fail(
        f"Python {OLDEST[0]}.{OLDEST[1]} or newer is needed and this is "
        f"{sys.version_info[0]}.{sys.version_info[1]}: install one, then name it: make run PYTHON=/path/to/python3."
    )


def works(python: Path) -> bool:
    """Whether there is a Python behind that name, new enough."""
    question = f"import sys; sys.exit(sys.version_info[:2] < {OLDEST})"
    try:
        done = subprocess.run(
            [str(python), "-c", question], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False
        )
    except OSError:
        return False
    return done.returncode == 0


def fingerprint(group: str) -> str:
    """What the locks of a group say now."""
    digest = hashlib.sha256()
    for name in LOCKS[group]:
        digest.update((ROOT / "requirements" / name).read_bytes())
    return digest.hexdigest()


def stamp(group: str) -> Path:
    return VENV / f".installed-{group}"


def is_installed(group: str) -> bool:
    """Whether the locks of a group are in `.venv`; the dev lock holds all others."""
    return PYTHON.exists() and any(
        stamp(candidate).exists() and stamp(candidate).read_text() == fingerprint(candidate)
        for candidate in (group, "dev")
    )


def make_venv(uv: str | None) -> None:
    """`.venv` with a Python that runs; a broken one (moved, half made) is made anew."""
    if works(PYTHON) and (uv or (VENV / "bin" / "pip").exists()):
        return
    say("Making .venv …")
    shutil.rmtree(str(VENV), ignore_errors=True)
    if uv:
        command = [uv, "venv", "--quiet", "--python", sys.executable, str(VENV)]
    else:
        command = [sys.executable, "-m", "venv", str(VENV)]
    made = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if made.returncode == 0 and works(PYTHON):
        return
    text = made.stdout.decode(errors="replace")
    shutil.rmtree(str(VENV), ignore_errors=True)
    refuse_full_disk(text)
    if not uv and ("ensurepip" in text or "No module named" in text):
        fail(
            "This Python cannot make virtual environments: install its venv module "
            "(Debian, Ubuntu: apt install python3-venv), then start again."
        )
    fail(f"The virtual environment {VENV} could not be made: {last_line(text)}")


def install(group: str, uv: str | None) -> None:
    """The locks of a group, every file checked against its hash."""
    say(f"Installing the locked packages ({group}) …")
    if uv:
        command = [uv, "pip", "install", "--python", str(PYTHON), "--quiet", "--compile-bytecode"]
    else:
        command = [
            str(PYTHON),
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--no-input",
        ]
    command.append("--require-hashes")
    for name in LOCKS[group]:
        command += ["-r", str(ROOT / "requirements" / name)]
    with LOG.open("w") as log:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=str(ROOT), check=False
        )
    if done.returncode != 0:
        text = LOG.read_text(errors="replace")
        refuse_full_disk(text)
        fail(
            f"The packages could not be installed: {reason(text)}\nThe whole story is in {LOG}. "
            "Check the network and start again; what is there already stays."
        )
    stamp(group).write_text(fingerprint(group))


def refuse_full_disk(text: str) -> None:
    if os.strerror(errno.ENOSPC) in text:
        fail(f"The disk is full: about 600 MB are needed for .venv and .data under {ROOT}.")


def last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1].strip() if lines else "no reason given."


def reason(text: str) -> str:
    errors = [line for line in text.splitlines() if "error" in line.lower()]
    return errors[0].strip() if errors else last_line(text)


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    use_new_enough_python()
    if len(sys.argv) < 2 or sys.argv[1] not in LOCKS:
        fail("Say which group to install, run or dev: python3 config/bootstrap.py run.")
    group, command = sys.argv[1], sys.argv[2:]
    if not is_installed(group):
        uv = shutil.which("uv")
        try:
            make_venv(uv)
            install(group, uv)
        except OSError as error:
            fail(
                f"Cannot write to {error.filename or VENV}: {error.strerror}. "
                "Free some room or give yourself the right to write there, then start again."
            )
    if command:
        os.environ["PATH"] = f"{VENV / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
        os.environ["VIRTUAL_ENV"] = str(VENV)
        program = str(PYTHON if command[0] == "python" else VENV / "bin" / command[0])
        if not Path(program).exists():
            program = command[0]
        os.chdir(str(ROOT))
        os.execvp(program, [program, *command[1:]])  # noqa: S606 - no shell is the point


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
