"""All applications by everything they are asked for, and which of them corrects which."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from uuid import UUID

from enrollment.claims.facts import Lodged, Retracted


class Applications:
    """All applications of all children."""

    def __init__(self, lodged: Iterable[Lodged], *, same: Mapping[str, str]) -> None:
        """:param same: the key that stays, by the keys that do not"""
        self.by_id = {a.id: a for a in lodged}
        if same:
            for application in list(self.by_id.values()):
                if (stays := same.get(application.child_key)) is not None:
                    self.by_id[application.id] = replace(application, child_key=stays)
        self.by_child: dict[str, list[Lodged]] = {}
        for application in self.by_id.values():
            # Nearly every child has one application: a list is made only for the others' second.
            of_child = self.by_child.get(application.child_key)
            if of_child is None:
                self.by_child[application.child_key] = [application]
            else:
                of_child.append(application)
        self.original_of = _originals(self.by_id)
        self.corrections_of: dict[UUID, list[UUID]] = defaultdict(list)
        for correction, original in self.original_of.items():
            self.corrections_of[original].append(correction)
        self._by_number: dict[str, list[Lodged]] = {}

    def named_by(self, retraction: Retracted) -> list[Lodged]:
        """By id; by number only where no id is given, and then a clone may have made two of them."""
        if retraction.application_id is not None:
            named = self.by_id.get(retraction.application_id)
            return [] if named is None else [named]
        if not retraction.number:
            return []
        if not self._by_number:
            for application in self.by_id.values():
                self._by_number.setdefault(application.number, []).append(application)
        return self._by_number.get(retraction.number, [])

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

    def replaced_ones(self) -> Iterator[tuple[Lodged, list[Lodged]]]:
        """Every corrected application with its direct corrections; corrections of corrections come first."""
        roots = [id_ for id_ in self.corrections_of if id_ not in self.original_of]
        downwards = list(roots)
        for id_ in downwards:
            downwards.extend(c for c in self.corrections_of[id_] if c in self.corrections_of)
        for id_ in reversed(downwards):
            yield self.by_id[id_], [self.by_id[c] for c in self.corrections_of[id_]]


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
    circles = _in_circles(stated)
    return {correction: original for correction, original in stated.items() if correction not in circles}


def _in_circles(stated: Mapping[UUID, UUID]) -> set[UUID]:
    """Every id that leads back to itself; each is walked over once."""
    circles: set[UUID] = set()
    walked: set[UUID] = set()
    for start in stated:
        path: dict[UUID, None] = {}
        at: UUID | None = start
        while at is not None and at not in walked:
            walked.add(at)
            path[at] = None
            at = stated.get(at)
        if at in path:
            steps = list(path)
            circles.update(steps[steps.index(at) :])
    return circles
