"""Of all that was asked for one child: what stands, what is linked, what is contested."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final
from uuid import UUID

from enrollment.claims.corrections import Applications
from enrollment.claims.effects import Effects, effects_of
from enrollment.claims.facts import Claim, Ending, Lodged, Retracted, Standing

_NOBODY: Final[frozenset[UUID]] = frozenset()
_NOTHING: Final[Mapping[UUID, datetime]] = MappingProxyType({})
_SAME: Final[Mapping[str, str]] = MappingProxyType({})


def standing_claims(
    lodged: Iterable[Lodged],
    retracted: Iterable[Retracted],
    *,
    settled: Mapping[UUID, datetime] = _NOTHING,
    same: Mapping[str, str] = _SAME,
    checked: Collection[UUID] = _NOBODY,
) -> Standing:
    """
    One claim per child that has a living application.

    Proven people go before others; among equals the earliest arrival stands, then the
    smaller id. A replaced application is not alive, but its arrival is kept by a
    correction with the same child and the same choices.

    :param settled: applications that count by an official's decision, and when it was made:
        it covers what had been lodged by then
    :param same: the child key that stays, by the keys that are the same child's
        (`same_children`); claims are by the keys that stay
    :param checked: applications whose relation to the child a check found to be as stated
    """
    facts = Applications(lodged, same=same)
    effects = effects_of({r.id: r for r in retracted}.values(), facts=facts)
    dead, speaks_for = _endings_of_dead(facts, effects)
    endings = dict.fromkeys(facts.by_id, Ending.STANDING) | dead
    children = _Children(facts, effects, settled=settled, checked=frozenset(checked))
    replaced: dict[str, set[UUID]] = defaultdict(set)
    for application_id, child in speaks_for.items():
        if dead.get(application_id) is Ending.LINKED:
            replaced[child].add(application_id)
    claims: dict[str, Claim] = {}
    for child, applications in facts.by_child.items():
        # Ids are slow to hash: of 400,000 children nearly all have one application and nothing dead.
        living = [a for a in applications if a.id not in dead] if dead else applications
        if not living:
            continue
        claims[child] = claim = children.claim(living, replaced.get(child, _NOBODY))
        if claim.linked:
            endings.update(dict.fromkeys(claim.linked, Ending.LINKED))
        if claim.contested:
            endings.update(dict.fromkeys(claim.contested, Ending.CONTESTED))
    return Standing(claims=claims, endings=endings, waiting=frozenset(effects.waiting))


def _endings_of_dead(facts: Applications, effects: Effects) -> tuple[dict[UUID, Ending], dict[UUID, str]]:
    """
    Void, withdrawn, or linked because a correction took its place.

    What is replaced ends as withdrawn when everything that took its place is.

    :returns: the endings of what is not alive, and for what is replaced the child that its last
        correction speaks for
    """
    endings: dict[UUID, Ending] = {}
    is_all_withdrawn: dict[UUID, bool] = {}
    spoken_for: dict[UUID, str] = {}
    for application, corrections in facts.replaced_ones():
        gone = {
            c.id: is_all_withdrawn.get(c.id, True)
            and (effects.is_taken_back(c) or effects.is_replaced(c, facts))
            for c in corrections
        }
        is_all_withdrawn[application.id] = all(gone.values())
        speaker = min(corrections, key=lambda c: (gone[c.id], c.id))
        spoken_for[application.id] = spoken_for.get(speaker.id, speaker.child_key)
        if effects.is_replaced(application, facts):
            is_gone = is_all_withdrawn[application.id]
            endings[application.id] = Ending.WITHDRAWN if is_gone else Ending.LINKED
    endings.update(dict.fromkeys(effects.withdrawn, Ending.WITHDRAWN))
    endings.update(dict.fromkeys(effects.void, Ending.VOID))
    return endings, spoken_for


class _Children:
    """Makes the claims, child by child."""

    def __init__(
        self,
        facts: Applications,
        effects: Effects,
        *,
        settled: Mapping[UUID, datetime],
        checked: Collection[UUID],
    ) -> None:
        self.facts, self.effects, self.checked = facts, effects, checked
        self.settled = settled

    def claim(self, living: list[Lodged], replaced: Collection[UUID]) -> Claim:
        """What stands of a child's living applications; `replaced`: those that corrections took the place of."""
        if len(living) == 1 and living[0].replaces is None:
            return self._alone(living[0], replaced)
        arrivals = {a.id: self._arrived_at(a) for a in living}
        proven = {a.id for a in living if self._is_proven(a)}
        in_rank = sorted(living, key=lambda a: (a.id not in proven, arrivals[a.id], a.id))
        heard = [a for a in in_rank if a.id in proven]
        first = in_rank[0]
        decided = [(at, a) for a in living if (at := self._settled_at(a)) is not None]
        if decided:
            settled_at, first = max(decided, key=lambda one: (one[0], one[1].id))
            earlier = {a.id for a in heard if arrivals[a.id] <= settled_at}
            heard = _heard_since(first, heard, earlier)
        return Claim(
            application_id=first.id,
            choices=first.choices,
            arrived_at=min(arrivals[a.id] for a in living if a.choices == first.choices),
            first_arrival_at=min(arrivals.values()),
            linked=frozenset(replaced).union(a.id for a in living if a is not first),
            contested=_contested(heard),
            since=min(self._since(a) for a in living),
            is_proven=first.id in proven,
        )

    def _alone(self, application: Lodged, replaced: Collection[UUID]) -> Claim:
        """The same for nearly every child: one application that corrects nothing."""
        at = application.lodged_at
        return Claim(
            application_id=application.id,
            choices=application.choices,
            arrived_at=at,
            first_arrival_at=at,
            linked=frozenset(replaced),
            contested=_NOBODY,
            since=at,
            is_proven=self._is_seen(application),
        )

    def _arrived_at(self, application: Lodged) -> datetime:
        """The earliest time along its corrections, back to where child or choices were others."""
        arrived_at = application.lodged_at
        for original in self.facts.originals(application):
            same = (original.child_key, original.choices) == (application.child_key, application.choices)
            if not same or self.effects.is_taken_back(original):
                break
            arrived_at = min(arrived_at, original.lodged_at)
        return arrived_at

    def _since(self, application: Lodged) -> datetime:
        """The earliest time along its corrections that is neither withdrawn nor void, for the same child."""
        since = application.lodged_at
        for original in self.facts.originals(application):
            if original.child_key == application.child_key and not (
                original.id in self.effects.withdrawn or original.id in self.effects.void
            ):
                since = min(since, original.lodged_at)
        return since

    def _is_proven(self, application: Lodged) -> bool:
        """Proven itself, or the correction of what the same person proved for the same child."""
        if self._is_seen(application):
            return True
        for original in self.facts.originals(application):
            same = (original.child_key, original.person_key) == (
                application.child_key,
                application.person_key,
            )
            if not same or original.id in self.effects.void_by_family:
                return False
            if self._is_seen(original):
                return True
        return False

    def _is_seen(self, application: Lodged) -> bool:
        return application.is_proven or (bool(self.checked) and application.id in self.checked)

    def _settled_at(self, application: Lodged) -> datetime | None:
        """The latest decision for it, or for what it corrects without another child, person or choice."""
        if not self.settled:
            return None
        decided = [self.settled[application.id]] if application.id in self.settled else []
        for original in self.facts.originals(application):
            if (original.child_key, original.person_key, original.choices) != (
                application.child_key,
                application.person_key,
                application.choices,
            ) or self.effects.is_taken_back(original):
                break
            if original.id in self.settled:
                decided.append(self.settled[original.id])
        return max(decided, default=None)


def _heard_since(counts: Lodged, proven: list[Lodged], earlier: Collection[UUID]) -> list[Lodged]:
    """What a settlement leaves to ask about: what counts by it, and wishes that others state since."""
    known = {(a.person_key, a.choices) for a in proven if a.id in earlier}
    since = [
        a
        for a in proven
        if a.id not in earlier
        and a.person_key != counts.person_key
        and (a.person_key, a.choices) not in known
    ]
    return [counts, *since]


def _contested(proven: list[Lodged]) -> frozenset[UUID]:
    """All applications of proven people, in rank, when the first of one differs from the first of another."""
    wishes: dict[str, tuple[str, ...]] = {}
    for application in proven:
        wishes.setdefault(application.person_key, application.choices)
    return frozenset(a.id for a in proven) if len(set(wishes.values())) > 1 else _NOBODY
