"""
Whose clock: when an entry of a desk was written, as far as anybody but the desk can know.

An anchor is given against a stated head, so what follows that head is no earlier than the
anchor's time; and nothing is later than the centre's first sight of it or of anything after
it. Between these two bounds the desk's own wall clock is believed. Grades of clocks
(attested, calibrated) narrow the bounds further one day; they never widen them.

Everything here follows from the set of facts: in which order entries and anchors became
known, or how often, changes nothing.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple


class Sight(NamedTuple):
    """One stored entry."""

    sha256: str
    prev: str | None
    seen_at: datetime
    """When the centre first stored these bytes."""
    is_start: bool = False
    """The first of an epoch: it waits for nothing before it, which may be lost."""


class Given(NamedTuple):
    """One anchor."""

    head: str | None
    """SHA-256 of the head against which it was given."""
    at: datetime


class Bounds(NamedTuple):
    """An entry was written no earlier than the first, no later than the second."""

    not_before: datetime | None
    """None: no anchor was ever given against anything before it."""
    first_sight: datetime
    """Of the entry or of a successor, whichever came first."""


def bounded(*, wall: datetime, not_before: datetime | None, first_sight: datetime) -> datetime:
    """When the entry counts as written: the desk's wall clock, clamped into the bounds."""
    lifted = wall if not_before is None else max(wall, not_before)
    return min(lifted, first_sight)


def lower_bound(
    *, parent_lower: datetime | None, anchors: Iterable[datetime], first_sight: datetime
) -> datetime | None:
    """
    The lower bound of an entry, from the one of the entry before it.

    An anchor given after the entry was known says nothing about it: it was stated against an
    old head by a clone, a restore or a late call.

    :param anchors: times of anchors given against the entry before (for a `start`: against the head
        that it names) or against anything before that; those within `parent_lower` may be left out
    :param first_sight: of the entry or of a successor
    """
    told = [at for at in anchors if at < first_sight]
    if parent_lower is not None:
        told.append(parent_lower)
    return max(told, default=None)


def whole_since(entries: Iterable[Sight]) -> dict[str, datetime]:
    """
    From when on the centre has held each entry and everything before it, back to a start.

    Entries behind a gap are left out. A start is whole by itself.
    """
    tree = _tree(entries)
    whole: dict[str, datetime] = {}
    for tip in tree.values():
        way: list[Sight] = []
        entry: Sight | None = tip
        while entry is not None and entry.sha256 not in whole:
            way.append(entry)
            if entry.is_start or entry.prev is None:
                whole[entry.sha256] = entry.seen_at
                break
            entry = tree.get(entry.prev)
        if not entry:
            continue
        since = whole[entry.sha256]
        for below in reversed(way):
            since = whole[below.sha256] = max(since, below.seen_at)
    return whole


def bounds(*, entries: Iterable[Sight], anchors: Iterable[Given]) -> dict[str, Bounds]:
    """
    The bounds of every entry of a journal, which is a tree: branches of clones and restores as well.

    What the centre held when an entry's chain became whole decides, so that bounds once known never
    change. An entry whose predecessor is not stored (a gap) is a root of its own, and so is a `start`
    whose named head was not whole when it came: anchors given against that very head bound it all the same.
    """
    tree = _tree(entries)
    whole = whole_since(tree.values())
    followers: dict[str | None, list[Sight]] = {}
    for entry in tree.values():
        followers.setdefault(_parent(entry, tree, whole), []).append(entry)
    given: dict[str | None, list[datetime]] = {}
    for anchor in anchors:
        given.setdefault(anchor.head, []).append(anchor.at)
    given.pop(None, None)

    first_sight = _first_sights(tree, whole)
    found: dict[str, Bounds] = {}
    # One walk down the tree, holding the sorted anchor times of the way from the root; on leaving an
    # entry its parent's anchors are taken off again, so that a branch never sees those of its sister.
    known: list[datetime] = []
    walk: list[tuple[Sight, bool]] = [(root, False) for root in followers.get(None, ())]
    while walk:
        entry, is_left = walk.pop()
        against_parent = given.get(entry.prev, ())
        if is_left:
            for at in against_parent:
                del known[bisect_left(known, at)]
            continue
        for at in against_parent:
            insort(known, at)
        seen = first_sight[entry.sha256]
        earlier = bisect_left(known, seen)
        found[entry.sha256] = Bounds(known[earlier - 1] if earlier else None, seen)
        walk.append((entry, True))
        walk += [(child, False) for child in followers.get(entry.sha256, ())]
    return found


def _tree(entries: Iterable[Sight]) -> dict[str, Sight]:
    """By identity; of an entry named twice the earliest sight counts."""
    return {entry.sha256: entry for entry in sorted(entries, key=lambda entry: entry.seen_at, reverse=True)}


def _parent(entry: Sight, tree: dict[str, Sight], whole: dict[str, datetime]) -> str | None:
    """The entry whose bounds this one inherits."""
    if entry.prev not in tree:
        return None
    if entry.is_start and not (entry.prev in whole and whole[entry.prev] <= entry.seen_at):
        return None
    return entry.prev


def _first_sights(tree: dict[str, Sight], whole: dict[str, datetime]) -> dict[str, datetime]:
    """When each entry, or anything after it that was known by the time its chain was whole, was first seen."""
    children: dict[str, list[Sight]] = {}
    for entry in tree.values():
        if entry.prev in tree:
            children.setdefault(str(entry.prev), []).append(entry)
    downwards = [entry for entry in tree.values() if entry.prev not in tree]
    for entry in downwards:
        downwards += children.get(entry.sha256, ())
    sights: dict[str, datetime] = {}
    for entry in reversed(downwards):
        known_by = whole.get(entry.sha256)
        after = (
            sights[child.sha256]
            for child in children.get(entry.sha256, ())
            if known_by is None or child.seen_at <= known_by
        )
        sights[entry.sha256] = min([entry.seen_at, *after])
    return sights
