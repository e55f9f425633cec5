"""
Who would have a place, had one thing been different.

The roster is a function of the facts (law 6): so the same facts with one change make another
roster, and the difference of the two answers the question. Pure: nothing is stored, the real
roster is not touched. How to read the answer: docs/reference/what-if.md.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from typing import Final

from django.utils.translation import gettext_lazy as _

from enrollment.arrival import Outage
from enrollment.claims import Lodged
from enrollment.reading import Applications, Facts, Setup
from enrollment.reconciliation import Roster, compute_roster
from schools.rules import Policy, Refusal, parse_policy
from schools.rules.slots import REMOVED

DECIDING: Final = frozenset(
    {
        "choices_max",
        "grain",
        "opening_interval",
        "slot_pattern",
        "territory_hold_until",
        "twins_share_token",
    }
)
"""Keys of the policy that decide about places already asked for; the others decide who may ask, and terms."""


class NothingChanged(Refusal):
    message = _("These are the rules of this campaign as they are: nothing would be different.")


class DecidesNoPlace(Refusal):
    message = _("None of these rules decides about a place that is already asked for: %(keys)s.")


class NoSuchOutageInFacts(Refusal):
    message = _("There is no such outage.")


class NoListYet(Refusal):
    message = _("No list has been made yet: there is nothing to compare.")


@dataclass(frozen=True, slots=True)
class WithoutOutage:
    """As if this outage had not been."""

    outage: Outage

    def applied(self, *, setup: Setup, facts: Facts) -> tuple[Setup, Facts]:
        """:raises NoSuchOutageInFacts: the facts do not hold it"""
        outages = list(facts.outages)
        if self.outage not in outages:
            raise NoSuchOutageInFacts
        # One of two equal records: the other one stays, as it would have.
        outages.remove(self.outage)
        return setup, replace(facts, outages=outages)


@dataclass(frozen=True, slots=True)
class WithPolicy:
    """
    As if the campaign had had these rules from the opening on.

    Slots take the kinds of the new pattern; of an application with more choices than allowed
    the first ones count. Choices that nobody was asked for cannot be made up.
    """

    policy: Policy

    def applied(self, *, setup: Setup, facts: Facts) -> tuple[Setup, Facts]:
        """The campaign under these rules."""
        intakes = setup.intakes
        if self.policy.slot_pattern != setup.policy.slot_pattern:
            intakes = {
                name: replace(intake, slots=_with_kinds(intake.slots, self.policy.slot_pattern))
                for name, intake in intakes.items()
            }
        lodged = facts.lodged
        if self.policy.choices_max < setup.policy.choices_max:
            lodged = _with_first_choices(lodged, self.policy.choices_max)
        return replace(setup, policy=self.policy, intakes=intakes), replace(facts, lodged=lodged)


Change = WithoutOutage | WithPolicy


def changed_policy(*, stored: Mapping[str, object], changed: Mapping[str, object]) -> Policy:
    """
    The stored policy with other values for some keys.

    :param changed: `{key: {"value": …, "legal_basis": "…"}}`, a whole policy or some keys of one
    :raises InvalidPolicy: unknown key, missing legal basis, or a senseless value
    :raises NothingChanged: every key has the value it has
    :raises DecidesNoPlace: what differs decides about no place that is already asked for
    """
    now, then = parse_policy(stored), parse_policy({**stored, **changed})
    different = sorted(key for key in changed if getattr(now, key) != getattr(then, key))
    if not different:
        raise NothingChanged
    if not DECIDING.intersection(different):
        raise DecidesNoPlace(keys=", ".join(different))
    return then


@dataclass(frozen=True, slots=True)
class Move:
    """One child that would be elsewhere; None: without a place."""

    number: str
    """Of its application."""
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class SchoolMoves:
    """Who would come to one intake and who would go: application number and the child's other place."""

    gained: list[tuple[str, str | None]] = field(default_factory=list)
    lost: list[tuple[str, str | None]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Moves:
    """The difference of two rosters, by application number."""

    rounds: tuple[int, int]
    """The rounds of both rosters: without an outage a later one may have been reached."""
    moves: tuple[Move, ...]

    @property
    def totals(self) -> dict[str, int]:
        """Children that would gain a place, lose it, or have it at another school."""
        gained = sum(move.before is None for move in self.moves)
        lost = sum(move.after is None for move in self.moves)
        return {"gained": gained, "lost": lost, "changed": len(self.moves) - gained - lost}

    def by_school(self) -> dict[str, SchoolMoves]:
        """By the intakes' names, in order; only those where something would be different."""
        schools: defaultdict[str, SchoolMoves] = defaultdict(SchoolMoves)
        for move in self.moves:
            if move.after is not None:
                schools[move.after].gained.append((move.number, move.before))
            if move.before is not None:
                schools[move.before].lost.append((move.number, move.after))
        return dict(sorted(schools.items()))


@dataclass(frozen=True, slots=True)
class Difference:
    """The two honest answers to one question."""

    as_confirmed: Moves
    """What is confirmed stays confirmed: what the change would still move today."""
    from_nothing: Moves
    """As if nothing had been confirmed: what the change would have moved from the start."""


def what_if(*, setup: Setup, facts: Facts, change: Change) -> Difference:
    """
    Compute both rosters twice, with the confirmed places and without any, and compare like with like.

    :raises NoListYet: no round has been decided, with the change or without it
    :raises NoSuchOutageInFacts: the outage to be left out is not there
    """
    other_setup, other_facts = change.applied(setup=setup, facts=facts)
    as_confirmed = _moves(setup, facts, other_setup, other_facts)
    if not facts.confirmed:
        return Difference(as_confirmed=as_confirmed, from_nothing=as_confirmed)
    return Difference(
        as_confirmed=as_confirmed,
        from_nothing=_moves(setup, _unconfirmed(facts), other_setup, _unconfirmed(other_facts)),
    )


def _moves(setup: Setup, facts: Facts, other_setup: Setup, other_facts: Facts) -> Moves:
    now = compute_roster(setup=setup, facts=facts)
    then = compute_roster(setup=other_setup, facts=other_facts)
    if now.round is None or then.round is None:
        raise NoListYet
    before, after = now.places(), then.places()
    moved = {child for child in before.keys() | after.keys() if before.get(child) != after.get(child)}
    schools = {place for child in moved for place in (before.get(child), after.get(child)) if place}
    numbers = dict(_numbers(then, moved, schools)) | dict(_numbers(now, moved, schools))
    moves = (Move(numbers[child], before.get(child), after.get(child)) for child in moved)
    return Moves(
        rounds=(now.round.number, then.round.number),
        moves=tuple(sorted(moves, key=lambda move: move.number)),
    )


def _numbers(roster: Roster, children: set[str], schools: set[str]) -> Iterator[tuple[str, str]]:
    """The application number of each of these children, as the lists of these intakes bear it."""
    for one in roster.lists:
        if one.choice in schools:
            for line in one.lines():
                if line.child_key in children:
                    yield line.child_key, line.application_number


def _unconfirmed(facts: Facts) -> Facts:
    """The facts without a confirmation; places that a person granted above capacity stay granted."""
    return replace(facts, confirmed=(), confirmations=(), references={}, retold={})


def _with_first_choices(lodged: Sequence[Lodged], most: int) -> Sequence[Lodged]:
    if isinstance(lodged, Applications):
        fewer = copy(lodged)
        fewer.choices = [choices[:most] for choices in lodged.choices]
        return fewer
    return [replace(one, choices=one.choices[:most]) for one in lodged]


def _with_kinds(slots: str, pattern: str) -> str:
    return "".join(
        REMOVED if kind == REMOVED else pattern[index % len(pattern)] for index, kind in enumerate(slots)
    )
