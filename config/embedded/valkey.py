"""The embedded Valkey: broker, cache and rate limits; losing it delays, never loses."""

import os
import signal
import socket
from pathlib import Path

from config.embedded.places import Places
from config.embedded.ports import HOST
from config.embedded.secrets import Secrets
from config.embedded.server import Server

SECRET = "valkey"  # noqa: S105 - the name of a secret, not a secret


class Valkey(Server):
    """Valkey in `servers/valkey` with a password and an append-only file synced every second."""

    name = "valkey"
    comm = "valkey-server"
    last_signal = signal.SIGTERM

    def __init__(self, places: Places, *, port: int, secrets: Secrets, log: Path | None = None) -> None:
        super().__init__(places, port=port, log=log)
        self.secrets = secrets

    @property
    def directory(self) -> Path:
        return self.places.root / "valkey"

    def url(self, *, database: int = 0) -> str:
        """The address with the password."""
        return f"redis://:{self.secrets.get(SECRET)}@{HOST}:{self.port}/{database}"

    def prepare(self) -> None:
        """Write the settings; the password stands in a file of the server's own, never in a command line."""
        path = self.places.own("valkey") / "valkey.conf"
        path.unlink(missing_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(
                f"bind {HOST}\nport {self.port}\nprotected-mode yes\ndaemonize no\n"
                f'dir "{self.directory}"\nrequirepass {self.secrets.get(SECRET)}\n'
                'save ""\nappendonly yes\nappendfsync everysec\naof-load-truncated yes\n'
                "maxmemory-policy noeviction\ndatabases 16\n"
            )
        self.places.give(path)

    def command(self) -> list[str]:
        return [str(self.places.valkey_binary()), str(self.directory / "valkey.conf")]

    def is_ready(self) -> bool:
        request = f"AUTH {self.secrets.get(SECRET)}\r\nPING\r\n".encode()
        try:
            with socket.create_connection((HOST, self.port), timeout=1) as connection:
                connection.sendall(request)
                answer = b""
                while answer.count(b"\r\n") < 2:
                    more = connection.recv(256)
                    if not more:
                        return False
                    answer += more
        except OSError:
            return False
        return answer == b"+OK\r\n+PONG\r\n"
