"""What a computation ends in: the roster, and who would have had a place on it."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np

from enrollment.reading import IntakeAt, Lost, Retold
from enrollment.rounds import RoundAt
from schools.holding import Given
from schools.services.publishing import EMPTY, IntakeList, Line
from schools.services.publishing.listing import WAITING


@dataclass(frozen=True, slots=True)
class HarmedChild:
    """A child that would have a place, had everything been known in time."""

    round: int
    child_key: str
    lost: Lost
    application: UUID
    child_name: str
    number: str
    """Of the receipt."""


@dataclass(frozen=True, slots=True, eq=False)
class Roster:
    """Who is where in the current round, and how many ask for what."""

    round: RoundAt | None
    """None: no round has closed and been drawn; then nobody is anywhere."""
    lists: Sequence[IntakeList]
    """Of every intake, also the empty ones."""
    arrived: Mapping[str, tuple[int, int]]
    """Children that ask for each intake, of its territory and from outside, the late ones too."""
    holders: Mapping[str, Given]
    """The confirmed place that each child holds."""
    told: Mapping[int, Retold]
    """By number: confirmed rounds of which something became known too late, told again."""
    harmed: Sequence[HarmedChild]
    """Who would have a place by them, and has nothing as good."""
    children: int
    """How many stand on any list."""

    def lines(self) -> Iterator[Line]:
        """Every line of every list."""
        return (line for one in self.lists for line in one.lines())

    def places(self) -> dict[str, str]:
        """Choice by child key, of those that have a place."""
        return {
            child.decode(): one.choice
            for one in self.lists
            for child in one.records["child_key"][one.records["slot"] != WAITING].tolist()
        }

    @property
    def placed(self) -> int:
        """How many have a place."""
        return sum(int((one.records["slot"] != WAITING).sum()) for one in self.lists)


def empty_list(intake: IntakeAt, arrived: tuple[int, int]) -> IntakeList:
    return IntakeList(
        intake_id=intake.id,
        choice=intake.name,
        district=intake.district,
        component=intake.name,
        slots=intake.slots,
        arrived=arrived,
        records=EMPTY,
        labels=(),
    )


def placed_at(lists: Sequence[IntakeList], children: Collection[str]) -> dict[str, str]:
    """The choice at which each of these children has a place."""
    wanted = np.array([child.encode() for child in children], "S60")
    found: dict[str, str] = {}
    for one in lists if len(wanted) else ():
        placed = one.records["child_key"][one.records["slot"] != WAITING]
        found |= dict.fromkeys(
            (child.decode() for child in placed[np.isin(placed, wanted)].tolist()), one.choice
        )
    return found
