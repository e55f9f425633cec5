"""How far a district's doors have reported, set against a closing."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from schools.models import Horizon, SpokenClosing
from schools.selectors.watermarks import DoorState, Watermark, watermark, watermarks
from tests.schools.officials_country import CLOSING, NOW, Country, a_country

pytestmark = pytest.mark.django_db


@pytest.fixture
def country() -> Country:
    return a_country()


def of_esil(country: Country) -> Watermark:
    return watermark(campaign=country.campaign, district=country.esil.kato, closing_at=CLOSING)


def told(country: Country, n: int, **changes: object) -> None:
    Horizon.objects.filter(door=str(UUID(int=n))).update(**changes)


def spoken(country: Country, n: int, *, through=CLOSING) -> SpokenClosing:
    return SpokenClosing.objects.create(
        id=uuid4(),
        campaign=country.campaign,
        door=str(UUID(int=n)),
        district=country.esil,
        through=through,
        last_seq=7,
        last_sha256="00c0ffee",
        read_by="Дәурен",
        official=country.official,
        spoken_at=NOW,
    )


def test_a_desk_has_reported_silence_a_code_or_nothing(country: Country):
    told(country, 1, through=CLOSING)
    told(country, 2, through=CLOSING - timedelta(microseconds=1))
    spoken(country, 3)

    states = {desk.horizon.door: desk.state for desk in of_esil(country).desks}

    assert states[str(UUID(int=1))] is DoorState.REPORTED
    assert states[str(UUID(int=2))] is DoorState.DARK, "a microsecond before the closing is not the closing"
    assert states[str(UUID(int=3))] is DoorState.SPOKEN
    assert states[str(UUID(int=9))] is DoorState.SILENT, "it signed the end of its day"


def test_a_code_read_before_the_closing_does_not_cover_it(country: Country):
    spoken(country, 3, through=CLOSING - timedelta(seconds=1))

    assert {desk.state for desk in of_esil(country).desks if desk.horizon.door == str(UUID(int=3))} == {
        DoorState.DARK
    }


def test_what_a_desk_reported_later_goes_before_its_code(country: Country):
    spoken(country, 3)
    told(country, 3, through=CLOSING + timedelta(hours=1))

    assert next(d for d in of_esil(country).desks if d.horizon.door == str(UUID(int=3))).spoken is None


def test_the_portal_has_reported_five_minutes_after_the_closing(country: Country):
    Horizon.objects.update(through=CLOSING)
    mark = of_esil(country)

    assert not mark.has_passed(at=CLOSING + timedelta(minutes=5, microseconds=-1))
    assert mark.has_passed(at=CLOSING + timedelta(minutes=5))


def test_one_dark_desk_holds_its_district_back_and_no_other(country: Country):
    Horizon.objects.update(through=CLOSING)
    told(country, 4, through=CLOSING - timedelta(hours=3))

    marks = watermarks(
        campaign=country.campaign, districts=[country.esil.kato, country.nura.kato], closing_at=CLOSING
    )

    assert not marks[country.esil.kato].has_passed(at=NOW)
    assert marks[country.esil.kato].through == CLOSING - timedelta(hours=3)
    assert [desk.horizon.door for desk in marks[country.esil.kato].dark] == [str(UUID(int=4))]
    assert marks[country.nura.kato].has_passed(at=NOW), "a district waits for its own desks only"


def test_dark_desks_come_with_the_longest_silent_first_and_never_heard_before_all(country: Country):
    told(country, 5, heard_at=None)
    told(country, 6, heard_at=CLOSING - timedelta(days=1))

    dark = of_esil(country).dark

    assert [desk.horizon.door for desk in dark[:2]] == [str(UUID(int=5)), str(UUID(int=6))]
    assert of_esil(country).through is None, "of a desk that never called nothing is known"


def test_a_reason_is_possible_after_the_hours_of_the_policy(country: Country):
    assert of_esil(country).reasoned_at == CLOSING + timedelta(hours=72)


def test_many_districts_cost_two_queries(country: Country, django_assert_num_queries):
    with django_assert_num_queries(2):
        watermarks(
            campaign=country.campaign, districts=[country.esil.kato, country.nura.kato], closing_at=CLOSING
        )
