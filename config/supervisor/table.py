"""The processes of `make run`, one row each. To add a process, add a row."""

import sys
from dataclasses import dataclass, field, replace
from pathlib import Path

from config.supervisor.options import ROOT, Options


@dataclass(frozen=True, slots=True)
class Row:
    """One process: how it is started and how it is seen to be ready."""

    name: str
    command: list[str]
    settings: str
    port: int | None = None
    environment: dict[str, str] = field(default_factory=dict)
    probe: str | None = "/readyz"
    """Path that answers 200 when ready; None where the process speaks no HTTP."""
    ready_word: str | None = None
    """Without a probe: ready when its log says this."""


def rows(options: Options) -> list[Row]:
    """The application's own processes; servers and front are in `keeper.py`."""
    table = [
        _pool("portal", "config.settings.portal", options.port(20), workers=2, threads=2),
        _pool("signin", "config.settings.signin", options.port(21), workers=1, threads=2),
        _pool("officials", "config.settings.officials", options.port(22), workers=1, threads=2),
        _pool("deskapi", "config.settings.deskapi", options.port(23), workers=2, threads=2),
        Row(
            name="worker",
            command=_celery(
                "worker", "--queues", "intake,roster,notify", "--concurrency", "2", "--loglevel", "INFO"
            ),
            settings="config.settings.portal",
            probe=None,
            ready_word=" ready.",
        ),
        Row(
            name="beat",
            command=_celery("beat", "--pidfile", "", "--loglevel", "INFO"),
            settings="config.settings.portal",
            probe=None,
            ready_word="beat: Starting",
        ),
        *(_demo_rows(options) if is_demo(options) else [_counter(options)]),
    ]
    return [row for row in table if row.command[1] != "manage.py" or has_command(row.command[2])]


def is_demo(options: Options) -> bool:
    """Whether the demonstration's own processes belong to this run; DEMO=0 leaves them out."""
    return options.environment.get("DEMO", "1").lower() in {"1", "true", "yes", "y", "on", "ok"}


def _demo_rows(options: Options) -> list[Row]:
    """A counter that becomes a desk by itself, behind a line that can be cut, and the director."""
    line_port, director_port = options.port(101), options.port(4)
    counter = _counter(options)
    line = [*_module("config.demo.line"), str(line_port), str(options.port(1))]
    return [
        Row(name="line", command=line, settings="", port=line_port, probe=None, ready_word="The line is up"),
        replace(
            counter,
            command=_module("config.demo.counters"),
            environment={**counter.environment, "DESK_API_URL": f"http://127.0.0.1:{line_port}"},
        ),
        replace(
            _pool("director", "config.settings.director", director_port, workers=1, threads=3),
            environment={},
            probe="/healthz",
        ),
    ]


def _counter(options: Options) -> Row:
    return Row(
        name="counter",
        command=_manage("counter"),
        settings="config.settings.counter",
        port=options.port(100),
        environment={"COUNTER_PORT": str(options.port(100))},
    )


def has_command(name: str) -> bool:
    """Whether a management command of this project is there; asked without starting Django."""
    return any(ROOT.glob(f"*/management/commands/{name}.py")) or any(
        ROOT.glob(f"*/*/management/commands/{name}.py")
    )


def _pool(name: str, settings: str, port: int, *, workers: int, threads: int) -> Row:
    """A granian pool: measured best with two blocking threads a worker (docs/benchmarks.md)."""
    return Row(
        name=name,
        command=[
            *_module("granian"),
            *("--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)),
            *("--workers", str(workers), "--blocking-threads", str(threads)),
            *("--workers-kill-timeout", "3", "--respawn-failed-workers", "--no-ws"),
            "config.wsgi:application",
        ],
        settings=settings,
        port=port,
        environment={"DB_POOL": "1"},
    )


def _module(name: str) -> list[str]:
    return [sys.executable, "-m", name]


def _celery(*arguments: str) -> list[str]:
    return [*_module("celery"), "--app", "config.celery", *arguments]


def _manage(*arguments: str) -> list[str]:
    return [sys.executable, "manage.py", *arguments]


LOG_LIMIT = 10_000_000
"""A log larger than this is set aside once, at the next start."""


def fresh_log(path: Path) -> Path:
    """The log of a process, an overlong one set aside as NAME.log.1."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > LOG_LIMIT:
        path.replace(path.with_suffix(".log.1"))
    return path
