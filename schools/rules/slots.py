"""The numbered places of an intake as one string: `TTTOTTTO…`, index = number of the slot.

T: for children of the territory first; O: for children from outside first; `-`: removed.
Kinds go by index, also past removed slots, so that a slot never changes its kind.
"""

from collections.abc import Collection

from django.utils.translation import gettext_lazy as _

from schools.rules.refusals import Refusal

REMOVED = "-"


class TooFewOpenSlots(Refusal):
    message = _(
        "%(asked)s places cannot be removed: only %(open)s are free, the others are held by children."
    )


def slots(capacity: int, pattern: str) -> str:
    """The slots of a new intake with `capacity` places, kinds by the repeated `pattern` (policy)."""
    return add_slots("", capacity, pattern)


def add_slots(slots: str, count: int, pattern: str) -> str:
    """The slots with `count` new ones appended; removed ones stay removed."""
    if count < 0 or not pattern:
        raise ValueError("a count of 0 or more and a pattern are needed")
    return slots + "".join(pattern[i % len(pattern)] for i in range(len(slots), len(slots) + count))


def remove_slots(slots: str, count: int, held: Collection[int]) -> str:
    """
    The slots without the `count` highest that nobody holds.

    :param held: indexes of the slots that children hold
    :raises TooFewOpenSlots: fewer than `count` slots are open
    """
    if count < 0:
        raise ValueError("a count of 0 or more is needed")
    open_slots = [i for i, kind in enumerate(slots) if kind != REMOVED and i not in held]
    if count > len(open_slots):
        raise TooFewOpenSlots(asked=count, open=len(open_slots))
    taken = set(open_slots[len(open_slots) - count :])
    return "".join(REMOVED if i in taken else kind for i, kind in enumerate(slots))


def capacity(slots: str) -> int:
    """How many places there are: removed slots do not count."""
    return len(slots) - slots.count(REMOVED)
