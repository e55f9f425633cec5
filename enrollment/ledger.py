"""
Where every receipt ended (law 10): in exactly one column, the first that is true of it.

The columns and their order: docs/reference/ledger.md.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from enum import StrEnum
from itertools import compress
from uuid import UUID

from enrollment.claims import Ending, same_children, standing_claims
from enrollment.reading import Applications, read_facts, read_setup
from enrollment.reconciliation import round_of
from enrollment.reconciliation.claiming import apart
from schools.models import Campaign, RosterEntry
from schools.services.publishing.listing import to_microseconds


class Column(StrEnum):
    """One column of the ledger; of several that are true of a receipt the first counts."""

    VOID = "void"
    WITHDRAWN = "withdrawn"
    PARKED = "parked"
    CONTESTED = "contested"
    LINKED = "linked"
    ON_ROSTERS = "on_rosters"
    RESERVE = "reserve"
    AWAITING = "awaiting"
    """It takes part in a round that has not closed yet; not counted as lost."""
    LOST = "lost"
    """Shown to a family and in none of the others: never allowed."""


_OF_ENDING = {
    Ending.VOID: Column.VOID,
    Ending.WITHDRAWN: Column.WITHDRAWN,
    Ending.CONTESTED: Column.CONTESTED,
    Ending.LINKED: Column.LINKED,
}


def ledger(*, campaign: Campaign, parked: Collection[UUID] = ()) -> dict[UUID, Column]:
    """
    The column of every application of a campaign, and of every parked one, by its id.

    :param parked: applications named by desk entries that wait for a person
    """
    setup, facts = read_setup(campaign=campaign), read_facts(campaign=campaign)
    applications, same = facts.lodged, same_children(facts.links)
    if not isinstance(applications, Applications):
        applications = Applications.of(applications, facts.asked)
    is_alone, others = apart(facts, applications, same)
    standing = standing_claims(
        others,
        facts.retracted,
        settled=facts.settled,
        same=same,
        checked={id_ for id_, checked in facts.checks.items() if checked.relation},
    )
    round_ = round_of(setup=setup, facts=facts)
    awaiting = {
        claim.application_id
        for claim in standing.claims.values()
        if round_ is None or claim.arrived_at >= round_.closing
    }
    # A cost: nearly every child has one application that nothing else speaks of.
    alone = [UUID(bytes=id_) for id_ in compress(applications.ids, is_alone)]
    closing = 0 if round_ is None else to_microseconds(round_.closing)
    awaiting |= set(compress(alone, (applications.lodged_at[is_alone] >= closing).tolist()))
    lines = RosterEntry.objects.filter(campaign=campaign).values_list("application_id", "slot")
    # A child with a place may wait elsewhere for what it likes better: the place counts.
    slots = dict(lines.filter(slot=None)) | dict(lines.filter(slot__isnull=False))
    columns = dict.fromkeys(parked, Column.PARKED)
    endings = dict.fromkeys(alone, Ending.STANDING) | standing.endings
    columns |= {id_: _column(id_, ending, slots, awaiting) for id_, ending in endings.items()}
    return columns


def _column(
    id_: UUID, ending: Ending, slots: Mapping[UUID, int | None], awaiting: Collection[UUID]
) -> Column:
    if ending in _OF_ENDING:
        return _OF_ENDING[ending]
    if id_ not in slots:
        return Column.AWAITING if id_ in awaiting else Column.LOST
    return Column.RESERVE if slots[id_] is None else Column.ON_ROSTERS


def totals(columns: Mapping[UUID, Column]) -> dict[str, int]:
    """How many receipts are in each column, empty ones too."""
    counted = Counter(columns.values())
    return {"receipts": len(columns)} | {column.value: counted[column] for column in Column}
