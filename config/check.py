"""`make check`: everything that is checked before the tests run, each with its name."""

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROGRAMS = Path(sys.executable).parent


@dataclass(frozen=True, slots=True)
class Check:
    """One command that has to end with 0."""

    name: str
    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)


def _program(name: str, *arguments: str) -> list[str]:
    return [str(PROGRAMS / name), *arguments]


def _manage(*arguments: str) -> list[str]:
    return [sys.executable, "-W", "error::SyntaxWarning", "manage.py", *arguments]


def _deploy(process: str) -> Check:
    """A production-like environment: what a check would say about the demo's defaults is not asked."""
    return Check(
        name=f"check --deploy ({process})",
        command=_manage("check", "--deploy", "--fail-level", "WARNING"),
        environment={
            "DJANGO_SETTINGS_MODULE": f"config.settings.{process}",
            "SECURE": "1",
            "SECRET_KEY": "made-up-for-this-check-" + "".join(map(chr, range(65, 91))) + "0123456789" * 3,
            "ALLOWED_HOSTS": "qabyldau.example",
        },
    )


CHECKS = [
    Check("format", _program("ruff", "format", "--check", ".")),
    Check("lint", _program("ruff", "check", ".")),
    Check("templates", _program("djlint", "--profile", "django", "--lint", "--quiet", ".")),
    Check("types", _program("mypy")),
    Check(
        "types (counter)",
        _program("mypy", "--config-file", "config/mypy-counter.ini", "-p", "cscdesk.counter"),
        {"DJANGO_SETTINGS_MODULE": "config.settings.counter"},
    ),
    Check("layers", _program("lint-imports", "--no-cache")),
    Check("migrations", _manage("makemigrations", "--check", "--dry-run")),
    Check(
        "migrations (counter)",
        _manage("makemigrations", "--check", "--dry-run"),
        {"DJANGO_SETTINGS_MODULE": "config.settings.counter"},
    ),
    Check("translations", _manage("check_translations")),
    _deploy("portal"),
    _deploy("signin"),
    _deploy("officials"),
    _deploy("deskapi"),
]


def main() -> int:
    environment = {"DJANGO_SETTINGS_MODULE": "config.settings.operator", **os.environ}
    failed = []

    def run(check: Check) -> tuple[Check, subprocess.CompletedProcess[str], float]:
        begun = time.monotonic()
        done = subprocess.run(
            check.command,
            cwd=ROOT,
            env={**environment, **check.environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            check=False,
        )
        return check, done, time.monotonic() - begun

    with ThreadPoolExecutor(max_workers=2) as pool:
        for check, done, seconds in pool.map(run, CHECKS):
            verdict = "ok" if done.returncode == 0 else "FAILED"
            print(f"{check.name:<28} {verdict}  {seconds:.1f} s", flush=True)
            if done.returncode != 0:
                failed.append(check.name)
                print(done.stdout.rstrip() + "\n", flush=True)
    if failed:
        print(f"Not well: {', '.join(failed)}.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
