"""
The rule of admission once more, small and on its own: who must have which place.

Written from docs/reference/rule.md for one choice a child, round by round, importing nothing
of the application, so that the story's verdict is not the application's own.
"""

import hashlib
import hmac
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
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


@dataclass(frozen=True)
class Place:
    """A numbered place of one intake."""

    intake: str
    slot: int
    """From 0."""


@dataclass
class Verdict:
    """What must be on the lists of one round."""

    places: dict[str, Place] = field(default_factory=dict)
    """By child."""
    is_own: dict[str, bool] = field(default_factory=dict)
    """By child that asks: whether it lives in the territory of its choice."""
    lines: dict[str, tuple[list[str], list[str]]] = field(default_factory=dict)
    """Children that wait, by intake: of the territory, from outside, first in line first."""
    standing: dict[str, str] = field(default_factory=dict)
    """By child, the number of the application that counts."""
    contested: set[str] = field(default_factory=set)
    """Numbers."""
    linked: set[str] = field(default_factory=set)
    """Numbers."""
    held: set[str] = field(default_factory=set)
    """Children whose place may not be confirmed: contested, nobody proven, or the last of a line with such a one."""


@dataclass(frozen=True)
class Round:
    """One decision day."""

    closes_at: datetime
    seeds: Mapping[date, bytes]
    """Of every day up to it."""
    holders: Mapping[str, Place] = field(default_factory=dict)
    """Confirmed places, by child."""
    harmed: Mapping[str, str] = field(default_factory=dict)
    """Kind of the place (T or O) that a child would have had, by child."""


def seed_of_day(day: date, *, s: bytes, v: str) -> bytes:
    """What the draw of one day is made of."""
    return hashlib.sha256(b"draw/1" + day.isoformat().encode() + s + v.encode()).digest()


def verdict(
    announced: Announced, living: Iterable[Asked], times: Mapping[str, datetime], *, round_: Round
) -> Verdict:
    """
    Who must have a place in a round.

    :param living: applications neither void, withdrawn, parked nor replaced
    :param times: when each application was handed in, by number, dead ones too
    """
    found = Verdict()
    by_child: dict[str, list[Asked]] = defaultdict(list)
    for asked in living:
        by_child[asked.child].append(asked)
    asking: dict[str, list[_InLine]] = defaultdict(list)
    open_: set[str] = set()
    for child, applications in by_child.items():
        applications.sort(key=lambda a: (not a.is_proven, _arrived_at(a, times), a.number))
        first, *others = applications
        proven = [a for a in applications if a.is_proven]
        if len({a.choice for a in proven}) > 1 and len({a.person for a in proven}) > 1:
            found.contested |= {a.number for a in proven}
            open_.add(child)
        found.linked |= {a.number for a in others} - found.contested
        arrived_at = min(_arrived_at(a, times) for a in applications if a.choice == first.choice)
        if arrived_at >= round_.closes_at:
            continue
        if not first.is_proven:
            open_.add(child)
        found.standing[child] = first.number
        lives_there = first.choice.partition("/")[0] in announced.serving(
            first.district, first.street, first.house
        )
        found.is_own[child] = lives_there
        earliest = _moment(announced, min(_arrived_at(a, times) for a in applications))
        number = _number(announced, child, round_.seeds[earliest.astimezone(ALMATY).date()])
        asking[first.choice].append(_InLine(_moment(announced, arrived_at), number, child, lives_there))
    for intake, line in asking.items():
        _fill(announced, found, intake, sorted(line), round_)
        _hold(found, intake, sorted(line), open_, round_)
    return found


class _InLine(NamedTuple):
    moment: datetime
    number: str
    child: str
    is_own: bool


def _arrived_at(asked: Asked, times: Mapping[str, datetime]) -> datetime:
    return min(asked.handed_in_at, times.get(asked.keeps_time_of, asked.handed_in_at))


def _moment(announced: Announced, at: datetime) -> datetime:
    at = max(at, announced.opens_at)
    opening_day = announced.opens_at.astimezone(ALMATY).date()
    if announced.has_opening_interval and at.astimezone(ALMATY).date() == opening_day:
        return announced.opens_at
    midnight = datetime.combine(at.astimezone(ALMATY).date(), time(), ALMATY)
    return midnight + (at - midnight) // announced.grain * announced.grain


def _number(announced: Announced, child: str, seed: bytes) -> str:
    token = hmac.new(announced.draw_key, child.encode(), hashlib.sha256).digest()
    return hashlib.sha256(seed + token).hexdigest()


def _fill(announced: Announced, found: Verdict, intake: str, line: list[_InLine], round_: Round) -> None:
    held = {
        place.slot: child
        for child, place in round_.holders.items()
        if place.intake == intake and any(one.child == child for one in line)
    }
    waiting = [one for one in line if one.child not in held.values()]
    closing_day = (round_.closes_at - timedelta(microseconds=1)).astimezone(ALMATY).date()
    is_held_open = announced.hold_until is not None and closing_day <= announced.hold_until
    for slot, kind in enumerate(announced.slots[intake]):
        if kind == "-":
            continue
        if slot in held:
            found.places[held[slot]] = Place(intake, slot)
            continue
        own = [one for one in waiting if one.is_own]
        outside = [one for one in waiting if not one.is_own]
        first = [one for one in waiting if round_.harmed.get(one.child) == kind]
        takes = first or own or ([] if is_held_open else outside) if kind == "T" else first or outside or own
        if takes:
            waiting.remove(takes[0])
            found.places[takes[0].child] = Place(intake, slot)
    found.lines[intake] = (
        [one.child for one in waiting if one.is_own],
        [one.child for one in waiting if not one.is_own],
    )


def _hold(found: Verdict, intake: str, line: list[_InLine], open_: set[str], round_: Round) -> None:
    for is_own in (True, False):
        placed = [
            one.child
            for one in line
            if one.is_own == is_own
            and one.child not in round_.holders
            and found.places.get(one.child, Place("", 0)).intake == intake
        ]
        if open_ & set(placed):
            found.held |= (open_ & set(placed)) | {placed[-1]}
