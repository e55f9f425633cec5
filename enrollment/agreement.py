"""Does what was written still agree? Every `find_…` returns nothing when all is well."""

import hmac
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Count, QuerySet

from enrollment import draw
from enrollment.arrival import day_of
from enrollment.ledger import Column, ledger
from enrollment.models import Application, DaySeed, DrawCommitment, PublicValue
from enrollment.reading import read_facts, read_setup
from enrollment.reconciliation import compute_roster, reconcile
from enrollment.reconciliation.braking import stops
from enrollment.rules import content_sha256, decode_request
from schools.models import Campaign, RosterEntry, RosterState
from schools.services.publishing import find_differing_lists, lists_sha256, published_sha256


def find_unended_receipts(*, campaign: Campaign, older_than: datetime) -> QuerySet[Application]:
    """Receipts shown to a family that are in no column of the ledger (law 10)."""
    lost = [id_ for id_, column in ledger(campaign=campaign).items() if column == Column.LOST]
    return Application.objects.filter(id__in=lost, received_at__lt=older_than)


def find_changed_applications(*, campaign: Campaign) -> Iterator[Application]:
    """Applications whose content is no longer the one that was hashed when they were taken."""
    for application in Application.objects.filter(campaign=campaign).iterator(2000):
        if content_sha256(decode_request(application.form)) != bytes(application.content_sha256):
            yield application


def find_children_with_two_places(*, campaign: Campaign) -> list[str]:
    """Child keys that stand in more than one slot."""
    placed = RosterEntry.objects.filter(campaign=campaign, slot__isnull=False)
    return list(
        placed.values("child_key").annotate(n=Count("id")).filter(n__gt=1).values_list("child_key", flat=True)
    )


def find_roster_differences(*, campaign: Campaign) -> list[str]:
    """
    Intakes' names whose published list is not the one that the facts make, computed from nothing.

    Where the brake is on, the list that was published before is the right one.
    """
    setup, facts = read_setup(campaign=campaign), read_facts(campaign=campaign)
    roster = compute_roster(setup=setup, facts=facts)
    stopped = {
        component
        for stop in stops(policy=setup.policy, facts=facts, roster=roster)
        for component in stop.components
    }
    different = set(find_differing_lists([one for one in roster.lists if one.component not in stopped]))
    state = RosterState.objects.filter(campaign=campaign).first()
    published = bytes(state.roster_sha256) if state else lists_sha256({})
    # Whoever compares hashes must be told the one of what is shown.
    if not different and published != published_sha256(campaign=campaign):
        different.add("roster_sha256")
    return sorted(different)


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
