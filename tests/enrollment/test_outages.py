"""Outages: recorded by the probe or by two people, and nobody loses a minute by them."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.utils import translation

from enrollment.models import Outage
from enrollment.reconciliation import reconcile
from enrollment.selectors import outage_notice
from enrollment.services import outages
from schools.models import Horizon, RosterEntry
from tests.country import BOSTANDYK, DAY_TWO, apply_at_desk, apply_online, iin, make_country, request

pytestmark = pytest.mark.django_db
TWO = ("Айбек Сатпаев", "Дана Ким")


@pytest.fixture
def campaign():
    return make_country()


def record(campaign, **changes):
    wanted = {
        "campaign": campaign,
        "started_at": DAY_TWO,
        "reason": "the portal does not answer",
        "recorded_by": TWO,
        "district": None,
        "at": DAY_TWO + timedelta(minutes=5),
    }
    return outages.open_outage(**wanted | changes)


def test_inside_an_outage_everybody_came_at_its_start(campaign):
    outage = record(campaign)
    outages.close_outage(
        outage_id=outage.id, ended_at=DAY_TWO + timedelta(hours=1), at=DAY_TWO + timedelta(hours=1)
    )
    apply_online(campaign=campaign, wanted=request(child=iin(1)), at=DAY_TWO + timedelta(minutes=90))
    apply_at_desk(wanted=request(child=iin(2), applicant="900615199983"), at=DAY_TWO + timedelta(minutes=2))

    reconcile(campaign=campaign, at=DAY_TWO + timedelta(hours=3))

    assert set(RosterEntry.objects.values_list("moment", flat=True)) == {DAY_TWO}


def test_an_outage_recorded_afterwards_changes_the_roster(campaign):
    apply_at_desk(wanted=request(child=iin(2), applicant="900615199983"), at=DAY_TWO + timedelta(minutes=2))
    reconcile(campaign=campaign, at=DAY_TWO + timedelta(minutes=3))

    record(campaign)
    run = reconcile(campaign=campaign, at=DAY_TWO + timedelta(minutes=6))

    assert run.is_new
    assert RosterEntry.objects.get().moment == DAY_TWO


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"recorded_by": TWO[:1]}, outages.NotByTwo),
        ({"recorded_by": (TWO[0], f" {TWO[0]} ")}, outages.NotByTwo),
        ({"recorded_by": ()}, outages.NotByTwo),
        ({"reason": "  "}, outages.NotByTwo),
        ({"district": "000000000"}, outages.NoSuchDistrict),
        ({"started_at": DAY_TWO + timedelta(hours=1)}, outages.InTheFuture),
    ],
    ids=["one person", "one person twice", "nobody", "no reason", "no such district", "not yet"],
)
def test_what_may_not_be_recorded(campaign, changes, refusal):
    with pytest.raises(refusal):
        record(campaign, **changes)

    assert not Outage.objects.exists()


def test_the_probe_records_alone(campaign):
    assert record(campaign, recorded_by=("probe",), district=BOSTANDYK).recorded_by == ["probe"]


def test_an_end_is_recorded_once_and_after_the_start(campaign):
    outage = record(campaign)
    later = DAY_TWO + timedelta(hours=2)
    with pytest.raises(outages.EndsBeforeItStarts):
        outages.close_outage(outage_id=outage.id, ended_at=DAY_TWO, at=later)
    with pytest.raises(outages.InTheFuture):
        outages.close_outage(outage_id=outage.id, ended_at=later, at=DAY_TWO + timedelta(hours=1))
    with pytest.raises(outages.NoSuchOutage):
        outages.close_outage(outage_id=uuid4(), ended_at=later, at=later)

    outages.close_outage(outage_id=outage.id, ended_at=later, at=later)

    with pytest.raises(outages.AlreadyEnded):
        outages.close_outage(outage_id=outage.id, ended_at=later, at=later)


def test_the_operators_open_list_and_close(campaign, clock_at, capsys):
    clock_at(DAY_TWO + timedelta(hours=1), rate=0)

    call_command("outage", "open", "--from", "09:00", "--reason", "down", "--by", "Айбек", "--by", "Дана")
    outage = capsys.readouterr().out.strip()
    call_command("outage", "close", outage, "--at", "09:40")
    capsys.readouterr()
    call_command("outage", "list")

    assert "2027-04-02 09:00 – 2027-04-02 09:40  whole country  down" in capsys.readouterr().out
    with pytest.raises(CommandError, match="two different officials"):
        call_command("outage", "open", "--reason", "down", "--by", "Айбек")


def test_families_read_which_desks_are_open(campaign):
    for serial, (heard, closed) in enumerate([(1, False), (30, False), (1, True)]):
        Horizon.objects.create(
            campaign=campaign,
            door=str(uuid4()),
            name_kk=f"Терезе {serial}",
            name_ru=f"Окно {serial}",
            name_en=f"Desk {serial}",
            phone="+7 727 000 00 00",
            heard_at=DAY_TWO - timedelta(minutes=heard),
            is_closed=closed,
        )

    notice = outage_notice(at=DAY_TWO)

    with translation.override("ru"):
        assert [str(desk.name) for desk in notice.open_desks] == ["Окно 0"]
