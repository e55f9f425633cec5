"""
The draw of a child with two keys: whoever links them, whenever and whichever way, chooses no number.

Its token is that of the key of its earliest application, on the roster and on the family's page.
"""

from datetime import timedelta
from uuid import uuid4

import pytest

from enrollment import draw, keys
from enrollment.models import Application, ChildLink, TwinsWish
from enrollment.reconciliation import reconcile
from enrollment.selectors.draws import draw_of
from enrollment.services import withdraw
from enrollment.services.draws import commit_draw
from schools.models import Campaign, RosterEntry
from tests.country import (
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

DANA, MISTYPED, ALIYA = iin(1), iin(2), iin(3)
NIGHT = DAY_TWO + timedelta(hours=20)
BOTH_WAYS = pytest.mark.parametrize(
    ("moved", "stays"), [(MISTYPED, DANA), (DANA, MISTYPED)], ids=["one way", "the other way"]
)


@pytest.fixture
def campaign() -> Campaign:
    campaign = make_country()
    commit_draw(campaign=campaign, public_source="the lottery", length=200, at=OPENING - timedelta(hours=1))
    return campaign


def ask(child: str, minute: int) -> Application:
    """The mother's request on the second day of the campaign, so many minutes after nine."""
    at = DAY_TWO + timedelta(minutes=minute)
    id_ = apply_online(campaign=Campaign.objects.get(), wanted=request(child=child), at=at)
    return Application.objects.get(id=id_)


def link(moved: str, stays: str, *, minute: int = 0) -> None:
    """An official's word, long after the day was drawn."""
    ChildLink.objects.create(
        id=uuid4(), campaign=Campaign.objects.get(), child_key=moved, other_key=stays, is_same=True,
        reason="one digit", decided_at=NIGHT + timedelta(minutes=minute),
    )  # fmt: skip


def wish(*applications: Application) -> None:
    ids = [application.id for application in applications]
    TwinsWish.objects.create(id=uuid4(), campaign=Campaign.objects.get(), applications=ids, wished_at=DAY_TWO)


def number_of(key: str) -> str:
    """What the second day's draw gives to a child under this key alone."""
    seed = make_seed(Campaign.objects.get(), DAY_TWO.date())
    token = draw.child_token(key=keys.draw_key(), child_key=key)
    return draw.number(seed=draw.day_seed(date=seed.date, s=bytes(seed.s), v=seed.v), token=token).hex()


def on_roster() -> dict[str, str]:
    """Numbers by child key once the second day is closed, drawn and computed."""
    campaign = Campaign.objects.get()
    close_round(campaign, 2)
    reconcile(campaign=campaign, at=NIGHT)
    return dict(RosterEntry.objects.values_list("child_key", "draw_number"))


def on_page(application: Application) -> str | None:
    """The number that the family is shown."""
    assert application.account_id is not None
    shown = draw_of(application=application, account_id=application.account_id)
    return shown.number.hex() if shown and shown.number else None


@BOTH_WAYS
def test_linked_after_the_draw_the_number_is_that_of_the_earliest_application(campaign, moved, stays):
    first, second = ask(DANA, 1), ask(MISTYPED, 2)
    assert on_roster() == {DANA: number_of(DANA), MISTYPED: number_of(MISTYPED)}

    link(moved, stays)

    assert on_roster() == {stays: number_of(DANA)}
    assert on_page(first) == on_page(second) == number_of(DANA)


@BOTH_WAYS
def test_withdrawing_the_first_and_linking_a_second_key_draws_no_second_number(campaign, moved, stays):
    first, second = ask(DANA, 1), ask(MISTYPED, 3)
    at = DAY_TWO + timedelta(minutes=2)
    withdraw(retraction_id=uuid4(), application_id=first.id, account_id=first.account_id, at=at)

    link(moved, stays)

    assert on_roster() == {stays: number_of(DANA)}
    assert on_page(second) == number_of(DANA)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_along_a_chain_of_links_in_any_order_the_earliest_application_counts(campaign, order):
    one, two, three = ask(ALIYA, 2), ask(MISTYPED, 1), ask(DANA, 3)
    links = [(ALIYA, MISTYPED), (MISTYPED, DANA)]
    for minute, which in enumerate(order):
        link(*links[which], minute=minute)

    (number,) = on_roster().values()

    assert number == number_of(MISTYPED)
    assert [on_page(application) for application in (one, two, three)] == [number] * 3


@BOTH_WAYS
def test_an_earlier_application_that_a_desk_delivers_later_counts_in_any_order(campaign, moved, stays):
    ask(DANA, 2)
    link(moved, stays)
    assert on_roster() == {stays: number_of(DANA)}

    apply_at_desk(wanted=request(child=MISTYPED), at=DAY_TWO + timedelta(minutes=1), received_at=NIGHT)

    assert on_roster() == {stays: number_of(MISTYPED)}


@BOTH_WAYS
def test_twins_share_the_smallest_key_that_gives_a_token_whichever_key_of_one_stays(campaign, moved, stays):
    dana, mistyped, aliya = ask(DANA, 1), ask(MISTYPED, 2), ask(ALIYA, 3)
    wish(aliya, mistyped)

    link(moved, stays)

    shared = number_of(min(DANA, ALIYA))
    assert on_roster() == {stays: shared, ALIYA: shared}
    assert {on_page(application) for application in (dana, mistyped, aliya)} == {shared}


def test_where_twins_share_no_token_a_linked_child_keeps_its_own(campaign):
    campaign.policy_data["twins_share_token"] = {"value": False, "legal_basis": "a test"}
    campaign.save()
    dana, mistyped, aliya = ask(DANA, 1), ask(MISTYPED, 2), ask(ALIYA, 3)
    wish(aliya, mistyped)

    link(DANA, MISTYPED)

    assert on_roster() == {MISTYPED: number_of(DANA), ALIYA: number_of(ALIYA)}
    assert [on_page(one) for one in (dana, mistyped, aliya)] == [
        number_of(key) for key in (DANA, DANA, ALIYA)
    ]
