"""
The rule of admission once more, small and on its own: who must have which place.

Written from docs/reference/rule.md for one choice a child and one roster, importing nothing
of the application, so that the story's verdict is not the application's own.
"""

import hashlib
import hmac
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

ALMATY = ZoneInfo("Asia/Almaty")


@dataclass(frozen=True)
class Announced:
    """What was public before the opening."""

    year: int
    opens_at: datetime
    grain: timedelta
    has_opening_interval: bool
    hold_until: date | None
    first_round: date | None
    seed: bytes
    draw_key: bytes
    slots: Mapping[str, str]
    """Kinds of the numbered places, by `BIN/language`."""
    district_of: Mapping[str, str]
    """District of a school, by BIN."""
    streets: list[tuple[str, str, frozenset[str], int, int, str]]
    """School, district, the street's names, first and last house, parity."""

    def serving(self, district: str, street: str, house: int) -> set[str]:
        """Schools whose territory a house lies in."""
        return {
            school
            for school, where, names, first, last, parity in self.streets
            if where == district
            and street in names
            and first <= house <= last
            and (parity == "all" or (house % 2 == 1) == (parity == "odd"))
        }


@dataclass(frozen=True)
class Asked:
    """One application as the story saw it handed in."""

    number: str
    child: str
    person: str
    choice: str
    is_proven: bool
    handed_in_at: datetime
    keeps_time_of: str = ""
    """The number that it corrects without a change of child or choice."""
    district: str = ""
    street: str = ""
    house: int = 0


@dataclass
class Verdict:
    """What must be on the lists."""

    places: dict[str, str] = field(default_factory=dict)
    """Intake by child."""
    lines: dict[str, tuple[list[str], list[str]]] = field(default_factory=dict)
    """Children that wait, by intake: of the territory, from outside, first in line first."""
    standing: dict[str, str] = field(default_factory=dict)
    """By child, the number of the application that counts."""
    contested: set[str] = field(default_factory=set)
    """Numbers."""
    linked: set[str] = field(default_factory=set)
    """Numbers."""


def verdict(announced: Announced, living: Iterable[Asked], times: Mapping[str, datetime]) -> Verdict:
    """
    Who must have a place.

    :param living: applications neither void, withdrawn, parked nor replaced
    :param times: when each application was handed in, by number, dead ones too
    """
    found = Verdict()
    by_child: dict[str, list[Asked]] = defaultdict(list)
    for asked in living:
        by_child[asked.child].append(asked)
    asking: dict[str, list[tuple[datetime, str, str, bool]]] = defaultdict(list)
    for child, applications in by_child.items():
        applications.sort(key=lambda a: (not a.is_proven, _arrived_at(a, times), a.number))
        first, *others = applications
        found.standing[child] = first.number
        proven = [a for a in applications if a.is_proven]
        if len({a.choice for a in proven}) > 1 and len({a.person for a in proven}) > 1:
            found.contested |= {a.number for a in proven}
        found.linked |= {a.number for a in others} - found.contested
        arrived_at = min(_arrived_at(a, times) for a in applications if a.choice == first.choice)
        lives_there = first.choice.partition("/")[0] in announced.serving(
            first.district, first.street, first.house
        )
        asking[first.choice].append(
            (_moment(announced, arrived_at), _number(announced, child), child, lives_there)
        )
    for intake, line in asking.items():
        _fill(announced, found, intake, sorted(line))
    return found


def _arrived_at(asked: Asked, times: Mapping[str, datetime]) -> datetime:
    return min(asked.handed_in_at, times.get(asked.keeps_time_of, asked.handed_in_at))


def _moment(announced: Announced, at: datetime) -> datetime:
    at = max(at, announced.opens_at)
    opening_day = announced.opens_at.astimezone(ALMATY).date()
    if announced.has_opening_interval and at.astimezone(ALMATY).date() == opening_day:
        return announced.opens_at
    midnight = datetime.combine(at.astimezone(ALMATY).date(), time(), ALMATY)
    return midnight + (at - midnight) // announced.grain * announced.grain


def _number(announced: Announced, child: str) -> str:
    token = hmac.new(announced.draw_key, child.encode(), hashlib.sha256).digest()
    return hashlib.sha256(announced.seed + token).hexdigest()


def _fill(
    announced: Announced, found: Verdict, intake: str, line: list[tuple[datetime, str, str, bool]]
) -> None:
    own = [child for _moment, _number, child, lives_there in line if lives_there]
    outside = [child for _moment, _number, child, lives_there in line if not lives_there]
    is_held = announced.hold_until is not None and (
        announced.first_round is None or announced.first_round <= announced.hold_until
    )
    for kind in announced.slots[intake]:
        if kind == "T":
            takes = own or ([] if is_held else outside)
        elif kind == "O":
            takes = outside or own
        else:
            continue
        if takes:
            found.places[takes.pop(0)] = intake
    found.lines[intake] = (own, outside)
