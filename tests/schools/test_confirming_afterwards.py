"""What changes a place after a confirmation: capacity, grants, annulments, closing codes, the brake."""

from datetime import date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.utils import translation

from schools.models import (
    Acknowledgement,
    Annulment,
    Case,
    Confirmation,
    ConfirmedPlace,
    Harmed,
    Proposal,
    RosterEntry,
    SlotChange,
    SpokenClosing,
)
from schools.rules.slots import TooFewOpenSlots
from schools.services import confirming
from schools.services.arrivals import note_arrivals
from tests.factories import IntakeFactory, SchoolFactory
from tests.schools.officials_country import (
    CLOSING,
    NOW,
    ROSTERS_BY_HAND,
    Country,
    a_colleague,
    a_country,
    a_list,
    all_reported,
    round_one,
)

pytestmark = pytest.mark.django_db
REASON = "Көшеде жаңа үй тапсырылды, балалар көбейді."


@pytest.fixture(autouse=True)
def _rosters_by_hand(settings):
    for name, value in ROSTERS_BY_HAND.items():
        setattr(settings, name, value)
    with translation.override("en"):
        yield


@pytest.fixture
def country() -> Country:
    made = a_country()
    a_list(made)
    round_one(made)
    all_reported(made)
    return made


def a_confirmation(country: Country) -> Confirmation:
    return confirming.confirm_round(
        campaign=country.campaign, district=country.esil, official=country.official, at=NOW
    )


# Capacity ------------------------------------------------------------------------------------------------------


def change(country: Country, places: int, *, at: datetime = NOW, **changes) -> list[SlotChange]:
    values = {"intake": country.intake, "official": country.official, "reason": REASON, **changes}
    return confirming.change_capacity(places=places, at=at, **values)


def test_places_more_are_new_slots_five_working_days_ahead(country: Country):
    made = change(country, 10)

    assert [(one.kind, one.slot) for one in made] == [("added", 8), ("added", 9)]
    assert {one.in_force_date for one in made} == {date(2027, 4, 9)}, "2 April 2027 is a Friday"
    assert confirming.capacity_known(intake=country.intake).slots == "TTTOTTTOTT"


def test_moved_days_count(country: Country):
    country.campaign.moved_days = {"2027-04-05": False}
    country.campaign.save()
    country.intake.refresh_from_db()

    assert change(country, 9)[0].in_force_date == date(2027, 4, 12)


def test_places_less_take_the_highest_that_nobody_holds(country: Country):
    RosterEntry.objects.filter(slot=3).update(is_confirmed=True)

    assert sorted(one.slot for one in change(country, 2)) == [1, 2, 4, 5, 6, 7]
    assert confirming.capacity_known(intake=country.intake).slots == "T--O----"


def test_a_place_confirmed_a_moment_ago_is_held_before_the_list_knows_it(country: Country):
    a_confirmation(country)

    with pytest.raises(TooFewOpenSlots):
        change(country, 1)
    assert not SlotChange.objects.exists()


def test_an_annulled_place_can_be_taken_away(country: Country):
    made = a_confirmation(country)
    confirming.annul_place(
        place=made.places.get(slot=3), official=country.official, second_official=a_colleague(country),
        reason=REASON, at=NOW,
    )  # fmt: skip

    assert sorted(one.slot for one in change(country, 1)) == [1, 2, 3, 4, 5, 6, 7]


def test_the_same_number_again_changes_nothing_and_more_follows_what_was_recorded(country: Country):
    change(country, 10)

    assert change(country, 10) == []
    assert [one.slot for one in change(country, 11)] == [10]
    assert [one.kind for one in change(country, 10)] == ["removed"]
    assert [one.slot for one in change(country, 11)] == [11], "a removed slot does not come back"


def test_a_place_above_capacity_is_neither_counted_nor_taken(country: Country):
    RosterEntry.objects.filter(slot=3).update(is_confirmed=True)
    granted = grant(country, "000000000004")

    assert confirming.capacity_known(intake=country.intake).places == 8
    assert granted.slot not in {one.slot for one in change(country, 1)}
    with pytest.raises(TooFewOpenSlots):
        change(country, 0)


@pytest.mark.parametrize("places", [-1, 2001, 10**9])
def test_a_senseless_number_of_places_is_refused(country: Country, places: int):
    with pytest.raises(confirming.TooManyPlaces):
        change(country, places)


def test_before_the_opening_the_import_does_it(country: Country):
    with pytest.raises(confirming.NotOpenYet, match="import_schools"):
        change(country, 9, at=country.campaign.opens_at - timedelta(seconds=1))
    with pytest.raises(confirming.NotYours):
        change(country, 9, official=country.stranger)
    with pytest.raises(confirming.NoReason):
        change(country, 9, reason="")
    assert not SlotChange.objects.exists()


# A place above capacity ----------------------------------------------------------------------------------------


def grant(country: Country, child_key: str, **changes) -> SlotChange:
    values = {"intake": country.intake, "official": country.official, "reason": REASON, "at": NOW, **changes}
    return confirming.grant_place(child_key=child_key, **values)


def harmed(country: Country, n: int) -> Harmed:
    return Harmed.objects.create(
        campaign=country.campaign,
        round=country.campaign.rounds.get(number=1),
        district=country.esil,
        intake=country.intake,
        kind="O",
        child_key=f"{n:012}",
        child_name="Кеш келген бала",
        application_id=UUID(int=n),
        application_number=f"27-4KQ7-{n:04}-W",
    )


def test_a_child_of_the_territory_without_a_place_can_be_given_one_at_once(country: Country):
    made = grant(country, "000000000004")

    assert (made.kind, made.slot, made.child_key) == ("granted", 8, "000000000004")
    assert made.in_force_date == date(2027, 4, 1), "in force in the round that is on the list"


def test_a_child_that_came_too_late_can_be_given_one(country: Country):
    harmed(country, 6)

    assert grant(country, "000000000006").slot == 8


@pytest.mark.parametrize("child", ["000000000006", "000000000001", "000000000007", "999999999999", ""])
def test_no_other_child_is_given_a_place_by_hand(country: Country, child: str):
    """From outside and waiting, placed already, of another district, unknown."""
    with pytest.raises(confirming.NotOnTheList):
        grant(country, child)
    assert not SlotChange.objects.exists()


def test_granting_twice_is_granting_once_and_two_children_get_two_slots(country: Country):
    first = grant(country, "000000000004")

    assert grant(country, "000000000004", official=a_colleague(country)) == first
    assert grant(country, "000000000005").slot == 9
    with pytest.raises(confirming.NotYours):
        grant(country, "000000000005", official=country.stranger)
    with pytest.raises(confirming.NoReason):
        grant(country, "000000000005", reason="иә")


def test_a_grant_follows_slots_that_are_not_in_force_yet(country: Country):
    change(country, 10)

    assert grant(country, "000000000004").slot == 10


# Taking a place back for fraud ---------------------------------------------------------------------------------


def test_a_place_is_taken_back_by_two_names_once(country: Country):
    place = a_confirmation(country).places.get(slot=0)
    second = a_colleague(country)
    proposal = confirming.propose_annulment(place=place, official=country.official, reason=REASON, at=NOW)
    assert not Annulment.objects.exists()

    made = confirming.sign_proposal(proposal_id=proposal.id, official=second, at=NOW)

    assert isinstance(made, Annulment)
    assert (made.place, made.official, made.second_official) == (place, country.official, second)
    assert ConfirmedPlace.objects.filter(pk=place.pk).exists(), "what was confirmed stays written"
    with pytest.raises(confirming.NotConfirmed):
        confirming.propose_annulment(place=place, official=second, reason=REASON, at=NOW)
    again = confirming.annul_place(
        place=place, official=second, second_official=country.official, reason=REASON, at=NOW
    )
    assert again == made


def test_one_official_or_a_strangers_signature_takes_nothing_back(country: Country):
    place = a_confirmation(country).places.get(slot=0)
    proposal = confirming.propose_annulment(place=place, official=country.official, reason=REASON, at=NOW)

    with pytest.raises(confirming.OneOfficial):
        confirming.sign_proposal(proposal_id=proposal.id, official=country.official, at=NOW)
    with pytest.raises(confirming.NotYours):
        confirming.sign_proposal(proposal_id=proposal.id, official=country.stranger, at=NOW)
    with pytest.raises(confirming.NoReason):
        confirming.annul_place(
            place=place, official=country.official, second_official=a_colleague(country), reason="", at=NOW
        )
    assert not Annulment.objects.exists()
    assert Proposal.objects.count() == 1


# Closing codes -------------------------------------------------------------------------------------------------


def read_code(country: Country, **changes) -> SpokenClosing:
    values = {
        "campaign": country.campaign,
        "district": country.esil,
        "door": str(UUID(int=2)),
        "through": NOW,
        "last_seq": 41,
        "last_sha256": "00C0 ffee",
        "school_bins": [country.intake.school_id],
        "read_by": "Дәурен  Серік",
        "official": country.official,
        "at": NOW,
        **changes,
    }
    return confirming.read_closing_code(**values)


def test_a_code_is_kept_as_it_was_read_once(country: Country):
    made = read_code(country)

    assert (made.last_seq, made.last_sha256, made.read_by) == (41, "00c0ffee", "Дәурен Серік")
    assert made.school_bins == [country.intake.school_id]
    assert read_code(country, last_sha256="00c0-FFЕЕ") == made, "letters that look alike on paper"
    assert read_code(country, last_sha256="абцд-еф00").last_sha256 == "abcdef00", "or sound alike"
    assert read_code(country, last_seq=42) != made


@pytest.mark.parametrize(
    "changes",
    [{"last_seq": 0}, {"last_seq": -1}, {"last_sha256": "00c0ffe"}, {"last_sha256": "00c0ffeg"},
     {"last_sha256": ""}, {"last_sha256": "0" * 65}],
)  # fmt: skip
def test_a_code_that_is_none_is_refused(country: Country, changes: dict):
    with pytest.raises(confirming.MalformedCode):
        read_code(country, **changes)
    assert not SpokenClosing.objects.exists()


def test_a_code_names_its_desk_its_reader_and_schools_that_are_there(country: Country):
    for refusal, changes in (
        (confirming.UnknownDesk, {"door": str(uuid4())}),
        (confirming.UnknownDesk, {"door": "portal"}),
        (confirming.NotItsDistrict, {"district": country.nura, "official": country.stranger}),
        (confirming.NotYours, {"official": country.stranger}),
        (confirming.NotReadYet, {"through": NOW + timedelta(seconds=1)}),
        (confirming.NobodyNamed, {"read_by": "  "}),
        (confirming.UnknownSchool, {"school_bins": ["990140999990"]}),
    ):
        with pytest.raises(refusal):
            read_code(country, **changes)
    assert not SpokenClosing.objects.exists()


def test_a_code_lets_the_district_confirm(country: Country):
    all_reported(country, through=CLOSING - timedelta(hours=1))
    with pytest.raises(confirming.NotHeardFrom):
        a_confirmation(country)
    for n in range(1, 9):
        read_code(country, door=str(UUID(int=n)))

    assert a_confirmation(country).way == Confirmation.Way.WATERMARK


# The brake -----------------------------------------------------------------------------------------------------


def braked(country: Country) -> Case:
    return Case.objects.create(
        campaign=country.campaign,
        kind=Case.Kind.BRAKE,
        subject=country.esil.kato,
        district=country.esil,
        detail={"places": {"000000000001": country.intake.name}},
        opened_at=NOW,
    )


def acknowledge(country: Country, case: Case, **changes) -> Acknowledgement:
    values = {
        "campaign": country.campaign,
        "district": country.esil,
        "official": country.official,
        "reason": REASON,
        "seen_sha256": confirming.candidate_sha256(case.detail["places"]),
        "at": NOW,
        **changes,
    }
    return confirming.acknowledge(**values)


def test_what_the_brake_stopped_stands_when_an_official_has_looked(country: Country):
    case = braked(country)

    made = acknowledge(country, case)

    assert made.places == {"000000000001": country.intake.name}
    assert acknowledge(country, case) == made
    assert Acknowledgement.objects.count() == 1


def test_nobody_acknowledges_what_was_not_looked_at_or_is_not_theirs(country: Country):
    with pytest.raises(confirming.NotStopped):
        confirming.acknowledge(
            campaign=country.campaign, district=country.esil, official=country.official, reason=REASON,
            seen_sha256="", at=NOW,
        )  # fmt: skip
    case = braked(country)
    Case.objects.update(detail={"places": {"000000000001": country.abroad.name}})

    with pytest.raises(confirming.CandidateChanged):
        acknowledge(country, case)
    with pytest.raises(confirming.NotYours):
        acknowledge(country, case, official=country.stranger)
    with pytest.raises(confirming.NoReason):
        acknowledge(country, case, reason="")
    assert not Acknowledgement.objects.exists()


# Arrivals before a closing -------------------------------------------------------------------------------------


def test_arrivals_are_counted_by_intake_and_written_where_they_changed(country: Country):
    quiet = IntakeFactory(campaign=country.campaign, school=SchoolFactory(district=country.esil))

    assert note_arrivals(campaign=country.campaign, counts={country.intake.name: (5, 2)}) == 1
    assert note_arrivals(campaign=country.campaign, counts={country.intake.name: (5, 2)}) == 0
    assert note_arrivals(campaign=country.campaign, counts={country.abroad.name: (1, 0)}) == 2

    country.intake.refresh_from_db()
    assert (country.intake.state.arrived_territory, country.intake.state.arrived_outside) == (0, 0)
    assert country.abroad.state.arrived_territory == 1
    assert not hasattr(quiet, "state")
