"""What a run is told from outside: where its data lies, which ports, whose servers."""

import os
import secrets as random_secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from config.embedded import Secrets
from config.embedded.faults import Unusable
from config.embedded.places import cannot_write

ROOT = Path(__file__).resolve().parent.parent.parent
FIRST_START_MB, LATER_START_MB = 400, 60


@dataclass(frozen=True, slots=True)
class Options:
    """One run: read from the environment, the rest worked out."""

    data_dir: Path
    port_base: int
    database_url: str | None
    owner_url: str | None
    redis_url: str | None
    environment: Mapping[str, str]

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> "Options":
        """
        :raises Unusable: a setting makes no sense; the sentence names it
        """
        settings = _from_env_file(ROOT / ".env") | dict(environment)
        text = settings.get("PORT_BASE") or "8000"
        if not text.isdigit() or not 1024 <= int(text) <= 65_000:
            raise Unusable(f"PORT_BASE={text} is no port: choose a number from 1024 to 65000, such as 9000.")
        database_url, redis_url = settings.get("DATABASE_URL") or None, settings.get("REDIS_URL") or None
        for name, url in (("DATABASE_URL", database_url), ("REDIS_URL", redis_url)):
            if url is not None and not urlsplit(url).scheme:
                raise Unusable(
                    f"{name} is no address: write it like postgres://user:password@host:5432/name."
                )
        return cls(
            data_dir=Path(settings.get("DATA_DIR") or ROOT / ".data").absolute(),
            port_base=int(text),
            database_url=database_url,
            owner_url=settings.get("OWNER_DATABASE_URL") or database_url,
            redis_url=redis_url,
            environment=settings,
        )

    def port(self, offset: int) -> int:
        """The port of a process; PORT_BASE moves all of them together."""
        return self.port_base + offset

    def prepare_data_dir(self) -> None:
        """
        Make the data directory and see that it can be worked in.

        :raises Unusable: not writable, or too little room
        """
        try:
            for name in ("logs", "run", "keys", "messages"):
                (self.data_dir / name).mkdir(parents=True, exist_ok=True)
            probe = self.data_dir / "run" / "probe"
            probe.write_bytes(b"\0" * 65_536)
            probe.unlink()
        except OSError as error:
            raise Unusable(cannot_write(self.data_dir, error)) from error
        free_mb = shutil.disk_usage(self.data_dir).free // 1_000_000
        needed_mb = LATER_START_MB if (self.data_dir / "stamps.json").exists() else FIRST_START_MB
        if free_mb < needed_mb:
            raise Unusable(
                f"Only {free_mb} MB are free where {self.data_dir} lies and {needed_mb} MB are needed: "
                "free some room, or put the data elsewhere (DATA_DIR=/path make run)."
            )

    def child_environment(self, *, database_url: str, redis_url: str) -> dict[str, str]:
        """The environment of every process of this run; what the caller has set stays."""
        secrets = Secrets(self.data_dir / "secrets.json")
        made = {
            "SECRET_KEY": secrets.get("secret_key"),
            "DRAW_KEY": secrets.get("draw_key", make=lambda: random_secrets.token_hex(32)),
            "CENTRE_KEY_FILE": str(self.data_dir / "keys" / "centre.pem"),
            "DEMO": "1",
            "QABYLDAU_CLOCK_FILE": str(self.data_dir / "run" / "clock.json"),
        }
        always = {
            "DATA_DIR": str(self.data_dir),
            "PORT_BASE": str(self.port_base),
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            # The pinned zone data, never the machine's: older data has Almaty at +6.
            "PYTHONTZPATH": "",
            "PYTHONUNBUFFERED": "1",
            "QABYLDAU_CONTROL": str(self.data_dir / "run" / "control.sock"),
        }
        inherited = {
            name: value for name, value in self.environment.items() if name != "DJANGO_SETTINGS_MODULE"
        }
        return made | inherited | always


def _from_env_file(path: Path) -> dict[str, str]:
    """NAME=value lines of `.env`, where there is one; what stands in the environment goes before."""
    try:
        lines = path.read_text().splitlines()
    except OSError:
        return {}
    pairs = (line.partition("=") for line in lines if "=" in line and not line.lstrip().startswith("#"))
    return {name.strip().removeprefix("export "): value.strip().strip("'\"") for name, _, value in pairs}


def inherited_environment() -> dict[str, str]:
    return dict(os.environ)
