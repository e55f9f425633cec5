"""Outside the demo nothing runs with keys that everybody can read here."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from enrollment.keys import draw_key

ROOT = Path(__file__).resolve().parent.parent.parent


def started(process: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The application of a process, imported as its server does it."""
    return subprocess.run(
        [sys.executable, "-c", "import config.wsgi"],
        cwd=ROOT,
        env={
            **{name: value for name, value in os.environ.items() if name not in ("SECRET_KEY", "DRAW_KEY")},
            "DJANGO_SETTINGS_MODULE": f"config.settings.{process}",
            "DEMO": "0",
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("process", ["portal", "signin", "officials", "deskapi"])
def test_a_process_does_not_start_without_a_secret_key(process: str) -> None:
    refused, served = started(process), started(process, SECRET_KEY="made-up-for-this-test-" + "x" * 40)

    assert refused.returncode != 0
    assert "SECRET_KEY" in refused.stderr.splitlines()[-1]
    assert served.returncode == 0, served.stderr


@pytest.mark.parametrize("value", ["", "00", "nonsense", "00" * 31, "00" * 33])
def test_nothing_is_drawn_without_a_key_of_the_draw(settings, value: str) -> None:
    settings.DRAW_KEY = value

    with pytest.raises(ImproperlyConfigured, match="DRAW_KEY"):
        draw_key()
