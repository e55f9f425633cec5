"""A roster is published whole and written only where it changed."""

from dataclasses import replace
from datetime import UTC, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schools.models import Campaign, RosterEntry, RosterState
from schools.services.publishing import (
    FewerFactsRead,
    Knowing,
    Line,
    district_sha256,
    find_differing_lists,
    list_of,
    note_nothing_new,
    publish_roster,
    roster_sha256,
)
from schools.services.publishing.listing import escaped, unescaped
from tests.country import ABAY, BOSTANDYK, DAY_TWO, MEDEU, SATBAYEV, iin, make_country

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
    )
    return replace(made, **changes)


class Publisher:
    """Publishes lists, each time as a run that has read one fact more."""

    def __init__(self, campaign: Campaign) -> None:
        self.campaign, self.facts = campaign, 0
        self.intakes = list(campaign.intakes.select_related("school").order_by("id"))
        self.intake = campaign.intakes.get(school_id=ABAY[:12])

    def __call__(self, *lines: Line, at=NOON, **how) -> int:
        self.facts += 1
        knowing = Knowing(facts_read=self.facts)
        written = publish_roster(
            campaign=self.campaign, lists=self.lists(lines), knowing=knowing, at=at, **how
        )
        if not how.get("stopped"):
            assert bytes(self.state.roster_sha256) == roster_sha256(lines), "the hash is that of the roster"
        assert listed() == {} or not how.get("is_distrustful") or not self.differing(lines)
        return written

    def lists(self, lines):
        return [
            list_of(
                [line for line in lines if line.choice == intake.name],
                intake_id=intake.id,
                choice=intake.name,
                district=intake.school.district_id,
            )
            for intake in self.intakes
        ]

    def differing(self, lines):
        return list(find_differing_lists(self.lists(lines)))

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

    assert publish(line(1, 0, choice=other.name), line(2, 0)) == 2

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
        {"held_for": ("relation",), "is_held": True},
        {"is_confirmed": True},
    ],
    ids=lambda change: next(iter(change)),
)
def test_every_change_of_content_is_written_and_changes_the_hash(publish, change):
    publish(line(1, 0))
    before = bytes(publish.state.roster_sha256)

    asked = {name: value for name, value in change.items() if name != "is_held"}
    assert publish(line(1, **{"slot": 0} | asked)) == 1

    assert bytes(publish.state.roster_sha256) != before
    row = RosterEntry.objects.values().get()
    assert {name: tuple(row[name]) if name == "held_for" else row[name] for name in change} == change


def test_names_and_keys_with_signs_of_copy_are_written_as_they_are(publish):
    strange = line(1, 0, child_name="Әл\\ия\tО’Тул", child_key="passport/UZ/A\\1")

    publish(strange)

    assert RosterEntry.objects.values_list("child_name", "child_key").get() == (
        "Әл\\ия\tО’Тул",
        "passport/UZ/A\\1",
    )
    assert not publish.differing([strange])
    assert next(publish.lists([strange])[0].lines()) == strange


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_what_copy_escapes_it_takes_back(text):
    assert unescaped(escaped(text.encode())).decode() == text
    assert not {ord("\t"), ord("\n")} & set(escaped(text.encode()))


def test_a_place_with_a_reason_is_held(publish):
    publish(line(1, 0, held_for=("address", "cut_off")), line(2, 1), line(3))

    assert dict(RosterEntry.objects.values_list("child_key", "held_for")) == {
        iin(1): ["address", "cut_off"],
        iin(2): [],
        iin(3): [],
    }
    assert dict(RosterEntry.objects.values_list("child_key", "is_held")) == {
        iin(1): True,
        iin(2): False,
        iin(3): False,
    }


def test_what_the_brake_stops_stays_as_it_was(publish):
    publish(line(1, 0), line(2, 0, choice=SATBAYEV))
    before = bytes(publish.state.roster_sha256)

    assert publish(line(3, 0), line(2, 0, choice=SATBAYEV), stopped={ABAY}) == 0

    assert listed() == {iin(1): 0, iin(2): 0}
    assert bytes(publish.state.roster_sha256) == before


def test_a_list_whose_hash_is_right_is_looked_at_only_in_distrust(publish):
    publish(line(1, 0), line(2, 1))
    RosterEntry.objects.filter(child_key=iin(1)).update(child_name="Кім екені белгісіз")
    RosterEntry.objects.filter(child_key=iin(2)).delete()

    assert publish(line(1, 0), line(2, 1)) == 0
    assert publish(line(1, 0), line(2, 1), is_distrustful=True) == 2

    assert RosterEntry.objects.get(child_key=iin(1)).child_name == "Әлия 1"


def test_a_districts_hash_knows_only_its_own_lists(publish, campaign):
    publish(line(1, 0), line(2, 0, choice=SATBAYEV))
    before = {kato: district_sha256(campaign=campaign, district=kato) for kato in (BOSTANDYK, MEDEU)}

    publish(line(1, 0), line(2, 0, choice=SATBAYEV), line(3, 1, choice=SATBAYEV))

    after = {kato: district_sha256(campaign=campaign, district=kato) for kato in (BOSTANDYK, MEDEU)}
    assert (before[BOSTANDYK], before[MEDEU] == after[MEDEU]) == (after[BOSTANDYK], False)


def test_of_another_campaign_nothing_is_touched(publish, campaign):
    publish(line(1, 0))
    other = Campaign.objects.create(year=2028, opens_at=campaign.opens_at, closes_at=campaign.closes_at)

    assert publish_roster(campaign=other, lists=[], knowing=Knowing(facts_read=7), at=LATER) == 0

    assert listed() == {iin(1): 0}
    assert publish.state.facts_read == 1


def test_fewer_facts_are_refused_and_change_nothing(publish, campaign):
    publish.facts = 8
    publish(line(1, 0))

    with pytest.raises(FewerFactsRead):
        publish_roster(campaign=campaign, lists=[], knowing=Knowing(facts_read=8), at=LATER)

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


def test_the_hash_knows_no_zones():
    here = line(1, 0)
    there = replace(here, moment=here.moment.astimezone(DAY_TWO.tzinfo))

    assert roster_sha256([here]) == roster_sha256([there]) != roster_sha256([line(1, 1)])
