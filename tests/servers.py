"""
The servers of one test run: embedded PostgreSQL and Valkey on free ports, thrown away at the end.

Loaded by `-p tests.servers` before Django's settings are: they read the addresses from the
environment. With pytest-xdist only the controller starts servers; its workers inherit the
addresses. `DATABASE_URL` and `REDIS_URL`, where set, are used instead.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from config.embedded import OWNER_ROLE, EmbeddedFault, servers

NEEDED = ("DATABASE_URL", "REDIS_URL")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Iterator[None]:
    """A wrapper: its first half runs before pytest-django loads the settings."""
    is_worker = "PYTEST_XDIST_WORKER" in os.environ
    options = early_config.known_args_namespace
    if (
        not is_worker
        and not options.help
        and not options.version
        and not all(os.environ.get(n) for n in NEEDED)
    ):
        stack = ExitStack()
        early_config.add_cleanup(stack.close)
        _start(stack)
    return (yield)


def _start(stack: ExitStack) -> None:
    # Not pytest's own temporary directory: PostgreSQL under root runs as another user, who may not enter that.
    directory = Path(tempfile.mkdtemp(prefix="qabyldau-test-"))
    directory.chmod(0o711)
    stack.callback(shutil.rmtree, directory, ignore_errors=True)
    try:
        started = stack.enter_context(servers(directory / "data", for_tests=True))
    except EmbeddedFault as fault:
        raise pytest.UsageError(str(fault)) from fault
    # Tests make their own databases and look behind the application's rights: the owner's role.
    os.environ.setdefault("DATABASE_URL", started.postgres.url(role=OWNER_ROLE))
    os.environ.setdefault("REDIS_URL", started.valkey.url())
    stack.callback(_forget, {name: os.environ[name] for name in NEEDED})


def _forget(addresses: dict[str, str]) -> None:
    for name, value in addresses.items():
        if os.environ.get(name) == value:
            del os.environ[name]
