"""Every receipt ends in exactly one column, the first that is true of it (law 10)."""

from datetime import timedelta
from uuid import UUID

import pytest

from enrollment.ledger import Column, ledger, totals
from enrollment.models import Application, Decision, Retraction
from enrollment.reconciliation import reconcile
from schools.models import Campaign, RosterEntry
from tests.country import (
    DAY_TWO,
    DESK,
    SATBAYEV,
    apply_at_desk,
    apply_online,
    close_round,
    iin,
    make_country,
    request,
)

pytestmark = pytest.mark.django_db
LATER = DAY_TWO + timedelta(hours=1)
GRANDMOTHER = "900615199983"


@pytest.fixture
def campaign() -> Campaign:
    campaign = make_country()
    close_round(campaign, 2)
    campaign.intakes.update(slots="T")
    close_round(campaign, 2)
    return campaign


def retract(application: UUID, *, kind: str = "withdrawal", is_verified: bool = True) -> Retraction:
    return Retraction.objects.create(
        id=UUID(int=application.int ^ 1),
        kind=kind,
        campaign=Campaign.objects.get(),
        application_id=application,
        person_key="",
        is_verified=is_verified,
        door="desk",
        desk=DESK,
        seq=10_000,
        lodged_at=LATER,
        received_at=LATER,
    )


def ended(campaign: Campaign, **how: object) -> dict[UUID, Column]:
    reconcile(campaign=campaign, at=LATER)
    return ledger(campaign=campaign, **how)


def test_a_place_and_a_wait(campaign):
    aruzhan = apply_online(campaign=campaign, wanted=request(child=iin(1)), at=DAY_TWO)
    dias = apply_at_desk(
        wanted=request(child=iin(2), applicant=GRANDMOTHER), at=DAY_TWO + timedelta(minutes=1)
    )

    assert ended(campaign) == {aruzhan: Column.ON_ROSTERS, dias: Column.RESERVE}


def test_the_second_request_for_a_child_is_linked(campaign):
    mother = apply_online(campaign=campaign, wanted=request(child=iin(1)), at=DAY_TWO)
    grandmother = apply_at_desk(wanted=request(child=iin(1), applicant=GRANDMOTHER), at=LATER)

    assert ended(campaign) == {mother: Column.ON_ROSTERS, grandmother: Column.LINKED}


def test_a_corrected_request_is_linked_to_what_replaced_it(campaign):
    first = apply_at_desk(wanted=request(child=iin(1)), at=DAY_TWO)
    second = apply_at_desk(wanted=request(child=iin(1), replaces=first), at=LATER)

    assert ended(campaign) == {first: Column.LINKED, second: Column.ON_ROSTERS}


def test_all_contested_requests_count_as_contested_also_the_one_that_has_a_place(campaign):
    mother = apply_at_desk(wanted=request(child=iin(1), seen=True), at=DAY_TWO)
    father = apply_at_desk(
        wanted=request(child=iin(1), applicant=GRANDMOTHER, choices=[SATBAYEV], seen=True), at=LATER
    )

    assert ended(campaign) == {mother: Column.CONTESTED, father: Column.CONTESTED}
    assert RosterEntry.objects.get().application_id == mother


def test_withdrawn_and_void(campaign):
    withdrawn = apply_at_desk(wanted=request(child=iin(1)), at=DAY_TWO)
    void = apply_at_desk(wanted=request(child=iin(2)), at=DAY_TWO)
    retract(withdrawn)
    retract(void, kind="void")

    assert ended(campaign) == {withdrawn: Column.WITHDRAWN, void: Column.VOID}


def test_void_goes_before_withdrawn(campaign):
    both = apply_at_desk(wanted=request(child=iin(1)), at=DAY_TWO)
    retract(both, kind="void")
    Retraction.objects.create(
        id=UUID(int=5),
        kind="withdrawal",
        campaign=campaign,
        application_id=both,
        is_verified=True,
        door="desk",
        desk=DESK,
        seq=10_001,
        lodged_at=LATER,
        received_at=LATER,
    )

    assert ended(campaign) == {both: Column.VOID}


def test_an_unproven_withdrawal_ends_nothing_before_it_is_decided(campaign):
    application = apply_at_desk(wanted=request(child=iin(1)), at=DAY_TWO)
    retraction = retract(application, is_verified=False)
    assert ended(campaign) == {application: Column.ON_ROSTERS}

    Decision.objects.create(
        id=UUID(int=6), campaign=campaign, kind="withdrawal_stands", subject=retraction.id, decided_at=LATER
    )

    assert ended(campaign) == {application: Column.WITHDRAWN}


def test_what_waits_for_a_person_is_parked_until_it_is_an_application(campaign):
    burnt = UUID(int=7)
    known = apply_at_desk(wanted=request(child=iin(1)), at=DAY_TWO)

    assert ended(campaign, parked=[burnt, known]) == {burnt: Column.PARKED, known: Column.ON_ROSTERS}


def test_what_no_run_has_seen_is_lost_and_nothing_hides_it(campaign):
    reconcile(campaign=campaign, at=DAY_TWO)
    unseen = apply_online(campaign=campaign, wanted=request(child=iin(1)), at=DAY_TWO)

    assert ledger(campaign=campaign) == {unseen: Column.LOST}
    assert totals(ledger(campaign=campaign))["lost"] == 1


def test_totals_name_every_column_and_add_up(campaign):
    for serial in range(1, 5):
        apply_at_desk(wanted=request(child=iin(serial)), at=DAY_TWO + timedelta(minutes=serial))
    retract(Application.objects.get(child_key=iin(4)).id)

    counted = totals(ended(campaign, parked=[UUID(int=7)]))

    assert counted == {
        "receipts": 5,
        "void": 0,
        "withdrawn": 1,
        "parked": 1,
        "contested": 0,
        "linked": 0,
        "on_rosters": 1,
        "reserve": 2,
        "awaiting": 0,
        "lost": 0,
    }
    assert sum(n for column, n in counted.items() if column != "receipts") == counted["receipts"]


def test_a_campaign_without_receipts(campaign):
    assert ended(campaign) == {}
    assert totals({})["receipts"] == 0
