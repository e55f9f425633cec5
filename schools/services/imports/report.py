"""What an import would do or did, and why it did nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from schools.rules import Refusal

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

Text = str | Promise


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: where it stands and why it cannot be taken."""

    reason: Text
    line: int | None = None
    """Line of the file, the header being line 1; None: the file as a whole."""
    column: str = ""

    def __str__(self) -> str:
        if self.line is None:
            return str(self.reason)
        if not self.column:
            return str(_("Line %(line)s: %(reason)s")) % {"line": self.line, "reason": self.reason}
        return str(_("Line %(line)s, %(column)s: %(reason)s")) % {
            "line": self.line,
            "column": self.column,
            "reason": self.reason,
        }


class ImportRefused(Refusal):
    """Nothing was written; `faults` names everything that stands against it, in the order of the file."""

    message = _("Nothing was imported.")

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__()
        self.faults = sorted(faults, key=lambda fault: fault.line or 0)

    def __str__(self) -> str:
        return "\n".join([*map(str, self.faults), str(self.message)])


class Verb(StrEnum):
    """What becomes of one thing that an import names."""

    ADDED = "+"
    CHANGED = "~"
    REMOVED = "-"


@dataclass(frozen=True, slots=True)
class Change:
    """One line of the diff."""

    verb: Verb
    subject: str
    """Code and name, for example `711110000 Алматы ауданы`."""
    fields: dict[str, tuple[str, str]] = field(default_factory=dict)
    """What was and what is, by the name of the column."""

    def __str__(self) -> str:
        details = "; ".join(f"{name}: «{old}» → «{new}»" for name, (old, new) in self.fields.items())
        return f"{self.verb} {self.subject}" + (f" ({details})" if details else "")


@dataclass(frozen=True, slots=True)
class ImportReport:
    """The diff between a file and what is stored."""

    changes: list[Change]
    unchanged: int
    notes: list[Fault]
    """What looks odd and was taken as it stands."""
    is_dry_run: bool

    def count(self, verb: Verb) -> int:
        return sum(change.verb is verb for change in self.changes)

    @property
    def summary(self) -> Text:
        sentence = (
            _(
                "Dry run, nothing was written. To add: {added}, to change: {changed}, to remove: {removed}, unchanged: {unchanged}."
            )
            if self.is_dry_run
            else _("Added: {added}, changed: {changed}, removed: {removed}, unchanged: {unchanged}.")
        )
        return format_lazy(
            sentence,
            added=self.count(Verb.ADDED),
            changed=self.count(Verb.CHANGED),
            removed=self.count(Verb.REMOVED),
            unchanged=self.unchanged,
        )


def because(sentence: "StrOrPromise", **facts: object) -> Text:
    """A reason with its placeholders `{name}` filled when it is shown, in the language active then."""
    return format_lazy(sentence, **facts)
