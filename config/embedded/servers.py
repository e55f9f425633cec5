"""Both embedded servers together, and the lock of the data directory they live in."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from config.embedded.faults import InUse, Unusable
from config.embedded.places import Places, cannot_write
from config.embedded.ports import free_port
from config.embedded.postgres import Postgres
from config.embedded.secrets import Secrets
from config.embedded.valkey import Valkey


@dataclass(frozen=True, slots=True)
class Servers:
    """The two running servers."""

    postgres: Postgres
    valkey: Valkey


@contextmanager
def locked(data_dir: Path) -> Iterator[None]:
    """
    Hold a data directory alone; the kernel lets go when the holder dies, however it dies.

    :raises InUse: another process holds it
    """
    path = data_dir / "lock"
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise Unusable(cannot_write(data_dir, error)) from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(handle, 20, 0).decode(errors="replace").strip() or "unknown"
            raise InUse(
                f"Already running on {data_dir} (process {holder}): stop that one first (Ctrl-C there)."
            ) from None
        os.ftruncate(handle, 0)
        os.pwrite(handle, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(handle)


@contextmanager
def servers(
    data_dir: Path, *, postgres_port: int = 0, valkey_port: int = 0, for_tests: bool = False
) -> Iterator[Servers]:
    """
    Both servers, running and with their roles, for the length of a `with`; port 0 takes a free one.

    :raises EmbeddedFault: one sentence for a person
    """
    with locked(data_dir):
        places = Places(data_dir)
        secrets = Secrets(places.data_dir / "secrets.json")
        postgres = Postgres(places, port=postgres_port or free_port(), secrets=secrets, for_tests=for_tests)
        valkey = Valkey(places, port=valkey_port or free_port(), secrets=secrets)
        try:
            valkey.launch()
            postgres.launch()
            postgres.wait_ready()
            postgres.ensure_roles()
            valkey.wait_ready()
            yield Servers(postgres=postgres, valkey=valkey)
        finally:
            postgres.stop()
            valkey.stop()
