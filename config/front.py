"""The front of `make run`: nginx out of a wheel, with the configuration in `deploy/nginx/`."""

import re
import signal
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from config.embedded.places import Places
from config.embedded.ports import HOST
from config.embedded.server import Server

TEMPLATE = Path(__file__).resolve().parent.parent / "deploy" / "nginx" / "front.conf.template"


def render(values: Mapping[str, object], *, template: Path = TEMPLATE) -> str:
    """
    Fill the template; every name in it needs a value.

    :raises KeyError: the template names something without a value
    """
    return re.sub(r"\{\{ (\w+) \}\}", lambda match: str(values[match[1]]), template.read_text())


class Front(Server):
    """
    nginx in `servers/front`, wholly unprivileged.

    Static files and outage pages are written by Django under the data directory; where the
    servers' user may not go there, those directories lie beside the servers' files and the
    data directory points to them.
    """

    name = "front"
    comm = "nginx"
    last_signal = signal.SIGTERM

    def __init__(
        self,
        places: Places,
        *,
        port: int,
        desk_port: int,
        portal_port: int,
        signin_port: int,
        officials_port: int,
        deskapi_port: int,
        host: str = HOST,
        signin_rate: int = 20,
        signin_burst: int = 200,
        log: Path | None = None,
    ) -> None:
        super().__init__(places, port=port, log=log)
        self.values: dict[str, object] = {
            "listen": f"{host}:{port}",
            "desk_listen": f"{host}:{desk_port}",
            "portal_port": portal_port,
            "signin_port": signin_port,
            "officials_port": officials_port,
            "deskapi_port": deskapi_port,
            "signin_rate": signin_rate,
            "signin_burst": signin_burst,
        }

    @property
    def directory(self) -> Path:
        return self.places.root / "front"

    def prepare(self) -> None:
        home = self.places.own("front")
        static, outage = self.places.shown("static"), self.places.shown("front") / "outage"
        outage.mkdir(exist_ok=True)
        text = render(self.values | {"static_dir": static, "outage_dir": outage})
        path = home / "nginx.conf"
        path.write_text(text)
        self.places.give(path)

    def command(self) -> list[str]:
        home = self.directory
        return [
            str(self.places.nginx_binary()),
            "-p",
            f"{home}/",
            "-c",
            str(home / "nginx.conf"),
            "-e",
            "stderr",
        ]

    def is_ready(self) -> bool:
        connection = HTTPConnection(HOST, self.port, timeout=1)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == 200
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()
