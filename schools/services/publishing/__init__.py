"""Rosters: published list by list, written only where they changed."""

from .listing import (
    EMPTY,
    RECORD,
    IntakeList,
    Line,
    held_mask,
    list_of,
    lists_sha256,
    record_of,
    roster_sha256,
)
from .running import AnotherRuns, one_run_at_a_time
from .writing import (
    FewerFactsRead,
    Knowing,
    changed_lists,
    district_sha256,
    find_differing_lists,
    note_nothing_new,
    publish_roster,
    published_sha256,
)

__all__ = [
    "EMPTY",
    "RECORD",
    "AnotherRuns",
    "FewerFactsRead",
    "IntakeList",
    "Knowing",
    "Line",
    "changed_lists",
    "district_sha256",
    "find_differing_lists",
    "held_mask",
    "list_of",
    "lists_sha256",
    "note_nothing_new",
    "one_run_at_a_time",
    "publish_roster",
    "published_sha256",
    "record_of",
    "roster_sha256",
]
