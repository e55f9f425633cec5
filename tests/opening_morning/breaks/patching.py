"""
Lets a break change a module right after it was loaded, in whichever process loads it.

Each directory beside this file holds a `sitecustomize.py`; the story puts one of them on
PYTHONPATH, so that what is broken is the product as it stands, without a switch in it.
"""

import importlib.abc
import importlib.util
import sys
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType


class _After(importlib.abc.MetaPathFinder):
    def __init__(self, name: str, patch: Callable[[ModuleType], None]) -> None:
        self.name, self.patch = name, patch

    def find_spec(
        self, fullname: str, _path: Sequence[str] | None = None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != self.name:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(fullname)
        if spec is None or spec.loader is None:
            return None
        loaded, patch = spec.loader.exec_module, self.patch

        def exec_module(module: ModuleType) -> None:
            loaded(module)
            patch(module)

        spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


def after_import(name: str, patch: Callable[[ModuleType], None]) -> None:
    """Call `patch` with the module of this name as soon as it is there."""
    sys.meta_path.insert(0, _After(name, patch))
