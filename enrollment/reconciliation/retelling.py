"""
Who would have won: confirmed rounds told again with everything that became known too late.

A round is told again from what happened before its closing, as it is known now, with the holders
of earlier rounds. Whoever has a place there that no confirmation gave, and nothing as good now, is
harmed, and goes first at free slots of that kind. The rule: docs/reference/rule.md, "Late facts".
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from enrollment.reading import Applications, ConfirmedRound, Facts, Lost, Retold, Setup
from enrollment.rounds import RoundAt
from schools.services.publishing import IntakeList
from schools.services.publishing.listing import WAITING, to_microseconds

Telling = Callable[[Facts, RoundAt, Mapping[int, Retold]], Sequence[IntakeList]]
"""The lists that facts make in one round, given the rounds told again before it."""


def told_again(*, setup: Setup, facts: Facts, applications: Applications, tell: Telling) -> dict[int, Retold]:
    """
    Every confirmed round of which something became known after a confirmation.

    What was told from the same facts before is not told once more.
    """
    confirmations: dict[int, list[ConfirmedRound]] = defaultdict(list)
    for one in facts.confirmations:
        confirmations[one.round].append(one)
    told: dict[int, Retold] = {}
    for number in sorted(confirmations):
        late = {one.district for one in confirmations[number] if one.facts != one.facts_now}
        if not late:
            continue
        closing, count = confirmations[number][0].closing, confirmations[number][0].facts_now
        sha256 = _told_from(setup, facts, number, count=count, late=late)
        known = facts.retold.get(number)
        if known is None or known.sha256 != sha256:
            round_ = RoundAt(number, closing)
            before = facts_before(facts=facts, applications=applications, round_=round_)
            lists = tell(before, round_, told)
            known = Retold(
                facts=count,
                sha256=sha256,
                lost=_lost(lists, districts=late, given=_given(facts, number)),
            )
        told[number] = known
    return told


def facts_before(*, facts: Facts, applications: Applications, round_: RoundAt) -> Facts:
    """The facts of a round as if nothing had happened after its closing and nothing been confirmed in it."""
    rows = np.flatnonzero(applications.lodged_at < to_microseconds(round_.closing))
    return replace(
        facts,
        lodged=applications.picked(rows),
        retracted=[one for one in facts.retracted if one.lodged_at < round_.closing],
        confirmed=[one for one in facts.confirmed if one.round < round_.number],
        confirmations=[one for one in facts.confirmations if one.round < round_.number],
        granted=[one for one in facts.granted if one.given_at < round_.closing],
        undelivered=frozenset(),
    )


def _given(facts: Facts, number: int) -> set[tuple[str, str]]:
    return {(one.child_key, one.intake) for one in facts.confirmed if one.round == number}


def _lost(
    lists: Sequence[IntakeList], *, districts: Collection[str], given: Collection[tuple[str, str]]
) -> dict[str, Lost]:
    lost: dict[str, Lost] = {}
    for one in lists:
        if one.district not in districts:
            continue
        is_open = (one.records["slot"] != WAITING) & (one.records["is_confirmed"] == 0)
        records = one.records[is_open]
        for child, slot in zip(records["child_key"].tolist(), records["slot"].tolist(), strict=True):
            if (child.decode(), one.choice) not in given:
                lost[child.decode()] = Lost(one.choice, one.slots[slot])
    return lost


def _told_from(setup: Setup, facts: Facts, number: int, *, count: int, late: Collection[str]) -> bytes:
    """What makes a telling another one: facts before the closing, the campaign, earlier confirmations."""
    confirmed = sum(one.round <= number for one in facts.confirmed)
    annulled = sum(one.is_annulled for one in facts.confirmed)
    told_from = f"{number} {count} {confirmed} {annulled} {sorted(late)} {sorted(map(str, facts.settled))}"
    return hashlib.sha256(setup.sha256 + told_from.encode()).digest()


def still_lost(
    told: Mapping[int, Retold], *, placed: Mapping[str, str], choices: Mapping[str, Sequence[str]]
) -> Iterator[tuple[int, str, Lost]]:
    """
    Of the places lost those that their children still ask for and have nothing as good as: round, child, place.

    :param placed: choice by child, of the roster now
    :param choices: of the standing claims, best first
    """
    for number in sorted(told):
        for child, lost in told[number].lost.items():
            wished = choices.get(child, ())
            if lost.intake not in wished:
                continue
            has = placed.get(child)
            if has is None or wished.index(has) > wished.index(lost.intake):
                yield number, child, lost
