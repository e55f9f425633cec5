"""Facts and rosters that were changed behind the program's back are found and named."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from django.db import connection

from enrollment import agreement
from enrollment.models import Application
from enrollment.reconciliation import reconcile
from schools.models import Campaign, RosterEntry, RosterState
from tests.country import (
    ABAY,
    DAY_TWO,
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


@pytest.fixture
def campaign() -> Campaign:
    """Three children with places at the lyceum, a fourth one waits."""
    campaign = make_country(places=3)
    close_round(campaign, 2)
    apply_online(campaign=campaign, wanted=request(child=iin(1)), at=DAY_TWO)
    for serial in range(2, 5):
        wanted = request(child=iin(serial), applicant="900615199983")
        apply_at_desk(wanted=wanted, at=DAY_TWO + timedelta(minutes=serial))
    reconcile(campaign=campaign, at=LATER)
    return campaign


def plant(sql: str, values: Sequence[object] = ()) -> None:
    """Change rows behind the triggers, as a broken disk or an intruder would."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(sql, values)
        cursor.execute("SET LOCAL session_replication_role = origin")


def found(campaign: Campaign) -> dict[str, list[object]]:
    return {
        name: made
        for name, made in {
            "changed": [a.child_key for a in agreement.find_changed_applications(campaign=campaign)],
            "doubled": agreement.find_children_with_two_places(campaign=campaign),
            "different": agreement.find_roster_differences(campaign=campaign),
            "unended": [
                a.child_key for a in agreement.find_unended_receipts(campaign=campaign, older_than=LATER)
            ],
        }.items()
        if made
    }


def test_a_sound_campaign_shows_nothing(campaign):
    assert found(campaign) == {}


def test_before_the_first_run_only_what_is_missing_on_the_roster_shows():
    campaign = make_country()
    close_round(campaign, 2)
    assert found(campaign) == {}

    apply_online(campaign=campaign, wanted=request(child=iin(1)), at=DAY_TWO)

    assert found(campaign) == {"different": [ABAY], "unended": [iin(1)]}


@pytest.mark.parametrize(
    "change",
    [
        """form = jsonb_set(form, '{address,house}', '"99"')""",
        "content_sha256 = '\\x00'",
    ],
)
def test_a_changed_application(campaign, change):
    plant(f"UPDATE enrollment_application SET {change} WHERE child_key = %s", [iin(4)])

    assert found(campaign)["changed"] == [iin(4)]


def test_a_deleted_application(campaign):
    plant("DELETE FROM enrollment_application WHERE child_key = %s", [iin(1)])

    assert found(campaign) == {"different": [ABAY]}


def test_a_child_in_two_places(campaign):
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX one_roster_entry_per_child_and_campaign")
    row = RosterEntry.objects.get(child_key=iin(1))
    row.pk, row.intake = None, campaign.intakes.exclude(id=row.intake_id).get()
    row.save(force_insert=True)

    assert found(campaign) == {"doubled": [iin(1)], "different": [SATBAYEV]}


@pytest.mark.parametrize(
    ("change", "value"),
    [
        ("slot", 7),
        ("slot", None),
        ("lane", "outside"),
        ("moment", LATER),
        ("arrived_at", LATER),
        ("draw_number", "0" * 64),
        ("is_contested", True),
        ("child_name", "Кім екені белгісіз"),
    ],
)
def test_a_roster_entry_changed_by_hand(campaign, change, value):
    RosterEntry.objects.filter(child_key=iin(3)).update(**{change: value})

    assert found(campaign)["different"] == [ABAY]


def test_a_roster_entry_taken_away_is_a_receipt_that_has_not_ended(campaign):
    RosterEntry.objects.filter(child_key=iin(3)).delete()

    assert found(campaign) == {"different": [ABAY], "unended": [iin(3)]}
    young = agreement.find_unended_receipts(campaign=campaign, older_than=DAY_TWO)
    assert not young.exists()


def test_a_roster_entry_of_nobody(campaign):
    row = RosterEntry.objects.get(child_key=iin(4))
    row.pk, row.child_key = None, iin(9)
    row.save(force_insert=True)

    assert found(campaign) == {"different": [ABAY]}


def test_a_hash_that_is_not_the_rosters(campaign):
    RosterState.objects.update(roster_sha256=bytes(32))

    assert found(campaign) == {"different": ["roster_sha256"]}


def test_a_roster_is_repaired_from_the_facts(campaign):
    RosterEntry.objects.filter(child_key=iin(1)).delete()
    RosterEntry.objects.filter(child_key=iin(4)).update(slot=0, draw_number="0" * 64)
    RosterState.objects.update(roster_sha256=bytes(32))

    assert agreement.repair_roster(campaign=campaign, at=LATER) == 2

    assert found(campaign) == {}
    assert agreement.repair_roster(campaign=campaign, at=LATER) == 0


def test_facts_are_not_repaired(campaign):
    plant("UPDATE enrollment_application SET content_sha256 = '\\x00' WHERE child_key = %s", [iin(4)])

    agreement.repair_roster(campaign=campaign, at=LATER)

    assert found(campaign) == {"changed": [iin(4)]}
    assert Application.objects.count() == 4
