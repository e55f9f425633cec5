"""Who would have a place, had one thing been different: the same facts, one change."""

import csv
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from django.core.management import CommandError, call_command
from django.utils import translation

from enrollment import draw, keys
from enrollment.arrival import Outage as RecordedOutage
from enrollment.models import DaySeed, Outage, OutageEnd
from enrollment.reading import read_facts, read_setup
from enrollment.reconciliation import compute_roster, reconcile
from enrollment.what_if import (
    DecidesNoPlace,
    Difference,
    NoListYet,
    NoSuchOutageInFacts,
    NothingChanged,
    WithoutOutage,
    WithPolicy,
    changed_policy,
    what_if,
)
from schools.models import (
    Account,
    Campaign,
    Confirmation,
    ConfirmedPlace,
    Intake,
    RosterEntry,
    RosterState,
    Round,
)
from schools.rules import InvalidPolicy
from tests.country import (
    ABAY,
    BOSTANDYK,
    DAY_TWO,
    MEDEU,
    ON_DOSTYK_STREET,
    OPENING,
    SATBAYEV,
    apply_online,
    iin,
    make_country,
    request,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


DAYS = (date(2027, 4, 1), date(2027, 4, 2))
DAY_THREE = DAY_TWO.replace(hour=0) + timedelta(days=1, hours=1)
TEN = DAY_TWO.replace(hour=10)


def seeds() -> dict[date, bytes]:
    return {day.date: draw.day_seed(date=day.date, s=bytes(day.s), v=day.v) for day in DaySeed.objects.all()}


def number_of(child: str, day: date) -> bytes:
    return draw.number(seed=seeds()[day], token=draw.child_token(key=keys.draw_key(), child_key=child))


def close_the_days(campaign: Campaign) -> None:
    """Two working days are over and drawn: the second round is the current one."""
    Round.objects.filter(campaign=campaign).delete()
    for index, day in enumerate(DAYS, start=1):
        Round.objects.create(
            campaign=campaign, number=index, closes_at=OPENING.replace(hour=0) + timedelta(days=index)
        )
        DaySeed.objects.create(
            campaign=campaign, date=day, s=bytes([index] * 32), v=f"v{index}", made_at=DAY_THREE
        )


def recorded(start=TEN, hours: int = 2, district: str | None = None) -> Outage:
    outage = Outage.objects.create(
        id=uuid4(),
        campaign_id=2027,
        district_id=district,
        started_at=start,
        reason="a test",
        recorded_at=DAY_THREE,
        recorded_by=["probe"],
    )
    OutageEnd.objects.create(outage=outage, ended_at=start + timedelta(hours=hours), recorded_at=DAY_THREE)
    return outage


class Morning:
    """One place at the lyceum; who comes second within the outage draws the smaller number."""

    def __init__(self) -> None:
        self.campaign = make_country(places=1)
        close_the_days(self.campaign)
        pair = sorted((iin(1), iin(2)), key=lambda child: number_of(child, DAYS[1]))
        self.lucky, self.early = pair
        self.applications = {
            self.early: self.apply(self.early, TEN + timedelta(minutes=30)),
            self.lucky: self.apply(self.lucky, TEN + timedelta(hours=3)),
        }
        self.elsewhere = iin(3)
        self.apply(self.elsewhere, TEN + timedelta(hours=1), choice=SATBAYEV, address=ON_DOSTYK_STREET)
        self.outage = recorded()

    def apply(self, child: str, at, *, choice: str = ABAY, **more) -> UUID:
        wanted = request(child=child, choices=[choice] if isinstance(choice, str) else choice, **more)
        return apply_online(campaign=self.campaign, wanted=wanted, at=at)

    def number(self, child: str) -> str:
        return str(read_facts(campaign=self.campaign).asked[self.applications[child]].number)

    def without(self) -> Difference:
        end = self.outage.end.ended_at
        change = WithoutOutage(RecordedOutage(self.outage.started_at, end, self.outage.district_id))
        return self.what_if(change)

    def what_if(self, change) -> Difference:
        return what_if(
            setup=read_setup(campaign=self.campaign), facts=read_facts(campaign=self.campaign), change=change
        )

    def with_rules(self, **values: object) -> Difference:
        changed = {key: {"value": value, "legal_basis": "a test"} for key, value in values.items()}
        return self.what_if(WithPolicy(changed_policy(stored=self.campaign.policy_data, changed=changed)))

    def confirm(self, child: str, *, slot: int = 0) -> None:
        """The lyceum's district confirms the second round with this child in its place."""
        official = Account.objects.create_user("confirms@example.kz")
        confirmation = Confirmation.objects.create(
            id=uuid4(),
            campaign=self.campaign,
            round=Round.objects.get(number=2),
            district_id=BOSTANDYK,
            way="watermark",
            facts_sha256=bytes(32),
            roster_sha256=bytes(32),
            official=official,
            confirmed_at=DAY_THREE,
        )
        ConfirmedPlace.objects.create(
            confirmation=confirmation,
            intake=Intake.objects.get(school_id=ABAY[:12]),
            slot=slot,
            child_key=child,
            application_id=self.applications[child],
        )


@pytest.fixture
def morning() -> Morning:
    return Morning()


def test_without_the_outage_exactly_the_two_it_put_in_one_moment_change(morning: Morning) -> None:
    difference = morning.without()

    moves = {(move.number, move.before, move.after) for move in difference.as_confirmed.moves}
    assert moves == {
        (morning.number(morning.early), None, ABAY),
        (morning.number(morning.lucky), ABAY, None),
    }
    assert difference.as_confirmed.totals == {"gained": 1, "lost": 1, "changed": 0}
    assert difference.from_nothing == difference.as_confirmed, "while nothing is confirmed"
    school = difference.as_confirmed.by_school()[ABAY]
    assert school.gained == [(morning.number(morning.early), None)]
    assert school.lost == [(morning.number(morning.lucky), None)]


def test_a_confirmed_place_stays_and_the_second_answer_says_what_it_cost(morning: Morning) -> None:
    morning.confirm(morning.lucky)

    difference = morning.without()

    assert difference.as_confirmed.moves == ()
    assert difference.from_nothing.totals == {"gained": 1, "lost": 1, "changed": 0}


def test_what_was_confirmed_is_not_counted_as_if_the_change_had_done_it(morning: Morning) -> None:
    """The place was confirmed to the other child: both answers compare like with like."""
    morning.confirm(morning.early)

    difference = morning.without()

    assert difference.as_confirmed.moves == ()
    assert difference.from_nothing.totals == {"gained": 1, "lost": 1, "changed": 0}


def test_an_outage_of_another_district_moves_nobody_here(morning: Morning) -> None:
    morning.outage = recorded(start=TEN + timedelta(hours=6), district=MEDEU)

    assert morning.without().as_confirmed.moves == ()


def test_of_two_equal_records_the_other_one_stays(morning: Morning) -> None:
    recorded()

    assert morning.without().as_confirmed.moves == ()


def test_an_outage_that_is_not_there_cannot_be_left_out(morning: Morning) -> None:
    change = WithoutOutage(RecordedOutage(TEN, TEN + timedelta(minutes=1)))

    with pytest.raises(NoSuchOutageInFacts):
        morning.what_if(change)


def test_an_outage_over_midnight_holds_the_round_that_would_have_closed(morning: Morning) -> None:
    morning.outage = recorded(start=DAY_TWO.replace(hour=23), hours=2)

    difference = morning.without()

    assert difference.as_confirmed.rounds == (1, 2)
    assert difference.as_confirmed.totals["gained"] == 2, "who came on day two waits for the round that moved"


def test_a_pattern_gives_the_places_other_kinds_and_takes_none(morning: Morning) -> None:
    """One place for the territory goes to the child from outside, once the only place is an O."""
    stranger = iin(9)
    morning.applications[stranger] = morning.apply(
        stranger, DAY_TWO + timedelta(hours=9), address=ON_DOSTYK_STREET
    )

    difference = morning.with_rules(slot_pattern="O")

    school = difference.as_confirmed.by_school()[ABAY]
    assert school.gained == [(morning.number(stranger), None)]
    assert school.lost == [(morning.number(morning.lucky), None)]
    assert difference.as_confirmed.totals["changed"] == 0


def test_a_removed_place_stays_removed_under_another_pattern(morning: Morning) -> None:
    setup = read_setup(campaign=morning.campaign)
    removed = replace(setup.intakes[ABAY], slots="-T")
    setup = replace(setup, intakes={**setup.intakes, ABAY: removed})
    policy = replace(setup.policy, slot_pattern="O")

    other, _facts = WithPolicy(policy).applied(setup=setup, facts=read_facts(campaign=morning.campaign))

    assert other.intakes[ABAY].slots == "-O"


def test_without_the_opening_interval_the_minutes_of_day_one_count(morning: Morning) -> None:
    first, second = sorted((iin(11), iin(12)), key=lambda child: number_of(child, DAYS[0]))
    morning.applications[second] = morning.apply(second, OPENING + timedelta(minutes=5))
    morning.applications[first] = morning.apply(first, OPENING + timedelta(hours=5))

    school = morning.with_rules(opening_interval=False).as_confirmed.by_school()[ABAY]

    assert school.gained == [(morning.number(second), None)]
    assert school.lost == [(morning.number(first), None)]


def test_with_fewer_choices_the_first_ones_count() -> None:
    campaign = make_country(places=1, policy={"choices_max": 3})
    close_the_days(campaign)
    fast, slow = iin(1), iin(2)
    apply_online(campaign=campaign, wanted=request(child=fast), at=DAY_TWO)
    wish = request(child=slow, choices=[ABAY, SATBAYEV], address=ON_DOSTYK_STREET)
    apply_online(campaign=campaign, wanted=wish, at=DAY_TWO + timedelta(hours=1))
    changed = changed_policy(
        stored=campaign.policy_data, changed={"choices_max": {"value": 1, "legal_basis": "a test"}}
    )

    difference = what_if(
        setup=read_setup(campaign=campaign), facts=read_facts(campaign=campaign), change=WithPolicy(changed)
    )

    (move,) = difference.as_confirmed.moves
    assert (move.before, move.after) == (SATBAYEV, None)


def test_before_the_first_round_there_is_nothing_to_compare() -> None:
    campaign = make_country(places=1)
    apply_online(campaign=campaign, wanted=request(child=iin(1)), at=OPENING)
    changed = {"grain": {"value": 300, "legal_basis": "a test"}}

    with pytest.raises(NoListYet):
        what_if(
            setup=read_setup(campaign=campaign),
            facts=read_facts(campaign=campaign),
            change=WithPolicy(changed_policy(stored=campaign.policy_data, changed=changed)),
        )


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"choices_max": {"value": 5, "legal_basis": "x"}}, "a whole number from 1 to 3"),
        ({"class_size_max": {"value": 0, "legal_basis": "x"}}, "a whole number from 1 to 40"),
        ({"slot_pattern": {"value": "TTX", "legal_basis": "x"}}, "letters T"),
        ({"grain": {"value": 60}}, "the legal basis is missing"),
        ({"choices": {"value": 1, "legal_basis": "x"}}, "there is no such key"),
    ],
)
def test_a_policy_without_sense_is_refused_with_the_reason(changed: dict[str, object], why: str) -> None:
    campaign = make_country()

    with pytest.raises(InvalidPolicy, match=why):
        changed_policy(stored=campaign.policy_data, changed=changed)


def test_rules_that_change_nothing_or_no_place_are_refused() -> None:
    stored = make_country().policy_data

    with pytest.raises(NothingChanged):
        changed_policy(stored=stored, changed=dict(stored))
    with pytest.raises(DecidesNoPlace, match="must_act_days"):
        changed_policy(stored=stored, changed={"must_act_days": {"value": 9, "legal_basis": "x"}})


# The command ---------------------------------------------------------------------------------------------------


def test_asking_changes_nothing_of_the_real_roster(morning: Morning, tmp_path: Path) -> None:
    reconcile(campaign=morning.campaign, at=DAY_THREE)
    state = RosterState.objects.values().get()
    rows = list(RosterEntry.objects.order_by("id").values())
    file = tmp_path / "policy.json"
    file.write_text(json.dumps({"slot_pattern": {"value": "O", "legal_basis": "a test"}}))

    call_command("what_if", campaign=2027, policy=file)
    call_command("what_if", campaign=2027, without_outage="1")

    assert rows, "there is a roster"
    assert RosterState.objects.values().get() == state
    assert list(RosterEntry.objects.order_by("id").values()) == rows
    reconcile(campaign=morning.campaign, at=DAY_THREE, recompute=True)
    assert bytes(RosterState.objects.get().roster_sha256) == bytes(state["roster_sha256"])


def test_an_outage_is_named_by_its_number_or_its_id_and_the_table_says_who(
    morning: Morning, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recorded(start=TEN + timedelta(hours=6), district=MEDEU)
    said = {}
    for name in ("1", str(morning.outage.id)):
        call_command("what_if", campaign=2027, without_outage=name, csv=tmp_path / "t.csv")
        said[name] = capsys.readouterr().out

    assert len(set(said.values())) == 1
    assert "As confirmed:           1 children would gain a place, 1 would lose it, 0 would have" in said["1"]
    raw = (tmp_path / "t.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    school, *children = csv.DictReader(raw.decode("utf-8-sig").splitlines())
    assert (school["school"], school["language"], school["gained"], school["lost"]) == (
        ABAY[:12],
        "kk",
        "1",
        "1",
    )
    assert [(row["application"], row["change"], row["gained"]) for row in children] == [
        (morning.number(morning.early), "gained", ""),
        (morning.number(morning.lucky), "lost", ""),
        (morning.number(morning.early), "gained_if_nothing_were_confirmed", ""),
        (morning.number(morning.lucky), "lost_if_nothing_were_confirmed", ""),
    ]


@pytest.mark.parametrize(
    "name", ["0", "7", "no", "5eb93a23-1ac5-479e-97e6-73bcf542819c", "99999999999999999999"]
)
def test_an_outage_that_nobody_recorded_is_refused(morning: Morning, name: str) -> None:
    with pytest.raises(CommandError, match="no such outage"):
        call_command("what_if", campaign=2027, without_outage=name)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"choices_max": {"value": 5, "legal_basis": "x"}}', "from 1 to 3"),
        ('{"choices_max": {"value": 2}}', "legal basis"),
        ("[1]", "an object with keys"),
        ("{", "is no JSON"),
    ],
)
def test_a_file_without_sense_is_refused(morning: Morning, tmp_path: Path, text: str, why: str) -> None:
    file = tmp_path / "policy.json"
    file.write_text(text)

    with pytest.raises(CommandError, match=why):
        call_command("what_if", campaign=2027, policy=file)
    with pytest.raises(CommandError, match="No such file"):
        call_command("what_if", campaign=2027, policy=tmp_path / "nothing.json")


def test_the_whole_policy_of_a_campaign_is_a_file_too(morning: Morning, tmp_path: Path) -> None:
    whole = {**morning.campaign.policy_data, "slot_pattern": {"value": "O", "legal_basis": "a test"}}
    file = tmp_path / "policy.json"
    file.write_text(json.dumps(whole))

    call_command("what_if", campaign=2027, policy=file)

    facts, setup = read_facts(campaign=morning.campaign), read_setup(campaign=morning.campaign)
    assert compute_roster(setup=setup, facts=facts).places()[morning.lucky] == ABAY
