"""Slots: places numbered for ever."""

import pytest

from schools.rules import TooFewOpenSlots, add_slots, capacity, remove_slots, slots


def test_kinds_follow_the_pattern() -> None:
    assert slots(10, "TTTO") == "TTTOTTTOTT"
    assert slots(0, "TTTO") == ""


def test_added_capacity_appends_and_kinds_go_on_by_index() -> None:
    assert add_slots("TTTOT", 4, "TTTO") == "TTTOTTTOT"


def test_removed_slots_stay_removed_and_still_count_for_the_kinds() -> None:
    assert add_slots("TTT--", 3, "TTTO") == "TTT--TTO"


def test_removed_capacity_takes_the_highest_open_slots() -> None:
    assert remove_slots("TTTOTTTO", 3, held={7, 5}) == "TTT--T-O"


def test_what_is_removed_already_is_not_removed_again() -> None:
    assert remove_slots("TTTO-", 1, held=set()) == "TTT--"


def test_a_held_slot_is_never_removed() -> None:
    with pytest.raises(TooFewOpenSlots) as refused:
        remove_slots("TTTO", 3, held={0, 2})
    assert refused.value.facts == {"asked": 3, "open": 2}


def test_removing_nothing_changes_nothing() -> None:
    assert remove_slots("TTTO", 0, held=set()) == "TTTO"


def test_capacity_leaves_out_what_is_removed() -> None:
    assert capacity("TT--TO") == 4


@pytest.mark.parametrize("count", [-1, -25])
def test_a_negative_count_is_a_mistake_of_the_caller(count: int) -> None:
    with pytest.raises(ValueError, match="0 or more"):
        add_slots("T", count, "TTTO")
    with pytest.raises(ValueError, match="0 or more"):
        remove_slots("T", count, held=set())
