"""States of applications: what the family may know, nothing of anybody else."""

from datetime import timedelta
from uuid import uuid4

import pytest

from enrollment.claims import Ending
from enrollment.models import Door, Retraction
from enrollment.selectors import answer_by, states_of
from enrollment.services import withdraw
from schools.selectors import offers
from tests.factories import (
    DURING,
    ApplicationFactory,
    IntakeFactory,
    RosterEntryFactory,
    SchoolFactory,
    TerritoryFactory,
    request_form,
)

pytestmark = pytest.mark.django_db


def state_of(application):
    return states_of([application])[application.id]


def second_sender(first, *, choices=None, **fields):
    """Somebody else's application for the same child."""
    form = {**first.form, "applicant": request_form(n=500, choices=first.choices)["applicant"]}
    form["choices"] = choices or first.choices
    return ApplicationFactory(intake=IntakeFactory(), form=form, **fields)


def test_before_the_roster_is_known_an_application_is_registered():
    assert state_of(ApplicationFactory()).code == "registered"


def test_a_child_in_a_slot_has_a_place():
    application = ApplicationFactory()
    RosterEntryFactory(application=application)

    assert state_of(application).code == "place"


def test_the_number_in_line_is_counted_in_its_own_line():
    intake = IntakeFactory(slots="T")
    waiting = [ApplicationFactory(intake=intake) for _child in range(4)]
    lanes = ("territory", "outside", "territory", "territory")
    numbers = ("2" * 64, "1" * 64, "1" * 64, "0" * 64)
    minutes = (0, 0, 0, 1)
    for application, lane, number, minute in zip(waiting, lanes, numbers, minutes, strict=True):
        moment = DURING + timedelta(minutes=minute)
        RosterEntryFactory(application=application, slot=None, lane=lane, draw_number=number, moment=moment)

    states = states_of(waiting)

    assert [states[a.id].place_in_line for a in waiting] == [2, 1, 1, 3]


def test_the_same_choices_share_the_childs_place():
    mother = ApplicationFactory()
    grandmother = second_sender(mother, lodged_at=DURING + timedelta(hours=1))
    RosterEntryFactory(application=mother)

    assert (state_of(mother).code, state_of(grandmother).code) == ("place", "place")


def test_with_other_choices_nothing_of_the_other_family_member_is_seen():
    mother = ApplicationFactory()
    other = IntakeFactory()
    father = second_sender(mother, choices=[other.name], lodged_at=DURING + timedelta(hours=1))
    RosterEntryFactory(application=mother)

    seen = state_of(father)

    assert (seen.code, seen.entry, seen.place_in_line) == ("linked", None, None)


def test_proven_people_with_different_schools_are_asked():
    mother = ApplicationFactory(is_proven=True)
    father = second_sender(mother, choices=[IntakeFactory().name], is_proven=True)

    assert {state_of(mother).code, state_of(father).code} == {"contested"}


def test_a_withdrawal_ends_what_the_same_person_sent_before_and_nobody_elses():
    mother = ApplicationFactory()
    again = ApplicationFactory(
        account=mother.account,
        form=mother.form,
        intake=IntakeFactory(),
        lodged_at=DURING + timedelta(hours=1),
    )
    grandmother = second_sender(mother)
    withdraw(
        retraction_id=uuid4(), application_id=again.id, account_id=mother.account_id,
        at=DURING + timedelta(hours=2),
    )  # fmt: skip

    assert [state_of(a).ending for a in (mother, again)] == [Ending.WITHDRAWN, Ending.WITHDRAWN]
    assert state_of(grandmother).ending is Ending.STANDING


def test_a_desks_unproven_withdrawal_is_shown_as_waiting():
    application = ApplicationFactory()
    Retraction.objects.create(
        id=uuid4(), kind=Retraction.Kind.WITHDRAWAL, campaign=application.campaign,
        application_id=application.id, is_verified=False, door=Door.DESK, desk=uuid4(), seq=2,
        lodged_at=DURING, received_at=DURING,
    )  # fmt: skip

    state = state_of(application)

    assert (state.code, state.withdrawal_waits) == ("registered", True)


def test_the_answer_is_due_on_the_next_working_day():
    assert f"{answer_by(DURING):%d.%m.%Y}" == "05.04.2027"
    late_in_utc = DURING.replace(day=4, hour=20)  # already Monday the 5th in Almaty
    assert f"{answer_by(late_in_utc):%d.%m.%Y}" == "06.04.2027"


# What is offered


@pytest.mark.parametrize(
    ("street", "house", "serves"),
    [
        ("Абай көшесі", "12", True),
        ("ул. Абая", "12А", True),
        ("абай", "дом 12/1", True),
        ("Абай көшесі", "60", False),
        ("Абай көшесі", "13", False),
        ("Сәтбаев", "12", False),
        ("Абай көшесі", "?", False),
        ("", "", False),
        ("\x01", "12", False),
    ],
)
def test_an_address_finds_the_school_that_serves_it(street, house, serves):
    territory = TerritoryFactory(first_house=2, last_house=50, parity="even")

    found = offers.territory_schools(
        campaign=territory.campaign, district=territory.district_id, street=street, house=house
    )

    assert found == (frozenset({territory.school_id}) if serves else frozenset())


def test_places_taken_are_counted_and_waiting_children_are_not():
    intake = IntakeFactory(slots="TT-T")
    RosterEntryFactory(application=ApplicationFactory(intake=intake), slot=0)
    RosterEntryFactory(application=ApplicationFactory(intake=intake), slot=None)

    offer = offers.offers_named(year=2027, names=[intake.name])[intake.name]

    assert (offer.intake.capacity, offer.taken, offer.free) == (3, 1, 2)


def test_only_what_the_campaign_offers_is_offered():
    intake = IntakeFactory(language="kk")
    school = SchoolFactory()

    names = [intake.name, f"{intake.school_id}/ru", f"{school.bin}/kk", "x", "/", ""]

    assert offers.offered_names(campaign=intake.campaign, names=names) == {intake.name}
    assert set(offers.offers_named(year=2027, names=names)) == {intake.name}


def test_nearby_schools_have_places_and_teach_in_the_same_language():
    full, near, other_language = IntakeFactory(slots="T"), IntakeFactory(), IntakeFactory(language="ru")
    RosterEntryFactory(application=ApplicationFactory(intake=full))

    found = [offer.name for offer in offers.nearby_with_places(intake=full)]

    assert found == [near.name]
    assert other_language.name not in found
