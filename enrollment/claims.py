"""
Whose application counts: all applications of both doors in, one standing claim per child out.

A pure function of the set of facts: their order and repetition change nothing. The rule:
docs/reference/rule.md, "Standing claim".
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Lodged:
    """One application, as its sender handed it in."""

    id: UUID
    number: str
    child_key: str
    person_key: str
    """The sender, by the IIN or document stated with the application."""
    choices: tuple[str, ...]
    lodged_at: datetime
    is_proven: bool
    """A registry, or a document seen by a clerk, proves the sender's relation to the child."""
    replaces: UUID | None = None
    desk: UUID | None = None
    """None: the portal."""
    seq: int | None = None
    """Place in the desk's chain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retracted:
    """A withdrawal by a family, or a clerk's word that an application was none."""

    id: UUID
    kind: Literal["withdrawal", "void"]
    application_id: UUID | None
    number: str | None
    """Names the application where its id is not given."""
    person_key: str
    """Who withdraws; empty: the sender of the named application."""
    lodged_at: datetime
    stands: bool
    """The family's code was right, its sender was signed in, or nobody objected for 48 h."""
    desk: UUID | None = None
    seq: int | None = None


class Ending(StrEnum):
    """Where one application ended; of several that are true the first counts."""

    VOID = "void"
    WITHDRAWN = "withdrawn"
    CONTESTED = "contested"
    LINKED = "linked"
    STANDING = "standing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What one child asks for, and since when."""

    application_id: UUID
    choices: tuple[str, ...]
    arrived_at: datetime
    """The earliest arrival of the same choices, whoever sent them."""
    first_arrival_at: datetime
    """The earliest arrival of any living application of the child: its day is the day of its draw."""
    linked: frozenset[UUID]
    """The child's other applications, those replaced by a correction among them."""
    contested: frozenset[UUID]
    """Applications of proven people who want different schools; empty when nobody need be asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What all applications together mean."""

    claims: dict[str, Claim]
    """By child key."""
    endings: dict[UUID, Ending]
    """Of every application."""
    waiting: frozenset[UUID]
    """Withdrawals and voids without effect so far: for time, for the application named, or for a person."""


def standing_claims(lodged: Iterable[Lodged], retracted: Iterable[Retracted]) -> Standing:
    """
    One claim per child that has a living application.

    Proven people go before others; among equals the earliest arrival stands, then the
    smaller id. A replaced application is not alive, but its arrival is kept by a
    correction with the same child and the same choices.
    """
    facts = _Applications(lodged)
    effects = _effects(facts, {r.id: r for r in retracted}.values())
    claims: dict[str, Claim] = {}
    endings = {a.id: _ending_of_dead(a, facts, effects) for a in facts.by_id.values()}
    linked: dict[str, set[UUID]] = defaultdict(set)
    for application_id, ending in endings.items():
        if ending is Ending.LINKED:
            linked[facts.latest_correction(application_id).child_key].add(application_id)
    for child, applications in facts.by_child.items():
        living = [a for a in applications if endings[a.id] is Ending.STANDING]
        if not living:
            continue
        claims[child] = claim = _claim(living, linked[child], facts, effects)
        endings |= dict.fromkeys(claim.linked, Ending.LINKED)
        endings |= dict.fromkeys(claim.contested, Ending.CONTESTED)
    return Standing(claims=claims, endings=endings, waiting=frozenset(effects.waiting))


class _Applications:
    """All applications, by everything they are asked for."""

    def __init__(self, lodged: Iterable[Lodged]) -> None:
        self.by_id = {a.id: a for a in lodged}
        self.by_number: dict[str, list[Lodged]] = defaultdict(list)
        self.by_child: dict[str, list[Lodged]] = defaultdict(list)
        for application in self.by_id.values():
            self.by_number[application.number].append(application)
            self.by_child[application.child_key].append(application)
        self.original_of = _originals(self.by_id)
        self.corrections_of: dict[UUID, list[UUID]] = defaultdict(list)
        for correction, original in self.original_of.items():
            self.corrections_of[original].append(correction)

    def named_by(self, retraction: Retracted) -> list[Lodged]:
        """By id; by number only where no id is given, and then a clone may have made two of them."""
        if retraction.application_id is not None:
            named = self.by_id.get(retraction.application_id)
            return [] if named is None else [named]
        return self.by_number.get(retraction.number, []) if retraction.number else []

    def originals(self, application: Lodged) -> Iterator[Lodged]:
        """What the application corrects, and what that corrected, backwards."""
        while (original := self.original_of.get(application.id)) is not None:
            application = self.by_id[original]
            yield application

    def with_corrections(self, application: Lodged) -> list[Lodged]:
        """The application, and everything that corrects it, directly or not."""
        found = [application]
        for one in found:
            found.extend(self.by_id[correction] for correction in self.corrections_of.get(one.id, ()))
        return found

    def latest_correction(self, application_id: UUID) -> Lodged:
        """The application that speaks for this one now: itself where nothing corrects it."""
        while corrections := self.corrections_of.get(application_id):
            application_id = min(corrections)
        return self.by_id[application_id]


class _Effects:
    """What withdrawals and voids did: ids of applications, and of the retractions that did nothing yet."""

    def __init__(self) -> None:
        self.void: set[UUID] = set()
        self.void_by_family: set[UUID] = set()
        self.withdrawn: set[UUID] = set()
        self.waiting: set[UUID] = set()

    def is_replaced(self, application: Lodged, facts: _Applications) -> bool:
        """By a correction that the family did not take back."""
        return any(c not in self.void_by_family for c in facts.corrections_of.get(application.id, ()))

    def is_taken_back(self, application: Lodged) -> bool:
        return application.id in self.withdrawn or application.id in self.void_by_family


def _originals(by_id: Mapping[UUID, Lodged]) -> dict[UUID, UUID]:
    """
    Corrections and what each replaces.

    Only the same person, or the desk that took the first one in, can replace an
    application: knowing an id is no authority. A circle of ids, which no honest sender
    can make, replaces nothing.
    """
    stated = {
        a.id: a.replaces
        for a in by_id.values()
        if a.replaces is not None
        and (original := by_id.get(a.replaces)) is not None
        and (original.person_key == a.person_key or (a.desk is not None and original.desk == a.desk))
    }
    return {
        correction: original
        for correction, original in stated.items()
        if not _is_in_circle(correction, stated)
    }


def _is_in_circle(start: UUID, stated: Mapping[UUID, UUID]) -> bool:
    seen: set[UUID] = set()
    at: UUID | None = stated.get(start)
    while at is not None and at not in seen:
        if at == start:
            return True
        seen.add(at)
        at = stated.get(at)
    return False


def _effects(facts: _Applications, retracted: Collection[Retracted]) -> _Effects:
    """First what families took back, then the voids of clerks, which depend on what is left."""
    effects = _Effects()
    alone: list[tuple[Retracted, Lodged]] = []
    for retraction in retracted:
        named = facts.named_by(retraction)
        if retraction.kind == "withdrawal":
            ended = _ended(retraction, named, facts)
            effects.withdrawn |= ended
            if not ended:
                effects.waiting.add(retraction.id)
        elif len(named) != 1:
            effects.waiting.add(retraction.id)
        elif retraction.stands:
            effects.void_by_family.add(named[0].id)
        else:
            alone.append((retraction, named[0]))
    effects.void |= effects.void_by_family
    for void, application in alone:
        if _is_lodged_again(application, facts, effects):
            effects.void.add(application.id)
        else:
            effects.waiting.add(void.id)
    return effects


def _is_lodged_again(application: Lodged, facts: _Applications, effects: _Effects) -> bool:
    """
    Whether a later application of the same child is left.

    So a void without the family's word never takes a child's last application.
    """
    left = [
        a
        for a in facts.by_child[application.child_key]
        if a is application or not (effects.is_taken_back(a) or effects.is_replaced(a, facts))
    ]
    return _in_order_of_effects(left)[-1] is not application


def _ended(withdrawal: Retracted, named: list[Lodged], facts: _Applications) -> set[UUID]:
    """
    What a withdrawal ends: all that its person lodged before it for the child it names.

    What it names, and the corrections of that, tell the child; the named application
    was there before its withdrawal, whatever the clocks say. A number that names
    applications of several children of one person waits for a person.
    """
    if not withdrawal.stands:
        return set()
    meant = {one.id: facts.with_corrections(one) for one in named}
    if withdrawal.person_key:
        people = {withdrawal.person_key}
        named = [one for one in named if any(a.person_key in people for a in meant[one.id])]
    else:
        people = {one.person_key for one in named}
    if len({one.child_key for one in named}) != 1 or len(people) != 1:
        return set()
    children = {a.child_key for one in named for a in meant[one.id]}
    return {
        a.id
        for child in children
        for a in facts.by_child[child]
        if a.person_key in people and (a in named or _is_before(a, withdrawal))
    }


def _is_before(application: Lodged, withdrawal: Retracted) -> bool:
    """Chain order at one desk, else by the time stated; a withdrawal of the same instant is the later one."""
    if application.desk is not None and application.desk == withdrawal.desk:
        return (application.seq or 0) < (withdrawal.seq or 0)
    return _order(application) <= _order(withdrawal)


def _order(fact: Lodged | Retracted) -> tuple[datetime, str, int]:
    return fact.lodged_at, str(fact.desk or ""), fact.seq or 0


def _in_order_of_effects(applications: Iterable[Lodged]) -> list[Lodged]:
    """By (lodged, desk, seq, id); where a desk's clock went back, its own chain decides among its own."""
    in_time = sorted(applications, key=lambda a: (*_order(a), a.id))
    chains: dict[UUID | None, list[Lodged]] = defaultdict(list)
    for application in in_time:
        chains[application.desk].append(application)
    next_of = {
        desk: iter(chain if desk is None else sorted(chain, key=lambda a: (a.seq or 0, a.id)))
        for desk, chain in chains.items()
    }
    return [next(next_of[a.desk]) for a in in_time]


def _ending_of_dead(application: Lodged, facts: _Applications, effects: _Effects) -> Ending:
    """Void, withdrawn, or linked because a correction took its place; STANDING for what is alive."""
    if application.id in effects.void:
        return Ending.VOID
    if application.id in effects.withdrawn:
        return Ending.WITHDRAWN
    if not effects.is_replaced(application, facts):
        return Ending.STANDING
    tips = [
        a
        for a in facts.with_corrections(application)[1:]
        if a.id not in effects.void_by_family and not effects.is_replaced(a, facts)
    ]
    return Ending.WITHDRAWN if all(a.id in effects.withdrawn for a in tips) else Ending.LINKED


def _claim(living: list[Lodged], replaced: set[UUID], facts: _Applications, effects: _Effects) -> Claim:
    arrivals = {a.id: _arrived_at(a, facts, effects) for a in living}
    proven = {a.id for a in living if _is_proven(a, facts, effects)}
    in_rank = sorted(living, key=lambda a: (a.id not in proven, arrivals[a.id], a.id))
    first = in_rank[0]
    return Claim(
        application_id=first.id,
        choices=first.choices,
        arrived_at=min(arrivals[a.id] for a in living if a.choices == first.choices),
        first_arrival_at=min(arrivals.values()),
        linked=frozenset(replaced | {a.id for a in in_rank[1:]}),
        contested=_contested([a for a in in_rank if a.id in proven]),
    )


def _contested(proven: list[Lodged]) -> frozenset[UUID]:
    """All applications of proven people, in rank, when the first of one differs from the first of another."""
    wishes: dict[str, tuple[str, ...]] = {}
    for application in proven:
        wishes.setdefault(application.person_key, application.choices)
    return frozenset(a.id for a in proven) if len(set(wishes.values())) > 1 else frozenset()


def _arrived_at(application: Lodged, facts: _Applications, effects: _Effects) -> datetime:
    """The earliest time along its corrections, back to where child or choices were others."""
    arrived_at = application.lodged_at
    for original in facts.originals(application):
        same = (original.child_key, original.choices) == (application.child_key, application.choices)
        if not same or original.id in effects.withdrawn or original.id in effects.void_by_family:
            break
        arrived_at = min(arrived_at, original.lodged_at)
    return arrived_at


def _is_proven(application: Lodged, facts: _Applications, effects: _Effects) -> bool:
    """Proven itself, or the correction of what the same person proved for the same child."""
    if application.is_proven:
        return True
    for original in facts.originals(application):
        same = (original.child_key, original.person_key) == (application.child_key, application.person_key)
        if not same or original.id in effects.void_by_family:
            return False
        if original.is_proven:
            return True
    return False
