"""Thousands of made-up campaigns, and a library's answer beside ours."""

from random import Random

import pytest

from schools.placement import place
from schools.placement_case import Child, Intake
from tests.bench.placing import by_library
from tests.placements import losing_holders, passed_over, random_case


def check(seed: int) -> None:
    case = random_case(Random(seed))
    placement = case.placed()
    assert placement == case.placed_plainly(), seed
    assert [*passed_over(case, placement)] == [], seed
    assert [*losing_holders(case, placement)] == [], seed


@pytest.mark.parametrize("first", range(0, 3_000, 500))
def test_both_implementations_agree_and_nobody_is_passed_over_or_loses_a_place(first: int) -> None:
    for seed in range(first, first + 500):
        check(seed)


@pytest.mark.slow
@pytest.mark.parametrize("first", range(3_000, 10_000, 1_000))
def test_they_agree_on_ten_thousand_campaigns(first: int) -> None:
    for seed in range(first, first + 1_000):
        check(seed)


def test_the_made_up_campaigns_hold_all_that_is_hard() -> None:
    """Otherwise agreement on them would say little."""
    cases = [random_case(Random(seed)) for seed in range(500)]
    placements = [case.placed() for case in cases]

    def some(found: object) -> bool:
        return bool(found)

    assert some([c for c in cases if any("-" in intake.slots for intake in c.intakes)])
    assert some([c for c in cases if any(not intake.slots for intake in c.intakes)])
    moved = held_worse = harmed = twins = 0
    for case, placement in zip(cases, placements, strict=True):
        child_of = {child.id: child for child in case.children}
        for intake in case.intakes:
            for holder in intake.holders.values():
                held_worse += list(child_of[holder].choices).index(intake.id) > 0
                moved += placement.placements[holder] != intake.id
        harmed += sum(bool(child.first_for) for child in case.children)
        turns = [(child.number, tuple(child.moments), tuple(child.choices)) for child in case.children]
        twins += len(turns) - len(set(turns))
    assert min(moved, held_worse, harmed, twins) > 50
    assert len({case.hold_territory for case in cases}) == 2


@pytest.mark.parametrize(("children", "kind"), [(60, "O"), (300, "T"), (2_000, "O")])
def test_with_one_kind_of_slots_it_is_the_librarys_hospital_resident_answer(children: int, kind: str) -> None:
    random = Random(children)
    intakes = [Intake(f"i{n}", kind * random.randint(1, 30)) for n in range(children // 20)]
    ids = [intake.id for intake in intakes]
    asking = [
        Child(
            id=f"c{serial}",
            choices=(choices := random.sample(ids, 3)),
            moments=[serial % 7] * 3,
            number=f"{random.getrandbits(256):064x}",
            territory=frozenset(choices if kind == "T" else ()),
        )
        for serial in range(children)
    ]
    # The library knows neither children nor intakes that nobody named.
    named = {choice for child in asking for choice in child.choices}
    intakes = [intake for intake in intakes if intake.id in named]

    placement = place(intakes=intakes, children=asking, hold_territory=False)

    assert placement.placements == by_library(intakes, asking)
    assert len(placement.placements) < children
