"""
Facts of both doors in, one roster out (law 6).

Reads everything in one snapshot (`enrollment.reading`), computes (`computing.py`), stops at the
brake (`braking.py`), and publishes only what changed (`schools.services.publishing`).
"""

from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from enrollment.reading import Facts, Setup, count_before, count_facts, read_facts, read_setup, setup_sha256
from enrollment.reconciliation.braking import note_stops, stops
from enrollment.reconciliation.closings import round_of
from enrollment.reconciliation.computing import compute_roster
from enrollment.reconciliation.incremental import increment, note_read
from enrollment.reconciliation.noting import note_harmed
from enrollment.reconciliation.rosters import Roster
from schools.models import Campaign, RosterState
from schools.services.publishing import (
    AnotherRuns,
    Knowing,
    note_nothing_new,
    one_run_at_a_time,
    publish_roster,
)

__all__ = [
    "Facts",
    "Roster",
    "Run",
    "Setup",
    "compute_roster",
    "read_facts",
    "read_setup",
    "reconcile",
    "reconcile_all",
    "round_of",
]


@dataclass(frozen=True, slots=True)
class Run:
    """What one reconciliation did."""

    facts: int
    children: int
    placed: int
    rows_written: int
    is_new: bool
    """False: the facts were the ones already on the roster, nothing was computed."""
    round: int | None = None
    """None: no round has closed yet."""
    stopped: tuple[str, ...] = ()
    """Districts in which the brake is on."""


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

    :param recompute: also when there is nothing new, and comparing every row: out of distrust
    :param wait: for another run to end
    :raises AnotherRuns: without `wait`, when another one is at work
    """
    with one_run_at_a_time(year=campaign.year, wait=wait):
        # What the caller holds may be older than the lock.
        campaign = Campaign.objects.get(year=campaign.year)
        state = RosterState.objects.select_related("round").filter(campaign=campaign).first()
        if state is not None and not recompute and _is_known(state, campaign):
            note_nothing_new(campaign=campaign, facts_read=state.facts_read, at=at)
            round_ = None if state.round is None else state.round.number
            return Run(state.facts_read, children=0, placed=0, rows_written=0, is_new=False, round=round_)
        part = None
        if state is not None and not recompute and _is_same_campaign(state, campaign):
            part = increment(campaign=campaign, state=state)
        if part is not None:
            return _publish(campaign, part.setup, part.facts, part.roster, at=at, fresh=part.fresh)
        setup, facts = read_setup(campaign=campaign), read_facts(campaign=campaign)
        roster = compute_roster(setup=setup, facts=facts)
        return _publish(campaign, setup, facts, roster, at=at, is_distrustful=recompute)


def _is_known(state: RosterState, campaign: Campaign) -> bool:
    """Whether the roster was made of all facts there are, and of the campaign as it is."""
    return state.facts_read == count_facts(campaign=campaign) and _is_same_campaign(state, campaign)


def _is_same_campaign(state: RosterState, campaign: Campaign) -> bool:
    return bytes(state.setup_sha256) == setup_sha256(campaign=campaign)


def _publish(
    campaign: Campaign,
    setup: Setup,
    facts: Facts,
    roster: Roster,
    *,
    at: datetime,
    is_distrustful: bool = False,
    fresh: Collection[str] | None = None,
) -> Run:
    # Of a part of a roster the brake was asked before, with what is published beside it.
    stopped = [] if fresh is not None else stops(policy=setup.policy, facts=facts, roster=roster)
    written = publish_roster(
        campaign=campaign,
        lists=roster.lists,
        knowing=Knowing(
            facts_read=facts.count,
            facts_sha256=facts.sha256,
            setup_sha256=setup.sha256,
            round_number=roster.round.number if roster.round else None,
            closing_at=roster.round.closing if roster.round else None,
            round_facts=count_before(campaign=campaign, closing=roster.round.closing) if roster.round else 0,
        ),
        stopped={component for stop in stopped for component in stop.components},
        at=at,
        is_distrustful=is_distrustful,
    )
    note_stops(campaign=campaign, stopped=stopped, at=at)
    note_harmed(campaign=campaign, roster=roster, facts=facts, part=None if fresh is None else setup.intakes)
    note_read(campaign=campaign, facts=facts, fresh=fresh)
    return Run(
        facts=facts.count,
        children=roster.children,
        placed=roster.placed,
        rows_written=written,
        is_new=True,
        round=roster.round.number if roster.round else None,
        stopped=tuple(stop.district for stop in stopped),
    )
