"""Who gets which place, told by children with names; both implementations answer each time."""

from collections.abc import Iterable, Mapping

from schools import placement as fast
from schools import placement_plain as plain
from schools.placement_case import Child, Intake, Placement, Reserve

HERE = "010240999986/kk"
THERE = "150340999978/ru"


def place(*, intakes: Iterable[Intake], children: Iterable[Child], hold_territory: bool) -> Placement:
    intakes, children = list(intakes), list(children)
    placement = fast.place(intakes=intakes, children=children, hold_territory=hold_territory)
    assert placement == plain.place(intakes=intakes, children=children, hold_territory=hold_territory)
    return placement


def number(n: int) -> str:
    return f"{n:064x}"


def child(
    name: str,
    *choices: str,
    at: int | tuple[int, ...] = 0,
    lives: str | None = None,
    draw: int = 0,
    first: str | None = None,
) -> Child:
    """A child named `name` that chose `choices` (HERE when none are said), handed in `at`."""
    chosen = choices or (HERE,)
    moments = at if isinstance(at, tuple) else (at,) * len(chosen)
    territory = frozenset([lives] if lives else [])
    return Child(name, chosen, moments, number(draw), territory, {HERE: first} if first else {})


def near(name: str, *choices: str, at: int = 0, draw: int = 0, first: str | None = None) -> Child:
    return child(name, *choices, at=at, lives=HERE, draw=draw, first=first)


def here(slots: str, holders: Mapping[int, str] | None = None) -> Intake:
    return Intake(HERE, slots, holders or {})


def slots_of(intake: Intake, *children: Child, hold_territory: bool = False) -> dict[str, int]:
    return place(intakes=[intake], children=children, hold_territory=hold_territory).slots


def test_nobody_asks_and_nobody_is_placed() -> None:
    placement = place(intakes=[here("TTTO")], children=[], hold_territory=False)

    assert (placement.placements, placement.slots, placement.reserves) == ({}, {}, {})


def test_three_of_the_territory_then_one_from_outside() -> None:
    crowd = [near(f"near {i}", at=i) for i in range(9)] + [child(f"far {i}", at=i) for i in range(9)]

    placed = slots_of(here("TTTOTTTO"), *crowd)

    assert placed == {
        "near 0": 0, "near 1": 1, "near 2": 2, "far 0": 3,
        "near 3": 4, "near 4": 5, "near 5": 6, "far 1": 7,
    }  # fmt: skip


def test_the_earlier_moment_goes_first() -> None:
    assert slots_of(here("T"), near("Асан", at=2), near("Үсен", at=1)) == {"Үсен": 0}


def test_equal_moments_are_decided_by_the_draw() -> None:
    assert slots_of(here("T"), near("Асан", draw=2), near("Үсен", draw=1)) == {"Үсен": 0}


def test_equal_numbers_are_decided_by_the_smaller_id() -> None:
    assert slots_of(here("T"), near("b"), near("a")) == {"a": 0}


def test_the_lane_goes_before_the_moment() -> None:
    assert slots_of(here("T"), child("far", at=1), near("near", at=9)) == {"near": 0}
    assert slots_of(here("O"), child("far", at=9), near("near", at=1)) == {"far": 0}


def test_a_place_for_outside_goes_to_the_territory_when_nobody_from_outside_asks() -> None:
    assert slots_of(here("O"), near("near"), hold_territory=True) == {"near": 0}


def test_a_place_for_the_territory_stays_open_while_it_is_held() -> None:
    placement = place(intakes=[here("TTTO")], children=[child("a"), child("b")], hold_territory=True)

    assert placement.slots == {"a": 3}
    assert placement.reserves == {HERE: Reserve(territory=[], outside=["b"])}


def test_a_place_for_the_territory_goes_outside_when_it_is_held_no_longer() -> None:
    assert slots_of(here("TTTO"), child("a"), child("b"), hold_territory=False) == {"a": 0, "b": 1}


def test_a_removed_slot_is_given_to_nobody_and_its_neighbours_keep_their_kinds() -> None:
    assert slots_of(here("T--O"), near("near"), child("far"), near("late", at=5)) == {"near": 0, "far": 3}


def test_a_holder_keeps_its_very_slot_before_earlier_children() -> None:
    placed = slots_of(here("TTO", {1: "held"}), near("first", at=1), near("second", at=2), near("held", at=9))

    assert placed == {"held": 1, "first": 0, "second": 2}


def test_a_holder_from_outside_keeps_a_place_for_the_territory() -> None:
    placement = place(
        intakes=[here("T", {0: "far"})], children=[child("far", at=9), near("near")], hold_territory=True
    )

    assert placement.slots == {"far": 0}
    assert placement.reserves == {HERE: Reserve(territory=["near"], outside=[])}


def test_the_slot_of_a_holder_that_left_is_open_again_with_its_kind() -> None:
    left = here("TO", {0: "stays", 1: "left"})

    assert slots_of(left, near("stays"), near("next", at=1), child("far", at=5)) == {"stays": 0, "far": 1}


def test_two_reserve_lines_stand_in_order() -> None:
    crowd = [
        near("n3", at=3),
        child("f2", at=2),
        near("n1", at=1),
        child("f1", at=1),
        near("n2", at=2),
        child("f3", at=3),
    ]

    placement = place(intakes=[here("TO")], children=crowd, hold_territory=False)

    assert placement.placements == {"n1": HERE, "f1": HERE}
    assert placement.reserves == {HERE: Reserve(territory=["n2", "n3"], outside=["f2", "f3"])}


def test_a_child_gets_the_best_choice_that_has_a_place() -> None:
    placement = place(
        intakes=[here("T"), Intake(THERE, "TO")],
        children=[near("early", HERE, THERE, at=2), near("late", HERE, THERE, at=2)],
        hold_territory=True,
    )

    assert placement.placements == {"early": HERE, "late": THERE}
    assert placement.slots == {"early": 0, "late": 1}
    assert placement.reserves == {HERE: Reserve(territory=["late"], outside=[])}


def test_asking_second_loses_nothing() -> None:
    """An early child for whom this is the second choice goes before a late one for whom it is the first."""
    placement = place(
        intakes=[here("T"), Intake(THERE, "T")],
        children=[
            child("first", THERE, at=0, lives=THERE),
            near("early", THERE, HERE, at=1),
            near("late", HERE, at=2),
        ],
        hold_territory=False,
    )

    assert placement.placements == {"first": THERE, "early": HERE}


def test_a_moment_belongs_to_a_choice() -> None:
    placement = place(
        intakes=[here("T"), Intake(THERE, "O")],
        children=[
            child("both", THERE, HERE, at=(9, 1), lives=HERE),
            child("there", THERE, at=5),
            near("here", at=2),
        ],
        hold_territory=False,
    )

    assert placement.placements == {"there": THERE, "both": HERE}


def test_a_holder_that_gets_what_it_likes_better_leaves_its_slot_to_the_next_in_the_same_run() -> None:
    placement = place(
        intakes=[here("T", {0: "moves"}), Intake(THERE, "O")],
        children=[near("moves", THERE, HERE, at=1), near("next", HERE, at=5)],
        hold_territory=True,
    )

    assert placement.placements == {"moves": THERE, "next": HERE}
    assert placement.reserves == {}


def test_a_holder_that_does_not_get_what_it_likes_better_keeps_its_place_and_stands_in_the_line() -> None:
    placement = place(
        intakes=[here("T", {0: "stays"}), Intake(THERE, "O")],
        children=[near("stays", THERE, HERE, at=5), near("next", HERE, at=1), child("there", THERE, at=1)],
        hold_territory=True,
    )

    assert placement.placements == {"stays": HERE, "there": THERE}
    assert placement.reserves == {
        HERE: Reserve(territory=["next"], outside=[]),
        THERE: Reserve(territory=[], outside=["stays"]),
    }


def test_a_chain_of_holders_moves_up_together() -> None:
    third = "990140999995/kk"
    placement = place(
        intakes=[here("O", {0: "a"}), Intake(THERE, "O", {0: "b"}), Intake(third, "O")],
        children=[child("a", THERE, HERE, at=2), child("b", third, THERE, at=2), child("c", HERE, at=9)],
        hold_territory=False,
    )

    assert placement.placements == {"a": THERE, "b": third, "c": HERE}


def test_a_child_without_choices_is_nowhere() -> None:
    placement = place(intakes=[here("T")], children=[Child("a", [], [], number(0))], hold_territory=False)

    assert (placement.placements, placement.reserves) == ({}, {})


def test_whichever_line_is_used_up_first_the_other_fills_from_left_to_right() -> None:
    placed = slots_of(here("OTOTOT"), near("n", at=1), *(child(f"f{i}", at=i) for i in range(5)))

    assert placed == {"f0": 0, "n": 1, "f1": 2, "f2": 3, "f3": 4, "f4": 5}

    placed = slots_of(here("OTOTOT"), child("f", at=1), *(near(f"n{i}", at=i) for i in range(5)))

    assert placed == {"f": 0, "n0": 1, "n1": 2, "n2": 3, "n3": 4, "n4": 5}


def test_when_both_lines_are_short_the_last_slots_stay_open() -> None:
    crowd = [near("n"), child("f1", at=1), child("f2", at=2)]

    assert slots_of(here("TTTOO"), *crowd) == {"n": 0, "f1": 1, "f2": 2}
    assert slots_of(here("TTTOO"), *crowd, hold_territory=True) == {"n": 0, "f1": 3, "f2": 4}


def test_a_harmed_child_goes_first_at_slots_of_its_kind_before_both_lanes() -> None:
    harmed = child("harmed", at=9, first="T")

    placed = slots_of(here("TTO"), harmed, near("n1", at=1), near("n2", at=2), child("f", at=1))

    assert placed == {"harmed": 0, "n1": 1, "f": 2}


def test_a_harmed_child_gets_a_held_place_for_the_territory() -> None:
    assert slots_of(here("T"), child("harmed", first="T"), child("f"), hold_territory=True) == {"harmed": 0}


def test_at_the_other_kind_a_harmed_child_stands_in_its_lane_as_usual() -> None:
    harmed = child("harmed", at=9, first="T")

    placement = place(intakes=[here("O")], children=[harmed, child("f", at=1)], hold_territory=False)

    assert placement.slots == {"f": 0}
    assert placement.reserves == {HERE: Reserve(territory=[], outside=["harmed"])}
    assert slots_of(here("O"), harmed, near("n", at=1)) == {"harmed": 0}


def test_several_harmed_children_go_by_moment_number_and_id_whatever_their_lane() -> None:
    crowd = [
        child("d", at=1, first="O"), near("c", at=1, first="O"), near("b", at=1, draw=1, first="O"),
        child("a", at=2, first="O"), child("f", at=0),
    ]  # fmt: skip

    assert slots_of(here("OOOOO"), *crowd) == {"c": 0, "d": 1, "b": 2, "a": 3, "f": 4}


def test_a_harmed_child_that_got_a_place_elsewhere_in_the_row_takes_none_twice() -> None:
    placed = slots_of(here("OT"), child("harmed", at=1, first="T"), child("f", at=2), near("n", at=3))

    assert placed == {"harmed": 0, "n": 1}


def test_a_harmed_child_turns_a_place_over_to_it_and_sends_its_owner_on() -> None:
    placement = place(
        intakes=[here("T"), Intake(THERE, "O")],
        children=[near("early", HERE, THERE, at=2), child("harmed", THERE, HERE, at=9, first="T"),
                  child("there", THERE, at=1)],
        hold_territory=True,
    )  # fmt: skip

    assert placement.placements == {"harmed": HERE, "there": THERE}
    assert placement.reserves == {
        HERE: Reserve(territory=["early"], outside=[]),
        THERE: Reserve(territory=[], outside=["early", "harmed"]),
    }


def test_a_harmed_child_that_holds_keeps_its_very_slot() -> None:
    placed = slots_of(here("TTT", {2: "harmed"}), near("harmed", at=9, first="T"), near("n", at=1))

    assert placed == {"n": 0, "harmed": 2}


def test_a_holder_keeps_its_slot_before_harmed_children() -> None:
    placed = slots_of(here("T", {0: "held"}), near("held", at=9), near("harmed", at=1, first="T"))

    assert placed == {"held": 0}


def test_slots_of_one_intake_are_not_mixed_up_with_those_of_another() -> None:
    placement = place(
        intakes=[here("-T"), Intake(THERE, "O-O", {2: "held"}), Intake("third", ""), Intake("fourth", "T")],
        children=[near("n", HERE), child("held", THERE), child("f", THERE), child("g", "third", "fourth")],
        hold_territory=False,
    )

    assert placement.slots == {"n": 1, "held": 2, "f": 0, "g": 0}
    assert placement.placements == {"n": HERE, "held": THERE, "f": THERE, "g": "fourth"}


def test_moments_may_be_any_whole_numbers() -> None:
    early, late = -(10**30), 10**30

    assert slots_of(here("T"), near("late", at=late), near("early", at=early)) == {"early": 0}
