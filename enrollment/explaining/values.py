"""What an explanation is made of, and the sentences and steps it is said in."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

from django.utils.formats import date_format
from django.utils.timezone import localtime

from enrollment.arrival import Interval, Outage
from enrollment.claims import Ending

TERRITORY: Final = "T"
OUTSIDE: Final = "O"


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence; its words and its dates are in the language that is active when it is shown."""

    message: object
    """Lazily translated text with places for the facts, or anything whose text is the sentence."""
    facts: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        text = str(self.message)
        return text % {name: _shown(fact) for name, fact in self.facts.items()} if self.facts else text


@dataclass(frozen=True, slots=True)
class Step:
    """One reason, with what follows from it."""

    code: str
    """One word that stays the same, for pages and tests."""
    title: Sentence
    sentences: tuple[Sentence, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why one application, or its child, stands where it stands, step by step."""

    number: str
    steps: tuple[Step, ...]

    def __iter__(self) -> Iterator[Step]:
        return iter(self.steps)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """As what time an arrival counts."""

    moment: datetime
    is_earlier: bool
    """Another application for the same child and the same choices came earlier, and its time counts."""
    is_before_opening: bool
    interval: Interval | None
    """The stretch that counts as one time, when the arrival lies in it."""
    has_opening: bool
    """The first day is in that stretch."""
    outages: tuple[Outage, ...] = ()
    """Recorded outages in that stretch, as they were recorded."""
    grain: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """The address that decides on which side of the 3:1 rule a child stands."""

    address: str = ""
    """Of this very application; empty where somebody else's counts."""
    is_checked: bool
    is_other: bool = False
    """A check found another registered address than the one stated: that one decides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """One choice of a child, as its intake's list shows it. Counts of others, nothing else."""

    school: object
    """School and language; its text is in the reader's language."""
    is_territory: bool
    places: Mapping[str, int]
    """How many places there are, by kind."""
    before: int
    """Of the child's own line, before it."""
    before_placed: int
    """Those of them who have a place here."""
    equal: int
    """Of its own line, with the very same time: between them and the child the draw decides."""
    equal_before: int
    slot_kind: str = ""
    """Of the place the child has here; empty while it waits."""
    number: int | None = None
    """In the child's own line, from 1, while it waits."""
    territory_open: int = 0
    """Places that are kept for children of the territory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """The round that decides first about an arrival."""

    number: int
    closing_date: date | None
    """None: an outage goes on."""
    answer_by: date | None
    is_closed: bool
    """Its list, or a later one's, is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Everything an explanation is made of."""

    number: str
    door: str
    lodged_at: datetime
    ending: Ending
    shares: bool = True
    """It names the same choices as the application that counts for the child."""
    is_corrected: bool = False
    """Its own sender corrected it later."""
    counting: str = ""
    """Number of the application that counts instead, for officials; empty for a family."""
    withdrawal_waits: bool = False
    counted: Counted | None = None
    home: Home | None = None
    is_territory: bool | None = None
    """At the school it asks for first; None where nobody worked it out."""
    round: Round | None = None
    wishes: tuple[Wish, ...] = ()
    """Best first, down to the one that gave the place."""
    draw_date: date | None = None
    draw_number: str = ""
    """Empty where it is not this sender's to see."""
    held_for: tuple[str, ...] = ()
    confirmed_at: datetime | None = None
    is_granted: bool = False
    """A place above capacity, given to this child by name."""
    harmed_at: object = ""
    """The school at which it would have a place, had everything been known in time."""
    must_act_by: date | None = None
    help_line: str = ""


def _shown(fact: object) -> str:
    if isinstance(fact, datetime):
        return date_format(localtime(fact), "DATETIME_FORMAT")
    return date_format(fact, "DATE_FORMAT") if isinstance(fact, date) else str(fact)
