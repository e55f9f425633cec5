"""Facts of both doors in, one roster out (law 6)."""

import hashlib
from datetime import timedelta
from itertools import permutations

import pytest

from enrollment.ledger import Column, ledger, totals
from enrollment.models import Decision, DrawCommitment, Retraction
from enrollment.reading.setup import AnotherKey
from enrollment.reconciliation import reconcile, reconcile_all
from schools.models import Campaign, RosterEntry, RosterState
from tests.country import (
    ABAY,
    DAY_TWO,
    DESK,
    ON_DOSTYK_STREET,
    OPENING,
    SATBAYEV,
    apply_at_desk,
    apply_online,
    close_round,
    iin,
    make_country,
    request,
)

pytestmark = pytest.mark.django_db
NOON = OPENING + timedelta(hours=3)


@pytest.fixture
def campaign():
    """Its second round is closed: what was handed in by the end of day two has a place, or waits."""
    campaign = make_country()
    close_round(campaign, 2)
    return campaign


def roster(campaign, intake=ABAY):
    """Child keys by slot, then the waiting ones in line order."""
    rows = RosterEntry.objects.filter(campaign=campaign, intake__school_id=intake[:12]).order_by(
        "slot", "moment", "draw_number"
    )
    return [(row.child_key, row.slot) for row in rows]


def test_both_doors_stand_in_one_list(campaign):
    online = apply_online(campaign=campaign, wanted=request(child=iin(1)), at=DAY_TWO)
    at_desk = apply_at_desk(
        wanted=request(child=iin(2), applicant="900615199983"), at=DAY_TWO + timedelta(minutes=1)
    )

    run = reconcile(campaign=campaign, at=DAY_TWO + timedelta(minutes=5))

    assert run.placed == 2
    rows = {row.application_id: row for row in RosterEntry.objects.all()}
    assert (rows[online].slot, rows[online].door) == (0, "portal")
    assert (rows[at_desk].slot, rows[at_desk].door) == (1, "desk")


def test_a_desk_that_delivers_late_keeps_its_place(campaign):
    """The minute of the counter counts, not the minute of the line."""
    places = Campaign.objects.get().intakes.get(school_id=ABAY[:12])
    places.slots = "T"
    places.save()
    late = request(child=iin(2), applicant="900615199983")
    apply_online(campaign=campaign, wanted=request(child=iin(1)), at=DAY_TWO + timedelta(minutes=10))
    reconcile(campaign=campaign, at=DAY_TWO + timedelta(minutes=11))
    apply_at_desk(wanted=late, at=DAY_TWO, received_at=DAY_TWO + timedelta(hours=6))

    reconcile(campaign=campaign, at=DAY_TWO + timedelta(hours=6))

    assert roster(campaign) == [(iin(2), 0), (iin(1), None)]


def test_three_of_the_territory_then_one_from_outside(campaign):
    for serial in range(5):
        apply_online(
            campaign=campaign, wanted=request(child=iin(serial)), at=DAY_TWO + timedelta(minutes=serial)
        )
    outsider = request(child=iin(50), address=ON_DOSTYK_STREET)
    apply_online(campaign=campaign, wanted=outsider, at=DAY_TWO + timedelta(hours=2))

    reconcile(campaign=campaign, at=DAY_TWO + timedelta(hours=3))

    assert roster(campaign) == [
        (iin(0), 0),
        (iin(1), 1),
        (iin(2), 2),
        (iin(50), 3),
        (iin(3), None),
        (iin(4), None),
    ]


def test_on_the_first_day_nobody_has_to_hurry(campaign):
    early = apply_online(campaign=campaign, wanted=request(child=iin(1)), at=OPENING)
    late = apply_at_desk(
        wanted=request(child=iin(2), applicant="900615199983"), at=OPENING + timedelta(hours=10)
    )

    reconcile(campaign=campaign, at=OPENING + timedelta(hours=11))

    rows = {row.application_id: row for row in RosterEntry.objects.all()}
    assert rows[early].moment == rows[late].moment == OPENING
    first = min(rows.values(), key=lambda row: row.draw_number)
    assert first.slot == 0


def test_mother_online_and_grandmother_at_the_counter_make_one_child(campaign):
    grandmother = apply_at_desk(
        wanted=request(child=iin(1), applicant="900615199983", relation="relative"),
        at=DAY_TWO + timedelta(minutes=5),
    )
    mother = apply_online(campaign=campaign, wanted=request(child=iin(1)), at=DAY_TWO + timedelta(hours=2))

    reconcile(campaign=campaign, at=DAY_TWO + timedelta(hours=3))

    row = RosterEntry.objects.get()
    assert row.arrived_at == DAY_TWO + timedelta(minutes=5), "the grandmother's minute is not lost"
    columns = ledger(campaign=campaign)
    assert sorted(columns.values()) == [Column.LINKED, Column.ON_ROSTERS]
    assert {grandmother, mother} == set(columns)


def test_two_proven_parents_with_two_schools_are_contested_and_the_place_is_held(campaign):
    apply_at_desk(wanted=request(child=iin(1), seen=True), at=DAY_TWO)
    apply_at_desk(
        wanted=request(
            child=iin(1), applicant="900615199983", relation="father", choices=[SATBAYEV], seen=True
        ),
        at=DAY_TWO + timedelta(minutes=1),
    )

    reconcile(campaign=campaign, at=DAY_TWO + timedelta(minutes=2))

    row = RosterEntry.objects.get()
    assert (row.intake.name, row.is_contested, row.is_held) == (ABAY, True, True)
    assert set(ledger(campaign=campaign).values()) == {Column.CONTESTED}


def test_a_withdrawn_child_leaves_the_list(campaign):
    application = apply_online(campaign=campaign, wanted=request(child=iin(1)), at=DAY_TWO)
    reconcile(campaign=campaign, at=DAY_TWO)
    Retraction.objects.create(
        id=iin_uuid(1),
        kind="withdrawal",
        campaign=campaign,
        application_id=application,
        person_key="850101199993",
        is_verified=True,
        door="portal",
        lodged_at=DAY_TWO + timedelta(minutes=3),
        received_at=DAY_TWO + timedelta(minutes=3),
    )

    run = reconcile(campaign=campaign, at=DAY_TWO + timedelta(minutes=5))

    assert run.rows_written == 1
    assert not RosterEntry.objects.exists()
    assert totals(ledger(campaign=campaign))["withdrawn"] == 1


def iin_uuid(serial):
    from uuid import UUID

    return UUID(int=serial)


def test_a_withdrawal_without_a_code_waits_until_it_is_decided(campaign):
    application = apply_at_desk(wanted=request(child=iin(1)), at=DAY_TWO)
    retraction = Retraction.objects.create(
        id=iin_uuid(2),
        kind="withdrawal",
        campaign=campaign,
        application_id=application,
        person_key="850101199993",
        is_verified=False,
        door="desk",
        desk=DESK,
        seq=90,
        lodged_at=DAY_TWO + timedelta(minutes=3),
        received_at=DAY_TWO + timedelta(minutes=3),
    )
    reconcile(campaign=campaign, at=DAY_TWO + timedelta(minutes=5))
    assert RosterEntry.objects.count() == 1

    Decision.objects.create(
        id=iin_uuid(3),
        campaign=campaign,
        kind="withdrawal_stands",
        subject=retraction.id,
        decided_at=DAY_TWO + timedelta(hours=49),
    )
    reconcile(campaign=campaign, at=DAY_TWO + timedelta(hours=49))

    assert not RosterEntry.objects.exists()


def test_a_second_run_on_the_same_facts_writes_nothing(campaign):
    apply_online(campaign=campaign, wanted=request(child=iin(1)), at=DAY_TWO)
    reconcile(campaign=campaign, at=DAY_TWO)

    idle = reconcile(campaign=campaign, at=DAY_TWO + timedelta(minutes=1))
    forced = reconcile(campaign=campaign, at=DAY_TWO + timedelta(minutes=2), recompute=True)

    assert (idle.is_new, forced.is_new, forced.rows_written) == (False, True, 0)
    assert RosterState.objects.get().known_at == DAY_TWO + timedelta(minutes=2)


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_roster_does_not_depend_on_which_door_reported_first(campaign, order):
    deliveries = [
        lambda: apply_online(
            campaign=campaign, wanted=request(child=iin(1)), at=DAY_TWO + timedelta(minutes=4)
        ),
        lambda: apply_at_desk(
            wanted=request(child=iin(1), applicant="900615199983", relation="relative"),
            at=DAY_TWO + timedelta(minutes=2),
            received_at=DAY_TWO + timedelta(days=1),
        ),
        lambda: apply_at_desk(
            wanted=request(child=iin(2), applicant="900615199983"),
            at=DAY_TWO + timedelta(minutes=3),
            received_at=DAY_TWO + timedelta(days=1),
        ),
    ]
    for step in order:
        deliveries[step]()
        reconcile(campaign=campaign, at=DAY_TWO + timedelta(days=2))

    rows = RosterEntry.objects.order_by("slot").values_list("child_key", "slot", "arrived_at", "draw_number")
    assert [(child, slot, at) for child, slot, at, _draw in rows] == [
        (iin(1), 0, DAY_TWO + timedelta(minutes=2)),
        (iin(2), 1, DAY_TWO + timedelta(minutes=3)),
    ]


def test_an_empty_campaign_has_an_empty_roster(campaign):
    run = reconcile(campaign=campaign, at=NOON)

    assert (run.children, run.rows_written) == (0, 0)
    assert RosterState.objects.get().known_at == NOON


def test_before_the_opening_nothing_is_computed(campaign):
    assert reconcile_all(at=OPENING - timedelta(minutes=1)) == []
    assert len(reconcile_all(at=OPENING)) == 1


def test_the_number_of_queries_does_not_grow_with_the_children(campaign):
    def queries_of_a_run(serials):
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        for serial in serials:
            wanted = request(child=iin(serial), applicant="900615199983")
            apply_at_desk(wanted=wanted, at=DAY_TWO + timedelta(minutes=serial))
        with CaptureQueriesContext(connection) as queries:
            reconcile(campaign=campaign, at=DAY_TWO + timedelta(days=1))
        return len(queries)

    queries_of_a_run(range(1, 3))
    assert queries_of_a_run(range(3, 5)) == queries_of_a_run(range(5, 40))


def test_another_key_than_the_bound_one_changes_no_number(campaign, settings):
    apply_at_desk(wanted=request(child=iin(1)), at=OPENING)
    DrawCommitment.objects.create(
        campaign=campaign, key_sha256=hashlib.sha256(bytes.fromhex(settings.DRAW_KEY)).digest(),
        chain_end=bytes(32), chain_length=200, public_source="a lottery", committed_at=OPENING,
    )  # fmt: skip
    close_round(campaign)
    reconcile(campaign=campaign, at=DAY_TWO)
    published = bytes(RosterState.objects.get().roster_sha256)
    settings.DRAW_KEY = "77" * 32

    with pytest.raises(AnotherKey):
        reconcile(campaign=campaign, at=DAY_TWO)

    assert bytes(RosterState.objects.get().roster_sha256) == published
