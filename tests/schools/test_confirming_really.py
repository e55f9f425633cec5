"""A round confirmed with real applications, a real draw and the real reading of facts under one lock."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from enrollment.reconciliation import reconcile
from schools.models import Campaign, ConfirmedPlace, District, Horizon, RosterEntry, RosterState
from schools.services.confirming import FactsNotRead, NotHeardFrom, confirm_round, grant_place
from schools.services.officials import add_official
from tests.country import (
    ABAY,
    BOSTANDYK,
    DAY_TWO,
    OPENING,
    apply_at_desk,
    apply_online,
    check_all,
    close_round,
    iin,
    make_country,
    request,
)

pytestmark = pytest.mark.django_db
REASON = "Отбасы уақытында берген, терезеде байланыс болмаған."


@pytest.fixture
def campaign() -> Campaign:
    made = make_country(places=2)
    for serial in (1, 2, 3):
        apply_online(
            campaign=made,
            wanted=request(child=iin(serial), applicant="900615199983"),
            at=OPENING + timedelta(minutes=serial),
            email=f"p{serial}@example.kz",
        )
    return made


def drawn(campaign: Campaign) -> datetime:
    """The round has closed, its list is there; then everything on it was checked, which no run has read yet."""
    closing = close_round(campaign)
    reconcile(campaign=campaign, at=closing + timedelta(minutes=6))
    check_all(campaign)
    return closing


def official():
    district = District.objects.get(kato=BOSTANDYK)
    return add_official(email="o@example.kz", full_name="Айгүл", district=district, at=DAY_TWO).account


def confirm(campaign: Campaign, *, at):
    district = District.objects.get(kato=BOSTANDYK)
    return confirm_round(campaign=campaign, district=district, official=official(), at=at)


def given() -> dict[str, int]:
    return dict(RosterEntry.objects.filter(slot__isnull=False).values_list("child_key", "slot"))


def test_what_stands_on_the_list_is_what_is_confirmed_and_then_held(campaign: Campaign):
    closing = drawn(campaign)
    assert RosterState.objects.get().closing_at == closing

    made = confirm(campaign, at=closing + timedelta(minutes=7))

    assert dict(made.places.values_list("child_key", "slot")) == given()
    assert len(given()) == 2
    reconcile(campaign=campaign, at=closing + timedelta(minutes=8))
    assert RosterEntry.objects.filter(is_confirmed=True).count() == 2


def test_a_fact_that_no_run_has_read_yet_is_read_before_it_is_confirmed(campaign: Campaign):
    closing = drawn(campaign)
    late = iin(9)
    apply_at_desk(
        wanted=request(child=late, applicant="900615199983", seen=True),
        at=OPENING + timedelta(seconds=1),
        received_at=closing + timedelta(minutes=6),
    )

    confirm(campaign, at=closing + timedelta(minutes=7))

    assert RosterEntry.objects.filter(child_key=late).exists(), "the list knows of it"
    held = set(RosterEntry.objects.filter(is_held=True).values_list("child_key", flat=True))
    confirmed = set(ConfirmedPlace.objects.values_list("child_key", flat=True))
    assert confirmed == set(given()) - held


def test_a_dark_desk_and_what_it_delivered_stand_against_it(campaign: Campaign, settings):
    closing = drawn(campaign)
    Horizon.objects.create(
        campaign=campaign, door=str(uuid4()), district_id=BOSTANDYK, name_kk="1-терезе", heard_at=OPENING
    )
    with pytest.raises(NotHeardFrom):
        confirm(campaign, at=closing + timedelta(minutes=7))
    Horizon.objects.update(through=closing)
    settings.ROSTER_STILL_TO_TAKE_IN = "tests.schools.test_confirming.unread"
    with pytest.raises(FactsNotRead):
        confirm(campaign, at=closing + timedelta(minutes=7))
    assert not ConfirmedPlace.objects.exists()


def test_a_granted_place_is_the_childs_in_the_current_round(campaign: Campaign):
    closing = drawn(campaign)
    confirm(campaign, at=closing + timedelta(minutes=7))
    reconcile(campaign=campaign, at=closing + timedelta(minutes=8))
    before = given()
    waits = RosterEntry.objects.get(slot=None)
    intake = waits.intake
    assert intake.name == ABAY

    grant_place(
        intake=intake, child_key=waits.child_key, official=official(), reason=REASON,
        at=closing + timedelta(minutes=9),
    )  # fmt: skip
    reconcile(campaign=campaign, at=closing + timedelta(minutes=10))

    assert given() == before | {waits.child_key: 2}
