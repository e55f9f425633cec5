"""Passwords and keys made on the first start and kept in one file that only its owner reads."""

import json
import os
import secrets as random_secrets
from collections.abc import Callable
from pathlib import Path

from config.embedded.faults import Unusable


class Secrets:
    """Named random secrets in `secrets.json` (mode 600); made when first asked for, never changed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._kept: dict[str, str] = json.loads(path.read_text())
        except FileNotFoundError:
            self._kept = {}
        except (OSError, ValueError) as error:
            raise Unusable(
                f"{path} cannot be read ({error}); restore it, or forget all data: make reset."
            ) from error

    def __contains__(self, name: object) -> bool:
        return name in self._kept

    def get(self, name: str, *, make: Callable[[], str] = lambda: random_secrets.token_urlsafe(32)) -> str:
        """The secret of that name, 43 characters safe in an address unless `make` says otherwise; stored before it is returned."""
        if name not in self._kept:
            self._kept[name] = make()
            fresh = self.path.with_suffix(".new")
            handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "w") as file:
                json.dump(self._kept, file, indent=1)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self.path)
        return self._kept[name]
