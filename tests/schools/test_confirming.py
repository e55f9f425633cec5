"""Confirming a round: what makes a place a child's own, and everything that stands against it."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.db import transaction
from django.db.utils import IntegrityError, ProgrammingError
from django.utils import translation

from schools.models import Case, Confirmation, ConfirmedPlace, Horizon, Proposal, RosterEntry, RosterState
from schools.services import confirming
from schools.services.confirming import confirm_round, district_sha256
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
LATE = CLOSING + timedelta(hours=72)
REASON = "Желі үш күн бойы жоқ, терезе жұмыс істемеген."


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
    return made


def confirm(country: Country, **changes) -> Confirmation:
    values = {
        "campaign": country.campaign,
        "district": country.esil,
        "official": country.official,
        "at": NOW,
        **changes,
    }
    return confirm_round(**values)


# What it writes ------------------------------------------------------------------------------------------------


def test_who_is_placed_and_not_held_holds_that_place(country: Country):
    all_reported(country)

    made = confirm(country)

    assert made.way == Confirmation.Way.WATERMARK
    assert set(made.places.values_list("child_key", "slot")) == {("000000000001", 0), ("000000000003", 3)}
    assert made.places.get(slot=0).application_id == UUID(int=1)


def test_a_place_confirmed_before_is_not_confirmed_again(country: Country):
    all_reported(country)
    RosterEntry.objects.filter(slot=0).update(is_confirmed=True)

    assert list(confirm(country).places.values_list("slot", flat=True)) == [3]


@pytest.mark.parametrize("held_for", ["relation", "address", "contested", "cut_off", "twins", "closing"])
def test_a_held_place_is_not_confirmed_whatever_it_is_held_for(country: Country, held_for: str):
    all_reported(country)
    RosterEntry.objects.filter(slot=3).update(held_for=[held_for])

    assert list(confirm(country).places.values_list("slot", flat=True)) == [0]


def test_another_district_is_left_as_it_is(country: Country):
    all_reported(country)

    confirm(country)

    assert not ConfirmedPlace.objects.filter(intake=country.abroad).exists()
    assert not Confirmation.objects.filter(district=country.nura).exists()


def test_it_keeps_the_hash_of_what_it_saw_and_how_far_each_desk_had_come(country: Country):
    all_reported(country)

    made = confirm(country)

    assert bytes(made.facts_sha256) == bytes(range(32))
    esil = RosterEntry.objects.filter(district=country.esil).select_related("intake")
    assert bytes(made.roster_sha256) == district_sha256(esil)
    assert [door["state"] for door in made.doors] == ["reported"] * 9
    assert "Service centre" not in str(made.doors)


def test_the_hash_says_who_has_which_place_and_not_how_it_is_stored(country: Country):
    def now() -> bytes:
        entries = RosterEntry.objects.filter(district=country.esil).select_related("intake")
        return district_sha256(entries.order_by("?"))

    before = now()
    assert now() == before
    moved = RosterEntry.objects.get(slot=3)
    RosterEntry.objects.filter(pk=moved.pk).delete()
    moved.pk = None
    moved.save(force_insert=True)
    assert now() == before, "another row id is the same list"

    RosterEntry.objects.filter(slot=3).update(slot=7)

    assert now() != before


def test_a_confirmation_can_neither_be_changed_nor_deleted(country: Country):
    all_reported(country)
    made = confirm(country)

    for forbidden in (made.places.all().delete, lambda: Confirmation.objects.update(reason="x"),
                      lambda: ConfirmedPlace.objects.update(slot=5)):  # fmt: skip
        with pytest.raises(ProgrammingError), transaction.atomic():
            forbidden()


# What stands against it ----------------------------------------------------------------------------------------


def nothing_was_written() -> bool:
    return not Confirmation.objects.exists() and not ConfirmedPlace.objects.exists()


def test_a_round_is_confirmed_once_and_the_second_is_told_by_whom(country: Country):
    all_reported(country)
    first = confirm(country)

    with pytest.raises(confirming.AlreadyConfirmed, match="Айгүл Есіл"):
        confirm(country, official=a_colleague(country))

    assert Confirmation.objects.get() == first


def test_before_the_first_round_there_is_nothing_to_confirm(country: Country):
    all_reported(country)
    RosterState.objects.update(round=None, closing_at=None)

    with pytest.raises(confirming.NotClosedYet):
        confirm(country)


def test_the_portal_has_five_minutes_after_the_closing(country: Country):
    all_reported(country)

    with pytest.raises(confirming.NotClosedYet):
        confirm(country, at=CLOSING + timedelta(minutes=4, seconds=59))
    assert nothing_was_written()
    assert confirm(country, at=CLOSING + timedelta(minutes=5))


def test_a_dark_desk_is_named_with_its_last_word_and_whom_to_call(country: Country):
    all_reported(country)
    Horizon.objects.filter(door=str(UUID(int=2))).update(
        through=CLOSING - timedelta(hours=2), contact="Дәурен Серік"
    )

    with pytest.raises(confirming.NotHeardFrom) as refused:
        confirm(country)

    sentence = str(refused.value)
    assert "No contact: Service centre 1, desk 2" in sentence
    assert "02.04.2027 12:40" in sentence
    assert "Call: Дәурен Серік, +7 7172 55 10 01." in sentence
    assert "possible after" in sentence
    assert [desk.horizon.unsent for desk in refused.value.watermark.dark] == [12]
    assert nothing_was_written()


def test_a_reason_alone_or_two_officials_too_early_are_no_way_past_a_dark_desk(country: Country):
    second = a_colleague(country)

    with pytest.raises(confirming.NotHeardFrom):
        confirm(country, at=LATE, reason=REASON)
    with pytest.raises(confirming.NotHeardFrom):
        confirm(country, at=LATE - timedelta(seconds=1), second_official=second, reason=REASON)
    assert nothing_was_written()


def test_after_72_hours_two_officials_confirm_with_a_reason(country: Country):
    second = a_colleague(country)

    made = confirm(country, at=LATE, second_official=second, reason=REASON)

    assert (made.way, made.second_official, made.reason) == (Confirmation.Way.REASONED, second, REASON)
    assert {door["state"] for door in made.doors} == {"dark", "silent"}
    assert made.places.count() == 2


@pytest.mark.parametrize("name", ["Айгүл Есіл", " айгүл  ЕСІЛ "])
def test_two_officials_who_are_one_person_are_refused(country: Country, name: str):
    twin = a_colleague(country, name=name)

    for second in (country.official, twin):
        with pytest.raises(confirming.OneOfficial):
            confirm(country, at=LATE, second_official=second, reason=REASON)
    assert nothing_was_written()


@pytest.mark.parametrize("reason", ["", "   ", "....................", "12345678901234", "ok"])
def test_a_reason_is_said_in_words(country: Country, reason: str):
    with pytest.raises(confirming.NoReason):
        confirm(country, at=LATE, second_official=a_colleague(country), reason=reason)
    assert nothing_was_written()


def test_only_officials_of_the_district_sign(country: Country):
    all_reported(country)

    with pytest.raises(confirming.NotYours, match="Серік Нұра"):
        confirm(country, official=country.stranger)
    with pytest.raises(confirming.NotYours):
        confirm(country, official=country.parent)
    with pytest.raises(confirming.NotYours, match="Серік Нұра"):
        confirm(country, at=LATE, second_official=country.stranger, reason=REASON)
    assert nothing_was_written()


def test_a_dismissed_official_signs_nothing(country: Country):
    all_reported(country)
    country.official.is_active = False

    with pytest.raises(confirming.NotYours):
        confirm(country)


def test_the_brake_of_the_district_stops_it_and_that_of_another_one_does_not(country: Country):
    all_reported(country)
    case = Case.objects.create(
        campaign=country.campaign, kind=Case.Kind.BRAKE, subject=country.esil.kato,
        district=country.esil, opened_at=NOW,
    )  # fmt: skip
    with pytest.raises(confirming.Braked):
        confirm(country)

    Case.objects.filter(pk=case.pk).update(subject=country.nura.kato, district=country.nura)

    assert confirm(country)


def unread(**_: object) -> int:
    return 3


def a_round_later(*, campaign, at) -> None:
    later = campaign.rounds.get(number=2)
    RosterState.objects.filter(campaign=campaign).update(round=later, closing_at=CLOSING)


def test_what_the_desks_delivered_a_second_ago_is_read_first(country: Country, settings):
    all_reported(country)
    settings.ROSTER_STILL_TO_TAKE_IN = f"{__name__}.unread"

    with pytest.raises(confirming.FactsNotRead):
        confirm(country)
    assert nothing_was_written()


def test_a_round_that_moves_on_while_it_is_read_is_not_confirmed_unseen(country: Country, settings):
    all_reported(country)
    settings.ROSTER_BRING_UP_TO_DATE = f"{__name__}.a_round_later"

    with pytest.raises(confirming.FactsNotRead):
        confirm(country)
    assert nothing_was_written()


# Two signatures on two sign-ins --------------------------------------------------------------------------------


def propose(country: Country, *, at=LATE, **changes) -> Proposal:
    values = {
        "campaign": country.campaign,
        "district": country.esil,
        "official": country.official,
        "reason": REASON,
        **changes,
    }
    return confirming.propose_confirmation(at=at, **values)


def test_the_first_official_asks_and_the_second_signs(country: Country):
    second = a_colleague(country)
    proposal = propose(country)
    assert nothing_was_written(), "one signature confirms nothing"

    made = confirming.sign_proposal(proposal_id=proposal.id, official=second, at=LATE)

    assert isinstance(made, Confirmation)
    assert (made.official, made.second_official, made.reason) == (country.official, second, REASON)
    assert not Proposal.objects.exists()


def test_who_asked_cannot_sign(country: Country):
    proposal = propose(country)

    with pytest.raises(confirming.OneOfficial):
        confirming.sign_proposal(proposal_id=proposal.id, official=country.official, at=LATE)
    with pytest.raises(confirming.NotYours):
        confirming.sign_proposal(proposal_id=proposal.id, official=country.stranger, at=LATE)
    assert nothing_was_written()
    assert Proposal.objects.filter(pk=proposal.pk).exists()


def test_asking_twice_asks_once_and_a_colleague_is_told_who_asked(country: Country):
    assert propose(country) == propose(country, reason="Басқа себеп, жаңа мәтін.")

    with pytest.raises(confirming.AlreadyProposed, match="Айгүл Есіл"):
        propose(country, official=a_colleague(country))


def test_nobody_asks_before_the_hours_are_over(country: Country):
    with pytest.raises(confirming.NotHeardFrom):
        propose(country, at=LATE - timedelta(seconds=1))
    assert not Proposal.objects.exists()


def test_a_proposal_that_was_taken_back_or_signed_is_gone(country: Country):
    second = a_colleague(country)
    proposal = propose(country)
    with pytest.raises(confirming.NotYours):
        confirming.take_back_proposal(proposal_id=proposal.id, official=country.stranger)
    confirming.take_back_proposal(proposal_id=proposal.id, official=second)

    for official in (second, country.official):
        with pytest.raises(confirming.NothingProposed):
            confirming.sign_proposal(proposal_id=proposal.id, official=official, at=LATE)


def test_a_proposal_does_not_outlive_its_round(country: Country):
    proposal = propose(country)
    a_round_later(campaign=country.campaign, at=LATE)

    with pytest.raises(confirming.MovedOn):
        confirming.sign_proposal(proposal_id=proposal.id, official=a_colleague(country), at=LATE)
    assert nothing_was_written()


# What the tables themselves refuse -----------------------------------------------------------------------------


def test_the_table_refuses_one_official_past_the_watermark(country: Country):
    all_reported(country)
    made = confirm(country)
    made.id = UUID(int=99)
    made.district = country.nura
    made.way = Confirmation.Way.REASONED

    with pytest.raises(IntegrityError), transaction.atomic():
        made.save(force_insert=True)
