"""
How far the doors of a district have reported, set against the closing of a round (law 7).

A district waits for the portal and for its own desks only: docs/reference/rule.md,
"Rounds and confirmation".
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from schools.models import Campaign, Horizon, SpokenClosing

PORTAL_LAG: Final = timedelta(minutes=5)
"""So long after a closing everything the portal took in before it is stored."""


class DoorState(StrEnum):
    """What a door says about a closing."""

    REPORTED = "reported"
    """Everything up to the closing is here."""
    SILENT = "silent"
    """The desk signed the end of its day: nothing more comes."""
    SPOKEN = "spoken"
    """Dark, but its closing code was read over the telephone."""
    DARK = "dark"
    """Nobody knows what it took in before the closing."""


@dataclass(frozen=True, slots=True)
class DeskSeen:
    """One desk, set against a closing."""

    horizon: Horizon
    state: DoorState
    spoken: SpokenClosing | None = None
    """The closing code that covers the closing, when that is what is known."""

    @property
    def is_dark(self) -> bool:
        return self.state is DoorState.DARK


@dataclass(frozen=True, slots=True)
class Watermark:
    """What is known of everything handed in at one district's doors before `closing_at`."""

    closing_at: datetime
    reasoned_at: datetime
    """From then on two officials may confirm without the dark desks."""
    desks: list[DeskSeen]

    @property
    def portal_at(self) -> datetime:
        """From then on the portal has reported."""
        return self.closing_at + PORTAL_LAG

    @property
    def dark(self) -> list[DeskSeen]:
        """Desks that nobody has heard of since before the closing, the longest silent first."""
        dark = [desk for desk in self.desks if desk.is_dark]
        return sorted(
            dark,
            key=lambda desk: (
                desk.horizon.heard_at is not None,
                desk.horizon.heard_at or self.closing_at,
                desk.horizon.door,
            ),
        )

    @property
    def through(self) -> datetime | None:
        """Up to when everything is known at least; None while some desk was never heard of."""
        ends = [self._end(desk) for desk in self.desks]
        known = [end for end in ends if end is not None]
        return None if len(known) < len(ends) else min([self.closing_at, *known])

    def _end(self, desk: DeskSeen) -> datetime | None:
        if not desk.is_dark:
            return self.closing_at
        return desk.horizon.through

    def has_passed(self, *, at: datetime) -> bool:
        """Whether everything that was handed in before the closing is known at `at`."""
        return at >= self.portal_at and not any(desk.is_dark for desk in self.desks)

    def doors(self) -> list[dict[str, object]]:
        """For a confirmation, which is kept: how far each desk had reported, without anybody's name."""
        return [
            {
                "door": desk.horizon.door,
                "state": desk.state.value,
                "through": _text(desk.horizon.through),
                "heard_at": _text(desk.horizon.heard_at),
                "unsent": desk.horizon.unsent,
                "spoken": str(desk.spoken.id) if desk.spoken else None,
            }
            for desk in self.desks
        ]


def watermark(*, campaign: Campaign, district: str, closing_at: datetime) -> Watermark:
    """How far one district's doors have reported. Two queries."""
    return watermarks(campaign=campaign, districts=[district], closing_at=closing_at)[district]


def watermarks(
    *, campaign: Campaign, districts: Collection[str], closing_at: datetime
) -> dict[str, Watermark]:
    """
    The same for several districts, by code. Two queries, however many there are.

    :param closing_at: the round's effective closing (`RosterState.closing_at`)
    """
    horizons = Horizon.objects.filter(campaign=campaign, district__in=districts).order_by("name_kk", "door")
    spoken = _latest(
        SpokenClosing.objects.filter(
            campaign=campaign, district__in=districts, through__gte=closing_at
        ).order_by("spoken_at", "id")
    )
    desks: dict[str, list[DeskSeen]] = {district: [] for district in districts}
    for horizon in horizons:
        desks[str(horizon.district_id)].append(_seen(horizon, spoken, closing_at=closing_at))
    reasoned_at = closing_at + timedelta(hours=campaign.policy.silent_desk_hours)
    return {
        district: Watermark(closing_at=closing_at, reasoned_at=reasoned_at, desks=desks[district])
        for district in districts
    }


def _latest(rows: Iterable[SpokenClosing]) -> dict[str, SpokenClosing]:
    return {row.door: row for row in rows}


def _seen(horizon: Horizon, spoken: Mapping[str, SpokenClosing], *, closing_at: datetime) -> DeskSeen:
    if horizon.through is not None and horizon.through >= closing_at:
        return DeskSeen(horizon, DoorState.REPORTED)
    if horizon.is_closed:
        return DeskSeen(horizon, DoorState.SILENT)
    if horizon.door in spoken:
        return DeskSeen(horizon, DoorState.SPOKEN, spoken[horizon.door])
    return DeskSeen(horizon, DoorState.DARK)


def _text(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
