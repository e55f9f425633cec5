"""
A roster is a function of the set of facts (law 6), and every receipt ends in one column (law 10).

Small campaigns with both doors, corrections, withdrawals, voids, decisions and outages are
handed in in any order, split, repeated, at any time, with runs in between; what stands in the
end is compared with one run over everything.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from enrollment.agreement import find_children_with_two_places, find_roster_differences
from enrollment.ledger import Column, ledger
from enrollment.models import Application, Decision, Outage, OutageEnd, Retraction
from enrollment.reconciliation import reconcile
from enrollment.services.lodging import DeskRequest, DeskRetraction, lodge_applications, lodge_retractions
from schools.models import Campaign, IntakeState, RosterEntry, RosterState
from tests.country import (
    ABAY,
    BOSTANDYK,
    DAY_TWO,
    MEDEU,
    ON_ABAY_STREET,
    ON_DOSTYK_STREET,
    SATBAYEV,
    apply_online,
    close_round,
    iin,
    make_country,
    parent,
    request,
)

END = DAY_TWO.astimezone(UTC) + timedelta(days=2)
PEOPLE = ("850101199993", "900615199983", "850101299996")
DESKS = (UUID(int=0xA), UUID(int=0xB))


@dataclass(frozen=True)
class Asked:
    """One application as a family asks for it."""

    child: int
    person: int
    choice: str
    is_neighbour: bool
    is_seen: bool
    desk: int | None
    minute: int
    replaces: int | None

    def request(self, *, replaces: UUID | None):
        return request(
            child=iin(self.child),
            applicant=PEOPLE[self.person],
            choices=[self.choice],
            address=ON_ABAY_STREET if self.is_neighbour else ON_DOSTYK_STREET,
            seen=self.is_seen and self.desk is not None,
            replaces=replaces if self.desk is not None else None,
        )


@dataclass(frozen=True)
class Ended:
    """A withdrawal or a void at a desk; `of` counts round the applications."""

    kind: str
    of: int
    is_named_by_number: bool
    person: int | None
    is_verified: bool
    is_decided: bool
    desk: int
    minute: int


@dataclass(frozen=True)
class Broken:
    """An outage; without `minutes` it goes on."""

    minute: int
    minutes: int | None
    district: str | None


@dataclass(frozen=True)
class Day:
    asked: list[Asked]
    ended: list[Ended]
    broken: list[Broken]


# From the opening to the afternoon after: inside and outside the opening interval.
minutes = st.integers(-24 * 60, 8 * 60) | st.integers(0, 5)
days = st.builds(
    Day,
    asked=st.lists(
        st.builds(
            Asked,
            child=st.integers(1, 5),
            person=st.integers(0, 2),
            choice=st.sampled_from([ABAY, ABAY, SATBAYEV]),
            is_neighbour=st.booleans(),
            is_seen=st.booleans(),
            desk=st.sampled_from([None, 0, 0, 1]),
            minute=minutes,
            replaces=st.none() | st.integers(0, 8),
        ),
        min_size=1,
        max_size=9,
    ),
    ended=st.lists(
        st.builds(
            Ended,
            kind=st.sampled_from(["withdrawal", "withdrawal", "void"]),
            of=st.integers(0, 8),
            is_named_by_number=st.booleans(),
            person=st.none() | st.integers(0, 2),
            is_verified=st.booleans(),
            is_decided=st.booleans(),
            desk=st.integers(0, 1),
            minute=minutes,
        ),
        max_size=3,
    ),
    broken=st.lists(
        st.builds(
            Broken,
            minute=minutes,
            minutes=st.none() | st.integers(1, 200),
            district=st.sampled_from([None, BOSTANDYK, MEDEU]),
        ),
        max_size=2,
    ),
)


@st.composite
def deliveries(draw: st.DrawFn, size: int) -> list[tuple[list[int], int, bool]]:
    """Calls with the facts they bring, the minute they arrive, and whether a run follows; all facts at least once."""
    order = draw(st.permutations(range(size)))
    cuts = sorted(draw(st.sets(st.integers(1, size), max_size=4)) | {0, size})
    calls = [list(order[a:b]) for a, b in pairwise(cuts)]
    calls += draw(st.lists(st.lists(st.integers(0, size - 1), min_size=1, max_size=4), max_size=2))
    return [(call, draw(st.integers(0, 2000)), draw(st.booleans())) for call in calls]


class Campaigning:
    """The facts of one day, each ready to be handed in, again and at any time."""

    def __init__(self, day: Day) -> None:
        self.day = day
        self.campaign: Campaign = make_country()
        self.campaign.intakes.update(slots="TO")
        close_round(self.campaign, 2)
        self.ids = [UUID(int=0xF00 + (n * 7) % 10) for n in range(len(day.asked))]
        self.facts: list[tuple[str, Any]] = []
        for n, asked in enumerate(day.asked):
            self.facts.append(self._asked(n, asked))
        for n, ended in enumerate(day.ended):
            self.facts += self._ended(n, ended)
        for n, broken in enumerate(day.broken):
            self.facts += self._broken(n, broken)

    def _asked(self, n: int, asked: Asked) -> tuple[str, Any]:
        corrected = None if asked.replaces is None else self.ids[asked.replaces % len(self.ids)]
        wanted = asked.request(replaces=None if corrected == self.ids[n] else corrected)
        if asked.desk is None:
            # Sent once through its door; to be there earlier or later, the very same row is taken along.
            with transaction.atomic():
                id_ = apply_online(campaign=self.campaign, wanted=wanted, at=at(asked.minute))
                row = Application.objects.get(id=id_)
                take_back()
            # Its account is a draft's owner and stays; its id is minted by the page.
            row.account = parent()
            row.id = self.ids[n]
            return "portal", row
        return "desk", DeskRequest(
            id=self.ids[n],
            number=number(n),
            year=2027,
            request=wanted,
            salt=bytes(16),
            desk=DESKS[asked.desk],
            seq=n + 1,
            entry_sha256=bytes([n]) * 32,
            lodged_at=at(asked.minute),
        )

    def _ended(self, n: int, ended: Ended) -> list[tuple[str, Any]]:
        _door, of = self.facts[ended.of % len(self.day.asked)]
        retraction = DeskRetraction(
            id=UUID(int=0xE00 + n),
            kind=Retraction.Kind(ended.kind),
            year=2027,
            application_id=None if ended.is_named_by_number else of.id,
            application_number=of.number,
            person_key="" if ended.person is None else PEOPLE[ended.person],
            reason="",
            is_verified=ended.is_verified,
            desk=DESKS[ended.desk],
            seq=20 + n,
            entry_sha256=bytes([0xE0 + n]) * 32,
            lodged_at=at(ended.minute),
        )
        facts: list[tuple[str, Any]] = [("retraction", retraction)]
        if ended.is_decided:
            kind = f"{ended.kind}_stands"
            decision = Decision(
                id=UUID(int=0xD00 + n),
                campaign=self.campaign,
                kind=kind,
                subject=retraction.id,
                decided_at=END,
            )
            facts.append(("decision", decision))
        return facts

    def _broken(self, n: int, broken: Broken) -> list[tuple[str, Any]]:
        outage = Outage(
            id=UUID(int=0xB00 + n),
            campaign=self.campaign,
            district_id=broken.district,
            started_at=at(broken.minute),
            reason="no line",
            recorded_at=END,
            recorded_by=["probe"],
        )
        if broken.minutes is None:
            return [("outage", outage)]
        ended_at = at(broken.minute + broken.minutes)
        return [
            ("outage", outage),
            ("end", OutageEnd(outage=outage, ended_at=ended_at, recorded_at=END)),
        ]

    def hand_in(self, indices: Sequence[int], *, received_at: datetime) -> None:
        """As the doors do: what is there already stays as it is."""
        for door, fact in [self.facts[i] for i in indices]:
            if door == "portal":
                fact.received_at = received_at
                Application.objects.bulk_create([fact], ignore_conflicts=True)
            elif door == "retraction":
                lodge_retractions(retractions=[fact], at=received_at)
            elif door == "decision":
                Decision.objects.bulk_create([fact], ignore_conflicts=True)
            elif door in ("outage", "end"):
                outage = fact if door == "outage" else fact.outage
                Outage.objects.bulk_create([outage], ignore_conflicts=True)
                if door == "end":
                    OutageEnd.objects.bulk_create([fact], ignore_conflicts=True)
        at_desks = [fact for door, fact in (self.facts[i] for i in indices) if door == "desk"]
        lodge_applications(requests=at_desks, at=received_at)

    def reconcile(self) -> None:
        reconcile(campaign=self.campaign, at=END)
        self.check()

    def check(self) -> None:
        """What must be true after every run, whatever is still to come."""
        assert not find_children_with_two_places(campaign=self.campaign)
        assert not find_roster_differences(campaign=self.campaign)
        columns = ledger(campaign=self.campaign)
        assert columns.keys() == set(Application.objects.values_list("id", flat=True))
        assert Column.LOST not in columns.values()
        placed = dict(RosterEntry.objects.values_list("application_id", "slot"))
        for column, has_slot in ((Column.ON_ROSTERS, True), (Column.RESERVE, False)):
            ended = {id_ for id_, ended_in in columns.items() if ended_in is column}
            assert ended <= {id_ for id_, slot in placed.items() if (slot is not None) == has_slot}
        # One line of a child, one application that stands for it.
        assert len(placed) == RosterEntry.objects.values("child_key").distinct().count()
        assert not placed.keys() - columns.keys()
        assert {columns[id_] for id_ in placed} <= {Column.ON_ROSTERS, Column.RESERVE, Column.CONTESTED}

    def outcome(self) -> tuple[object, ...]:
        """Everything that must be the same however it came about."""
        rows = RosterEntry.objects.values_list(
            "child_key", "intake_id", "slot", "lane", "moment", "arrived_at", "draw_number",
            "application_id", "application_number", "door", "child_name", "name_key", "is_contested",
            "held_for", "is_confirmed",
        )  # fmt: skip
        return (
            RosterState.objects.values_list("roster_sha256", "facts_sha256", "facts_read", "round").get(),
            sorted(IntakeState.objects.values_list()),
            sorted(rows, key=str),
            ledger(campaign=self.campaign),
        )


def at(minute: int) -> datetime:
    return DAY_TWO.astimezone(UTC) + timedelta(minutes=minute)


def number(n: int) -> str:
    # The last two share one number, as after a clone.
    return f"27-4KQ7-M2X{'ABCDEFGG'[min(n, 7)]}-W"


def take_back() -> None:
    transaction.set_rollback(True)


class Roster(TestCase):
    @settings(
        max_examples=30,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(day=days, data=st.data())
    def test_does_not_depend_on_how_things_arrive(self, day: Day, data: Any) -> None:
        campaigning = Campaigning(day)
        everything = range(len(campaigning.facts))
        with transaction.atomic():
            campaigning.hand_in(everything, received_at=END)
            campaigning.reconcile()
            at_once = campaigning.outcome()
            take_back()

        for indices, minute, is_run in data.draw(deliveries(len(campaigning.facts))):
            campaigning.hand_in(indices, received_at=END + timedelta(minutes=minute))
            if is_run:
                campaigning.reconcile()
        campaigning.reconcile()

        assert campaigning.outcome() == at_once
