"""States of applications: what the family may know, nothing of anybody else."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from enrollment.claims import Ending
from enrollment.models import ChildLink, Decision, Door, Outage, OutageEnd, Retraction
from enrollment.selectors import answer_by, states_of
from enrollment.selectors.states import places_in_line
from enrollment.services import withdraw
from schools.models import Harmed, IntakeState, RosterEntry, RosterState, Round
from schools.selectors import offers
from tests.factories import (
    DURING,
    OPENS_AT,
    ApplicationFactory,
    CampaignFactory,
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


def test_a_long_line_is_read_once_however_many_of_it_are_asked_for():
    intake, length = IntakeFactory(slots="T"), 120
    RosterEntry.objects.bulk_create(
        RosterEntryFactory.build(
            application=None, intake=intake, campaign=intake.campaign, district=intake.school.district, slot=None,
            application_id=UUID(int=n), application_number="-", child_key=f"{n:012}", moment=DURING + timedelta(minutes=n % 7),
            arrived_at=DURING, draw_number=f"{n:064x}",
        )
        for n in range(1, length + 1)
    )  # fmt: skip
    waiting = list(RosterEntry.objects.all())

    with CaptureQueriesContext(connection) as asked:
        numbers = places_in_line(waiting)

    in_order = sorted(waiting, key=lambda entry: (entry.moment, entry.draw_number))
    assert [numbers[entry.pk] for entry in in_order] == list(range(1, length + 1))
    (query,) = [one["sql"] for one in asked.captured_queries]
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN (ANALYZE, FORMAT JSON) " + query)
        ((plan,),) = cursor.fetchone()
    assert rows_touched(plan["Plan"]) < 10 * length


def rows_touched(node) -> int:
    """Rows that a plan's nodes produced or threw away, all rounds of a loop together."""
    kept = node["Actual Rows"] + sum(rows for name, rows in node.items() if name.startswith("Rows Removed"))
    return kept * node["Actual Loops"] + sum(map(rows_touched, node.get("Plans", ())))


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


def test_the_answer_is_due_one_working_day_after_the_list_of_its_day_closes():
    campaign = CampaignFactory(moved_days={"2027-04-06": False})
    due = {
        "on Friday": answer_by(lodged_at=DURING, campaign=campaign),
        "before the opening": answer_by(lodged_at=OPENS_AT - timedelta(days=3), campaign=campaign),
        "on Saturday: it is in Monday's list, and Tuesday is off": answer_by(
            lodged_at=DURING + timedelta(days=1), campaign=campaign
        ),
        "on Sunday in Greenwich, Monday here": answer_by(
            lodged_at=DURING.replace(day=4, hour=20), campaign=campaign
        ),
    }

    assert [f"{day:%d.%m.}" for day in due.values()] == ["05.04.", "02.04.", "07.04.", "07.04."]


# Rounds


def rounds(campaign, *closings):
    for number, closes_at in enumerate(closings, 1):
        Round.objects.create(campaign=campaign, number=number, closes_at=closes_at)
    return campaign


def published(campaign, number):
    """The list of a round is known."""
    of = Round.objects.get(campaign=campaign, number=number)
    RosterState.objects.update_or_create(
        campaign=campaign, defaults={"round": of, "closing_at": of.closes_at, "known_at": of.closes_at}
    )


THURSDAY, FRIDAY, MONDAY = (datetime(2027, 4, day, 19, tzinfo=UTC) for day in (1, 2, 5))
"""24:00 in Almaty: when the first three lists close."""


def test_before_its_list_has_closed_it_is_known_when_it_closes_and_nothing_else():
    application = ApplicationFactory()
    rounds(application.campaign, THURSDAY, FRIDAY, MONDAY)
    published(application.campaign, 1)

    state = state_of(application)

    assert (state.code, state.decided.number, state.is_closed) == ("registered", 2, False)
    assert (state.decided.closing_date, state.decided.answer_by) == (date(2027, 4, 2), date(2027, 4, 5))
    assert (state.entry, state.place_in_line, state.confirmation_by) == (None, None, None)


def test_an_outage_over_midnight_moves_the_list_and_takes_in_who_came_in_it():
    application = ApplicationFactory(lodged_at=FRIDAY + timedelta(minutes=30))
    rounds(application.campaign, THURSDAY, FRIDAY, MONDAY)
    outage = Outage.objects.create(
        id=uuid4(), campaign=application.campaign, started_at=FRIDAY - timedelta(hours=1), reason="-",
        recorded_at=FRIDAY, recorded_by=["probe"],
    )  # fmt: skip

    goes_on = state_of(application).decided
    OutageEnd.objects.create(outage=outage, ended_at=FRIDAY + timedelta(hours=1), recorded_at=MONDAY)
    is_over = state_of(application).decided

    assert (goes_on.number, goes_on.closing_at, goes_on.answer_by) == (2, None, None)
    # Two hours, lengthened by as much: until 03:00 on Saturday.
    assert (is_over.number, is_over.closing_at) == (2, FRIDAY + timedelta(hours=3))
    assert is_over.answer_by == date(2027, 4, 5)


def test_a_place_is_provisional_then_confirmed_and_kept_in_between():
    application = ApplicationFactory()
    rounds(application.campaign, THURSDAY, FRIDAY, MONDAY)
    published(application.campaign, 2)
    entry = RosterEntryFactory(application=application)
    provisional = state_of(application)
    entry.held_for = ["relation", "cut_off"]
    entry.save()
    held = state_of(application)
    entry.held_for, entry.is_confirmed = [], True
    entry.save()
    confirmed = state_of(application)

    assert [s.code for s in (provisional, held, confirmed)] == ["place", "held", "confirmed"]
    assert (provisional.confirmation_by, confirmed.confirmation_by) == (date(2027, 4, 5), None)
    assert len(held.held_words) == 2


def test_a_child_of_the_territory_without_a_place_must_be_acted_for_and_the_public_page_does_not_tell():
    near, far = ApplicationFactory(), ApplicationFactory()
    rounds(near.campaign, THURSDAY, FRIDAY, MONDAY)
    published(near.campaign, 2)
    RosterEntryFactory(application=near, slot=None)
    RosterEntryFactory(application=far, slot=None, lane="outside")

    near_state, far_state = state_of(near), state_of(far)

    assert (near_state.code, near_state.public_code) == ("must_act", "reserve")
    # Five working days after Friday the 2nd.
    assert near_state.must_act_by == date(2027, 4, 9)
    assert (far_state.code, far_state.must_act_by) == ("reserve", None)


def harm(application, entry):
    return Harmed.objects.create(
        campaign=application.campaign, round=Round.objects.get(number=1), district=entry.district,
        intake=entry.intake, kind="T", child_key=application.child_key, child_name=entry.child_name,
        application_id=application.id, application_number=application.number,
    )  # fmt: skip


def test_who_would_have_had_a_place_is_told_so_and_another_sender_with_another_choice_is_not():
    mother = ApplicationFactory()
    father = second_sender(mother, choices=[IntakeFactory().name], lodged_at=DURING + timedelta(hours=1))
    rounds(mother.campaign, THURSDAY)
    published(mother.campaign, 1)
    harm(mother, RosterEntryFactory(application=mother, slot=None))

    assert (state_of(mother).code, state_of(father).code) == ("harmed", "linked")
    assert state_of(father).harmed is None


def test_keys_of_one_child_lead_to_one_line():
    certificate, iin = ApplicationFactory(), ApplicationFactory()
    certificate = second_sender(iin, child_key="birth_certificate/KZ/AA1", person_key=certificate.person_key)
    ChildLink.objects.create(
        id=uuid4(), campaign=iin.campaign, child_key=certificate.child_key, other_key=iin.child_key,
        is_same=True, reason="-", decided_at=DURING,
    )  # fmt: skip
    RosterEntryFactory(application=iin)

    assert (state_of(certificate).code, state_of(iin).code) == ("place", "place")


def test_a_settled_contest_is_no_contest():
    mother = ApplicationFactory(is_proven=True)
    father = second_sender(mother, choices=[IntakeFactory().name], is_proven=True)
    RosterEntryFactory(application=mother)
    Decision.objects.create(
        id=uuid4(), campaign=mother.campaign, kind=Decision.Kind.CONTEST_SETTLED, subject=mother.id,
        reason="-", decided_at=DURING + timedelta(days=1),
    )  # fmt: skip

    assert (state_of(mother).code, state_of(father).code) == ("place", "linked")


def test_states_cost_the_same_for_one_and_for_many(django_assert_num_queries):
    intake = IntakeFactory()
    many = [ApplicationFactory(intake=intake) for _child in range(6)]
    for application in many:
        RosterEntryFactory(application=application, slot=None)

    for some in (many[:1], many):
        with django_assert_num_queries(11):
            states_of(some)


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


def test_before_the_first_list_nothing_is_counted():
    intake = IntakeFactory(slots="TT-T")
    rounds(intake.campaign, THURSDAY)

    offer = offers.offers_named(year=2027, names=[intake.name])[intake.name]

    assert (offer.capacity, offer.taken, offer.is_counted) == (3, None, False)


def test_places_are_counted_as_the_last_list_knows_them():
    intake = IntakeFactory(slots="TT")
    rounds(intake.campaign, THURSDAY)
    published(intake.campaign, 1)
    IntakeState.objects.create(intake=intake, component=intake.name, slots="TTTO", lines_sha256=bytes(32))

    offer = offers.offers_named(year=2027, names=[intake.name])[intake.name]

    assert (offer.capacity, offer.taken, offer.free) == (4, 0, 4)


def test_places_taken_are_counted_and_waiting_children_are_not():
    intake = IntakeFactory(slots="TT-T")
    rounds(intake.campaign, THURSDAY)
    published(intake.campaign, 1)
    RosterEntryFactory(application=ApplicationFactory(intake=intake), slot=0)
    RosterEntryFactory(application=ApplicationFactory(intake=intake), slot=None)

    offer = offers.offers_named(year=2027, names=[intake.name])[intake.name]

    assert (offer.capacity, offer.taken, offer.free) == (3, 1, 2)


def test_only_what_the_campaign_offers_is_offered():
    intake = IntakeFactory(language="kk")
    school = SchoolFactory()

    names = [intake.name, f"{intake.school_id}/ru", f"{school.bin}/kk", "x", "/", ""]

    assert offers.offered_names(campaign=intake.campaign, names=names) == {intake.name}
    assert set(offers.offers_named(year=2027, names=names)) == {intake.name}


def test_nearby_schools_have_places_and_teach_in_the_same_language():
    full, near, other_language = IntakeFactory(slots="T"), IntakeFactory(), IntakeFactory(language="ru")
    rounds(full.campaign, THURSDAY)
    published(full.campaign, 1)
    RosterEntryFactory(application=ApplicationFactory(intake=full))

    found = [offer.name for offer in offers.nearby_with_places(intake=full)]

    assert found == [near.name]
    assert other_language.name not in found
