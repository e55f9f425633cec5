"""What becomes known after a confirmation takes no place away; who would have won is named, and goes first."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from enrollment.models import Check, Outage, OutageEnd, Retraction
from enrollment.reconciliation import incremental, reconcile, retelling
from schools.models import Campaign, Harmed, RetoldRound, RosterEntry, RosterState
from tests.country import (
    ABAY,
    BOSTANDYK,
    DAY_TWO,
    ON_ABAY_STREET,
    ON_DOSTYK_STREET,
    OPENING,
    SATBAYEV,
    apply_at_desk,
    check,
    close_round,
    confirm,
    iin,
    make_country,
    request,
)

pytestmark = pytest.mark.django_db
NIGHT = DAY_TWO + timedelta(days=3)
FIRST, SECOND, THIRD, FOURTH = (iin(n) for n in range(1, 5))


@pytest.fixture
def campaign() -> Campaign:
    """One territory place at each school; minutes count from the opening on, nothing waits for a check."""
    campaign = make_country(
        policy={"choices_max": 3, "opening_interval": False, "hold_unchecked": [], "grain": 60}
    )
    campaign.intakes.update(slots="T")
    close_round(campaign)
    return campaign


def ask(child: str, *, minute: int, day: int = 1, **how: object) -> UUID:
    at = OPENING + timedelta(days=day - 1, minutes=minute)
    how.setdefault("applicant", iin(int(child[-4:]) % 900 + 1, birth="850101"))
    return apply_at_desk(wanted=request(child=child, **how), at=at)


def withdraw(application: UUID, *, day: int) -> None:
    at = OPENING + timedelta(days=day - 1, hours=1)
    Retraction.objects.create(
        id=uuid4(), kind="withdrawal", campaign=Campaign.objects.get(), application_id=application,
        is_verified=True, door="desk", desk=UUID(int=7), seq=1, lodged_at=at, received_at=at,
    )  # fmt: skip


def run(campaign: Campaign, **how: bool) -> None:
    reconcile(campaign=campaign, at=NIGHT, **how)


def placed() -> dict[str, str]:
    rows = RosterEntry.objects.filter(slot__isnull=False).select_related("intake")
    return {row.child_key: row.intake.name for row in rows}


def harmed() -> dict[str, tuple[str, str]]:
    rows = Harmed.objects.select_related("intake")
    return {row.child_key: (row.intake.name, row.kind) for row in rows}


def confirmed_without_the_first(campaign: Campaign) -> UUID:
    """The second child's place is confirmed; then the first one's request of 09:00 arrives. Its id."""
    ask(SECOND, minute=5)
    run(campaign)
    confirm(campaign)
    return ask(FIRST, minute=0)


def test_nothing_late_harms_nobody(campaign: Campaign) -> None:
    ask(FIRST, minute=0)
    ask(SECOND, minute=5)
    run(campaign)
    confirm(campaign)
    run(campaign)

    assert placed() == {FIRST: ABAY}
    assert harmed() == {}
    assert not RetoldRound.objects.exists()


def test_who_would_have_won_is_named_and_the_confirmed_place_stays(campaign: Campaign) -> None:
    confirmed_without_the_first(campaign)
    run(campaign)

    assert placed() == {SECOND: ABAY}
    assert harmed() == {FIRST: (ABAY, "T")}


def test_who_comes_after_the_closing_is_not_harmed(campaign: Campaign) -> None:
    confirmed_without_the_first(campaign)
    ask(THIRD, minute=0, day=2)
    run(campaign)

    assert set(harmed()) == {FIRST}


def test_who_would_not_have_won_is_not_harmed(campaign: Campaign) -> None:
    ask(SECOND, minute=5)
    run(campaign)
    confirm(campaign)
    ask(FIRST, minute=9)
    run(campaign)

    assert harmed() == {}


def test_the_harmed_child_goes_first_when_the_place_becomes_free(campaign: Campaign) -> None:
    """Before the territory's children, though it comes from outside and later: it lost a place of that kind."""
    ask(SECOND, minute=5, address=ON_DOSTYK_STREET, choices=[ABAY])
    run(campaign)
    confirm(campaign)
    ask(FIRST, minute=0, address=ON_DOSTYK_STREET, choices=[ABAY])
    ask(THIRD, minute=1, day=2, address=ON_ABAY_STREET)
    withdraw(UUID(str(RosterEntry.objects.get(child_key=SECOND).application_id)), day=2)
    close_round(campaign, 2)
    run(campaign)

    assert placed() == {FIRST: ABAY}
    assert harmed() == {}


def test_without_a_late_fact_the_territory_goes_first_at_that_place(campaign: Campaign) -> None:
    """The control of the test above."""
    ask(SECOND, minute=5, address=ON_DOSTYK_STREET, choices=[ABAY])
    ask(FIRST, minute=9, address=ON_DOSTYK_STREET, choices=[ABAY])
    run(campaign)
    confirm(campaign)
    ask(THIRD, minute=1, day=2, address=ON_ABAY_STREET)
    withdraw(UUID(str(RosterEntry.objects.get(child_key=SECOND).application_id)), day=2)
    close_round(campaign, 2)
    run(campaign)

    assert placed() == {THIRD: ABAY}


def test_a_place_left_after_the_closing_harms_nobody_behind_it(campaign: Campaign) -> None:
    first = ask(FIRST, minute=0)
    ask(SECOND, minute=5)
    run(campaign)
    confirm(campaign)
    withdraw(first, day=2)
    run(campaign)

    assert placed() == {SECOND: ABAY}
    assert harmed() == {}


def test_a_withdrawal_of_before_the_closing_that_arrives_late_harms_nobody_who_got_the_place(
    campaign: Campaign,
) -> None:
    first = ask(FIRST, minute=0)
    ask(SECOND, minute=5)
    run(campaign)
    confirm(campaign)
    withdraw(first, day=1)
    run(campaign)

    assert placed() == {SECOND: ABAY}
    assert harmed() == {}


def test_who_has_something_better_by_now_is_not_harmed(campaign: Campaign) -> None:
    ask(SECOND, minute=5)
    run(campaign)
    confirm(campaign)
    ask(FIRST, minute=0, choices=[SATBAYEV, ABAY], address=ON_ABAY_STREET)
    run(campaign)

    assert placed()[FIRST] == SATBAYEV
    assert harmed() == {}


def test_who_does_not_want_it_any_more_is_not_harmed(campaign: Campaign) -> None:
    late = confirmed_without_the_first(campaign)
    withdraw(late, day=2)
    run(campaign)

    assert harmed() == {}


def test_an_outage_recorded_too_late_harms_whom_the_draw_would_have_chosen(campaign: Campaign) -> None:
    ask(FIRST, minute=0)
    for child, minute in ((SECOND, 3), (THIRD, 4), (FOURTH, 5)):
        ask(child, minute=minute)
    run(campaign)
    confirm(campaign)
    outage = Outage.objects.create(
        id=uuid4(), campaign=campaign, started_at=OPENING, reason="late news", recorded_at=NIGHT,
        recorded_by=["probe"],
    )  # fmt: skip
    OutageEnd.objects.create(outage=outage, ended_at=OPENING + timedelta(minutes=10), recorded_at=NIGHT)
    run(campaign)

    numbers = {row.child_key: row.draw_number for row in RosterEntry.objects.all()}
    winner = min(numbers, key=lambda child: numbers[child])
    assert placed() == {FIRST: ABAY}
    assert set(harmed()) == {winner} - {FIRST}


def test_an_address_found_otherwise_counts_as_known_too_late(campaign: Campaign) -> None:
    ask(SECOND, minute=5)
    late = ask(FIRST, minute=0, address=ON_DOSTYK_STREET)
    run(campaign)
    confirm(campaign)
    found = {"district": BOSTANDYK, "street": ON_ABAY_STREET.street, "house": "10"}
    check(late, relation=None, address=False, found=found)
    run(campaign)

    assert Check.objects.count() == 1
    assert harmed() == {FIRST: (ABAY, "T")}


def test_a_place_above_capacity_ends_it(campaign: Campaign) -> None:
    from schools.models import SlotChange
    from tests.country import official

    confirmed_without_the_first(campaign)
    run(campaign)
    SlotChange.objects.create(
        id=uuid4(), intake=campaign.intakes.get(school__district=BOSTANDYK), kind="granted", slot=1,
        in_force_date=OPENING.date(), child_key=FIRST, reason="known too late", official=official(),
        recorded_at=DAY_TWO,
    )  # fmt: skip
    run(campaign)

    assert placed() == {FIRST: ABAY, SECOND: ABAY}
    assert harmed() == {}


def test_a_round_is_told_again_once(campaign: Campaign, monkeypatch: pytest.MonkeyPatch) -> None:
    told = []
    real = retelling.facts_before
    monkeypatch.setattr(retelling, "facts_before", lambda **how: told.append(1) or real(**how))
    confirmed_without_the_first(campaign)
    run(campaign)
    ask(THIRD, minute=0, day=2)
    run(campaign)
    run(campaign, recompute=True)

    assert len(told) == 1
    assert set(harmed()) == {FIRST}


def test_the_list_is_the_same_from_nothing(campaign: Campaign) -> None:
    confirmed_without_the_first(campaign)
    run(campaign)
    known, sha256 = harmed(), bytes(RosterState.objects.get().roster_sha256)
    RetoldRound.objects.all().delete()
    Harmed.objects.all().delete()
    run(campaign, recompute=True)

    assert (harmed(), bytes(RosterState.objects.get().roster_sha256)) == (known, sha256)


def test_what_is_late_is_never_only_computed_in_part(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = []
    real = incremental.increment
    monkeypatch.setattr(
        "enrollment.reconciliation.increment", lambda **how: parts.append(real(**how)) or parts[-1]
    )
    confirmed_without_the_first(campaign)
    run(campaign)
    ask(THIRD, minute=0, day=2)
    run(campaign)

    assert [part is None for part in parts] == [True, False]
    assert set(harmed()) == {FIRST}
