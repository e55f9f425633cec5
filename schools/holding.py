"""
Who holds which place, and which slots an intake has: what confirmations and changes of capacity mean.

Pure functions of facts: their order changes nothing. The rule: docs/reference/rule.md, "Places".
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from schools.rules.slots import REMOVED


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A place that was given to a child by name: confirmed in a round, or granted above capacity."""

    id: str
    child_key: str
    intake: str
    """`BIN/language`."""
    slot: int
    round: int
    """Of a grant: the last round confirmed anywhere when it was made."""
    given_at: datetime
    is_annulled: bool = False

    @property
    def order(self) -> tuple[int, datetime, str]:
        """Of several places of one child, or one slot, the last one counts."""
        return self.round, self.given_at, self.id


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedSlot:
    """One slot that an intake won, lost, or was given for one child."""

    intake: str
    kind: Literal["added", "removed", "granted"]
    slot: int
    in_force_date: date


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a child asks for, and since when without a break."""

    choices: Collection[str]
    since: datetime


def holders(given: Iterable[Given], *, wanted: Mapping[str, Wanted]) -> dict[str, Given]:
    """
    The place that each child holds, by child key.

    A child holds the last place given to it while that was not annulled or given to another
    child since, and while it has asked for that intake without a break since then: who has
    taken everything back and asked anew holds nothing.

    :param wanted: the children that still ask for something
    """
    last_of_child: dict[str, Given] = {}
    last_of_slot: dict[tuple[str, int], Given] = {}
    for one in sorted(given, key=lambda one: one.order):
        last_of_child[one.child_key] = last_of_slot[one.intake, one.slot] = one
    return {
        child: one
        for child, one in last_of_child.items()
        if not one.is_annulled
        and last_of_slot[one.intake, one.slot] is one
        and (asks := wanted.get(child)) is not None
        and one.intake in asks.choices
        and asks.since <= one.given_at
    }


def slots_on(
    day: date, slots: str, *, changes: Sequence[ChangedSlot], held: Collection[int], pattern: str
) -> str:
    """
    The slots of an intake for a round that closes on `day`: `TTTO…`, `-` removed.

    :param slots: as they were before the opening
    :param changes: those of this intake
    :param held: slots that children hold: one that was removed stays as long as it is held
    :param pattern: kinds by index (policy)
    """
    in_force = [change for change in changes if change.in_force_date <= day]
    appended = {change.slot for change in in_force if change.kind != "removed"}
    removed = {change.slot for change in in_force if change.kind == "removed"} - set(held)
    length = max([len(slots), *(slot + 1 for slot in appended)])
    kinds = [slots[i] if i < len(slots) else REMOVED for i in range(length)]
    for slot in appended:
        if slot >= len(slots):
            kinds[slot] = pattern[slot % len(pattern)]
    for slot in removed:
        if slot < length:
            kinds[slot] = REMOVED
    return "".join(kinds)


def by_intake(changes: Iterable[ChangedSlot]) -> dict[str, list[ChangedSlot]]:
    """The changes of each intake that has any."""
    found: dict[str, list[ChangedSlot]] = defaultdict(list)
    for change in changes:
        found[change.intake].append(change)
    return found
