"""What every test may ask for; the servers are started in `tests/servers.py`."""

import os
import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import hypothesis
import pytest

from config.translations import catalogues
from schools import clock

# How long an example takes says how busy the machine is, not whether it is right.
hypothesis.settings.register_profile(
    "unhurried", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("unhurried")

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def chromium() -> str | None:
    """The system's Chromium, or the one that QABYLDAU_CHROMIUM names; None where there is none."""
    named = os.environ.get("QABYLDAU_CHROMIUM")
    return shutil.which(named) if named else next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)


def pytest_configure(config: pytest.Config) -> None:
    """Pages speak three languages in tests too: a clean checkout has no compiled catalogue."""
    if not hasattr(config, "workerinput"):
        for language in catalogues.LANGUAGES:
            catalogues.compiled(Path(__file__).resolve().parent.parent, language)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Browser tests are left out, not skipped, where there is no browser."""
    if chromium() is not None:
        return
    left_out = [item for item in items if item.get_closest_marker("browser")]
    if left_out:
        items[:] = [item for item in items if not item.get_closest_marker("browser")]
        config.hook.pytest_deselected(items=left_out)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if chromium() is None:
        terminalreporter.write_line(
            "Browser tests were left out: no Chromium here. Get one with `apt install chromium`, "
            "or name one in QABYLDAU_CHROMIUM.",
            yellow=True,
        )


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """Path of the browser; only tests marked `browser` ask for it."""
    path = chromium()
    assert path is not None, "a test that needs a browser must carry the marker `browser`"
    return path


@pytest.fixture(autouse=True)
def clock_file(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The clock file of this test; while nothing is written to it the real clock is shown."""
    path = tmp_path_factory.mktemp("clock") / "clock.json"
    monkeypatch.setenv("QABYLDAU_CLOCK_FILE", str(path))
    return path


@pytest.fixture
def clock_at(clock_file: Path) -> Callable[[datetime], None]:
    """
    Set the clock of all processes that this test starts, and of the test itself.

    `clock_at(moment)` shows `moment` from now on; `rate=0` keeps it there.
    """

    def set_clock(shown: datetime, *, rate: float = 1.0) -> None:
        clock.write_shift(clock_file, shown=shown, rate=rate)

    return set_clock
