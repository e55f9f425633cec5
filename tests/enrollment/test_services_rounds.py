"""Planning the rounds: they follow the campaign's days until it opens."""

from datetime import date, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command

from enrollment.models import DaySeed
from enrollment.rounds import planned_closings
from enrollment.services import outages
from enrollment.services.rounds import RoundsFrozen, plan_rounds
from schools.clock import ALMATY
from schools.models import Round
from schools.rules import InvalidMovedDays
from tests.country import DAY_TWO, OPENING, make_country

DAY, INSTANT = timedelta(days=1), timedelta(microseconds=1)
EVE = OPENING - DAY


def at(day: int, hour: int = 0) -> datetime:
    return datetime(2027, 4, day, hour, tzinfo=ALMATY)


def end_of(day: int) -> datetime:
    return at(day) + DAY


@pytest.fixture
def campaign(db):
    return make_country()


def rows(campaign):
    return list(Round.objects.filter(campaign=campaign).values_list("id", "number", "closes_at"))


def test_rounds_are_what_is_planned(campaign):
    closings = planned_closings(opens_at=campaign.opens_at, closes_at=campaign.closes_at, moved={})

    rounds = plan_rounds(campaign=campaign, at=EVE)

    assert [(r.number, r.closes_at) for r in rounds] == list(enumerate(closings, start=1))


def test_planning_again_changes_nothing(campaign):
    plan_rounds(campaign=campaign, at=EVE)
    before = rows(campaign)

    plan_rounds(campaign=campaign, at=OPENING - INSTANT)

    assert rows(campaign) == before


def test_planning_follows_the_days_until_the_opening(campaign):
    plan_rounds(campaign=campaign, at=EVE)
    campaign.moved_days = {"2027-04-02": False, "2027-04-03": True}
    campaign.closes_at = end_of(7)
    campaign.save()

    plan_rounds(campaign=campaign, at=EVE)

    assert [row[1:] for row in rows(campaign)] == [
        (1, end_of(1)), (2, end_of(3)), (3, end_of(5)), (4, end_of(6)), (5, end_of(7)),
    ]  # fmt: skip


def test_what_was_changed_by_hand_is_planned_again(campaign):
    plan_rounds(campaign=campaign, at=EVE)
    before = [row[1:] for row in rows(campaign)]
    Round.objects.filter(number=3).update(closes_at=at(5, 18))
    Round.objects.filter(number=5).delete()
    Round.objects.create(campaign=campaign, number=999, closes_at=end_of(3))

    plan_rounds(campaign=campaign, at=EVE)

    assert [row[1:] for row in rows(campaign)] == before


@pytest.mark.parametrize("asked_at", [OPENING, DAY_TWO])
def test_after_the_opening_rounds_are_frozen(campaign, asked_at):
    plan_rounds(campaign=campaign, at=EVE)
    before = rows(campaign)
    campaign.moved_days = {"2027-04-02": False}
    campaign.save()

    with pytest.raises(RoundsFrozen):
        plan_rounds(campaign=campaign, at=asked_at)

    assert rows(campaign) == before


def test_moved_days_that_say_nothing_plan_nothing(campaign):
    plan_rounds(campaign=campaign, at=EVE)
    before = rows(campaign)
    campaign.moved_days = {"someday": False}
    campaign.save()

    with pytest.raises(InvalidMovedDays):
        plan_rounds(campaign=campaign, at=EVE)

    assert rows(campaign) == before


def test_the_days_in_the_database_count_not_the_ones_in_hand(campaign):
    campaign.closes_at = end_of(1)

    assert len(plan_rounds(campaign=campaign, at=EVE)) > 1


def test_the_operators_plan_and_read_the_rounds(campaign, clock_at, capsys):
    clock_at(EVE, rate=0)
    call_command("rounds", "plan")
    assert "104 rounds are planned." in capsys.readouterr().out

    clock_at(at(3, 12), rate=0)
    for day in (1, 2):
        DaySeed.objects.create(campaign=campaign, date=date(2027, 4, day), s=bytes(32), v="1", made_at=at(3))
    outages.open_outage(
        campaign=campaign, started_at=at(6, 22), reason="down", recorded_by=["probe"], district=None, at=at(7)
    )
    call_command("rounds", "list")

    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["   1  2027-04-01 24:00", "   2  2027-04-02 24:00  current"]
    assert lines[3] == "   4  2027-04-06 24:00  moved to the end of an outage that goes on"


def test_the_operators_read_to_when_a_round_moved(campaign, clock_at, capsys):
    plan_rounds(campaign=campaign, at=EVE)
    outage = outages.open_outage(
        campaign=campaign, started_at=at(2, 23), reason="d", recorded_by=["probe"], district=None, at=at(3)
    )
    outages.close_outage(outage_id=outage.id, ended_at=at(3, 1), at=at(3, 2))

    call_command("rounds", "--campaign", "2027", "list")

    assert "   2  2027-04-02 24:00  moved to 2027-04-03 03:00" in capsys.readouterr().out.splitlines()


def test_the_operators_are_told_that_rounds_are_frozen(campaign, clock_at):
    clock_at(OPENING, rate=0)

    with pytest.raises(CommandError, match="frozen"):
        call_command("rounds", "plan")
    with pytest.raises(CommandError, match="no such campaign"):
        call_command("rounds", "--campaign", "2026", "list")
