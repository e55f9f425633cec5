"""How the rules say no: one exception, named as a fact, with its sentence in the reader's language."""

import re
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

_WORD_STARTS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


class Refusal(Exception):
    """
    A request that the rules do not allow.

    Subclasses live beside the function that raises them and are named as the fact that
    stands against it. `message` is the sentence for the person who asked, lazily
    translated; its placeholders (`%(name)s`) are filled from the keyword facts when the
    refusal is shown, in the language active then.
    """

    message: ClassVar["StrOrPromise"]

    def __init__(self, **facts: object) -> None:
        super().__init__()
        self.facts = facts

    def __str__(self) -> str:
        sentence = str(self.message)
        return sentence % self.facts if self.facts else sentence

    def __repr__(self) -> str:
        facts = ", ".join(f"{name}={fact!r}" for name, fact in self.facts.items())
        return f"{type(self).__name__}({facts})"

    @property
    def code(self) -> str:
        """The class name in snake case, stable: what an API answers beside the sentence."""
        return _WORD_STARTS.sub("_", type(self).__name__).lower()
