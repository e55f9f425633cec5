"""What a round makes of the facts: who takes part, who holds, what is held, what the brake stops."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from enrollment.claims import standing_claims
from enrollment.ledger import Column, ledger
from enrollment.models import ChildLink, Decision, Outage, Retraction, TwinsWish
from enrollment.reading import read_facts, read_setup
from enrollment.reconciliation import compute_roster, incremental, reconcile
from enrollment.reconciliation.claiming import claims_of
from schools.models import (
    Acknowledgement,
    Annulment,
    Campaign,
    Case,
    ConfirmedPlace,
    Harmed,
    Horizon,
    IntakeState,
    RosterEntry,
    RosterState,
    SlotChange,
    SpokenClosing,
)
from tests.country import (
    ABAY,
    ABAY_LYCEUM,
    BOSTANDYK,
    DAY_TWO,
    DESK,
    MEDEU,
    ON_DOSTYK_STREET,
    OPENING,
    SATBAYEV,
    apply_at_desk,
    check,
    check_all,
    close_round,
    confirm,
    decided,
    iin,
    make_country,
    official,
    request,
)

pytestmark = pytest.mark.django_db
GRANDMOTHER = "900615199983"
NIGHT = DAY_TWO + timedelta(days=3)


@pytest.fixture
def campaign() -> Campaign:
    campaign = make_country(policy={"choices_max": 3})
    campaign.intakes.update(slots="T")
    return campaign


def ask(child: int, *, minute: int = 0, day: int = 2, **how: object) -> UUID:
    """A child's request at a desk, so many minutes after nine on that day of the campaign."""
    at = OPENING + timedelta(days=day - 1, minutes=minute)
    how.setdefault("applicant", iin(child, birth="850101"))
    return apply_at_desk(wanted=request(child=iin(child), **how), at=at)


def withdraw(application: UUID, *, day: int) -> None:
    at = OPENING + timedelta(days=day - 1, hours=5)
    Retraction.objects.create(
        id=uuid4(), kind="withdrawal", campaign=Campaign.objects.get(), application_id=application,
        is_verified=True, door="desk", desk=UUID(int=7), seq=1, lodged_at=at, received_at=at,
    )  # fmt: skip


def run(campaign: Campaign, **how: bool) -> dict[str, int | None]:
    """Slots by child after a run."""
    reconcile(campaign=campaign, at=NIGHT, **how)
    return dict(RosterEntry.objects.values_list("child_key", "slot"))


def held(campaign: Campaign) -> dict[str, list[str]]:
    """What the places are held for, by child."""
    run(campaign)
    return dict(RosterEntry.objects.filter(slot__isnull=False).values_list("child_key", "held_for"))


class TestRounds:
    def test_before_the_first_round_nobody_is_anywhere_but_arrivals_are_counted(self, campaign):
        aruzhan = ask(1)
        ask(2, address=ON_DOSTYK_STREET)

        assert run(campaign) == {}
        assert ledger(campaign=campaign)[aruzhan] is Column.AWAITING
        abay = IntakeState.objects.get(intake__school=ABAY_LYCEUM)
        assert (abay.arrived_territory, abay.arrived_outside) == (1, 1)
        assert RosterState.objects.get().round is None

    def test_what_came_after_the_closing_waits_for_the_next_round(self, campaign):
        early, late = ask(1, day=1), ask(2, day=2)
        close_round(campaign, 1)

        assert run(campaign) == {iin(1): 0}
        assert ledger(campaign=campaign) == {early: Column.ON_ROSTERS, late: Column.AWAITING}

        close_round(campaign, 2)
        assert run(campaign) == {iin(1): 0, iin(2): None}
        assert ledger(campaign=campaign)[late] is Column.RESERVE

    def test_a_closing_that_an_outage_moves_takes_in_more(self, campaign):
        close_round(campaign, 1)
        ask(1, day=2, minute=-9 * 60 + 5)
        assert run(campaign) == {}

        Outage.objects.create(
            id=uuid4(), campaign=campaign, started_at=OPENING + timedelta(hours=14), reason="a line",
            recorded_at=NIGHT, recorded_by=["probe"],
        )  # fmt: skip

        assert run(campaign) == {}, "while it goes on no round has closed"
        assert RosterState.objects.get().round is None

    def test_a_new_round_alone_is_reason_enough_to_compute(self, campaign):
        ask(1, day=1)
        run(campaign)
        close_round(campaign, 1)

        assert run(campaign) == {iin(1): 0}

    @pytest.mark.parametrize("what", ["policy", "slots", "territory"])
    def test_so_is_a_changed_campaign(self, campaign, what):
        ask(1)
        ask(2, minute=1)
        close_round(campaign, 2)
        run(campaign)
        before = bytes(RosterState.objects.get().setup_sha256)
        if what == "policy":
            campaign.policy_data["hold_unchecked"] = {"value": [], "legal_basis": "a test"}
            campaign.save()
        elif what == "slots":
            campaign.intakes.update(slots="TT")
        else:
            campaign.territories.all().delete()

        assert reconcile(campaign=campaign, at=NIGHT).rows_written > 0
        assert bytes(RosterState.objects.get().setup_sha256) != before


class TestHolders:
    def test_a_confirmed_child_keeps_its_place_from_whoever_was_first_after_all(self, campaign):
        ask(1, minute=10)
        decided(campaign, 2)
        ask(2, minute=5)

        assert run(campaign) == {iin(1): 0, iin(2): None}
        assert RosterEntry.objects.get(child_key=iin(1)).is_confirmed

    def test_who_withdraws_leaves_its_place(self, campaign):
        gone = ask(1)
        ask(2, minute=1)
        decided(campaign, 2)
        withdraw(gone, day=5)
        close_round(campaign, 3)

        assert run(campaign) == {iin(2): 0}

    def test_who_comes_back_after_a_withdrawal_stands_behind(self, campaign):
        gone = ask(1)
        ask(2, minute=1)
        decided(campaign, 2)
        withdraw(gone, day=5)
        ask(1, day=6)
        close_round(campaign, 4)

        assert run(campaign) == {iin(2): 0, iin(1): None}

    def test_who_corrects_the_choices_later_keeps_the_place_until_the_next_round(self, campaign):
        first = ask(1)
        ask(2, minute=1)
        decided(campaign, 2)
        ask(1, day=5, choices=[SATBAYEV, ABAY], replaces=first, address=ON_DOSTYK_STREET)

        assert run(campaign) == {iin(1): 0, iin(2): None}

        close_round(campaign, 3)
        reconcile(campaign=campaign, at=NIGHT)
        places = {row.child_key: row.intake.name for row in RosterEntry.objects.filter(slot__isnull=False)}
        assert places == {iin(1): SATBAYEV, iin(2): ABAY}

    def test_an_annulled_place_is_open_again(self, campaign):
        ask(1)
        ask(2, minute=1)
        decided(campaign, 2)
        Annulment.objects.create(
            id=uuid4(), place=ConfirmedPlace.objects.get(), reason="a forged paper", official=official(),
            second_official=official("dina@example.kz"), annulled_at=NIGHT,
        )  # fmt: skip

        assert run(campaign) == {iin(1): 0, iin(2): None}
        assert not RosterEntry.objects.get(slot=0).is_confirmed

    def test_a_granted_place_is_above_the_others(self, campaign):
        ask(1)
        ask(2, minute=1)
        decided(campaign, 2)
        self.change(campaign, "granted", 1, child=iin(2))

        assert run(campaign) == {iin(1): 0, iin(2): 1}
        assert set(RosterEntry.objects.values_list("is_confirmed", flat=True)) == {True}

    def test_an_added_slot_is_there_from_its_day_on(self, campaign):
        ask(1)
        ask(2, minute=1)
        close_round(campaign, 2)
        self.change(campaign, "added", 1, days=4)

        assert run(campaign) == {iin(1): 0, iin(2): None}
        close_round(campaign, 3)
        assert run(campaign) == {iin(1): 0, iin(2): None}
        close_round(campaign, 4)
        assert run(campaign) == {iin(1): 0, iin(2): 1}

    def test_a_removed_slot_stays_as_long_as_it_is_held(self, campaign):
        gone = ask(1)
        ask(2, minute=1)
        decided(campaign, 2)
        self.change(campaign, "removed", 0)
        assert run(campaign) == {iin(1): 0, iin(2): None}

        withdraw(gone, day=2)

        assert run(campaign) == {iin(2): None}

    @staticmethod
    def change(campaign: Campaign, kind: str, slot: int, *, days: int = 0, child: str = "") -> None:
        SlotChange.objects.create(
            id=uuid4(), intake=campaign.intakes.get(school=ABAY_LYCEUM), kind=kind, slot=slot,
            in_force_date=(DAY_TWO + timedelta(days=days)).date(), child_key=child, reason="a room",
            official=official(), recorded_at=NIGHT,
        )  # fmt: skip


class TestHeld:
    @pytest.fixture(autouse=True)
    def _three_places(self, campaign):
        campaign.intakes.update(slots="TTT")
        close_round(campaign, 2)

    def test_what_was_not_looked_at_holds_the_place_and_the_cut_off(self, campaign):
        first, last = ask(1), ask(2, minute=1)
        assert held(campaign) == {iin(1): ["relation", "address"], iin(2): ["relation", "address"]}

        check(last)
        assert held(campaign) == {iin(1): ["relation", "address"], iin(2): ["cut_off"]}

        check(first, address=None)
        assert held(campaign)[iin(1)] == ["address"]

    def test_when_all_was_looked_at_nothing_is_held(self, campaign):
        for child in (1, 2):
            check(ask(child, minute=child))

        assert held(campaign) == {iin(1): [], iin(2): []}

    def test_the_last_look_counts(self, campaign):
        child = ask(1)
        check(child, at=OPENING)
        check(child, relation=False, address=False, at=DAY_TWO)

        assert held(campaign) == {iin(1): ["relation", "address"]}

    def test_a_document_seen_proves_the_relation(self, campaign):
        ask(1, seen=True)

        assert held(campaign) == {iin(1): ["address"]}

    def test_the_registered_address_decides_the_lane(self, campaign):
        child = ask(1)
        check(child, address=False, found={"district": MEDEU, "street": "Достық даңғылы", "house": "5"})

        assert held(campaign) == {iin(1): []}
        assert RosterEntry.objects.get().lane == "outside"

    def test_a_contested_place_until_it_is_settled(self, campaign):
        mother = ask(1, seen=True)
        father = ask(1, minute=1, applicant=GRANDMOTHER, choices=[SATBAYEV], seen=True)
        check(mother)
        check(father)
        assert held(campaign) == {iin(1): ["contested"]}

        Decision.objects.create(
            id=uuid4(), campaign=campaign, kind="contest_settled", subject=father, decided_at=NIGHT
        )

        assert held(campaign) == {iin(1): []}
        assert RosterEntry.objects.get().intake.name == SATBAYEV

    def test_twins_share_a_number_and_a_cut_between_them_is_held(self, campaign):
        campaign.intakes.update(slots="T")
        twins = [ask(1), ask(2)]
        TwinsWish.objects.create(id=uuid4(), campaign=campaign, applications=twins, wished_at=DAY_TWO)
        for twin in twins:
            check(twin)

        run(campaign)

        assert len(set(RosterEntry.objects.values_list("draw_number", flat=True))) == 1
        assert RosterEntry.objects.get(slot=0).held_for == ["twins"]
        assert RosterEntry.objects.get(slot=None).held_for == []

    def test_without_the_policy_twins_are_two_children(self, campaign):
        campaign.policy_data["twins_share_token"] = {"value": False, "legal_basis": "a test"}
        campaign.save()
        twins = [ask(1), ask(2)]
        TwinsWish.objects.create(id=uuid4(), campaign=campaign, applications=twins, wished_at=DAY_TWO)

        run(campaign)

        assert len(set(RosterEntry.objects.values_list("draw_number", flat=True))) == 2

    def test_a_school_that_a_dark_desk_named_until_it_delivers(self, campaign):
        check(ask(1))
        through = DAY_TWO + timedelta(hours=9)
        SpokenClosing.objects.create(
            id=uuid4(), campaign=campaign, door=str(DESK), district_id=BOSTANDYK, through=through,
            last_seq=7, last_sha256="5eed5eed", school_bins=[ABAY_LYCEUM], read_by="Дина",
            official=official(), spoken_at=NIGHT,
        )  # fmt: skip
        horizon = Horizon.objects.create(campaign=campaign, door=str(DESK), district_id=BOSTANDYK)
        assert held(campaign) == {iin(1): ["closing"]}

        Horizon.objects.filter(pk=horizon.pk).update(through=through)

        assert held(campaign) == {iin(1): []}

    def test_policy_says_what_must_be_looked_at(self, campaign):
        campaign.policy_data["hold_unchecked"] = {"value": ["address"], "legal_basis": "a test"}
        campaign.save()
        ask(1)

        assert held(campaign) == {iin(1): ["address"]}

    def test_a_held_place_is_not_confirmed_and_a_confirmed_one_not_held(self, campaign):
        ask(1)
        check(ask(2, minute=1, choices=[SATBAYEV], address=ON_DOSTYK_STREET))
        run(campaign)
        confirm(campaign)

        assert held(campaign) == {iin(1): ["relation", "address"], iin(2): []}
        assert dict(RosterEntry.objects.values_list("child_key", "is_confirmed")) == {
            iin(1): False,
            iin(2): True,
        }


def test_two_keys_of_one_child_are_one_line(campaign):
    ask(1)
    ask(2, minute=1)
    close_round(campaign, 2)
    ChildLink.objects.create(
        id=uuid4(), campaign=campaign, child_key=iin(2), other_key=iin(1), is_same=True, reason="one digit",
        decided_at=NIGHT,
    )  # fmt: skip

    assert run(campaign) == {iin(1): 0}


class TestBrake:
    @pytest.fixture
    def braked(self, campaign) -> list[UUID]:
        """Seven children with confirmed places; six of them withdraw on one day."""
        campaign.intakes.update(slots="T" * 9)
        children = [ask(n, minute=n) for n in range(7)]
        ask(50, choices=[SATBAYEV], address=ON_DOSTYK_STREET)
        decided(campaign, 2)
        for child in children[:6]:
            withdraw(child, day=2)
        return children

    def test_a_run_that_moves_many_is_stopped_for_that_district_only(self, campaign, braked):
        ask(51, minute=3, choices=[SATBAYEV], address=ON_DOSTYK_STREET)

        stopped = reconcile(campaign=campaign, at=NIGHT).stopped

        assert stopped == (BOSTANDYK,)
        assert RosterEntry.objects.filter(intake__school=ABAY_LYCEUM).count() == 7
        assert RosterEntry.objects.filter(district=MEDEU).count() == 2
        case = Case.objects.get(kind="brake")
        assert (case.subject, case.district_id, case.closed_at) == (BOSTANDYK, BOSTANDYK, None)
        assert case.detail == {"places": {iin(6): ABAY}, "moved": 6, "of": 7}

    def test_five_children_may_move(self, campaign, braked):
        ask(0, day=2, minute=301, applicant=iin(0, birth="850101"))

        assert reconcile(campaign=campaign, at=NIGHT).stopped == ()

    def test_an_acknowledgement_lets_it_stand(self, campaign, braked):
        reconcile(campaign=campaign, at=NIGHT)
        case = Case.objects.get(kind="brake")
        Acknowledgement.objects.create(
            id=uuid4(), campaign=campaign, district_id=BOSTANDYK, places=case.detail["places"],
            reason="a school moved", official=official(), acknowledged_at=NIGHT + timedelta(minutes=1),
        )  # fmt: skip

        run = reconcile(campaign=campaign, at=NIGHT + timedelta(minutes=2))

        assert (run.stopped, run.rows_written) == ((), 6)
        case.refresh_from_db()
        assert case.closed_at is not None
        assert list(RosterEntry.objects.filter(district=BOSTANDYK).values_list("child_key", "slot")) == [
            (iin(6), 6)
        ]

    def test_before_any_confirmation_nothing_is_stopped(self, campaign):
        children = [ask(n, minute=n) for n in range(7)]
        close_round(campaign, 2)
        run(campaign)
        for child in children:
            withdraw(child, day=2)

        assert reconcile(campaign=campaign, at=NIGHT).stopped == ()


class TestIncremental:
    """New facts of few children: only what choices connect with them is computed again."""

    @pytest.fixture
    def running(self, campaign, monkeypatch) -> list[set[str]]:
        """Three children of two schools that nothing connects; the intakes of each later computation."""
        ask(1)
        ask(2, minute=1)
        ask(3, choices=[SATBAYEV], address=ON_DOSTYK_STREET)
        close_round(campaign, 2)
        run(campaign)
        computed: list[set[str]] = []
        original = incremental.compute_roster

        def noted(*, setup, facts):
            computed.append(set(setup.intakes))
            return original(setup=setup, facts=facts)

        monkeypatch.setattr(incremental, "compute_roster", noted)
        return computed

    def equals_the_whole(self, campaign: Campaign) -> bool:
        """Whether everything computed from nothing changes neither a row nor a hash."""
        parts = RosterState.objects.values_list("roster_sha256", "facts_sha256", "facts_read").get()
        states = sorted(IntakeState.objects.values_list())
        assert reconcile(campaign=campaign, at=NIGHT, recompute=True).rows_written == 0
        whole = RosterState.objects.values_list("roster_sha256", "facts_sha256", "facts_read").get()
        return (parts, states) == (whole, sorted(IntakeState.objects.values_list()))

    def test_one_schools_news_leave_the_other_alone(self, campaign, running):
        ask(4, minute=-5)

        assert run(campaign) == {iin(4): 0, iin(1): None, iin(2): None, iin(3): 0}
        assert running == [{ABAY}]
        assert self.equals_the_whole(campaign)

    def test_a_child_that_names_both_joins_them_and_one_that_leaves_parts_them(self, campaign, running):
        both = ask(4, minute=-5, choices=[SATBAYEV, ABAY])
        run(campaign)
        assert set(IntakeState.objects.values_list("component", flat=True)) == {SATBAYEV}
        assert self.equals_the_whole(campaign)

        withdraw(both, day=2)
        run(campaign)

        assert set(IntakeState.objects.values_list("component", flat=True)) == {ABAY, SATBAYEV}
        assert running == [{ABAY, SATBAYEV}] * 2
        assert self.equals_the_whole(campaign)

    def test_looks_and_late_requests(self, campaign, running):
        check_all(campaign)
        ask(5, day=5)
        run(campaign)
        assert self.equals_the_whole(campaign)

        ask(6)
        ask(7, day=6)
        run(campaign)

        assert len(running) == 2
        assert self.equals_the_whole(campaign)

    def test_after_a_confirmation(self, campaign, running):
        check_all(campaign)
        run(campaign)
        confirm(campaign)
        run(campaign)
        running.clear()
        ask(4, day=3)

        assert run(campaign) == {iin(1): 0, iin(2): None, iin(3): 0}
        assert running == [{ABAY}]
        assert self.equals_the_whole(campaign)

    def test_what_became_known_too_late_makes_the_whole_again(self, campaign, running):
        check_all(campaign)
        run(campaign)
        confirm(campaign)
        run(campaign)
        running.clear()
        ask(4, minute=-5)

        assert run(campaign) == {iin(1): 0, iin(2): None, iin(3): 0, iin(4): None}
        assert running == []
        assert set(Harmed.objects.values_list("child_key", flat=True)) == {iin(4)}

    def test_a_new_day_of_the_draw_computes_everything(self, campaign, running):
        ask(4, minute=-5)
        close_round(campaign, 3)

        run(campaign)

        assert running == []
        assert self.equals_the_whole(campaign)


def test_the_short_way_to_a_claim_ends_where_the_whole_rule_does(campaign):
    alone, withdrawn, corrected = ask(1), ask(2), ask(3)
    ask(3, minute=1, replaces=corrected, choices=[SATBAYEV])
    ask(4)
    ask(4, minute=2, applicant=GRANDMOTHER)
    withdraw(withdrawn, day=2)
    check(alone, address=None)
    facts = read_facts(campaign=campaign)

    short = claims_of(facts, facts.lodged)
    whole = claims_of(facts, facts.lodged, has_shortcut=False)

    def said(claims):
        return {
            key: (
                facts.lodged[claims.rows[i]].id, claims.choices[i], *(int(times[i]) for times in (
                    claims.arrived_at, claims.first_arrival_at, claims.since)),
                bool(claims.is_proven[i]), bool(claims.is_contested[i]),
            )
            for i, key in enumerate(claims.child_keys)
        }  # fmt: skip

    assert said(short) == said(whole)
    assert said(short).keys() == standing_claims(facts.lodged, facts.retracted).claims.keys()


def test_facts_can_be_thought_otherwise_without_columns(campaign):
    """What-if replaces what was read by plain values."""
    for child in range(3):
        ask(child, minute=child)
    close_round(campaign, 2)
    setup, facts = read_setup(campaign=campaign), read_facts(campaign=campaign)
    plain = replace(facts, lodged=list(facts.lodged), asked=dict(facts.asked))

    as_read, as_thought = (compute_roster(setup=setup, facts=one) for one in (facts, plain))

    assert list(as_read.lines()) == list(as_thought.lines())
    assert as_read.places() == {iin(0): ABAY}


def test_the_hash_of_the_facts_is_that_of_a_set(campaign):
    ask(1)
    before = read_facts(campaign=campaign)
    assert before.sha256 == read_facts(campaign=campaign).sha256

    check_all(campaign)
    ask(2)

    assert read_facts(campaign=campaign).sha256 != before.sha256
