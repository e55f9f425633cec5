"""What withdrawals and voids do, and in which order things happened."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from enrollment.claims.corrections import Applications
from enrollment.claims.facts import Lodged, Retracted


class Effects:
    """What withdrawals and voids did: ids of applications, and of the retractions that did nothing yet."""

    def __init__(self) -> None:
        self.void: set[UUID] = set()
        self.void_by_family: set[UUID] = set()
        self.withdrawn: set[UUID] = set()
        self.waiting: set[UUID] = set()

    def is_replaced(self, application: Lodged, facts: Applications) -> bool:
        """By a correction that the family did not take back."""
        return any(c not in self.void_by_family for c in facts.corrections_of.get(application.id, ()))

    def is_taken_back(self, application: Lodged) -> bool:
        """The family has said that it does not want it."""
        return application.id in self.withdrawn or application.id in self.void_by_family


def effects_of(retracted: Collection[Retracted], *, facts: Applications) -> Effects:
    """First what families took back, then the voids of clerks, which depend on what is left."""
    effects = Effects()
    alone: list[tuple[Retracted, Lodged]] = []
    for retraction in retracted:
        if retraction.is_refused:
            continue
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


def _is_lodged_again(application: Lodged, facts: Applications, effects: Effects) -> bool:
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


def _ended(withdrawal: Retracted, named: list[Lodged], facts: Applications) -> set[UUID]:
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


def _order(fact: Lodged | Retracted) -> tuple[datetime, str]:
    return fact.lodged_at, str(fact.desk or "")


def _in_order_of_effects(applications: Iterable[Lodged]) -> list[Lodged]:
    """By (lodged, desk, seq, id), but among a desk's own by its chain, wherever its clock went back."""
    in_time = sorted(applications, key=lambda a: (*_order(a), a.id))
    chains: dict[UUID | None, list[Lodged]] = defaultdict(list)
    for application in in_time:
        chains[application.desk].append(application)
    next_of = {
        desk: iter(chain if desk is None else sorted(chain, key=lambda a: (a.seq or 0, a.id)))
        for desk, chain in chains.items()
    }
    return [next(next_of[a.desk]) for a in in_time]
