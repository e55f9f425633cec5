"""A stored seed that nobody was bound to is found and named, a replaced one that anybody can compute is not."""

from datetime import date, timedelta

import pytest

from enrollment import arrival
from enrollment.agreement import find_foreign_seeds
from enrollment.models import DaySeed, PublicValue
from enrollment.services.draws import PATIENCE, enter_public_value, make_day_seed
from schools.models import Campaign
from tests.country import draw_really, make_country, make_seed
from tests.enrollment.test_agreement import plant

pytestmark = pytest.mark.django_db
DAYS = [date(2027, 4, day) for day in (1, 2, 3, 4)]
SECOND = "date = '2027-04-02'"


@pytest.fixture
def campaign(settings) -> Campaign:
    """Four days are drawn; on the third the secret is missing."""
    made = make_country()
    draw_really(made, *DAYS[:2])
    kept, settings.DRAW_CHAIN_SECRET = settings.DRAW_CHAIN_SECRET, ""
    over = arrival.midnight_after(DAYS[2])
    enter(made, DAYS[2])
    make_day_seed(campaign=made, date=DAYS[2], at=over + PATIENCE + timedelta(minutes=1))
    settings.DRAW_CHAIN_SECRET = kept
    enter(made, DAYS[3])
    make_day_seed(campaign=made, date=DAYS[3], at=arrival.midnight_after(DAYS[3]) + timedelta(minutes=10))
    return made


def enter(campaign: Campaign, day: date) -> None:
    enter_public_value(
        campaign=campaign, date=day, value=f"public {day}", entered_by=["A. One", "B. Two"],
        at=arrival.midnight_after(day),
    )  # fmt: skip


def foreign(campaign: Campaign) -> list[date]:
    return [seed.date for seed in find_foreign_seeds(campaign=campaign)]


def test_the_seeds_of_a_draw_are_its_own_also_the_replaced_one(campaign):
    assert [seed.is_replacement for seed in DaySeed.objects.order_by("date")] == [False, False, True, False]
    assert foreign(campaign) == []


@pytest.mark.parametrize(
    ("change", "days"),
    [
        pytest.param(f"SET s = sha256('mine') WHERE {SECOND}", [2, 3], id="a secret of somebody's own"),
        pytest.param(
            "SET s = sha256('mine') WHERE is_replacement", [3], id="a replacement of somebody's own"
        ),
        pytest.param(f"SET v = 'mine' WHERE {SECOND}", [2], id="another public value"),
        pytest.param("SET v = 'mine' WHERE is_replacement", [3], id="another one in a replacement"),
        pytest.param(f"SET is_replacement = true WHERE {SECOND}", [2, 3], id="a link passed off as missing"),
        pytest.param("SET is_replacement = false", [3], id="a replacement passed off as a link"),
        pytest.param(
            f"SET s = (SELECT s FROM enrollment_dayseed WHERE date = '2027-04-01') WHERE {SECOND}",
            [2, 3],
            id="the link of another day",
        ),
        pytest.param("SET date = '2027-03-31' WHERE date = '2027-04-04'", [31], id="before the opening"),
        pytest.param("SET date = '2028-04-04' WHERE date = '2027-04-04'", [4], id="after the chain's end"),
    ],
)
def test_a_changed_seed_is_named(campaign, change, days):
    plant(f"UPDATE enrollment_dayseed {change}")

    assert [day.day for day in foreign(campaign)] == days


def test_without_a_public_value_or_a_commitment_every_seed_is_foreign(campaign):
    plant("DELETE FROM enrollment_publicvalue")
    assert foreign(campaign) == DAYS

    plant("DELETE FROM enrollment_drawcommitment")
    assert foreign(campaign) == DAYS


def test_a_seed_made_by_hand_is_foreign_though_its_value_was_entered():
    campaign = make_country()
    draw_really(campaign)
    enter(campaign, DAYS[0])
    assert PublicValue.objects.get().value == make_seed(campaign, DAYS[0]).v

    assert foreign(campaign) == DAYS[:1]
