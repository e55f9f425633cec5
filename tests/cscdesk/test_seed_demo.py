"""The demo country: believable, valid, and the same at every start."""

import json
import re
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path

import msgspec
import pytest
from django.apps import apps
from django.conf import LazySettings
from django.contrib.auth.hashers import check_password
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import translation

from cscdesk.demo_country import personas, story
from cscdesk.demo_country.families import families
from cscdesk.demo_country.far_desk import FAMILIES, requests
from cscdesk.demo_country.founding import (
    CITY_APPLICATIONS,
    CITY_FAMILIES,
    NotADemo,
    TooManyApplications,
    seed_country,
)
from cscdesk.demo_country.morning import OPENS_AT, SHOWN_AT, morning
from cscdesk.demo_country.names import family_form
from cscdesk.demo_country.numbers import Issued, receipt_number
from cscdesk.demo_country.places import city_country, nation_country
from cscdesk.models import Centre, Clerk, Desk
from cscdesk.services.taking_in import take_in_entries
from enrollment.models import Application, Check, DaySeed, Notice, NoticeSent, PublicValue, Retraction
from enrollment.receipts import parse_number
from enrollment.reconciliation import reconcile_all
from enrollment.rules import child_key, content_sha256, decode_request, faults, normal_phone
from enrollment.services.draws import make_due_seeds
from schools import clock
from schools.models import (
    Account,
    Campaign,
    ConfirmedPlace,
    District,
    Harmed,
    Intake,
    Region,
    RosterEntry,
    Round,
    School,
    Scope,
)
from schools.rules import HouseRange, Policy, parse_bin, parse_house, parse_iin, street_key
from schools.services.confirming import AlreadyConfirmed
from schools.services.roles import grant_app_role
from tests.cscdesk import desks

COUNTRY = city_country()


def everything_stored() -> dict[str, str]:
    """A fingerprint of every table of the three apps."""
    prints = {}
    with connection.cursor() as cursor:
        for model in apps.get_models():
            if model._meta.app_label in ("schools", "enrollment", "cscdesk", "account"):
                table = model._meta.db_table
                cursor.execute(
                    f"SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {table} t"
                )
                prints[table] = cursor.fetchone()[0]
    return prints


@pytest.mark.django_db
class TestCity:
    def test_the_size_that_was_asked_for(self) -> None:
        call_command("seed_demo")

        assert Region.objects.count() == 20
        assert District.objects.count() == 18
        assert School.objects.values("district__region").distinct().count() == 3
        assert (School.objects.count(), Intake.objects.count()) == (40, 80)
        assert (Centre.objects.count(), Desk.objects.count()) == (3, 6)
        assert Clerk.objects.count() == 9
        assert Application.objects.count() == CITY_APPLICATIONS
        assert Account.objects.filter(email__endswith="@family.example").count() >= CITY_FAMILIES

    def test_again_changes_nothing_and_says_so(self, capsys: pytest.CaptureFixture[str]) -> None:
        call_command("seed_demo")
        before = everything_stored()
        capsys.readouterr()

        call_command("seed_demo")

        assert everything_stored() == before
        assert "nothing was changed" in capsys.readouterr().out

    def test_more_applications_are_added_to_the_first_ones(self) -> None:
        seed_country(size="city", applications=50)
        first = set(Application.objects.values_list("id", "number", "lodged_at"))

        added = seed_country(size="city", applications=120)

        assert added["applications"] == 70
        assert first < set(Application.objects.values_list("id", "number", "lodged_at"))

    def test_every_application_would_have_been_taken_by_the_portal(self) -> None:
        seed_country(size="city", applications=CITY_APPLICATIONS)
        campaign = Campaign.objects.get(year=2027)
        offered = {intake.name for intake in Intake.objects.all()}

        for application in Application.objects.all():
            request = decode_request(application.form)
            assert faults(request, year=2027, policy=campaign.policy, offered=offered) == {}
            assert bytes(application.content_sha256) == content_sha256(request)
            assert application.child_key == child_key(request.child)
            assert application.choices == request.choices
            assert parse_number(application.number) == application.number
            assert OPENS_AT <= application.lodged_at <= SHOWN_AT

    def test_every_family_was_told_and_none_is_told_again(self) -> None:
        seed_country(size="city", applications=200)

        assert Notice.objects.filter(kind=Notice.Kind.REGISTERED).count() == 200
        assert Notice.objects.filter(kind=Notice.Kind.WITHDRAWN).count() == Retraction.objects.count() > 0
        assert NoticeSent.objects.count() == Notice.objects.count()

    def test_the_morning_has_its_hard_cases(self) -> None:
        seed_country(size="city", applications=CITY_APPLICATIONS)
        choices: dict[str, list[str]] = {}
        for key, chosen in Application.objects.values_list("child_key", "choices"):
            choices.setdefault(key, []).append(chosen[0])
        wanted = Counter(chosen for of_child in choices.values() for chosen in set(of_child))
        capacity = {intake.name: intake.capacity for intake in Intake.objects.all()}
        senders = Counter(Application.objects.values_list("person_key", flat=True))

        assert any(len(set(of_child)) == 2 for of_child in choices.values()), "two people, two schools"
        assert any(len(of_child) == 2 and len(set(of_child)) == 1 for of_child in choices.values())
        assert any(count == 2 for count in senders.values()), "twins"
        assert any(not key.isdigit() for key in choices), "a child without IIN"
        assert any(count > capacity[name] for name, count in wanted.items()), "a school that is over-full"
        assert Application.objects.filter(form__address__street="").exists(), "registered nowhere"
        assert Application.objects.filter(form__phone=None).exists(), "no phone"
        assert Application.objects.filter(form__child__wish=True).exists(), "six only in autumn"

    def test_the_campaign(self) -> None:
        seed_country(size="city", applications=0)

        campaign = Campaign.objects.get()
        assert campaign.year == 2027
        assert campaign.opens_at == datetime(2027, 4, 1, 4, tzinfo=UTC)
        assert campaign.closes_at.astimezone(clock.ALMATY).date() == date(2027, 8, 31)
        assert campaign.draw_commitment.committed_at < campaign.opens_at
        assert all(rule["legal_basis"] for rule in campaign.policy_data.values())
        campaign.full_clean()
        closings = list(Round.objects.values_list("number", "closes_at"))
        assert closings[0] == (1, datetime(2027, 4, 1, 19, tzinfo=UTC)), "24:00 in Almaty of the opening day"
        assert [number for number, _at in closings] == list(range(1, len(closings) + 1))
        assert closings[-1][1] >= campaign.closes_at

    def test_the_personas_can_sign_in(self) -> None:
        seed_country(size="city", applications=0)

        official = Account.objects.get(email=personas.DISTRICT_OFFICIAL.email)
        assert check_password(personas.DEMO_PASSWORD, official.password)
        assert [str(scope.district_id) for scope in official.scopes.all()] == ["751110000"]
        region = Scope.objects.get(account__email=personas.REGION_OFFICIAL.email)
        assert (region.region_id, region.district_id) == ("750000000", None)
        assert not Account.objects.get(email=personas.MOTHER.email).scopes.exists()
        assert Clerk.objects.get(code=personas.CLERK.code).full_name == personas.CLERK.full_name

    def test_the_applications_own_role_may_found_it(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("CREATE ROLE qabyldau_test_founder NOLOGIN")
            grant_app_role(role="qabyldau_test_founder")
            cursor.execute("SET LOCAL ROLE qabyldau_test_founder")

            added = seed_country(size="city", applications=20)
            again = seed_country(size="city", applications=20)

            cursor.execute("RESET ROLE")
        assert added["applications"] == 20
        assert not any(again.values())

    def test_only_a_demonstration_is_filled(self, settings: LazySettings) -> None:
        settings.DEMO = False

        with pytest.raises(NotADemo):
            seed_country(size="city", applications=0)
        with pytest.raises(CommandError, match="set DEMO=1"):
            call_command("seed_demo")

        assert not School.objects.exists()

    def test_a_senseless_number_is_refused(self) -> None:
        with pytest.raises(TooManyApplications):
            seed_country(size="nation", applications=400_001)
        with pytest.raises(CommandError, match="0 or more"):
            call_command("seed_demo", "--applications", "-1")


@pytest.mark.django_db
class TestStory:
    """What the director's presses do, with a worker that rings when it is its turn."""

    @pytest.fixture(autouse=True)
    def _after_the_first_day(self, clock_file: Path) -> None:
        seed_country(size="city", applications=CITY_APPLICATIONS)
        self.campaign = Campaign.objects.get()
        self.district = District.objects.get(kato=personas.DISTRICT_OFFICIAL.district)
        clock.write_shift(clock_file, shown=datetime(2027, 4, 2, 0, 6, tzinfo=clock.ALMATY))

    def ring(self) -> None:
        make_due_seeds(at=clock.now())
        reconcile_all(at=clock.now())

    def close(self) -> dict[str, dict[str, object]]:
        steps = story.close_days(campaign=self.campaign, now=clock.now)
        name, facts = next(steps)
        self.ring()
        return {name: facts} | dict(steps)

    def check(self) -> dict[str, dict[str, object]]:
        steps = story.check_district(campaign=self.campaign, district=self.district, now=clock.now)
        name, facts = next(steps)
        self.ring()
        return {name: facts} | dict(steps)

    def test_the_first_day_ends_in_a_seed_and_a_list(self) -> None:
        steps = self.close()

        assert list(steps) == ["value", "seed", "list"]
        assert steps["value"]["date"] == steps["seed"]["date"] == date(2027, 4, 1)
        assert PublicValue.objects.get().entered_by == ["demo"]
        assert DaySeed.objects.count() == 1
        assert steps["list"]["round"] == 1
        assert steps["list"]["places"] == RosterEntry.objects.filter(slot__isnull=False).count() > 0

    def test_a_day_is_closed_once(self) -> None:
        self.close()

        assert dict(story.close_days(campaign=self.campaign, now=clock.now)).keys() == {"list"}
        assert PublicValue.objects.count() == DaySeed.objects.count() == 1

    def test_several_days_are_closed_in_their_order(self, clock_file: Path) -> None:
        clock.write_shift(clock_file, shown=datetime(2027, 4, 5, 9, tzinfo=clock.ALMATY))
        steps = story.close_days(campaign=self.campaign, now=clock.now)

        entered = [next(steps)[1]["date"] for _day in range(4)]
        self.ring()
        rest = list(steps)

        assert entered == [date(2027, 4, day) for day in (1, 2, 3, 4)]
        assert [name for name, _facts in rest] == ["seed"] * 4 + ["list"]
        assert rest[-1][1]["round"] == 2, "the weekend has no round of its own"

    def test_without_a_worker_it_is_said_that_nobody_works(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(story, "PATIENCE", 0.1)

        with pytest.raises(story.NobodyWorks):
            list(story.close_days(campaign=self.campaign, now=clock.now))

    def test_what_was_looked_at_can_be_confirmed(self) -> None:
        self.close()
        held = RosterEntry.objects.filter(district=self.district, is_held=True, slot__isnull=False).count()
        steps = self.check()

        (confirmed,) = story.confirm_district(campaign=self.campaign, district=self.district, now=clock.now)

        assert held > 0, "nothing was looked at before"
        assert steps["checked"]["official"] == personas.DISTRICT_OFFICIAL.full_name
        assert confirmed[0] == "confirmed"
        assert confirmed[1]["places"] == ConfirmedPlace.objects.count() > 0
        self.ring()
        assert RosterEntry.objects.filter(district=self.district, is_confirmed=True).count() > 0

    def test_a_grandmother_does_not_stop_the_checks(self) -> None:
        desk = desks.Counter()
        desk.lodge(msgspec.structs.replace(next(requests()), relation="relative"), wall=OPENS_AT)
        desk.hand_in(at=clock.now())
        take_in_entries(at=clock.now())
        self.close()
        steps = self.check()

        her_own = Application.objects.get(form__relation="relative")
        hers = Check.objects.filter(application_id=her_own.pk)
        assert steps["checked"]["count"] == Check.objects.count()
        assert set(hers.values_list("subject", flat=True)) == {Check.Subject.ADDRESS}

    def test_it_is_confirmed_once(self) -> None:
        self.close()
        self.check()
        list(story.confirm_district(campaign=self.campaign, district=self.district, now=clock.now))

        with pytest.raises(AlreadyConfirmed):
            list(story.confirm_district(campaign=self.campaign, district=self.district, now=clock.now))

    def test_who_came_in_time_to_the_far_desk_is_known_too_late(self) -> None:
        self.close()
        self.check()
        list(story.confirm_district(campaign=self.campaign, district=self.district, now=clock.now))
        before = set(ConfirmedPlace.objects.values_list("id", "intake", "slot", "child_key"))
        desk = desks.Counter()
        for number, request in enumerate(requests()):
            desk.lodge(request, wall=OPENS_AT + timedelta(minutes=number))
        desk.hand_in(at=clock.now())
        steps = story.harmed_in(campaign=self.campaign, district=self.district, now=clock.now)

        take_in_entries(at=clock.now())
        assert next(steps) == ("taken_in", {})
        self.ring()
        ((name, facts),) = steps

        assert name == "harmed"
        assert 0 < facts["count"] == Harmed.objects.filter(district=self.district).count() <= FAMILIES
        assert set(ConfirmedPlace.objects.values_list("id", "intake", "slot", "child_key")) == before

    def test_the_command_says_each_step_as_one_line(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.close()
        capsys.readouterr()

        call_command("demo_story", "close")

        (line,) = capsys.readouterr().out.splitlines()
        assert json.loads(line)["step"] == "list"
        assert re.fullmatch(r"00:0\d:\d\d", json.loads(line)["at"])

    def test_the_command_says_why_not(self) -> None:
        with translation.override("en"), pytest.raises(CommandError, match="No round has closed yet"):
            call_command("demo_story", "confirm")


@pytest.mark.django_db
class TestClock:
    def test_it_shows_the_first_morning(self, clock_file: Path) -> None:
        call_command("seed_demo", "--applications", "0")

        assert abs((clock.now() - SHOWN_AT).total_seconds()) < 60

    def test_a_clock_that_runs_is_left_alone(self, clock_file: Path) -> None:
        clock.write_shift(clock_file, shown=datetime(2027, 5, 1, tzinfo=UTC))
        before = json.loads(clock_file.read_text())

        call_command("seed_demo", "--applications", "0")

        assert json.loads(clock_file.read_text()) == before


@pytest.mark.django_db
def test_the_nation_has_the_cities_and_all_the_rest() -> None:
    seed_country(size="city", applications=20)

    added = seed_country(size="nation", applications=300)

    assert School.objects.count() == 8_000
    assert Intake.objects.count() == 12_000
    assert District.objects.count() == 224
    assert (Centre.objects.count(), Desk.objects.count()) == (175, 350)
    assert added["applications"] == 300
    assert Application.objects.count() == 320
    assert Application.objects.values("child_key").distinct().count() > 280
    assert not any(seed_country(size="nation", applications=300).values())


class TestFamilies:
    def test_fewer_are_the_first_of_more(self) -> None:
        assert list(families(20, country=COUNTRY)) == list(islice(families(500, country=COUNTRY), 20))

    def test_another_seed_makes_other_people(self) -> None:
        assert next(families(1, country=COUNTRY, seed=1)) != next(families(1, country=COUNTRY, seed=2))

    def test_nobody_shares_a_number_and_all_are_valid(self) -> None:
        people = [*families(1_500, country=COUNTRY), *families(500, country=COUNTRY, start=1_000)]
        iins = [
            person.iin
            for family in people
            for person in (*family.children, *(parent.applicant for parent in family.parents))
            if person.iin
        ]

        assert [parse_iin(iin) for iin in iins] == iins
        assert len(set(iins)) == len(iins)

    def test_four_of_five_live_in_the_territory_of_a_school(self) -> None:
        stretches: dict[tuple[str, str], list[HouseRange]] = {}
        for stretch in COUNTRY.stretches:
            for key in stretch.street.keys:
                stretches.setdefault((stretch.school.district.kato, key), []).append(
                    HouseRange(stretch.first, stretch.last, stretch.parity)
                )
        people = list(families(1_500, country=COUNTRY))

        at_home = [
            any(
                house_range.covers(parse_house(family.address.house))
                for house_range in stretches.get(
                    (family.address.district, street_key(family.address.street)), []
                )
            )
            for family in people
            if family.address.street
        ]

        assert 0.75 < sum(at_home) / len(people) < 0.87
        assert sum(at_home) == sum(family.school is not None for family in people)

    def test_phones_are_clearly_made_up(self) -> None:
        for family in families(50, country=COUNTRY):
            for parent in family.parents:
                assert parent.phone.startswith("+7700000")
                assert normal_phone(parent.phone) == parent.phone

    def test_twins_were_born_on_one_day_and_are_two(self) -> None:
        twins = [family.children for family in families(200, country=COUNTRY) if len(family.children) == 2]

        assert twins
        for one, other in twins:
            assert one.birth_date == other.birth_date
            assert one.given_name != other.given_name
            assert child_key(one) != child_key(other)

    def test_children_bear_the_fathers_name(self) -> None:
        for family in families(300, country=COUNTRY):
            father = next(parent for parent in family.parents if parent.relation == "father")
            for child in family.children:
                assert child.patronymic[:3] == father.name.given[:3]
                girl = child.patronymic.endswith(("қызы", "на"))
                assert child.family_name == family_form(father.name.family, "female" if girl else "male")

    @pytest.mark.parametrize(
        ("man", "woman"),
        [
            ("Ахметов", "Ахметова"),
            ("Сейітов", "Сейітова"),
            ("Ғабдуллин", "Ғабдуллина"),
            ("Романовский", "Романовская"),
            ("Заречный", "Заречная"),
            ("Луговой", "Луговая"),
            ("Әбілда", "Әбілда"),
            ("Қанатұлы", "Қанатұлы"),
            ("Ким", "Ким"),
            ("Седых", "Седых"),
        ],
    )
    def test_a_woman_bears_the_womans_form(self, man: str, woman: str) -> None:
        assert family_form(man, "female") == woman
        assert family_form(man, "male") == man


class TestPlaces:
    def test_every_school_has_a_valid_number_of_its_own(self) -> None:
        bins = [school.bin for school in nation_country().schools]

        assert [parse_bin(number) for number in bins] == bins
        assert len(set(bins)) == 8_000

    def test_every_house_of_a_street_has_a_school_and_two_share_a_street(self) -> None:
        shared = 0
        for district in COUNTRY.districts:
            for street in district.streets:
                stretches = [
                    s for s in COUNTRY.stretches if s.school.district is district and s.street is street
                ]
                houses = sorted(house for stretch in stretches for house in stretch.houses())
                assert houses == list(range(1, 121))
                shared += len({stretch.school.bin for stretch in stretches}) == 2
        assert shared > 20

    def test_the_child_of_the_personas_lives_in_a_territory(self) -> None:
        child = personas.CHILD
        serving = [
            stretch
            for stretch in COUNTRY.stretches
            if stretch.school.district.kato == child.district
            and street_key(child.street_kk) in stretch.street.keys
            and street_key(child.street_ru) in stretch.street.keys
            and HouseRange(stretch.first, stretch.last, stretch.parity).covers(parse_house(child.house))
        ]

        assert len(serving) == 1
        assert parse_iin(child.iin) == child.iin
        assert [parse_iin(person.iin) for person in personas.PARENTS]

    def test_the_late_families_are_of_the_officials_district_and_of_nobody_else(self) -> None:
        late = list(requests())
        schools = {school.bin: school for school in COUNTRY.schools}
        first = {family.children[0].iin for family in families(CITY_FAMILIES, country=COUNTRY)}

        assert len(late) == FAMILIES
        assert len({child_key(one.child) for one in late}) == FAMILIES
        assert not {one.child.iin for one in late if one.child.iin} & first
        assert {schools[one.choices[0][:12]].district.kato for one in late} == {
            personas.DISTRICT_OFFICIAL.district
        }
        assert all(
            faults(one, year=2027, policy=Policy(), offered={c for s in COUNTRY.schools for c in s.choices})
            == {}
            for one in late
        )


class TestNumbers:
    def test_receipts_of_one_issuer_never_repeat(self) -> None:
        numbers = {receipt_number(year=2027, issuer="QDM", serial=serial) for serial in range(30_000)}

        assert len(numbers) == 30_000

    def test_a_day_that_is_full_gives_no_number_twice(self) -> None:
        issued = Issued(start=9_999)
        issued.iin(date(2021, 3, 15), is_female=False)

        with pytest.raises(ValueError, match="no more numbers"):
            issued.iin(date(2021, 3, 15), is_female=False)

    def test_two_populations_share_no_ids(self) -> None:
        one = morning(families(50, country=COUNTRY), country=COUNTRY, name="a", issuer="QDM")
        other = morning(families(50, country=COUNTRY), country=COUNTRY, name="b", issuer="QDN")

        assert not {lodged.id for lodged in one} & {lodged.id for lodged in other}
