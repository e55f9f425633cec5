"""Outages: recorded by the probe or by two people, and nobody loses a minute by them."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.core.management import CommandError, call_command
from django.utils import translation

from enrollment.arrival import Interval
from enrollment.models import Outage, OutageEnd, OutageForecast
from enrollment.outage_ledger import felt_interval, ledger, outage_notice
from enrollment.reconciliation import reconcile
from enrollment.services import outages
from schools.models import Horizon, RosterEntry
from tests.country import (
    BOSTANDYK,
    DAY_TWO,
    OPENING,
    apply_at_desk,
    apply_online,
    close_round,
    iin,
    make_country,
    make_seed,
    request,
)

pytestmark = pytest.mark.django_db
TWO = ("Айбек Сатпаев", "Дана Ким")


@pytest.fixture(autouse=True)
def front(settings, tmp_path):
    """Where this test's front would show its pages; not there yet."""
    settings.OUTAGE_PAGES_DIR = tmp_path / "front"
    return settings.OUTAGE_PAGES_DIR


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

    closing = close_round(campaign, 2)
    reconcile(campaign=campaign, at=closing)

    assert set(RosterEntry.objects.values_list("moment", flat=True)) == {DAY_TWO}


def test_an_outage_recorded_afterwards_changes_the_roster(campaign):
    apply_at_desk(wanted=request(child=iin(2), applicant="900615199983"), at=DAY_TWO + timedelta(minutes=2))
    closing = close_round(campaign, 2)
    reconcile(campaign=campaign, at=closing + timedelta(hours=1))
    assert RosterEntry.objects.get().moment == DAY_TWO + timedelta(minutes=2)

    outage = record(campaign, at=closing + timedelta(hours=2))
    outages.close_outage(outage_id=outage.id, ended_at=DAY_TWO + timedelta(hours=1), at=closing)
    run = reconcile(campaign=campaign, at=closing + timedelta(hours=3))

    assert run.is_new
    assert RosterEntry.objects.get().moment == DAY_TWO


def test_while_an_outage_goes_on_its_round_is_not_closed(campaign):
    apply_at_desk(wanted=request(child=iin(2), applicant="900615199983"), at=DAY_TWO + timedelta(minutes=2))
    closing = close_round(campaign, 2)
    outage = record(campaign, started_at=closing - timedelta(hours=1), at=closing + timedelta(hours=1))

    reconcile(campaign=campaign, at=closing + timedelta(hours=1))
    assert not RosterEntry.objects.exists()

    outages.close_outage(
        outage_id=outage.id, ended_at=closing + timedelta(hours=1), at=closing + timedelta(hours=1)
    )
    reconcile(campaign=campaign, at=closing + timedelta(hours=2))
    assert not RosterEntry.objects.exists(), "the third day is not drawn yet"

    make_seed(campaign, DAY_TWO.date() + timedelta(days=1))
    reconcile(campaign=campaign, at=closing + timedelta(hours=3))
    assert RosterEntry.objects.exists()


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"recorded_by": TWO[:1]}, outages.NotByTwo),
        ({"recorded_by": (TWO[0], f" {TWO[0]} ")}, outages.NotByTwo),
        ({"recorded_by": ()}, outages.NotByTwo),
        ({"reason": "  "}, outages.NotByTwo),
        ({"district": "000000000"}, outages.NoSuchDistrict),
        ({"started_at": DAY_TWO + timedelta(hours=1)}, outages.InTheFuture),
        ({"started_at": DAY_TWO + timedelta(minutes=5, microseconds=1)}, outages.InTheFuture),
        ({"recorded_by": ("Дана Ким", "ДАНА  КИМ")}, outages.NotByTwo),
        ({"recorded_by": ("Дана Ким", "Дaнa Kим")}, outages.NotByTwo),
        ({"recorded_by": ("Дана Ким", "Ким, Дана")}, outages.NotByTwo),
        ({"recorded_by": ("Дана Ким", "Да\u00adна Ким")}, outages.NotByTwo),
        ({"recorded_by": ("Семёнов", "Семенов")}, outages.NotByTwo),
        ({"recorded_by": ("НУРЛАН", "HУРЛАН")}, outages.NotByTwo),
        ({"recorded_by": ("Дана Ким", "…")}, outages.NotByTwo),
        ({"recorded_by": ("probe", "Дана Ким")}, outages.NotByTwo),
        ({"recorded_by": ("Probe", "probe", "Дана Ким")}, outages.NotByTwo),
        ({"recorded_by": ("probe",), "reason": ""}, outages.NotByTwo),
        ({"recorded_by": ("probe",), "district": BOSTANDYK}, outages.NotByProbe),
    ],
    ids=[
        "one person", "one person twice", "nobody", "no reason", "no such district", "not yet", "an instant early",
        "in capitals", "in two alphabets", "the words turned round", "with a hidden sign", "with and without dots",
        "a capital of two alphabets", "a name without letters", "the probe and one person",
        "the probe twice and one person", "the probe without a reason", "a district by the probe",
    ],
)  # fmt: skip
def test_what_may_not_be_recorded(campaign, changes, refusal):
    with pytest.raises(refusal):
        record(campaign, **changes)

    assert not Outage.objects.exists()


def test_the_probe_records_alone(campaign):
    assert record(campaign, recorded_by=("Probe ",)).recorded_by == ["probe"]


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


def test_two_who_share_a_family_name_are_two(campaign):
    outage = record(campaign, recorded_by=("Айбек Сатпаев", "  Арман   Сатпаев "), district=BOSTANDYK)

    assert outage.recorded_by == ["Айбек Сатпаев", "Арман Сатпаев"]


def test_two_officials_and_the_probe_are_two_officials(campaign):
    assert record(campaign, recorded_by=("probe", *TWO)).recorded_by == sorted(TWO)


def test_an_ended_outage_is_not_ended_again_whatever_is_said(campaign):
    outage = record(campaign)
    hour = DAY_TWO + timedelta(hours=1)
    outages.close_outage(outage_id=outage.id, ended_at=hour, at=hour)

    for ended_at in (DAY_TWO - timedelta(hours=1), hour, hour + timedelta(days=1)):
        with pytest.raises(outages.AlreadyEnded):
            outages.close_outage(outage_id=outage.id, ended_at=ended_at, at=hour)

    assert OutageEnd.objects.get().ended_at == hour


# When it reopens


def expect(campaign, *, at=DAY_TWO + timedelta(minutes=10), reopens_at=None, next_news_at=None):
    return outages.expect_end(campaign=campaign, reopens_at=reopens_at, next_news_at=next_news_at, at=at)


AT_THREE, AT_NOON = DAY_TWO.replace(hour=15), DAY_TWO.replace(hour=12)


def test_the_last_word_counts(campaign):
    record(campaign)
    expect(campaign, reopens_at=AT_NOON)
    expect(campaign, next_news_at=AT_NOON, at=DAY_TWO + timedelta(minutes=30))
    expect(campaign, reopens_at=AT_THREE, at=DAY_TWO + timedelta(minutes=40))

    notice = outage_notice(at=DAY_TWO + timedelta(minutes=41))

    assert (notice.reopens_at, notice.next_news_at) == (AT_THREE, None)


def test_of_two_words_of_one_instant_the_one_with_the_greater_id_counts(campaign):
    outage = record(campaign)
    for serial, hour in ((2, AT_THREE), (1, AT_NOON)):
        OutageForecast.objects.create(
            id=UUID(int=serial), outage=outage, reopens_at=hour, next_news_at=None, recorded_at=DAY_TWO
        )

    assert outage_notice(at=DAY_TWO).reopens_at == AT_THREE


def test_what_was_said_of_an_ended_outage_is_said_no_more(campaign):
    outage = record(campaign)
    expect(campaign, reopens_at=AT_THREE)
    outages.close_outage(outage_id=outage.id, ended_at=AT_NOON, at=AT_NOON)

    assert outage_notice(at=AT_NOON).reopens_at is None


def test_of_two_open_outages_the_one_that_started_last_is_spoken_of(campaign):
    later = record(campaign, started_at=DAY_TWO + timedelta(minutes=2))
    record(campaign, started_at=DAY_TWO + timedelta(minutes=1))

    assert expect(campaign, reopens_at=AT_THREE).outage == later


@pytest.mark.parametrize(
    ("hours", "refusal"),
    [
        ({}, outages.HourOrNews),
        ({"reopens_at": AT_THREE, "next_news_at": AT_NOON}, outages.HourOrNews),
        ({"reopens_at": DAY_TWO}, outages.HourHasPassed),
        ({"reopens_at": DAY_TWO + timedelta(minutes=10)}, outages.HourHasPassed),
        ({"next_news_at": DAY_TWO}, outages.HourHasPassed),
    ],
    ids=["neither", "both", "a past hour", "this very instant", "news in the past"],
)
def test_what_may_not_be_announced(campaign, hours, refusal):
    record(campaign)

    with pytest.raises(refusal):
        expect(campaign, **hours)

    assert not OutageForecast.objects.exists()


def test_nothing_is_announced_where_nothing_is_open(campaign):
    with pytest.raises(outages.NoOpenOutage):
        expect(campaign, reopens_at=AT_THREE)

    record(campaign, district=BOSTANDYK)
    with pytest.raises(outages.NoOpenOutage):
        expect(campaign, reopens_at=AT_THREE)

    ended = record(campaign)
    outages.close_outage(outage_id=ended.id, ended_at=DAY_TWO + timedelta(minutes=5), at=AT_NOON)
    with pytest.raises(outages.NoOpenOutage):
        expect(campaign, reopens_at=AT_THREE)


# What families and operators read


def test_an_outage_is_felt_until_the_end_of_its_interval(campaign):
    outage = record(campaign)
    assert felt_interval(campaign=campaign, at=DAY_TWO) == Interval(DAY_TWO, None)
    assert felt_interval(campaign=campaign, at=DAY_TWO - timedelta(minutes=1)) is None

    hour = timedelta(hours=1)
    outages.close_outage(outage_id=outage.id, ended_at=DAY_TWO + hour, at=DAY_TWO + hour)

    felt = felt_interval(campaign=campaign, at=DAY_TWO + 1.5 * hour)
    assert felt == Interval(DAY_TWO, DAY_TWO + 2 * hour)
    assert felt_interval(campaign=campaign, at=DAY_TWO + 2 * hour) is None


def test_an_outage_of_one_district_is_not_felt_by_the_country(campaign):
    record(campaign, district=BOSTANDYK)

    assert felt_interval(campaign=campaign, at=DAY_TWO) is None


def test_the_ledger_says_what_each_outage_became(campaign):
    hour = timedelta(hours=1)
    national = record(campaign)
    own = record(campaign, started_at=DAY_TWO + hour / 2, district=BOSTANDYK, at=DAY_TWO + 4 * hour)
    early = record(campaign, started_at=OPENING - 2 * hour)
    for outage, ended_at in ((national, DAY_TWO + hour), (own, DAY_TWO + 2 * hour), (early, OPENING)):
        outages.close_outage(outage_id=outage.id, ended_at=ended_at, at=DAY_TWO + 4 * hour)

    by_outage = {recorded.outage: recorded for recorded in ledger(campaign=campaign)}

    both = (BOSTANDYK, Interval(DAY_TWO, DAY_TWO + 4 * hour))
    assert by_outage[national].became == [("", Interval(DAY_TWO, DAY_TWO + 2 * hour)), both]
    assert by_outage[own].became == [both]
    assert by_outage[early].became == []
    assert list(by_outage) == [early, national, own]


def test_the_operators_announce_the_hour_and_read_it_again(campaign, clock_at, capsys, front):
    front.mkdir()
    clock_at(DAY_TWO + timedelta(hours=1), rate=0)
    call_command("outage", "open", "--from", "09:00", "--reason", "down", "--by", "probe")
    assert capsys.readouterr().out.strip() == str(Outage.objects.get().id)

    call_command("outage", "expect", "unknown", "--next-news", "10:30")
    assert "10:30" in (front / "kk.html").read_text("utf-8")
    clock_at(DAY_TWO + timedelta(minutes=70), rate=0)
    call_command("outage", "expect", "15:00")
    assert "15:00" in (front / "kk.html").read_text("utf-8")
    call_command("outage", "list")

    told = capsys.readouterr().out
    assert "2027-04-02 09:00 – goes on  whole country  down  (probe)" in told
    assert "counts as one: 2027-04-02 09:00 – goes on  whole country" in told
    assert "announced 2027-04-02 10:00: the hour is not known, next news 2027-04-02 10:30" in told
    assert "announced 2027-04-02 10:10: reopens 2027-04-02 15:00" in told


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["unknown"], "one of the two"),
        (["15:00", "--next-news", "14:00"], "one of the two"),
        (["09:30"], "has passed"),
        (["25:00"], "“25:00” is no time"),
        (["2027-04-02T15:00+03:00"], "is no time"),
        (["soon"], "is no time"),
    ],
)
def test_the_operators_are_told_why_it_may_not_be_announced(campaign, clock_at, words, reason):
    clock_at(DAY_TWO + timedelta(hours=1), rate=0)
    record(campaign)

    with pytest.raises(CommandError, match=reason):
        call_command("outage", "expect", *words)

    assert not OutageForecast.objects.exists()


def test_without_a_front_on_the_machine_no_page_is_written(campaign, clock_at, front):
    clock_at(DAY_TWO + timedelta(hours=1), rate=0)

    call_command("outage", "open", "--reason", "down", "--by", "probe")

    assert not front.exists()


@pytest.mark.parametrize(
    ("language", "title", "words"),
    [
        ("kk", "Портал үзілісі", "асығудың қажеті жоқ"),
        ("ru", "Перерыв в работе портала", "спешить не нужно"),
        ("en", "Interruption of the portal", "no need to hurry"),
    ],
)
def test_the_portal_says_that_nobody_has_to_hurry(campaign, clock_at, client, language, title, words):
    hour = timedelta(hours=1)
    outage = record(campaign)
    outages.close_outage(outage_id=outage.id, ended_at=DAY_TWO + hour, at=DAY_TWO + hour)

    clock_at(DAY_TWO + 1.5 * hour, rate=0)
    during = client.get(f"/{language}/").content.decode()
    clock_at(DAY_TWO + 2 * hour, rate=0)
    after = client.get(f"/{language}/").content.decode()

    assert title in during
    assert words in during
    assert "9:00" in during
    assert "11:00" in during
    assert title not in after


def test_the_portal_promises_no_end_of_an_open_outage(campaign, clock_at, client):
    record(campaign)
    clock_at(DAY_TWO + timedelta(hours=5), rate=0)

    page = client.get("/en/").content.decode()

    assert "The portal does not open for everybody. Since: " in page
    assert "no need to hurry" in page
