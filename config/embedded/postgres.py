"""The embedded PostgreSQL: one cluster, one database, an owner and the application's role."""

import errno
import os
import shutil
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

import psycopg
from psycopg import sql

from config.embedded import leftovers
from config.embedded.faults import NotStarted, Unusable
from config.embedded.places import Places, cannot_write, is_full
from config.embedded.ports import HOST
from config.embedded.secrets import Secrets
from config.embedded.server import Server

OWNER_ROLE = "owner"
APP_ROLE = "qabyldau"
DATABASE = "qabyldau"
NEW_CLUSTER = 100_000_000
"""Bytes that making a cluster may need for a moment."""

SETTINGS = {
    "listen_addresses": HOST,
    "max_connections": "120",
    "shared_buffers": "128MB",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "logging_collector": "off",
    "log_line_prefix": "%m %u@%d ",
}

FOR_TESTS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_wal_size": "1GB",
    "autovacuum_naptime": "1h",
    "max_connections": "300",
}
"""Speed instead of safety: only for data that is thrown away."""


class Postgres(Server):
    """
    PostgreSQL in `servers/postgres`, answering on 127.0.0.1 and on a socket beside its data.

    Two roles: `owner` (superuser, migrations) and `qabyldau`, which owns nothing; what it may
    do to tables is given when the owner makes them, and narrowed by `grant_app_role`.
    """

    name = "postgres"
    comm = "postgres"
    last_signal = signal.SIGINT  # fast shutdown: ends sessions, writes a checkpoint

    def __init__(
        self,
        places: Places,
        *,
        port: int,
        secrets: Secrets,
        log: Path | None = None,
        for_tests: bool = False,
    ) -> None:
        super().__init__(places, port=port, log=log)
        self.secrets = secrets
        self.for_tests = for_tests

    @property
    def directory(self) -> Path:
        return self.places.root / "postgres" / "data"

    @property
    def socket_directory(self) -> Path | None:
        """Where the socket lies; None when the path is longer than a socket's name can be."""
        directory = self.places.root / "postgres"
        return directory if len(os.fsencode(directory)) < 90 else None

    def url(self, *, role: str = APP_ROLE, database: str = DATABASE) -> str:
        """The address of a database for one of the two roles, password included."""
        return f"postgres://{role}:{self.secrets.get(_secret(role))}@{HOST}:{self.port}/{database}"

    def prepare(self) -> None:
        """
        Make the cluster when there is none; a first start that was broken off leaves nothing.

        :raises Unusable: the data is there but its password is lost, or there is no room
        """
        home = self.places.own("postgres")
        if not self.directory.exists():
            self._init(home)
        elif _secret(OWNER_ROLE) not in self.secrets:
            raise Unusable(
                f"The database in {self.directory} is there, but its password in {self.secrets.path} is gone: "
                "restore that file, or forget all data: make reset."
            )
        # Our lock is held and leftovers are ended: a pid file is stale, and its number may by
        # now belong to somebody else, which PostgreSQL would take for a living server.
        with suppress(FileNotFoundError):
            (self.directory / "postmaster.pid").unlink()
        for stale in home.glob(".s.PGSQL.*"):
            stale.unlink(missing_ok=True)

    def _init(self, home: Path) -> None:
        """initdb beside the final place, then one rename: half a cluster is never taken for a whole one."""
        fresh = home / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        password = home / "password"
        user = self.places.user
        try:
            password.write_text(self.secrets.get(_secret(OWNER_ROLE)) + "\n")
            password.chmod(0o600)
            self.places.give(password)
            made = subprocess.run(
                [
                    str(self.places.postgres_binaries() / "initdb"),
                    f"--pgdata={fresh}",
                    f"--username={OWNER_ROLE}",
                    f"--pwfile={password}",
                    "--auth=scram-sha-256",
                    "--encoding=UTF8",
                    "--locale-provider=builtin",
                    "--builtin-locale=C.UTF-8",
                    "--locale=C",
                    "--data-checksums",
                    *(["--no-sync"] if self.for_tests else []),
                ],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                cwd="/",
                env=self.environment(),
                check=False,
                user=None if user is None else user.uid,
                group=None if user is None else user.gid,
                extra_groups=None if user is None else [],
            )
        except OSError as error:
            raise Unusable(cannot_write(home, error)) from error
        finally:
            password.unlink(missing_ok=True)
        if made.returncode != 0:
            # It cleans up after itself, so room may be there again by now: is it enough?
            if is_full(home, below=NEW_CLUSTER):
                shutil.rmtree(fresh, ignore_errors=True)
                raise Unusable(cannot_write(home, OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))))
            shutil.rmtree(fresh, ignore_errors=True)
            said = [line.strip() for line in made.stderr.splitlines() if line.strip()]
            faults = [line for line in said if "error" in line.lower() or "FATAL" in line] or said
            raise NotStarted(
                f"The database could not be made in {home}: {(faults or ['no reason given'])[0]}"
            )
        fresh.rename(self.directory)

    def command(self) -> list[str]:
        settings = SETTINGS | (FOR_TESTS if self.for_tests else {})
        settings["port"] = str(self.port)
        settings["unix_socket_directories"] = str(self.socket_directory or "")
        settings["unix_socket_permissions"] = "0700"
        program = self.places.postgres_binaries() / "postgres"
        options = [text for name, value in settings.items() for text in ("-c", f"{name}={value}")]
        return [str(program), "-D", str(self.directory), *options]

    def is_ready(self) -> bool:
        """The postmaster writes its state into the eighth line of its pid file: no connection is needed to ask."""
        try:
            lines = (self.directory / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) >= 8 and lines[7].strip() == "ready"

    def end_leftovers(self) -> None:
        super().end_leftovers()
        # Where there is no /proc, the pid file is the only witness.
        if not leftovers.PROC.joinpath("self").exists():
            with suppress(OSError, ValueError, IndexError):
                pid = int((self.directory / "postmaster.pid").read_text().splitlines()[0])
                leftovers.end([pid], kindly=self.last_signal, patience=8)

    def ensure_roles(self) -> None:
        """The application's role and database; safe to repeat, and after a start that was broken off."""
        password = self.secrets.get(_secret(APP_ROLE))
        with psycopg.connect(self.url(role=OWNER_ROLE, database="postgres"), autocommit=True) as connection:
            role = sql.Identifier(APP_ROLE)
            if not _exists(connection, "SELECT 1 FROM pg_roles WHERE rolname = %s", APP_ROLE):
                connection.execute(
                    sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(role, sql.Literal(password))
                )
            if not _exists(connection, "SELECT 1 FROM pg_database WHERE datname = %s", DATABASE):
                connection.execute(
                    sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0").format(
                        sql.Identifier(DATABASE), sql.Identifier(OWNER_ROLE)
                    )
                )
        with psycopg.connect(self.url(role=OWNER_ROLE), autocommit=True) as connection:
            given = "SELECT 1 FROM pg_default_acl WHERE defaclacl::text LIKE %s"
            if not _exists(connection, given, f"%{APP_ROLE}=%"):
                for privileges, objects in (
                    ("SELECT, INSERT, UPDATE, DELETE", "TABLES"),
                    ("USAGE, SELECT", "SEQUENCES"),
                ):
                    connection.execute(
                        sql.SQL("ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT {} ON {} TO {}").format(
                            sql.SQL(privileges), sql.SQL(objects), role
                        )
                    )


def _exists(connection: psycopg.Connection, query: str, argument: str) -> bool:
    return connection.execute(query.encode(), [argument]).fetchone() is not None


def _secret(role: str) -> str:
    return f"postgres_{role}"
