"""The draw from its commitment to the seed of a day, on real rows."""

import hashlib
from datetime import date, datetime, timedelta

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import override

from enrollment import draw
from enrollment.models import DaySeed, DrawCommitment, PublicValue
from enrollment.services import draws
from enrollment.services.outages import close_outage, open_outage
from schools.models import Campaign, Case
from tests.country import ALMATY, MEDEU, OPENING, make_country

pytestmark = pytest.mark.django_db

DAY_ONE, DAY_TWO, DAY_THREE = (date(2027, 4, day) for day in (1, 2, 3))
MIDNIGHT = datetime(2027, 4, 2, tzinfo=ALMATY)
BEFORE = OPENING - timedelta(days=1)
SECRET = bytes.fromhex("5e" * 32)
TWO = ("Айгүл Серікова", "Марат Оспанов")
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture(autouse=True)
def secrets(settings):
    settings.DRAW_KEY, settings.DRAW_CHAIN_SECRET = "0a" * 32, SECRET.hex()


@pytest.fixture
def campaign() -> Campaign:
    return make_country()


@pytest.fixture
def bound(campaign: Campaign) -> Campaign:
    bind(campaign)
    return campaign


def bind(campaign: Campaign, *, length: int = 160, at: datetime = BEFORE, source: str = "the lottery"):
    return draws.commit_draw(campaign=campaign, public_source=source, length=length, at=at)


def enter(
    campaign: Campaign, day: date = DAY_ONE, value: str = "17 4 22", by=TWO, *, at: datetime = MIDNIGHT
):
    return draws.enter_public_value(campaign=campaign, date=day, value=value, entered_by=by, at=at)


def make(campaign: Campaign, day: date = DAY_ONE, *, at: datetime = MIDNIGHT + MINUTE) -> DaySeed:
    return draws.make_day_seed(campaign=campaign, date=day, at=at)


def down(campaign: Campaign, start: datetime, end: datetime | None, *, district: str | None = None):
    outage = open_outage(
        campaign=campaign,
        started_at=start,
        reason="a test",
        recorded_by=["A. One", "B. Two"],
        district=district,
        at=start,
    )
    if end is not None:
        close_outage(outage_id=outage.id, ended_at=end, at=end)
    return outage


# --- binding ---------------------------------------------------------------------------------


def test_a_commitment_shows_hashes_and_no_secret(campaign, settings):
    commitment = bind(campaign)

    assert bytes(commitment.key_sha256) == hashlib.sha256(bytes.fromhex(settings.DRAW_KEY)).digest()
    assert bytes(commitment.chain_end) == draw.hash_chain(secret=SECRET, length=160)[0]
    shown = bytes(commitment.key_sha256) + bytes(commitment.chain_end)
    assert bytes.fromhex(settings.DRAW_KEY) not in shown
    assert SECRET not in shown


@pytest.mark.parametrize("late", [timedelta(), HOUR])
def test_after_the_opening_nothing_is_bound(campaign, late):
    with pytest.raises(draws.AlreadyOpen):
        bind(campaign, at=OPENING + late)


def test_a_moment_before_the_opening_it_is_bound(campaign):
    assert bind(campaign, at=OPENING - timedelta(microseconds=1)).pk == campaign.pk


def test_binding_again_to_the_same_finds_the_first_even_later(bound):
    assert bind(bound, at=OPENING + HOUR).committed_at == BEFORE


@pytest.mark.parametrize("other", ["source", "length", "DRAW_KEY", "DRAW_CHAIN_SECRET"])
def test_nothing_is_bound_twice_to_other_values(bound, settings, other):
    wanted = {"source": {"source": "another lottery"}, "length": {"length": 161}}.get(other, {})
    if not wanted:
        setattr(settings, other, "77" * 32)
    with pytest.raises(draws.AlreadyCommitted):
        bind(bound, **wanted)


@pytest.mark.parametrize("length", [-1, 0, 150, 1001])
def test_a_chain_lasts_for_the_campaign(campaign, length):
    with override("en"), pytest.raises(draws.ChainTooShort, match="from 151 to 1000"):
        bind(campaign, length=length)


@pytest.mark.parametrize("length", [151, 1000])
def test_a_chain_just_long_enough_is_one(campaign, length):
    assert bind(campaign, length=length).chain_length == length


def test_a_source_is_named(campaign):
    with pytest.raises(draws.NoSource):
        bind(campaign, source=" \n ")


@pytest.mark.parametrize("name", ["DRAW_KEY", "DRAW_CHAIN_SECRET"])
@pytest.mark.parametrize("value", ["", "00", "nonsense", "00" * 31, "00" * 33])
def test_nothing_is_bound_without_the_secrets(campaign, settings, name, value):
    setattr(settings, name, value)
    with pytest.raises(ImproperlyConfigured, match=name):
        bind(campaign)
    assert not DrawCommitment.objects.exists()


# --- public values ----------------------------------------------------------------------------


def test_two_people_enter_a_value_for_a_day_that_is_over(bound):
    entered = enter(bound, value=" 17 4 22 ")

    assert (entered.value, entered.entered_by) == ("17 4 22", sorted(TWO))


@pytest.mark.parametrize(
    "by", [(), ("Айгүл",), ("Айгүл", " айгүл "), ("Айгүл", ""), ("Айгүл", "demo"), ("", " ")]
)
def test_one_person_is_not_two(bound, by):
    with pytest.raises(draws.NotEnteredByTwo):
        enter(bound, by=by)


def test_the_demo_enters_values_alone_only_in_a_demonstration(bound, settings):
    assert enter(bound, by=("demo",)).entered_by == ["demo"]
    settings.DEMO = False
    with pytest.raises(draws.NotEnteredByTwo):
        enter(bound, DAY_TWO, by=("demo",), at=MIDNIGHT + timedelta(days=1))


@pytest.mark.parametrize("value", ["", "  ", "x" * 201, "a\x00b", "a\nb", "a\u202eb", "\ud800", "a\u200bb"])
def test_a_value_is_what_people_can_read(bound, value):
    with pytest.raises(draws.SenselessValue):
        enter(bound, value=value)


def test_a_value_of_200_characters_is_one(bound):
    assert enter(bound, value="x" * 200).value == "x" * 200


def test_one_way_of_writing_a_letter_is_stored(bound):
    assert enter(bound, value="и\u0306").value == "й"


def test_several_spaces_are_stored_as_the_one_that_pages_show(bound):
    assert enter(bound, value="17   4 22").value == "17 4 22"


def test_a_day_that_is_not_over_has_no_value(bound):
    with pytest.raises(draws.DayNotOver):
        enter(bound, at=MIDNIGHT - timedelta(microseconds=1))


@pytest.mark.parametrize(
    "day", [DAY_ONE - timedelta(days=1), DAY_ONE + timedelta(days=160), date.max, date.min]
)
def test_a_day_outside_the_campaign_has_no_value(bound, day):
    with pytest.raises(draws.DayOutside):
        enter(bound, day, at=MIDNIGHT + timedelta(days=900))


def test_the_last_day_of_the_chain_has_a_value(bound):
    assert enter(bound, DAY_ONE + timedelta(days=159), at=MIDNIGHT + timedelta(days=900))


def test_a_value_is_entered_once(bound):
    first = enter(bound)

    assert enter(bound).pk == first.pk
    with pytest.raises(draws.AlreadyEntered):
        enter(bound, value="another")
    assert PublicValue.objects.get().value == "17 4 22"


def test_without_a_commitment_nothing_goes_on(campaign):
    with pytest.raises(draws.NotCommitted):
        enter(campaign)
    with pytest.raises(draws.NotCommitted):
        make(campaign)
    with pytest.raises(draws.NotCommitted):
        draws.committed_key(campaign=campaign)
    assert draws.make_due_seeds(at=MIDNIGHT) == 0


# --- seeds ------------------------------------------------------------------------------------


def test_a_seed_shows_the_secret_of_its_day(bound):
    enter(bound)

    seed = make(bound)

    assert hashlib.sha256(seed.s).digest() == bytes(bound.draw_commitment.chain_end)
    assert (seed.v, seed.is_replacement) == ("17 4 22", False)
    assert not Case.objects.exists()


def test_a_seed_is_made_once(bound, settings):
    enter(bound)
    first = make(bound)
    settings.DRAW_CHAIN_SECRET = "77" * 32

    again = make(bound, at=MIDNIGHT + timedelta(days=5))

    assert (again.pk, bytes(again.s), again.made_at) == (first.pk, bytes(first.s), first.made_at)
    assert DaySeed.objects.count() == 1


def test_a_day_without_a_value_has_no_seed(bound):
    with pytest.raises(draws.NoPublicValue):
        make(bound)


def test_a_day_that_is_not_over_has_no_seed(bound):
    with pytest.raises(draws.DayNotOver):
        make(bound, at=MIDNIGHT - timedelta(microseconds=1))


def test_at_midnight_the_seed_can_be_made(bound):
    enter(bound)
    assert make(bound, at=MIDNIGHT).date == DAY_ONE


def test_no_day_goes_before_an_earlier_one_because_its_secret_tells_the_earlier(bound):
    later = MIDNIGHT + timedelta(days=2)
    enter(bound, DAY_TWO, at=later)
    enter(bound, DAY_THREE, at=later)

    with pytest.raises(draws.EarlierDayFirst, match="2027-04-01"):
        make(bound, DAY_THREE, at=later)
    assert draws.make_due_seeds(at=later) == 0

    enter(bound, DAY_ONE, at=later)
    assert draws.make_due_seeds(at=later) == 3
    assert draws.make_due_seeds(at=later) == 0


def test_an_outage_over_midnight_puts_the_seed_off_to_its_end_lengthened(bound):
    down(bound, MIDNIGHT - HOUR, MIDNIGHT + HOUR, district=MEDEU)
    enter(bound)
    # Two hours, lengthened by two more: to 03:00.
    with pytest.raises(draws.DayNotSettled):
        make(bound, at=MIDNIGHT + 3 * HOUR - MINUTE)
    assert make(bound, at=MIDNIGHT + 3 * HOUR).date == DAY_ONE


def test_while_an_outage_of_any_district_goes_on_over_midnight_there_is_no_seed(bound):
    down(bound, MIDNIGHT - HOUR, None, district=MEDEU)
    enter(bound)
    with pytest.raises(draws.DayNotSettled):
        make(bound, at=MIDNIGHT + timedelta(days=30))


def test_an_outage_that_ended_before_midnight_puts_nothing_off(bound):
    down(bound, MIDNIGHT - 2 * HOUR, MIDNIGHT - HOUR)
    enter(bound)
    assert make(bound, at=MIDNIGHT).date == DAY_ONE


# --- a secret that is missing -----------------------------------------------------------------


@pytest.mark.parametrize("wrong", ["", "00", "77" * 32])
def test_a_missing_secret_opens_a_case_and_is_replaced_in_public_after_an_hour(bound, settings, wrong):
    settings.DRAW_CHAIN_SECRET = wrong
    enter(bound)

    with pytest.raises(draws.SecretDoesNotMatch):
        make(bound, at=MIDNIGHT + MINUTE)
    case = Case.objects.get(kind=Case.Kind.SECRET_MISSING)
    assert (case.subject, case.opened_at, case.closed_at) == ("2027-04-01", MIDNIGHT + MINUTE, None)
    with pytest.raises(draws.SecretDoesNotMatch):
        make(bound, at=MIDNIGHT + HOUR - timedelta(microseconds=1))

    seed = make(bound, at=MIDNIGHT + HOUR)

    joined = b"draw/missing/1" + b"2027-04-01" + bytes(bound.draw_commitment.chain_end) + b"17 4 22"
    assert (bytes(seed.s), seed.is_replacement) == (hashlib.sha256(joined).digest(), True)
    case.refresh_from_db()
    assert (case.closed_at, case.resolution) == (MIDNIGHT + HOUR, "replaced")


def test_a_secret_found_within_the_hour_is_used_and_closes_the_case(bound, settings):
    settings.DRAW_CHAIN_SECRET = ""
    enter(bound)
    assert draws.make_due_seeds(at=MIDNIGHT + MINUTE) == 0
    settings.DRAW_CHAIN_SECRET = SECRET.hex()

    assert draws.make_due_seeds(at=MIDNIGHT + 2 * MINUTE) == 1

    assert not DaySeed.objects.get().is_replacement
    assert Case.objects.get().resolution == "found"


def test_the_hour_counts_from_the_public_value_not_from_midnight(bound, settings):
    settings.DRAW_CHAIN_SECRET = ""
    enter(bound, at=MIDNIGHT + 10 * HOUR)
    assert draws.make_due_seeds(at=MIDNIGHT + 11 * HOUR - MINUTE) == 0
    assert draws.make_due_seeds(at=MIDNIGHT + 11 * HOUR) == 1


def test_a_replacement_follows_the_link_shown_last_and_the_chain_goes_on_after_it(bound, settings):
    at = MIDNIGHT + timedelta(days=3)
    for day in (DAY_ONE, DAY_TWO, DAY_THREE):
        enter(bound, day, value=str(day), at=at)
    first = make(bound, DAY_ONE, at=at)
    settings.DRAW_CHAIN_SECRET = ""
    second = make(bound, DAY_TWO, at=at + HOUR)
    settings.DRAW_CHAIN_SECRET = SECRET.hex()
    third = make(bound, DAY_THREE, at=at + HOUR)

    assert bytes(second.s) == draw.replacement_secret(date=DAY_TWO, last_shown=bytes(first.s), v="2027-04-02")
    assert draw.is_link(preimage=bytes(third.s), index=2, chain_end=bytes(bound.draw_commitment.chain_end))
    assert [seed.is_replacement for seed in (first, second, third)] == [False, True, False]


def test_two_replacements_in_a_row_follow_the_same_link_shown_last(bound, settings):
    at = MIDNIGHT + timedelta(days=3)
    for day in (DAY_ONE, DAY_TWO, DAY_THREE):
        enter(bound, day, at=at)
    first = make(bound, DAY_ONE, at=at)
    settings.DRAW_CHAIN_SECRET = ""
    assert draws.make_due_seeds(at=at + HOUR) == 2

    third = DaySeed.objects.get(date=DAY_THREE)
    assert bytes(third.s) == draw.replacement_secret(date=DAY_THREE, last_shown=bytes(first.s), v="17 4 22")


@pytest.mark.parametrize("wrong", ["", "77" * 32])
def test_without_the_committed_key_there_is_no_seed_however_long_one_waits(bound, settings, wrong):
    right, settings.DRAW_KEY = settings.DRAW_KEY, wrong
    enter(bound)
    with pytest.raises(draws.SecretDoesNotMatch, match="DRAW_KEY"):
        make(bound, at=MIDNIGHT + timedelta(days=9))
    assert Case.objects.get().subject == "K"

    settings.DRAW_KEY = right
    assert make(bound, at=MIDNIGHT + timedelta(days=10)).is_replacement is False
    assert Case.objects.get().resolution == "found"


def test_a_case_that_comes_back_is_open_again(bound, settings):
    right, settings.DRAW_KEY = settings.DRAW_KEY, ""
    enter(bound)
    draws.make_due_seeds(at=MIDNIGHT + MINUTE)
    settings.DRAW_KEY = right
    draws.make_due_seeds(at=MIDNIGHT + 2 * MINUTE)
    settings.DRAW_KEY = ""
    enter(bound, DAY_TWO, at=MIDNIGHT + timedelta(days=1))

    draws.make_due_seeds(at=MIDNIGHT + timedelta(days=1, minutes=1))

    case = Case.objects.get()
    assert (case.closed_at, case.resolution) == (None, "")


def test_k_is_handed_out_only_when_it_is_the_bound_one(bound, settings):
    assert draws.committed_key(campaign=bound) == bytes.fromhex(settings.DRAW_KEY)
    settings.DRAW_KEY = "77" * 32
    with pytest.raises(draws.SecretDoesNotMatch):
        draws.committed_key(campaign=bound)
