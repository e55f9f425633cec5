"""Laws of the placement that hold for every case, and a judge that tries every possible answer."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import product
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from schools import placement_file
from schools.placement import place
from schools.placement_case import Child, Intake
from tests.placements import Case, as_json, losing_holders, passed_over, rank, sitting, taken_by_rule, turn

often = settings(max_examples=60, deadline=None)
"""As `make test` bears; thousands of campaigns more: tests/schools/test_placement_campaigns.py."""


@st.composite
def cases(draw: st.DrawFn, *, intakes: int = 4, slots: int = 6, children: int = 14, choices: int = 3) -> Case:
    """Crowded cases: few moments and numbers, so that ties are common, holders among the children."""
    ids = [f"i{n}" for n in range(draw(st.integers(1, intakes)))]
    claims = [
        Child(
            id=f"c{n}",
            choices=(chosen := draw(st.lists(st.sampled_from(ids), max_size=choices, unique=True))),
            moments=draw(st.lists(st.integers(0, 3), min_size=len(chosen), max_size=len(chosen))),
            number=f"{draw(st.integers(0, 2)):064x}",
            territory=draw(st.frozensets(st.sampled_from(ids))),
            first_for=draw(st.dictionaries(st.sampled_from(chosen), st.sampled_from("TO"))) if chosen else {},
        )
        for n in range(draw(st.integers(0, children)))
    ]
    free = {claim.id: claim for claim in claims}
    given_intakes = []
    for intake in ids:
        kinds = draw(st.text("TTO-", max_size=slots))
        holders = {}
        for slot, kind in enumerate(kinds):
            could_hold = sorted(claim.id for claim in free.values() if intake in claim.choices)
            if kind != "-" and could_hold and draw(st.integers(0, 3)) == 0:
                holders[slot] = draw(st.sampled_from(could_hold))
                del free[holders[slot]]
        given_intakes.append(Intake(intake, kinds, holders))
    return Case(given_intakes, claims, draw(st.booleans()))


# Every answer tried: nobody may be passed over, and of such answers the children's best.


def answers_without_anybody_passed_over(case: Case) -> list[tuple[str | None, ...]]:
    fair = []
    for answer in product(*([*child.choices, None] for child in case.children)):
        by_child = list(zip(case.children, answer, strict=True))
        if all(
            {child.id for child, got in by_child if got == intake.id}
            == set(
                taken_by_rule(
                    intake,
                    [
                        c
                        for c, got in by_child
                        if intake.id in c.choices and rank(c, intake.id) <= rank(c, got)
                    ],
                    hold_territory=case.hold_territory,
                ).values()
            )
            for intake in case.intakes
        ):
            fair.append(answer)
    return fair


@settings(often, max_examples=150)
@given(case=cases(intakes=3, slots=3, children=5))
def test_it_is_the_best_for_every_child_of_all_answers_that_pass_nobody_over(case: Case) -> None:
    placement = case.placed()

    fair = answers_without_anybody_passed_over(case)

    ours = tuple(placement.placements.get(child.id) for child in case.children)
    assert ours in fair
    for answer in fair:
        for child, got, other in zip(case.children, ours, answer, strict=True):
            assert rank(child, got) <= rank(child, other)


@often
@given(case=cases())
def test_slot_by_slot_it_is_what_the_rule_gives(case: Case) -> None:
    placement = case.placed()

    for intake in case.intakes:
        asking = [
            child
            for child in case.children
            if intake.id in child.choices
            and rank(child, intake.id) <= rank(child, placement.placements.get(child.id))
        ]
        expected = taken_by_rule(intake, asking, hold_territory=case.hold_territory)
        assert sitting(placement, intake) == expected


@often
@given(case=cases())
def test_every_place_is_real_and_given_once(case: Case) -> None:
    placement = case.placed()

    kinds = {intake.id: intake.slots for intake in case.intakes}
    given_out = [(intake, placement.slots[child]) for child, intake in placement.placements.items()]
    assert len(given_out) == len(set(given_out))
    assert placement.slots.keys() == placement.placements.keys()
    assert all(kinds[intake][slot] in "TO" for intake, slot in given_out)
    assert all(placement.placements.get(child.id) in {*child.choices, None} for child in case.children)


@often
@given(case=cases())
def test_both_implementations_agree_pass_nobody_over_and_take_no_place_away(case: Case) -> None:
    placement = case.placed()

    assert placement == case.placed_plainly()
    assert [*passed_over(case, placement)] == []
    assert [*losing_holders(case, placement)] == []


@often
@given(case=cases(), data=st.data())
def test_naming_another_order_never_helps(case: Case, data: st.DataObject) -> None:
    hopeful = [child for child in case.children if child.choices]
    assume(hopeful)
    child = data.draw(st.sampled_from(hopeful))
    moments = dict(zip(child.choices, child.moments, strict=True))
    said = data.draw(st.lists(st.sampled_from([*child.choices]), unique=True))
    liar = replace(
        child,
        choices=said,
        moments=[moments[choice] for choice in said],
        first_for={choice: kind for choice, kind in child.first_for.items() if choice in said},
    )
    others = [other for other in case.children if other.id != child.id]

    honest = case.placed().placements.get(child.id)
    lying = replace(case, children=[*others, liar]).placed().placements.get(child.id)

    assert rank(child, honest) <= rank(child, lying)


@often
@given(case=cases(), data=st.data())
def test_one_more_child_never_helps_another(case: Case, data: st.DataObject) -> None:
    assume(case.children)
    newcomer = data.draw(st.sampled_from(case.children))
    before = replace(case, children=[child for child in case.children if child is not newcomer])

    without, together = before.placed().placements, case.placed().placements

    for child in before.children:
        assert rank(child, without.get(child.id)) <= rank(child, together.get(child.id))


@often
@given(case=cases(), data=st.data())
def test_the_order_of_what_is_given_changes_nothing(case: Case, data: st.DataObject) -> None:
    shuffled = Case(
        data.draw(st.permutations(case.intakes)),
        data.draw(st.permutations(case.children)),
        case.hold_territory,
    )

    assert shuffled.placed() == case.placed()


@often
@given(case=cases())
def test_a_line_is_exactly_those_who_got_neither_the_intake_nor_something_better_in_order(case: Case) -> None:
    placement = case.placed()

    for intake in case.intakes:
        passed = sorted(
            (child for child in case.children
             if intake.id in child.choices
             and rank(child, intake.id) < rank(child, placement.placements.get(child.id))),
            key=lambda child: turn(child, intake.id),
        )  # fmt: skip
        lines = placement.reserves.get(intake.id)
        assert (lines.territory if lines else []) == [c.id for c in passed if intake.id in c.territory]
        assert (lines.outside if lines else []) == [c.id for c in passed if intake.id not in c.territory]
        assert lines is None or passed


@often
@given(case=cases(choices=1))
def test_with_one_choice_a_confirmed_roster_comes_out_of_itself(case: Case) -> None:
    """Confirming all places and computing again moves nobody."""
    placement = case.placed()
    confirmed = [
        Intake(
            intake.id,
            intake.slots,
            {
                placement.slots[child]: child
                for child, got in placement.placements.items()
                if got == intake.id
            },
        )
        for intake in case.intakes
    ]

    again = place(intakes=confirmed, children=case.children, hold_territory=case.hold_territory)

    assert again == placement


@often
@given(case=cases())
def test_a_case_through_its_file_is_the_same_case(case: Case) -> None:
    read = placement_file.read(json.dumps(as_json(case)).encode())

    again = place(intakes=read.intakes, children=read.children, hold_territory=read.hold_territory)

    assert again == case.placed()


JUNK = st.one_of(
    st.none(), st.booleans(), st.integers(-2, 9), st.floats(), st.text(max_size=2), st.just([]), st.just({})
)


def spoilt(stated: Any, choose: Callable[[Sequence[Any]], Any], junk: Callable[[], Any]) -> Any:
    """The JSON value with one part of it, somewhere, replaced by junk."""
    if isinstance(stated, dict) and stated and (key := choose([None, *stated])) is not None:
        return stated | {key: spoilt(stated[key], choose, junk)}
    if isinstance(stated, list) and stated and (i := choose([None, *range(len(stated))])) is not None:
        return [*stated[:i], spoilt(stated[i], choose, junk), *stated[i + 1 :]]
    return junk()


@often
@given(case=cases(), data=st.data())
def test_a_spoilt_file_is_refused_or_placed_but_never_breaks(case: Case, data: st.DataObject) -> None:
    content = spoilt(
        as_json(case), lambda options: data.draw(st.sampled_from(options)), lambda: data.draw(JUNK)
    )

    try:
        read = placement_file.read(json.dumps(content).encode())
    except placement_file.InvalidPlacementFile:
        return
    placement = place(intakes=read.intakes, children=read.children, hold_territory=read.hold_territory)
    assert json.loads(placement_file.write(placement)).keys() == {"placements", "slots", "reserves"}


@often
@given(st.binary())
def test_any_bytes_are_refused(content: bytes) -> None:
    try:
        placement_file.read(content)
    except placement_file.InvalidPlacementFile:
        return
    raise AssertionError(content)
