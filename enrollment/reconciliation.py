"""
Facts of both doors in, one roster out (law 6).

Reads everything in one snapshot, derives one claim a child (`claims.py`), says when each
claim counts (`arrival.py`) and in which order equal ones stand (`draw.py`), lets
`schools.placement` place, and publishes only what changed.
"""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from enrollment import arrival, draw, keys
from enrollment.claims import Claim, Standing, standing_claims
from enrollment.reading import Facts, Territories, count_facts, read_facts
from schools import placement
from schools.clock import ALMATY
from schools.models import Campaign, Intake, Lane, RosterState
from schools.services.publishing import (
    AnotherRuns,
    Line,
    note_nothing_new,
    one_run_at_a_time,
    publish_roster,
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Run:
    """What one reconciliation did."""

    facts: int
    children: int
    placed: int
    rows_written: int
    is_new: bool
    """False: the facts were the ones already on the roster, nothing was computed."""


def reconcile_all(*, at: datetime) -> list[Run]:
    """
    Bring the roster of every campaign that has opened up to its facts.

    A campaign that another worker is at is passed over: the next bell comes in seconds, and a
    worker that waits for a national run would hold up entries and notices meanwhile.
    """
    runs = []
    for campaign in Campaign.objects.filter(opens_at__lte=at, closes_at__gt=at - timedelta(days=60)):
        with suppress(AnotherRuns):
            runs.append(reconcile(campaign=campaign, at=at, wait=False))
    return runs


def reconcile(*, campaign: Campaign, at: datetime, recompute: bool = False, wait: bool = True) -> Run:
    """
    Compute and publish the roster from the facts stored now; twice does nothing twice.

    :param recompute: also when there is no new fact (after an import, or out of distrust)
    :param wait: for another run to end
    :raises AnotherRuns: without `wait`, when another one is at work
    """
    with one_run_at_a_time(year=campaign.year, wait=wait):
        state = RosterState.objects.filter(campaign=campaign).first()
        if state and not recompute and state.facts_read == (count := count_facts(campaign=campaign)):
            note_nothing_new(campaign=campaign, facts_read=count, at=at)
            return Run(facts=count, children=0, placed=0, rows_written=0, is_new=False)
        facts = read_facts(campaign=campaign)
        lines = compute_roster(campaign=campaign, facts=facts)
        written = publish_roster(campaign=campaign, lines=lines, facts_read=facts.count, at=at)
    placed = sum(line.slot is not None for line in lines)
    children = len({line.child_key for line in lines})
    return Run(facts=facts.count, children=children, placed=placed, rows_written=written, is_new=True)


def compute_roster(*, campaign: Campaign, facts: Facts) -> list[Line]:
    """The roster that these facts make, without writing anything."""
    standing = standing_claims(facts.lodged, facts.retracted)
    intakes = {
        intake.name: intake for intake in Intake.objects.filter(campaign=campaign).select_related("school")
    }
    return _Roster(campaign, facts, standing, intakes).lines()


class _Roster:
    """The facts of one computation, by everything they are asked for."""

    def __init__(
        self, campaign: Campaign, facts: Facts, standing: Standing, intakes: dict[str, Intake]
    ) -> None:
        self.campaign, self.facts, self.standing, self.intakes = campaign, facts, standing, intakes
        self.policy = campaign.policy
        self.territories = Territories.of_campaign(campaign)
        self.draw_key = keys.draw_key()
        self.seed = bytes(campaign.demo_seed)
        self.child_keys: dict[str, str] = {}
        self._intervals: dict[str, list[arrival.Interval]] = {}

    def lines(self) -> list[Line]:
        claims = dict(self.claims())
        children = {str(claim.application_id): self._child(key, claim) for key, claim in claims.items()}
        self.child_keys = {str(claim.application_id): key for key, claim in claims.items()}
        result = placement.place(
            intakes=[placement.Intake(id=name, slots=intake.slots) for name, intake in self.intakes.items()],
            children=children.values(),
            hold_territory=self._holds_territory(),
        )
        placed = [
            self._line(children[child], choice, result.slots[child])
            for child, choice in result.placements.items()
        ]
        waiting = [
            self._line(children[child], choice, None)
            for choice, reserve in result.reserves.items()
            for child in (*reserve.territory, *reserve.outside)
        ]
        return placed + waiting

    def claims(self) -> Iterable[tuple[str, Claim]]:
        """Standing claims on intakes that exist; doors refuse others, so a missing intake was taken away later."""
        for child_key, claim in self.standing.claims.items():
            if any(choice in self.intakes for choice in claim.choices):
                yield child_key, claim

    def _child(self, child_key: str, claim: Claim) -> placement.Child:
        asked = self.facts.asked[claim.application_id]
        serving = self.territories.schools_of(asked.address)
        choices = [choice for choice in claim.choices if choice in self.intakes]
        token = draw.child_token(key=self.draw_key, child_key=child_key)
        # Twins with one token draw one number: the smaller application id decides between them.
        return placement.Child(
            id=str(claim.application_id),
            choices=choices,
            moments=[_microseconds(self._moment(claim, choice)) for choice in choices],
            number=draw.number(seed=self.seed, token=token).hex(),
            territory=frozenset(c for c in choices if self.intakes[c].school_id in serving),
        )

    def _moment(self, claim: Claim, choice: str) -> datetime:
        return arrival.moment(
            claim.arrived_at,
            opens_at=self.campaign.opens_at,
            intervals=self._intervals_of(self.intakes[choice].school.district_id),
            grain=self.policy.grain,
        )

    def _intervals_of(self, district: str) -> list[arrival.Interval]:
        if district not in self._intervals:
            self._intervals[district] = arrival.intervals_for(
                district=district,
                outages=self.facts.outages,
                opens_at=self.campaign.opens_at,
                grain=self.policy.grain,
                has_opening_interval=self.policy.opening_interval,
            )
        return self._intervals[district]

    def _holds_territory(self) -> bool:
        # Until rounds are closed day by day there is one roster, that of the first round.
        until, first = self.policy.territory_hold_until, self.campaign.rounds.first()
        return until is not None and (first is None or first.closes_at.astimezone(ALMATY).date() <= until)

    def _line(self, child: placement.Child, choice: str, slot: int | None) -> Line:
        child_key = self.child_keys[child.id]
        claim, intake = self.standing.claims[child_key], self.intakes[choice]
        asked = self.facts.asked[claim.application_id]
        moment = child.moments[child.choices.index(choice)]
        return Line(
            intake_id=intake.id,
            district=intake.school.district_id,
            choice=choice,
            child_key=child_key,
            child_name=asked.child_name,
            application_id=claim.application_id,
            application_number=asked.number,
            door=asked.door,
            lane=Lane.TERRITORY if choice in child.territory else Lane.OUTSIDE,
            slot=slot,
            arrived_at=claim.arrived_at,
            moment=_EPOCH + timedelta(microseconds=moment),
            draw_number=child.number,
            is_contested=bool(claim.contested),
        )


def _microseconds(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(microseconds=1)
