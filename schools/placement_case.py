"""
What is placed and what comes out: the words that both placements share, without any logic.

`schools/placement` works it out fast, `schools/placement_plain.py` as the rule reads. They
share nothing but this room, so that each can be trusted to check the other.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

TERRITORY = "T"
OUTSIDE = "O"


@dataclass(frozen=True, slots=True)
class Intake:
    """One school and language of instruction: its slots ("TTTO…", `-` removed) and who holds them."""

    id: str
    slots: str
    holders: Mapping[int, str] = field(default_factory=dict)
    """Child by slot index: confirmed places. A holder that asks no longer leaves its slot open."""


@dataclass(frozen=True, slots=True)
class Child:
    """One child's standing claim."""

    id: str
    choices: Sequence[str]
    """Intakes, best first, each once."""
    moments: Sequence[int]
    """When each choice counts as handed in; earlier goes first."""
    number: str
    """The draw, 64 lower-case hex digits; the smaller goes first at equal moments."""
    territory: Collection[str] = frozenset()
    """Intakes in whose service territory the child lives."""
    first_for: Mapping[str, str] = field(default_factory=dict)
    """Kind by intake, where the child is harmed: it goes before everybody at open slots of that kind."""


@dataclass(frozen=True, slots=True)
class Reserve:
    """The two lines of one intake, first in line first."""

    territory: list[str]
    outside: list[str]


@dataclass(frozen=True, slots=True)
class Placement:
    """Who is where; children without a place and intakes without a line are absent."""

    placements: dict[str, str]
    """Intake by child."""
    slots: dict[str, int]
    """Slot index by child."""
    reserves: dict[str, Reserve]
    """Lines by intake: all who chose it and got neither it nor a choice they like better."""
