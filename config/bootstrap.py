"""
From a bare Python to a filled `.venv`: `python3 config/bootstrap.py GROUP [COMMAND…]`.

Standard library only, and written so that an old Python can still read it and say what is
wrong. GROUP is `run` or `dev`; the locks of that group are installed with their hashes, by uv
where there is one, else by pip; a stamp in `.venv` makes the next start skip all of it. Then
COMMAND runs in the place of this program, `python` in it meaning the one of `.venv`.
"""

import errno
import hashlib
import os
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
PYTHON = os.path.join(VENV, "bin", "python")
LOG = os.path.join(VENV, "install.log")
OLDEST = (3, 11)
LOCKS = {"run": ["portal.txt", "counter.txt"], "dev": ["dev.txt"]}
FAULT = 2


def fail(sentence):
    """End with one sentence for a person."""
    sys.stderr.write("\n%s\n" % sentence)
    sys.exit(FAULT)


def use_new_enough_python():
    """Go on with a Python that is new enough, this one or another of this machine."""
    if sys.version_info >= OLDEST:
        return
    for minor in range(20, OLDEST[1] - 1, -1):
        other = shutil.which("python3.%d" % minor)
        # A shim may be there without the Python behind it.
        if (
            other
            and subprocess.call([other, "-c", ""], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0
        ):
            os.execv(other, [other] + sys.argv)
    fail(
        "Python %d.%d or newer is needed and this is %d.%d: install one, then name it: make run PYTHON=/path/to/python3."
        % (OLDEST + tuple(sys.version_info[:2]))
    )


def fingerprint(group):
    digest = hashlib.sha256()
    for name in LOCKS[group]:
        with open(os.path.join(ROOT, "requirements", name), "rb") as file:
            digest.update(file.read())
    return digest.hexdigest()


def stamp_path(group):
    return os.path.join(VENV, ".installed-" + group)


def is_installed(group):
    """Whether the locks of a group are in `.venv`; the dev lock holds all others."""
    for candidate in (group, "dev"):
        try:
            with open(stamp_path(candidate)) as file:
                if file.read() == fingerprint(candidate):
                    return True
        except OSError:
            pass
    return False


def python_works():
    try:
        return subprocess.call([PYTHON, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"]) == 0
    except OSError:
        return False


def make_venv(uv):
    """`.venv` with a Python that runs; a broken one (moved, half made) is made anew."""
    has_pip = os.path.exists(os.path.join(VENV, "bin", "pip"))
    if python_works() and (uv or has_pip):
        return
    say("Making .venv …")
    shutil.rmtree(VENV, ignore_errors=True)
    if uv:
        command = [uv, "venv", "--quiet", "--python", sys.executable, VENV]
    else:
        command = [sys.executable, "-m", "venv", VENV]
    made = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True)
    if made.returncode != 0 or not python_works():
        shutil.rmtree(VENV, ignore_errors=True)
        check_room(made.stdout)
        if not uv and ("ensurepip" in made.stdout or "No module named venv" in made.stdout):
            fail(
                "This Python cannot make virtual environments: install its venv module "
                "(Debian, Ubuntu: apt install python3-venv), then start again."
            )
        fail("The virtual environment %s could not be made: %s" % (VENV, last_line(made.stdout)))


def install(group, uv):
    """The locks of a group, every file checked against its hash."""
    say("Installing the locked packages (%s) …" % group)
    if uv:
        command = [uv, "pip", "install", "--python", PYTHON, "--quiet", "--compile-bytecode"]
    else:
        command = [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    command += ["--require-hashes"]
    for name in LOCKS[group]:
        command += ["-r", os.path.join(ROOT, "requirements", name)]
    with open(LOG, "w") as log:
        code = subprocess.call(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=ROOT)
    if code != 0:
        with open(LOG, errors="replace") as log:
            text = log.read()
        check_room(text)
        fail(
            "The packages could not be installed: %s\nThe whole story is in %s. Check the network and start again; "
            "what is there already stays." % (reason(text), LOG)
        )
    with open(stamp_path(group), "w") as file:
        file.write(fingerprint(group))


def check_room(text):
    if os.strerror(errno.ENOSPC) in text:
        fail("The disk is full: about 600 MB are needed for .venv and .data under %s." % ROOT)


def last_line(text):
    lines = [line for line in text.strip().splitlines() if line.strip()]
    return lines[-1] if lines else "no reason given."


def reason(text):
    errors = [line for line in text.splitlines() if "error" in line.lower()]
    return errors[0].strip() if errors else last_line(text)


def say(line):
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main():
    use_new_enough_python()
    if len(sys.argv) < 2 or sys.argv[1] not in LOCKS:
        fail("Say which group to install, run or dev: python3 config/bootstrap.py run.")
    group, command = sys.argv[1], sys.argv[2:]
    if not (is_installed(group) and os.path.exists(PYTHON)):
        uv = shutil.which("uv")
        try:
            make_venv(uv)
            install(group, uv)
        except OSError as error:
            fail(
                "Cannot write to %s: %s. Free some room or give yourself the right to write there, then start again."
                % (error.filename or VENV, error.strerror)
            )
    if command:
        os.environ["PATH"] = os.path.join(VENV, "bin") + os.pathsep + os.environ.get("PATH", os.defpath)
        os.environ["VIRTUAL_ENV"] = VENV
        program = PYTHON if command[0] == "python" else os.path.join(VENV, "bin", command[0])
        os.chdir(ROOT)
        os.execv(program, [program] + command[1:])


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
