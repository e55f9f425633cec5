"""The placement on arrays: what goes in, in which order, and what comes out where."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from random import Random

import numpy as np
import pytest

from schools.placement import FIRST_FOR_NONE, FIRST_FOR_O, FIRST_FOR_T, Columns, Placed, place_columns
from schools.placement.lines import sorted_rows
from tests.placements import random_case


def columns(
    slots: Sequence[str],
    rows: Sequence[tuple[int, int, int, bool]],
    *,
    children: int | None = None,
    held: Sequence[int] | None = None,
    first_for: Sequence[int] | None = None,
) -> Columns:
    """Rows are (child, intake, moment, lives in the territory)."""
    return Columns(
        slots=slots,
        children=children if children is not None else max((row[0] for row in rows), default=-1) + 1,
        child=np.array([row[0] for row in rows], np.int32),
        intake=np.array([row[1] for row in rows], np.int32),
        moment=np.array([row[2] for row in rows], np.int64),
        is_territory=np.array([row[3] for row in rows], np.bool_),
        held_slot=np.array(held if held is not None else [-1] * len(rows), np.int32),
        first_for=np.array(first_for if first_for is not None else [FIRST_FOR_NONE] * len(rows), np.uint8),
    )


def lines(placed: Placed, intakes: int) -> list[tuple[list[int], list[int]]]:
    """Rows that wait, by intake: the territory's and those from outside."""
    bounds = placed.reserve_starts.tolist()
    assert len(bounds) == 2 * intakes + 1
    both = [placed.reserve[begin:end].tolist() for begin, end in pairwise(bounds)]
    return list(zip(both[::2], both[1::2], strict=True))


def test_places_slots_rows_and_lines_come_out_by_index() -> None:
    given = columns(
        ["T-O", "O"],
        [(0, 0, 5, True), (1, 0, 3, True), (2, 1, 0, False), (2, 0, 9, False), (3, 1, 0, False), (3, 0, 9, False)],
    )  # fmt: skip

    placed = place_columns(given, hold_territory=True)

    assert placed.intake.tolist() == [-1, 0, 1, 0]
    assert placed.slot.tolist() == [-1, 0, 0, 2]
    assert placed.row.tolist() == [-1, 1, 2, 5]
    assert lines(placed, 2) == [([0], []), ([], [4])]


def test_indices_are_as_narrow_as_they_are_given() -> None:
    placed = place_columns(columns(["O"], [(0, 0, 0, False)]), hold_territory=False)

    assert {column.dtype for column in (placed.intake, placed.slot, placed.row)} == {np.dtype(np.int32)}


def test_at_equal_moments_the_smaller_index_goes_first() -> None:
    placed = place_columns(columns(["O"], [(0, 0, 1, False), (1, 0, 1, False)]), hold_territory=True)

    assert placed.intake.tolist() == [0, -1]


def test_nothing_given_is_nothing_placed() -> None:
    placed = place_columns(columns([], []), hold_territory=False)

    assert (placed.intake.size, placed.reserve.tolist(), placed.reserve_starts.tolist()) == (0, [], [0])


def test_children_without_rows_are_nowhere() -> None:
    placed = place_columns(columns(["TT"], [(1, 0, 0, True)], children=3), hold_territory=False)

    assert (placed.intake.tolist(), placed.slot.tolist()) == ([-1, 0, -1], [-1, 0, -1])
    assert placed.row.tolist() == [-1, 0, -1]


def test_a_holder_is_placed_in_the_slot_it_holds() -> None:
    given = columns(["TTO"], [(0, 0, 1, True), (1, 0, 9, True)], held=[-1, 1])

    placed = place_columns(given, hold_territory=False)

    assert placed.slot.tolist() == [0, 1]


@pytest.mark.parametrize(("slots", "kind"), [("TO", FIRST_FOR_T), ("OT", FIRST_FOR_O)])
def test_who_is_harmed_goes_first_at_that_kind(slots: str, kind: int) -> None:
    lives = kind == FIRST_FOR_O
    given = columns(
        [slots[0]], [(0, 0, 1, not lives), (1, 0, 9, lives)], first_for=[FIRST_FOR_NONE, kind]
    )  # fmt: skip

    assert place_columns(given, hold_territory=False).intake.tolist() == [-1, 0]
    unharmed = replace(given, first_for=np.zeros(2, np.uint8))
    assert place_columns(unharmed, hold_territory=False).intake.tolist() == [0, -1]


def test_an_array_may_be_read_only_and_is_not_changed() -> None:
    given = columns(["TO"] * 3, [(c, (c + k) % 3, c % 2, c % 3 == k) for c in range(9) for k in range(3)])
    for name in ("child", "intake", "moment", "is_territory", "held_slot", "first_for"):
        getattr(given, name).flags.writeable = False

    first = place_columns(given, hold_territory=False)

    assert first.intake.tolist() == place_columns(given, hold_territory=False).intake.tolist()


def random_columns(random: Random) -> Columns:
    intakes = random.randint(1, 5)
    rows = [
        (child, intake, random.randint(0, 3), random.random() < 0.5)
        for child in range(random.randint(1, 30))
        for intake in random.sample(range(intakes), random.randint(0, min(3, intakes)))
    ]
    slots = [
        "".join(random.choice("TTO-") for _slot in range(random.randint(0, 7))) for _intake in range(intakes)
    ]
    first_for = [random.choice([FIRST_FOR_NONE] * 9 + [FIRST_FOR_T, FIRST_FOR_O]) for _row in rows]
    return columns(slots, rows, children=30, first_for=first_for)


@pytest.mark.parametrize("seed", range(50))
def test_rows_of_different_children_may_stand_in_any_order(seed: int) -> None:
    random = Random(seed)
    given = random_columns(random)
    blocks: dict[int, list[int]] = {}
    for row, child in enumerate(given.child.tolist()):
        blocks.setdefault(child, []).append(row)
    mixed: list[int] = []
    while blocks:
        child = random.choice([*blocks])
        mixed.append(blocks[child].pop(0))
        if not blocks[child]:
            del blocks[child]
    order = np.array(mixed, np.int64)
    shuffled = Columns(
        slots=given.slots, children=given.children, child=given.child[order], intake=given.intake[order],
        moment=given.moment[order], is_territory=given.is_territory[order],
        held_slot=given.held_slot[order], first_for=given.first_for[order],
    )  # fmt: skip

    for hold in (True, False):
        straight, crooked = (
            place_columns(given, hold_territory=hold),
            place_columns(shuffled, hold_territory=hold),
        )
        assert straight.slot.tolist() == crooked.slot.tolist()
        assert straight.intake.tolist() == crooked.intake.tolist()
        assert straight.reserve.tolist() == order[crooked.reserve].tolist()
        assert straight.reserve_starts.tolist() == crooked.reserve_starts.tolist()


@pytest.mark.parametrize("unit", [1, 60_000_000, 2**40 + 1])
@pytest.mark.parametrize("seed", range(20))
def test_rows_are_sorted_by_lane_moment_and_child_in_every_unit_of_time(seed: int, unit: int) -> None:
    random = np.random.default_rng(seed)
    rows = 200
    lane, child = random.integers(0, 12, rows), random.permutation(rows)
    moment = (random.integers(-20, 20, rows) * unit).astype(np.int64)

    order = sorted_rows(lane=lane, moment=moment, child=child)

    assert order.tolist() == sorted(range(rows), key=lambda row: (lane[row], moment[row], child[row]))


@pytest.mark.parametrize(
    ("unit", "step"),
    [(2**53, "the integer is just long enough"), (2**54, "and here too short")],
)
def test_moments_too_far_apart_for_one_integer_are_sorted_all_the_same(unit: int, step: str) -> None:
    # 3 bits for the lane, 6 for the child: 54 are left for the moment.
    lane = np.array([5, 5, 1, 1, 5, 5])
    child = np.array([63, 0, 1, 2, 3, 4])
    moment = np.array([0, unit, 0, unit + 1, 1, unit + 1], np.int64)

    order = sorted_rows(lane=lane, moment=moment, child=child)

    assert order.tolist() == [2, 3, 0, 4, 1, 5], step


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"moment": np.zeros(1, np.int64)}, "different length"),
        ({"first_for": np.zeros(3, np.uint8)}, "different length"),
        ({"child": np.array([0, 2], np.int32)}, "a child out of range"),
        ({"child": np.array([-1, 1], np.int32)}, "a child out of range"),
        ({"intake": np.array([0, 2], np.int32)}, "an intake out of range"),
        ({"intake": np.array([0, -1], np.int32)}, "an intake out of range"),
        ({"held_slot": np.array([2, -1], np.int32)}, "a held slot out of range"),
        ({"held_slot": np.array([-1, 1], np.int32)}, "a held slot out of range"),
    ],
)
def test_columns_that_contradict_each_other_are_refused(changed: dict[str, object], named: str) -> None:
    given = columns(["TT", "O"], [(0, 0, 0, True), (1, 1, 0, False)])
    assert place_columns(
        replace(given, held_slot=np.array([1, 0], np.int32)), hold_territory=True
    ).slot.tolist() == [1, 0]

    with pytest.raises(ValueError, match=named):
        replace(given, **changed)


def test_many_small_campaigns_agree_with_the_plain_implementation() -> None:
    for seed in range(400):
        case = random_case(Random(seed))
        assert case.placed() == case.placed_plainly(), seed
