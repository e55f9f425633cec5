"""What officials see of rounds, and what they press: through the pages, with the real sign-in's middleware."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from html import unescape
from uuid import UUID, uuid4

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import translation

from enrollment.models import Outage, OutageEnd
from schools.models import (
    Acknowledgement,
    Annulment,
    Case,
    Confirmation,
    Harmed,
    Horizon,
    Proposal,
    RosterEntry,
    RosterState,
    SlotChange,
    SpokenClosing,
)
from schools.services.arrivals import note_arrivals
from tests.schools.officials_country import (
    CLOSING,
    NOW,
    Country,
    a_colleague,
    a_country,
    a_list,
    all_reported,
    officials_process,
    round_one,
    signed_in,
)

pytestmark = pytest.mark.django_db
LATE = CLOSING + timedelta(hours=80)
REASON = "Желі үш күн бойы жоқ, терезе жұмыс істемеген."


@pytest.fixture(autouse=True)
def _officials_process(clock_at: Callable[[datetime], None]) -> Iterator[None]:
    cache.clear()
    clock_at(NOW)
    with officials_process(), translation.override("en"):
        yield


@pytest.fixture
def country() -> Country:
    made = a_country()
    a_list(made)
    round_one(made)
    return made


@pytest.fixture
def official(country: Country) -> Client:
    return signed_in(country.official)


def text_of(response) -> str:
    page = b"".join(response).decode() if response.streaming else response.content.decode()
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", page[page.index("<main") :])))


def of_district(country: Country, path: str = "") -> str:
    return f"/en/officials/districts/{country.esil.kato}/{path}"


def of_intake(country: Country, path: str = "") -> str:
    return f"/en/officials/rosters/{country.intake.school_id}/{country.intake.language}/{path}"


# Before the first closing --------------------------------------------------------------------------------------


@pytest.fixture
def before(country: Country) -> Country:
    """Rows lie in the table, whatever put them there; no round has closed."""
    RosterState.objects.update(round=None, closing_at=None)
    note_arrivals(campaign=country.campaign, counts={country.intake.name: (5, 2)})
    return country


def test_before_the_closing_nobody_sees_order_places_or_names(before: Country, official: Client):
    for path in ("", of_district(before), of_intake(before), of_intake(before, "print/")):
        page = text_of(official.get(path or "/en/officials/"))

        assert "No round has closed yet" in page, path
        assert re.search(r"\b5\b", page), path
        assert re.search(r"\b2\b", page), path
        for name in ("Қасымова", "Алиев", "Омаров", "Әбенов", "27-4KQ7"):
            assert name not in page, path
    assert official.get(of_intake(before, "roster.csv")).url == of_intake(before)
    found = text_of(official.post("/en/officials/search/", {"text": "Қасымова"}))
    assert "No round has closed yet" in found
    assert "Қасымова Әлия" not in found


def test_before_the_closing_the_lists_of_a_person_are_not_there(before: Country, official: Client):
    for path in ("held/", "must-act/", "late/"):
        page = text_of(official.get(of_district(before, path)))
        assert "Әбенов" not in page, path
        assert "Алиев" not in page, path


def test_the_page_says_when_the_open_round_closes(before: Country, official: Client):
    assert "Round 2 is open and closes: 02.04.2027 24:00." in text_of(official.get(of_district(before)))
    assert "Round 1 closed: 01.04.2027 24:00. Its list appears when its draw is made" in text_of(
        official.get(of_district(before))
    )


def test_nothing_can_be_confirmed_before_the_first_list(before: Country, official: Client):
    response = official.post(of_district(before, "round/"), {"round": "1"})

    assert response.status_code == 409
    assert "No round has closed yet" in text_of(response)
    assert not Confirmation.objects.exists()


# Confirming ----------------------------------------------------------------------------------------------------


def test_the_refusal_names_the_dark_desks_whom_to_call_and_when_a_reason_is_possible(
    country: Country, official: Client
):
    all_reported(country)
    Horizon.objects.filter(door=str(UUID(int=2))).update(through=None, contact="Дәурен Серік")

    page = text_of(official.get(of_district(country, "round/")))

    assert "The list cannot be confirmed yet." in page
    assert "Service centre 1, desk 2 ; last heard: 12:40; unsent then: 12." in page
    assert "Call: Дәурен Серік, +7 7172 55 10 01" in page
    assert "With a written reason, possible after: 05.04.2027 00:00." in page
    assert "Confirm the list" not in page
    refused = official.post(of_district(country, "round/"), {"round": "1"})
    assert refused.status_code == 409
    assert "No contact: Service centre 1, desk 2" in text_of(refused)
    assert not Confirmation.objects.exists()


def test_one_press_confirms_and_the_second_is_told(country: Country, official: Client):
    all_reported(country)
    assert "the list can be confirmed" in text_of(official.get(of_district(country, "round/")))

    done = official.post(of_district(country, "round/"), {"round": "1"}, follow=True)

    page = text_of(done)
    assert "Round 1 is confirmed. Places that are now the children's own: 2." in page
    made = Confirmation.objects.get()
    digits = bytes(made.roster_sha256).hex()
    assert " ".join(digits[n : n + 4] for n in range(0, 64, 4)) in page
    again = official.post(of_district(country, "round/"), {"round": "1"})
    assert again.status_code == 409
    assert "This round is confirmed already: Айгүл Есіл" in text_of(again)
    assert Confirmation.objects.count() == 1


@pytest.mark.parametrize("shown", ["2", "", "x", "-1", "9" * 30, "١"])
def test_a_page_that_showed_another_round_confirms_nothing(country: Country, official: Client, shown: str):
    all_reported(country)

    response = official.post(of_district(country, "round/"), {"round": shown})

    assert response.status_code == 409
    assert "Another round is on the list now" in text_of(response)
    assert not Confirmation.objects.exists()


def test_a_confirmed_list_says_so_line_by_line(country: Country, official: Client):
    all_reported(country)
    official.post(of_district(country, "round/"), {"round": "1"})
    RosterEntry.objects.filter(intake=country.intake, slot__in=(0, 3)).update(is_confirmed=True)

    page = text_of(official.get(of_intake(country)))

    assert "Round 1 was confirmed" in page
    assert re.search(r"Қасымова Әлия .{0,90} Confirmed ", page)
    assert re.search(r"Алиев Арман .{0,120} Held Two applications, different schools", page)
    rows = b"".join(official.get(of_intake(country, "roster.csv"))).decode()
    assert "Confirmed" in rows


def test_two_officials_on_two_sign_ins(country: Country, official: Client, clock_at):
    second = signed_in(a_colleague(country))
    clock_at(LATE)
    asked = official.post(of_district(country, "round/propose/"), {"reason": REASON}, follow=True)
    proposal = Proposal.objects.get()
    page = text_of(asked)
    assert "Waits for a second signature" in page
    assert "Sign as the second" not in page, "nobody is offered to sign twice"
    assert official.post(of_district(country, f"proposals/{proposal.id}/sign/")).status_code == 409
    assert not Confirmation.objects.exists()

    assert REASON in text_of(second.get(of_district(country, "round/")))
    done = second.post(of_district(country, f"proposals/{proposal.id}/sign/"), follow=True)

    assert "Round 1 is confirmed." in text_of(done)
    assert "By two officials, with a written reason · Айгүл Есіл, Болат Есіл" in text_of(done)
    assert second.post(of_district(country, f"proposals/{proposal.id}/sign/")).status_code == 409


def test_a_reason_too_early_or_without_words_is_refused_and_one_can_be_taken_back(
    country: Country, official: Client, clock_at
):
    early = official.post(of_district(country, "round/propose/"), {"reason": REASON})
    assert early.status_code == 409
    assert "The list cannot be confirmed yet." in text_of(early)
    clock_at(LATE)
    for reason in ("", "ok", "a\x00b"):
        refused = official.post(of_district(country, "round/propose/"), {"reason": reason})
        assert refused.status_code == 409, reason
    assert not Proposal.objects.exists()
    official.post(of_district(country, "round/propose/"), {"reason": REASON})
    proposal = Proposal.objects.get()

    gone = official.post(of_district(country, f"proposals/{proposal.id}/take-back/"), follow=True)

    assert "Taken back: nothing was changed." in text_of(gone)
    assert not Proposal.objects.exists()


# A code over the telephone -------------------------------------------------------------------------------------


def code(country: Country, **changes: str) -> dict[str, str]:
    return {
        "door": str(UUID(int=2)),
        "read_date": "2027-04-02",
        "read_time": "14:00",
        "last_seq": "41",
        "last_sha256": "00c0 ffee",
        "schools": f"{country.intake.school_id},\n",
        "read_by": "Дәурен Серік",
        **changes,
    }


def test_a_code_read_over_the_telephone_is_kept_and_seen(country: Country, official: Client):
    all_reported(country)
    Horizon.objects.filter(door=str(UUID(int=2))).update(through=None)
    form = official.get(of_district(country, "closing-code/"), {"desk": str(UUID(int=2))})
    assert f'value="{UUID(int=2)}" selected' in form.content.decode()

    done = official.post(of_district(country, "closing-code/"), code(country), follow=True)

    page = text_of(done)
    assert re.search(r"Code read by telephone\s+Дәурен Серік, 14:00", page)
    assert "the list can be confirmed" in page
    made = SpokenClosing.objects.get()
    assert made.through == NOW - timedelta(minutes=5)
    assert made.school_bins == [country.intake.school_id]


@pytest.mark.parametrize(
    "changes",
    [{"last_seq": "0"}, {"last_seq": "x"}, {"last_sha256": "xyz"}, {"schools": "123456789012"},
     {"schools": "x" * 19_000}, {"read_by": " "}, {"read_time": "23:59"}, {"read_date": "9999-99-99"},
     {"door": "portal"}, {"door": str(UUID(int=77))}, {"read_by": "a\x00b"}, {"last_seq": "9" * 40}],
)  # fmt: skip
def test_a_code_that_makes_no_sense_is_told_so_and_nothing_is_kept(
    country: Country, official: Client, changes: dict[str, str]
):
    response = official.post(of_district(country, "closing-code/"), code(country, **changes))

    assert response.status_code in (200, 409)
    assert "Please check what is written" in text_of(response)
    assert not SpokenClosing.objects.exists()


# Lists of a person ---------------------------------------------------------------------------------------------


def test_held_places_say_why(country: Country, official: Client):
    RosterEntry.objects.filter(slot=3).update(held_for=["relation", "address"], is_held=True)

    page = text_of(official.get(of_district(country, "held/")))

    assert "Алиев Арман" in page
    assert "The relation to the child is not checked; The address is not checked" in page
    assert "Қасымова" not in page
    assert "Held places: 2" in page


def test_a_child_of_the_territory_without_a_place_has_a_deadline_and_schools_with_places(
    country: Country, official: Client
):
    page = text_of(official.get(of_district(country, "must-act/")))

    assert "Әбенов Санжар" in page
    assert "=HYPERLINK" not in page, "from outside"
    # Both applications came on 2 April, after the first closing: round 2 ends with that day.
    assert "09.04.2027" in page
    assert "overdue" not in page
    assert f"{country.intake.school.name_en}: 5" in page


def test_the_deadline_runs_from_the_closing_that_an_outage_moved_as_the_family_is_told(
    country: Country, official: Client
):
    entry = RosterEntry.objects.get(child_name="Әбенов Санжар", slot=None)
    # Over the first midnight, lengthened by as much: the first list closes on 2 April at 06:00.
    outage = Outage.objects.create(
        id=uuid4(), campaign=country.campaign, started_at=CLOSING - timedelta(hours=1), reason="-",
        recorded_at=CLOSING, recorded_by=["probe"],
    )  # fmt: skip
    OutageEnd.objects.create(
        outage=outage, ended_at=CLOSING + timedelta(hours=2, minutes=30), recorded_at=NOW
    )
    RosterEntry.objects.filter(pk=entry.pk).update(arrived_at=CLOSING - timedelta(hours=3))

    page = text_of(official.get(of_district(country, "must-act/")))

    # Five working days after 2 April; from the planned closing it would be the 8th.
    assert "09.04.2027" in page
    assert "08.04.2027" not in page


def test_while_an_outage_goes_on_over_the_closing_there_is_no_deadline_yet(
    country: Country, official: Client
):
    Outage.objects.create(
        id=uuid4(), campaign=country.campaign, started_at=CLOSING + timedelta(hours=23), reason="-",
        recorded_at=NOW, recorded_by=["probe"],
    )  # fmt: skip

    page = official.get(of_district(country, "must-act/"))

    assert page.status_code == 200
    assert "09.04.2027" not in text_of(page)
    assert "overdue" not in text_of(page)


def test_the_deadline_passes(country: Country, official: Client, clock_at):
    clock_at(datetime.fromisoformat("2027-04-10T00:00:00+05:00"))

    assert "overdue" in text_of(official.get(of_district(country, "must-act/")))


def test_a_child_with_a_place_elsewhere_is_owed_none(country: Country, official: Client):
    RosterEntry.objects.filter(child_name="Бөтен Бала").update(child_key="000000000004")

    page = text_of(official.get(of_district(country, "must-act/")))

    assert "Әбенов" not in page
    assert "A place is owed: 1" in page


def late_child(country: Country) -> Harmed:
    return Harmed.objects.create(
        campaign=country.campaign, round=country.campaign.rounds.get(number=1), district=country.esil,
        intake=country.intake, kind="O", child_key="000000000006", child_name="Кеш Келген",
        application_id=UUID(int=6), application_number="27-4KQ7-0006-W",
    )  # fmt: skip


def test_a_child_known_too_late_is_given_a_place_above_capacity(country: Country, official: Client):
    late_child(country)
    page = official.get(of_district(country, "late/"))
    assert "Кеш Келген" in text_of(page)
    path = of_intake(country, f"{UUID(int=6)}/grant/")
    assert path in page.content.decode()

    assert official.post(path, {"reason": ""}).status_code == 200
    assert not SlotChange.objects.exists()
    done = official.post(path, {"reason": REASON}, follow=True)

    assert "The place is given." in text_of(done)
    assert SlotChange.objects.get().child_key == "000000000006"
    assert "A place above capacity was given" in text_of(official.get(of_district(country, "late/")))


def test_nobody_grants_a_place_to_a_child_that_is_owed_none(country: Country, official: Client):
    waits_outside = of_intake(country, f"{UUID(int=6)}/grant/")

    assert official.get(of_intake(country, f"{UUID(int=1)}/grant/")).status_code == 404, "it has its place"
    assert official.get(of_intake(country, f"{UUID(int=99)}/grant/")).status_code == 404
    assert official.post(waits_outside, {"reason": REASON}).status_code == 409
    assert not SlotChange.objects.exists()


# Places --------------------------------------------------------------------------------------------------------


def test_places_are_changed_with_notice_and_a_reason(country: Country, official: Client):
    page = text_of(official.get(of_intake(country, "places/")))
    assert "Recorded today: 09.04.2027" in page

    done = official.post(of_intake(country, "places/"), {"places": "10", "reason": REASON}, follow=True)

    assert "Recorded." in text_of(done)
    assert SlotChange.objects.count() == 2
    again = official.post(of_intake(country, "places/"), {"places": "10", "reason": REASON}, follow=True)
    assert "nothing was changed" in text_of(again)


@pytest.mark.parametrize("places", ["", "-1", "x", "2001", "1e3", "٣ ٣", "9" * 50])
def test_a_senseless_number_of_places_is_told_so(country: Country, official: Client, places: str):
    response = official.post(of_intake(country, "places/"), {"places": places, "reason": REASON})

    assert "Please check what is written" in text_of(response)
    assert not SlotChange.objects.exists()


def test_fewer_places_than_children_hold_is_refused_with_the_number(country: Country, official: Client):
    RosterEntry.objects.filter(intake=country.intake, slot__isnull=False).update(is_confirmed=True)

    response = official.post(of_intake(country, "places/"), {"places": "2", "reason": REASON})

    assert response.status_code == 409
    assert "6 places cannot be removed: only 5 are free" in text_of(response)


# Fraud ---------------------------------------------------------------------------------------------------------


def test_a_confirmed_place_is_taken_back_by_two(country: Country, official: Client):
    all_reported(country)
    official.post(of_district(country, "round/"), {"round": "1"})
    RosterEntry.objects.filter(slot=3).update(is_confirmed=True)
    path = of_intake(country, f"{UUID(int=3)}/annul/")
    found = official.post("/en/officials/search/", {"text": "Омаров"})
    assert path in found.content.decode()

    official.post(path, {"reason": REASON})
    assert not Annulment.objects.exists()
    second = signed_in(a_colleague(country))
    done = second.post(of_district(country, f"proposals/{Proposal.objects.get().id}/sign/"), follow=True)

    assert "The place is taken back." in text_of(done)
    assert "It can be appealed" in text_of(done)
    assert Annulment.objects.get().place.slot == 3


def test_a_place_that_is_not_confirmed_has_nothing_to_take_back(country: Country, official: Client):
    assert official.get(of_intake(country, f"{UUID(int=3)}/annul/")).status_code == 404


# The brake -----------------------------------------------------------------------------------------------------


def test_the_brake_shows_who_would_move_and_one_word_lets_it_stand(country: Country, official: Client):
    all_reported(country)
    stays, goes = country.intake.name, country.abroad.name
    Case.objects.create(
        campaign=country.campaign, kind=Case.Kind.BRAKE, subject=country.esil.kato, district=country.esil,
        opened_at=NOW, detail={"places": {"000000000001": stays, "000000000002": goes}},
    )  # fmt: skip
    assert "The list is stopped" in text_of(official.get(of_district(country, "round/")))
    assert official.post(of_district(country, "round/"), {"round": "1"}).status_code == 409

    response = official.get(of_district(country, "stopped/"))
    page = text_of(response)
    assert "Children who would move 2" in page
    assert "Алиев Арман" in page
    assert "Омаров Тимур" in page
    assert "Қасымова" not in page
    seen = re.search(r'name="seen" value="([0-9a-f]{64})"', response.content.decode())
    assert seen is not None
    stale = official.post(of_district(country, "stopped/"), {"seen": "0" * 64, "reason": REASON})
    assert stale.status_code == 409
    assert "another one" in text_of(stale)
    done = official.post(of_district(country, "stopped/"), {"seen": seen[1], "reason": REASON}, follow=True)

    assert "Kept with your name." in text_of(done)
    assert Acknowledgement.objects.get().places == {"000000000001": stays, "000000000002": goes}


def test_without_a_brake_the_page_says_so(country: Country, official: Client):
    assert "The list is not stopped" in text_of(official.get(of_district(country, "stopped/")))
    posted = official.post(of_district(country, "stopped/"), {"seen": "", "reason": REASON})
    assert posted.status_code == 409


# Cost ----------------------------------------------------------------------------------------------------------

QUERIES = {"round/": 20, "held/": 18, "must-act/": 23, "late/": 19, "closing-code/": 18}


@pytest.mark.parametrize("path", QUERIES)
def test_a_hundred_desks_and_children_cost_as_many_queries_as_ten(
    country: Country, official: Client, path: str, django_assert_num_queries
):
    late_child(country)
    with django_assert_num_queries(QUERIES[path]):
        official.get(of_district(country, path))
    Horizon.objects.bulk_create(
        Horizon(campaign=country.campaign, door=f"desk {n}", district=country.esil, name_kk=f"терезе {n}")
        for n in range(100)
    )
    first = RosterEntry.objects.get(child_key="000000000004")
    for n in range(100, 200):
        first.pk, first.child_key, first.application_id = None, f"{n:012}", UUID(int=n)
        first.slot = None if n % 2 else n
        first.held_for = [] if n % 2 else ["address"]
        first.save(force_insert=True)

    with django_assert_num_queries(QUERIES[path]):
        official.get(of_district(country, path))
