"""Who sees a child's token, and whether the number is the one of the roster."""

from datetime import date, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from enrollment import draw
from enrollment.models import Application, Check, ChildLink, TwinsWish
from enrollment.selectors.draws import DrawOfChild, draw_of
from enrollment.services import withdraw
from enrollment.services.draws import commit_draw, enter_public_value, make_due_seeds
from enrollment.services.outages import close_outage, open_outage
from schools.models import Account, Campaign
from tests.country import (
    ABAY,
    ALMATY,
    DAY_TWO,
    OPENING,
    SATBAYEV,
    apply_at_desk,
    apply_online,
    iin,
    make_country,
    parent,
    request,
)

pytestmark = pytest.mark.django_db

KEY = bytes.fromhex("0a" * 32)
DANA, ALIYA = iin(1), iin(2)
FATHER = "900615199983"
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def secrets(settings):
    settings.DRAW_KEY, settings.DRAW_CHAIN_SECRET = KEY.hex(), "5e" * 32


@pytest.fixture
def campaign() -> Campaign:
    campaign = make_country()
    commit_draw(campaign=campaign, public_source="the lottery", length=200, at=OPENING - HOUR)
    return campaign


def applied(
    campaign: Campaign, child: str = DANA, *, at: datetime = OPENING + HOUR, email="a@example.kz", **kw
):
    id_ = apply_online(campaign=campaign, wanted=request(child=child, **kw), at=at, email=email)
    return Application.objects.get(id=id_)


def own(application: Application) -> DrawOfChild | None:
    assert application.account_id is not None
    return draw_of(application=application, account_id=application.account_id)


def token_of(child: str) -> bytes:
    return draw.child_token(key=KEY, child_key=child)


def drawn_until(campaign: Campaign, last: date) -> None:
    midnight = datetime.combine(last + timedelta(days=1), datetime.min.time(), ALMATY)
    day = date(2027, 4, 1)
    while day <= last:
        enter_public_value(campaign=campaign, date=day, value=f"v {day}", entered_by=["demo"], at=midnight)
        day += timedelta(days=1)
    make_due_seeds(at=midnight)


def checked(application: Application, *, agrees: bool, at: datetime = DAY_TWO) -> None:
    Check.objects.create(
        id=uuid4(), campaign=application.campaign, application_id=application.id, subject="relation",
        agrees=agrees, basis="a registry", checked_at=at,
    )  # fmt: skip


def linked(campaign: Campaign, key: str, other: str) -> None:
    ChildLink.objects.create(
        id=uuid4(), campaign=campaign, child_key=key, other_key=other, is_same=True, reason="a test",
        decided_at=DAY_TWO,
    )  # fmt: skip


def wished(campaign: Campaign, *applications: UUID) -> None:
    TwinsWish.objects.create(
        id=uuid4(), campaign=campaign, applications=list(applications), wished_at=OPENING
    )


def test_the_only_sender_sees_the_token_and_the_day(campaign):
    assert own(applied(campaign)) == DrawOfChild(token=token_of(DANA), day=date(2027, 4, 1))


def test_after_the_seed_the_number_is_shown_and_can_be_computed_from_what_is_public(campaign):
    application = applied(campaign)
    drawn_until(campaign, date(2027, 4, 1))
    seed = campaign.day_seeds.get()

    shown = own(application)

    assert shown is not None
    assert shown.token is not None
    public = draw.day_seed(date=seed.date, s=bytes(seed.s), v=seed.v)
    assert shown.number == draw.number(seed=public, token=shown.token)


def test_nobody_else_sees_anything(campaign):
    assert draw_of(application=applied(campaign), account_id=parent("b@example.kz").pk) is None


def test_when_a_stranger_applies_too_the_token_is_hidden_from_both(campaign):
    mother = applied(campaign)
    stranger = applied(campaign, email="b@example.kz", applicant=FATHER, at=DAY_TWO)

    assert own(mother) == own(stranger) == DrawOfChild(token=None)


def test_an_application_at_a_desk_counts_as_somebody_else(campaign):
    mother = applied(campaign)
    apply_at_desk(wanted=request(child=DANA, applicant=FATHER), at=DAY_TWO)

    assert own(mother) == DrawOfChild(token=None)


def test_the_proven_one_sees_it_and_the_stranger_does_not(campaign):
    stranger = applied(campaign, email="b@example.kz", applicant=FATHER)
    mother = applied(campaign, at=DAY_TWO)
    checked(mother, agrees=True)

    shown = own(mother)

    assert shown is not None
    assert shown.token == token_of(DANA)
    assert own(stranger) == DrawOfChild(token=None)


def test_of_two_proven_people_with_other_wishes_both_see_it(campaign):
    mother, father = (
        applied(campaign),
        applied(campaign, email="b@example.kz", applicant=FATHER, choices=[SATBAYEV]),
    )
    checked(mother, agrees=True)
    checked(father, agrees=True)

    assert [shown.token for shown in (own(mother), own(father)) if shown] == [token_of(DANA)] * 2


def test_a_check_that_found_another_relation_hides_it_from_the_only_sender(campaign):
    application = applied(campaign)
    checked(application, agrees=True)
    checked(application, agrees=False, at=DAY_TWO + HOUR)

    assert own(application) == DrawOfChild(token=None)


def test_the_last_check_counts(campaign):
    application = applied(campaign)
    applied(campaign, email="b@example.kz", applicant=FATHER)
    checked(application, agrees=False)
    checked(application, agrees=True, at=DAY_TWO + HOUR)

    assert own(application) != DrawOfChild(token=None)


def test_two_applications_of_one_account_hide_nothing(campaign):
    first, second = applied(campaign), applied(campaign, at=DAY_TWO)

    assert own(first) == own(second) == DrawOfChild(token=token_of(DANA), day=date(2027, 4, 1))


def test_what_was_withdrawn_shows_nothing(campaign):
    application = applied(campaign)
    withdraw(
        retraction_id=uuid4(), application_id=application.id, account_id=application.account_id, at=DAY_TWO
    )

    assert own(application) is None


def test_the_day_is_that_of_the_earliest_moment_over_the_choices(campaign):
    campaign.policy_data["choices_max"] = {"value": 2, "legal_basis": "a test"}
    campaign.save()
    midnight = datetime(2027, 4, 3, tzinfo=ALMATY)
    # In the second school's district an outage reaches over midnight: there the arrival counts on the day before.
    outage = open_outage(
        campaign=campaign, started_at=midnight - HOUR, reason="fire", recorded_by=["A. One", "B. Two"],
        district="751710000", at=midnight,
    )  # fmt: skip
    close_outage(outage_id=outage.id, ended_at=midnight + HOUR, at=midnight + HOUR)
    both = applied(campaign, choices=[ABAY, SATBAYEV], at=midnight + timedelta(minutes=10))
    one = applied(campaign, ALIYA, at=midnight + timedelta(minutes=10))

    assert [shown.day for shown in (own(both), own(one)) if shown] == [date(2027, 4, 2), date(2027, 4, 3)]


@pytest.mark.parametrize("key", ["", "77" * 32])
def test_without_the_committed_key_nothing_is_shown(campaign, settings, key):
    application = applied(campaign)
    settings.DRAW_KEY = key

    assert own(application) is None


def test_before_the_draw_is_bound_nothing_is_shown():
    assert own(applied(make_country())) is None


def test_twins_share_the_token_of_the_smallest_key_through_several_wishes(campaign):
    third = iin(3)
    one, two, three = (applied(campaign, child) for child in (DANA, ALIYA, third))
    again = applied(campaign, ALIYA, at=DAY_TWO)
    wished(campaign, three.id, two.id)
    wished(campaign, again.id, one.id, uuid4())

    assert {s.token for s in map(own, (one, two, three)) if s} == {token_of(min(DANA, ALIYA, third))}


def test_where_the_policy_has_no_shared_tokens_twins_have_their_own(campaign):
    campaign.policy_data["twins_share_token"] = {"value": False, "legal_basis": "a test"}
    campaign.save()
    one, two = applied(campaign, DANA), applied(campaign, ALIYA)
    wished(campaign, one.id, two.id)

    assert {s.token for s in map(own, (one, two)) if s} == {token_of(DANA), token_of(ALIYA)}


def test_it_asks_a_fixed_number_of_questions(campaign, django_assert_num_queries):
    application = applied(campaign)
    mother = Account.objects.get(pk=application.account_id)
    application.campaign  # noqa: B018 - read before counting

    with django_assert_num_queries(QUERIES):
        draw_of(application=application, account_id=mother.pk)


QUERIES = 13
