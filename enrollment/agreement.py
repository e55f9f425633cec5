"""Does what was written still agree? Every `find_…` returns nothing when all is well."""

import hmac
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, QuerySet

from enrollment import draw
from enrollment.arrival import day_of
from enrollment.ledger import Column, ledger
from enrollment.models import Application, DaySeed, DrawCommitment, PublicValue
from enrollment.reading import Facts, Retold, Setup, read_facts, read_setup
from enrollment.reconciliation import Roster, compute_roster, reconcile
from enrollment.reconciliation.braking import stops
from enrollment.reconciliation.plainly import place_plainly
from enrollment.rules import content_sha256, decode_request
from schools.models import Campaign, Harmed, RosterEntry, RosterState
from schools.services.publishing import find_differing_lists, lists_sha256, published_sha256


def find_unended_receipts(
    *, campaign: Campaign, older_than: datetime, columns: Mapping[UUID, Column] | None = None
) -> QuerySet[Application]:
    """
    Receipts shown to a family that are in no column of the ledger (law 10).

    :param columns: the ledger, where it was made already
    """
    columns = ledger(campaign=campaign) if columns is None else columns
    lost = [id_ for id_, column in columns.items() if column == Column.LOST]
    return Application.objects.filter(id__in=lost, received_at__lt=older_than)


def find_changed_applications(*, campaign: Campaign) -> Iterator[Application]:
    """Applications whose content is no longer the one that was hashed when they were taken."""
    rows = Application.objects.filter(campaign=campaign).values_list("id", "form", "content_sha256")
    for id_, form, sha256 in rows.iterator(2000):
        if content_sha256(decode_request(form)) != bytes(sha256):
            yield Application.objects.get(id=id_)


def find_children_with_two_places(*, campaign: Campaign) -> list[str]:
    """Child keys that stand in more than one slot."""
    placed = RosterEntry.objects.filter(campaign=campaign, slot__isnull=False)
    return list(
        placed.values("child_key").annotate(n=Count("id")).filter(n__gt=1).values_list("child_key", flat=True)
    )


@dataclass(frozen=True, slots=True)
class Again:
    """A campaign's roster once more, from nothing but the facts."""

    setup: Setup
    facts: Facts
    roster: Roster


def roster_again(*, campaign: Campaign) -> Again:
    """
    The roster that the facts make, placed by the plain implementation.

    Nothing that was worked out before is trusted: confirmed rounds are told again too.
    """
    setup, facts = read_setup(campaign=campaign), read_facts(campaign=campaign)
    roster = compute_roster(setup=setup, facts=replace(facts, retold={}), place=place_plainly)
    return Again(setup, facts, roster)


def find_roster_differences(*, campaign: Campaign, again: Again | None = None) -> list[str]:
    """
    Intakes' names whose published list is not the one that the facts make by the plain placement.

    Where the brake is on, the list that was published before is the right one.

    :param again: where it was worked out already
    """
    again = again or roster_again(campaign=campaign)
    found = stops(policy=again.setup.policy, facts=again.facts, roster=again.roster)
    stopped = {component for stop in found for component in stop.components}
    lists = [one for one in again.roster.lists if one.component not in stopped]
    different = set(find_differing_lists(lists))
    state = RosterState.objects.filter(campaign=campaign).first()
    published = bytes(state.roster_sha256) if state else lists_sha256({})
    # Whoever compares hashes must be told the one of what is shown.
    if not different and published != published_sha256(campaign=campaign):
        different.add("roster_sha256")
    return sorted(different)


def find_harmed_differences(*, campaign: Campaign, again: Again | None = None) -> list[str]:
    """
    What is noted of rounds told again, and of the children harmed, otherwise than the facts tell it.

    :param again: where it was worked out already
    """
    again = again or roster_again(campaign=campaign)
    return sorted(
        _without_pair("round", _lost(again.facts.retold), _lost(again.roster.told))
        + _without_pair("harmed", _noted(campaign), _harmed(again.roster))
    )


def _without_pair(what: str, noted: set[str], told: set[str]) -> list[str]:
    surplus = [f"{what} noted, but not so: {one}" for one in noted - told]
    return surplus + [f"{what} not noted: {one}" for one in told - noted]


def _lost(rounds: Mapping[int, Retold]) -> set[str]:
    lines = {f"{number} of {one.facts} facts" for number, one in rounds.items()}
    return lines | {
        f"{number} {child} {lost.intake} {lost.kind}"
        for number, one in rounds.items()
        for child, lost in one.lost.items()
    }


def _noted(campaign: Campaign) -> set[str]:
    rows = Harmed.objects.filter(campaign=campaign).select_related("round", "intake")
    return {f"{row.round.number} {row.child_key} {row.intake.name} {row.kind}" for row in rows}


def _harmed(roster: Roster) -> set[str]:
    first: dict[str, str] = {}
    for one in roster.harmed:
        # A child that lost several places stands where it lost the first one.
        first.setdefault(one.child_key, f"{one.round} {one.child_key} {one.lost.intake} {one.lost.kind}")
    return set(first.values())


def find_foreign_seeds(*, campaign: Campaign) -> Iterator[DaySeed]:
    """
    Seeds that are not of the chain bound before the opening and of the day's public value, or,
    where the secret was missing, not of the public formula (docs/reference/rule.md, "Number").
    """
    bound = DrawCommitment.objects.filter(campaign=campaign).first()
    values = dict(PublicValue.objects.filter(campaign=campaign).values_list("date", "value"))
    last_shown = bytes(bound.chain_end) if bound else b""
    for seed in DaySeed.objects.filter(campaign=campaign).order_by("date"):
        if (
            bound is None
            or values.get(seed.date) != seed.v
            or not _is_of_the_draw(seed, bound=bound, last_shown=last_shown)
        ):
            yield seed
        if not seed.is_replacement:
            last_shown = bytes(seed.s)


def _is_of_the_draw(seed: DaySeed, *, bound: DrawCommitment, last_shown: bytes) -> bool:
    days = (seed.date - day_of(bound.campaign.opens_at)).days
    if not 0 <= days < bound.chain_length:
        return False
    if not seed.is_replacement:
        return draw.is_link(preimage=bytes(seed.s), index=days, chain_end=bytes(bound.chain_end))
    replaced = draw.replacement_secret(date=seed.date, last_shown=last_shown, v=seed.v)
    return hmac.compare_digest(replaced, bytes(seed.s))


def repair_roster(*, campaign: Campaign, at: datetime) -> int:
    """Compute and publish the roster again from the facts; returns the rows written."""
    return reconcile(campaign=campaign, at=at, recompute=True).rows_written


UNENDED_AFTER = timedelta(days=2)
"""A receipt that has not ended by then is somebody's work today."""
