"""A roster is published whole and written only where it changed."""

from dataclasses import replace
from datetime import UTC, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schools.models import Campaign, RosterEntry, RosterState
from schools.services.publishing import FewerFactsRead, Line, note_nothing_new, publish_roster, roster_sha256
from tests.country import ABAY, BOSTANDYK, DAY_TWO, iin, make_country

pytestmark = pytest.mark.django_db
NOON = DAY_TWO.astimezone(UTC)
LATER = NOON + timedelta(minutes=5)


@pytest.fixture
def campaign() -> Campaign:
    return make_country()


def line(child: int, slot: int | None = None, **changes: object) -> Line:
    """One child on the lyceum's list; it arrived in the minute of its number."""
    at = NOON + timedelta(minutes=child)
    made = Line(
        intake_id=0,
        district=BOSTANDYK,
        choice=ABAY,
        child_key=iin(child),
        child_name=f"Әлия {child}",
        application_id=UUID(int=child),
        application_number=f"27-4KQ7-M2X{child}-W",
        door="portal",
        lane="territory",
        slot=slot,
        arrived_at=at,
        moment=at,
        draw_number=f"{child:064x}",
        is_contested=False,
    )
    return replace(made, **changes)


class Publisher:
    """Publishes lists, each time as a run that has read one fact more."""

    def __init__(self, campaign: Campaign) -> None:
        self.campaign, self.facts = campaign, 0
        self.intake = campaign.intakes.get(school_id=ABAY[:12])

    def __call__(self, *lines: Line, at=NOON) -> int:
        self.facts += 1
        placed = [replace(line, intake_id=line.intake_id or self.intake.id) for line in lines]
        written = publish_roster(campaign=self.campaign, lines=placed, facts_read=self.facts, at=at)
        assert bytes(self.state.roster_sha256) == roster_sha256(placed), "the hash is that of the whole list"
        return written

    @property
    def state(self) -> RosterState:
        return RosterState.objects.get(campaign=self.campaign)


@pytest.fixture
def publish(campaign: Campaign) -> Publisher:
    return Publisher(campaign)


def listed() -> dict[str, int | None]:
    return dict(RosterEntry.objects.values_list("child_key", "slot"))


def row_ids() -> dict[str, int]:
    return dict(RosterEntry.objects.values_list("child_key", "id"))


def test_the_first_list_is_written_whole(publish):
    assert publish(line(1, 0), line(2, 1), line(3)) == 3

    assert listed() == {iin(1): 0, iin(2): 1, iin(3): None}
    assert (publish.state.known_at, publish.state.published_at) == (NOON, NOON)


def test_the_same_list_again_writes_nothing_but_is_known_later(publish):
    publish(line(1, 0), line(2, 1))
    ids = row_ids()

    assert publish(line(2, 1), line(1, 0), at=LATER) == 0

    assert row_ids() == ids
    assert (publish.state.known_at, publish.state.published_at) == (LATER, NOON)


def test_one_more_child_is_one_row(publish):
    publish(line(1, 0), line(2, 1))
    ids = row_ids()

    assert publish(line(1, 0), line(2, 1), line(3, 2), at=LATER) == 1

    assert {child: id_ for child, id_ in row_ids().items() if child != iin(3)} == ids
    assert publish.state.published_at == LATER


def test_two_children_change_slots(publish):
    publish(line(1, 0), line(2, 1), line(3, 2))
    untouched = row_ids()[iin(3)]

    assert publish(line(1, 1), line(2, 0), line(3, 2)) == 2

    assert listed() == {iin(1): 1, iin(2): 0, iin(3): 2}
    assert row_ids()[iin(3)] == untouched


def test_three_children_move_around_in_a_circle(publish):
    publish(line(1, 0), line(2, 1), line(3, 2))

    assert publish(line(1, 1), line(2, 2), line(3, 0)) == 3

    assert listed() == {iin(1): 1, iin(2): 2, iin(3): 0}


def test_a_child_gives_way_and_waits(publish):
    publish(line(1, 0), line(2))

    assert publish(line(1), line(2, 0)) == 2

    assert listed() == {iin(1): None, iin(2): 0}


def test_a_child_moves_to_another_school(publish, campaign):
    publish(line(1, 0), line(2, 1))
    other = campaign.intakes.exclude(school_id=ABAY[:12]).get()
    elsewhere = {"intake_id": other.id, "choice": other.name, "district": other.school.district_id}

    assert publish(line(1, 0, **elsewhere), line(2, 0)) == 2

    assert dict(RosterEntry.objects.values_list("child_key", "intake_id")) == {
        iin(1): other.id,
        iin(2): publish.intake.id,
    }


def test_a_list_shrinks_to_nothing_and_grows_again(publish):
    publish(line(1, 0), line(2, 1), line(3))

    assert publish(line(2, 0)) == 3
    assert publish(at=LATER) == 1
    assert (listed(), publish.state.published_at) == ({}, LATER)
    assert publish() == 0
    assert publish(line(1, 0)) == 1


def test_an_empty_list_has_the_same_hash_whether_there_ever_was_another(publish):
    """Law 6: a withdrawal that came together with its application leaves what a later one leaves."""
    publish()
    never = bytes(publish.state.roster_sha256)
    publish(line(1, 0))
    publish()

    assert bytes(publish.state.roster_sha256) == never == roster_sha256([])


@pytest.mark.parametrize(
    "change",
    [
        {"slot": 1},
        {"lane": "outside"},
        {"moment": LATER},
        {"arrived_at": LATER},
        {"draw_number": "f" * 64},
        {"application_id": UUID(int=9), "application_number": "27-ABCD-EFGH-J"},
        {"is_contested": True},
    ],
    ids=lambda change: next(iter(change)),
)
def test_every_change_of_content_is_written_and_changes_the_hash(publish, change):
    publish(line(1, 0))
    before = bytes(publish.state.roster_sha256)

    assert publish(line(1, **{"slot": 0} | change)) == 1

    assert bytes(publish.state.roster_sha256) != before
    row = RosterEntry.objects.values().get()
    assert {name: row[name] for name in change} == change


def test_a_contested_place_is_held_and_a_contested_wait_is_not(publish):
    publish(line(1, 0, is_contested=True), line(2, is_contested=True))

    assert dict(RosterEntry.objects.values_list("child_key", "is_held")) == {iin(1): True, iin(2): False}


def test_of_another_campaign_nothing_is_touched(publish, campaign):
    publish(line(1, 0))
    other = Campaign.objects.create(
        year=2028, opens_at=campaign.opens_at, closes_at=campaign.closes_at, demo_seed=bytes(32)
    )

    assert publish_roster(campaign=other, lines=[], facts_read=7, at=LATER) == 0

    assert listed() == {iin(1): 0}
    assert publish.state.facts_read == 1


def test_fewer_facts_are_refused_and_change_nothing(publish, campaign):
    publish.facts = 8
    publish(line(1, 0))

    with pytest.raises(FewerFactsRead):
        publish_roster(campaign=campaign, lines=[], facts_read=8, at=LATER)

    assert (listed(), publish.state.known_at) == ({iin(1): 0}, NOON)


def test_nothing_new_is_noted_only_for_the_facts_that_are_published(publish, campaign):
    publish(line(1, 0))

    note_nothing_new(campaign=campaign, facts_read=0, at=LATER)
    assert publish.state.known_at == NOON
    note_nothing_new(campaign=campaign, facts_read=1, at=LATER)
    assert publish.state.known_at == LATER


@given(order=st.permutations([line(1, 0), line(2, 1), line(3), line(4)]))
def test_the_hash_does_not_depend_on_the_order_of_the_lines(order):
    assert roster_sha256(order) == roster_sha256(sorted(order, key=lambda one: one.child_key))


def test_the_hash_knows_no_row_ids_and_no_zones():
    abroad = line(1, 0)
    there = replace(abroad, intake_id=99, moment=abroad.moment.astimezone(DAY_TWO.tzinfo))

    assert roster_sha256([abroad]) == roster_sha256([there]) != roster_sha256([line(1, 1)])
