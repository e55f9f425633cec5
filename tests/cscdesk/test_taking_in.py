"""Entries become what they mean: applications, withdrawals, voids, or a matter for a person."""

from uuid import uuid4

import pytest
from django.db import connection

from cscdesk.entry import About, Hours, Voiding, Withdrawal
from cscdesk.models import Entry, EntryOutcome
from cscdesk.selectors import parked_applications
from cscdesk.services import revoke_desk, take_in_entries
from enrollment.models import Application, Door, Retraction
from enrollment.services.retractions import CODE_TRIES_PER_HOUR, issue_family_code
from schools.models import Case
from tests.cscdesk.desks import Counter, at, request_of, some_about
from tests.cscdesk.test_delivering import changed, hand_in_raw
from tests.factories import CLOSES_AT, ApplicationFactory, CampaignFactory, IntakeFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _campaign(db):
    CampaignFactory()


@pytest.fixture
def intake(_campaign):
    return IntakeFactory()


@pytest.fixture
def counter():
    return Counter()


def outcomes():
    return list(
        EntryOutcome.objects.order_by("entry__seq", "entry__id").values_list("entry__seq", "state", "code")
    )


def facts():
    return (
        list(Application.objects.order_by("id").values()),
        list(Retraction.objects.order_by("id").values()),
        list(EntryOutcome.objects.order_by("id").values()),
        list(Case.objects.order_by("id").values()),
    )


class TestLodging:
    def test_an_entry_becomes_an_application_with_all_that_was_said(self, counter, intake):
        request = request_of(intake, document={"type": "birth_certificate", "number": "1"})
        about = counter.lodge(request, wall=at(5))
        counter.hand_in(at=at(9))

        assert take_in_entries(at=at(10)) == 2
        application = Application.objects.get()
        assert (application.id, application.number) == (about.application, about.number)
        assert (application.door, application.desk, application.seq) == (Door.DESK, counter.desk.id, 2)
        assert bytes(application.entry_sha256) == counter.written[1].sha256
        assert (application.lodged_at, application.received_at) == (at(5), at(10))
        assert application.is_proven
        assert (application.child_key, application.choices) == (request.child.iin, [intake.name])
        assert outcomes() == [(1, "noted", ""), (2, "applied", "")]
        assert EntryOutcome.objects.get(state="applied").result == application.id
        assert not Case.objects.exists()

    @pytest.mark.parametrize(("wall", "lodged"), [(-40, 2), (1, 2), (5, 5), (9, 9), (49, 9)])
    def test_the_wall_clock_counts_between_anchor_and_first_sight(self, counter, intake, wall, lodged):
        counter.hand_in(at=at(2))
        counter.lodge(request_of(intake), wall=at(wall))
        counter.hand_in(at=at(9))
        take_in_entries(at=at(10))

        assert Application.objects.get().lodged_at == at(lodged)

    def test_a_correction_is_an_application_that_names_the_one_it_replaces(self, counter, intake):
        first = counter.lodge(request_of(intake), wall=at(1))
        counter.lodge(request_of(intake, replaces=str(first.application)), wall=at(2), kind="correct")
        counter.hand_in(at=at(3))
        take_in_entries(at=at(3))

        assert Application.objects.get(seq=3).replaces == first.application

    def test_ringing_twice_does_nothing_twice(self, counter, intake):
        counter.lodge(request_of(intake))
        counter.lodge(request_of(intake, n=2, choices=["990140999995/kk"]))
        counter.write("void", Voiding(reason="typed twice", code=None), about=some_about())
        counter.hand_in(at=at(3))
        take_in_entries(at=at(4))
        before = facts()

        assert take_in_entries(at=at(5)) == 0
        counter.hand_in(at=at(6))
        assert take_in_entries(at=at(7)) == 0
        assert facts() == before

    def test_what_waits_behind_a_gap_is_not_taken_in_until_it_is_filled(self, counter, intake):
        counter.open()
        counter.lodge(request_of(intake))
        counter.hand_in([counter.written[0], counter.written[2]], at=at(3))
        assert take_in_entries(at=at(4)) == 1
        counter.hand_in([counter.written[1]], at=at(5))
        assert take_in_entries(at=at(6)) == 2
        assert Application.objects.count() == 1

    def test_all_is_taken_in_however_small_the_batches(self, counter, intake):
        for n in range(7):
            counter.lodge(request_of(intake, n=n))
        counter.hand_in(at=at(3))

        assert take_in_entries(limit=2, at=at(4)) == 8
        assert Application.objects.count() == 7

    def test_both_branches_of_a_clone_count(self, counter, intake):
        trunk = counter.head
        counter.lodge(request_of(intake, n=1))
        counter.lodge(request_of(intake, n=2), after=trunk)
        counter.hand_in(at=at(3))
        take_in_entries(at=at(4))
        assert Application.objects.count() == 2


class TestParked:
    def parked(self, counter, code, *, seq=2):
        take_in_entries(at=at(10))
        take_in_entries(at=at(11))
        outcome = EntryOutcome.objects.get(entry__seq=seq)
        assert (outcome.state, outcome.code, outcome.result) == ("parked", code, None)
        assert outcome.reason
        case = Case.objects.get(kind=Case.Kind.PARKED_ENTRY)
        assert case.subject == bytes(outcome.entry.sha256).hex()
        assert case.detail["code"] == code
        assert case.district == counter.desk.centre.district
        return outcome

    def test_an_id_used_for_other_answers_keeps_the_first(self, counter, intake):
        about = counter.lodge(request_of(intake, n=1))
        counter.lodge(request_of(intake, n=2), about=about)
        counter.hand_in(at=at(3))

        self.parked(counter, "key_reused", seq=3)
        assert Application.objects.get().seq == 2
        assert parked_applications(campaign=CampaignFactory()) == {about.application}

    def test_an_id_that_the_portal_used_first(self, counter, intake):
        first = ApplicationFactory(intake=intake)
        counter.lodge(request_of(intake, n=77), about=About(application=first.id, number="27-4KQ7-M2XD-W"))
        counter.hand_in(at=at(3))
        self.parked(counter, "key_reused")

    def test_the_same_answers_under_the_same_id_are_the_same_application(self, counter, intake):
        about = counter.lodge(request_of(intake))
        counter.lodge(request_of(intake), about=about)
        counter.hand_in(at=at(3))
        take_in_entries(at=at(4))
        assert outcomes()[1:] == [(2, "applied", ""), (3, "applied", "")]
        assert Application.objects.get().seq == 2

    def test_after_the_campaign(self, counter, intake):
        counter.lodge(request_of(intake), wall=CLOSES_AT)
        counter.hand_in(at=CLOSES_AT)
        self.parked(counter, "over")
        assert not Application.objects.exists()

    def test_before_the_opening_is_not_refused(self, counter, intake):
        counter.lodge(request_of(intake), wall=at(-5))
        counter.hand_in(at=at(-3))
        take_in_entries(at=at(-2))
        assert Application.objects.get().lodged_at == at(-5)

    def test_a_school_that_is_not_offered(self, counter):
        counter.lodge(request_of(choices=["990140999995/kk"]))
        counter.hand_in(at=at(3))
        assert "choices" in self.parked(counter, "not_well_formed").reason

    def test_a_receipt_number_with_a_slip(self, counter, intake):
        counter.lodge(request_of(intake), about=About(application=uuid4(), number="27-4KQ7-M2XD-X"))
        counter.hand_in(at=at(3))
        self.parked(counter, "not_well_formed")

    def test_an_erased_form(self, counter, intake):
        counter.lodge(request_of(intake))
        counter.hand_in([sealed._replace(form=None) for sealed in counter.written], at=at(3))
        self.parked(counter, "form_erased")

    def test_another_form_than_the_one_named(self, counter, intake):
        counter.lodge(request_of(intake))
        counter.hand_in([counter.written[0], counter.written[1]._replace(form=b"{}")], at=at(3))
        self.parked(counter, "malformed")

    def test_a_bad_signature(self, counter, intake):
        counter.lodge(request_of(intake))
        counter.hand_in([counter.written[0], counter.written[1]._replace(sig=bytes(64))], at=at(3))
        self.parked(counter, "bad_signature")

    def test_an_unknown_campaign(self, counter, intake):
        counter.lodge(request_of(intake))
        entry = changed(counter, counter.written[1], campaign=2031)
        hand_in_raw(counter, [entry], minute=3)
        assert take_in_entries(at=at(4)) == 0  # behind a gap
        counter.hand_in([counter.written[0]], at=at(4))
        self.parked(counter, "no_such_campaign")

    def test_what_can_never_be_read_is_a_case_too(self, counter):
        hand_in_raw(counter, [changed(counter, counter.written[0], v=0)], minute=3)
        take_in_entries(at=at(4))
        assert EntryOutcome.objects.get().code == "malformed"
        assert Case.objects.get().kind == Case.Kind.PARKED_ENTRY

    def test_hours_that_cannot_be_used_trouble_nobody(self, counter):
        counter.write("open", Hours())
        counter.hand_in([counter.written[0], counter.written[1]._replace(sig=bytes(64))], at=at(3))
        take_in_entries(at=at(4))
        assert outcomes()[1] == (2, "parked", "bad_signature")
        assert not Case.objects.exists()

    def test_a_revoked_desks_entries_count_if_they_were_seen_before(self, counter, intake):
        counter.lodge(request_of(intake, n=1))
        counter.hand_in(at=at(3))
        revoke_desk(name="1", centre_code="AST-1", at=at(5))
        counter.lodge(request_of(intake, n=2))
        counter.hand_in(at=at(6))

        self.parked(counter, "revoked_desk", seq=3)
        assert Application.objects.get().seq == 2

    def test_what_a_revoked_desk_had_stated_as_its_head_before_counts_whenever_it_comes(
        self, counter, intake
    ):
        """The anchored head names everything before it by hash: a thief of the key cannot have written it."""
        counter.lodge(request_of(intake, n=1))
        counter.lodge(request_of(intake, n=2))
        counter.hand_in([], at=at(3))
        revoke_desk(name="1", centre_code="AST-1", at=at(5))
        counter.lodge(request_of(intake, n=3))
        counter.hand_in(at=at(6))

        self.parked(counter, "revoked_desk", seq=4)
        assert list(Application.objects.order_by("seq").values_list("seq", flat=True)) == [2, 3]


class TestNewerPrograms:
    def test_an_entry_waits_as_a_case_and_is_taken_in_after_the_update(self, counter, intake):
        counter.lodge(request_of(intake))
        newer = changed(counter, counter.written[1], v=2)
        counter.hand_in([counter.written[0]], at=at(1))
        hand_in_raw(counter, [newer], minute=2)
        for minute in (3, 4):
            take_in_entries(at=at(minute), limit=1)
        assert outcomes() == [(1, "noted", "")]
        assert Case.objects.get().detail["code"] == "unknown_version"

        # What an older program than this one stored unread.
        about = counter.lodge(request_of(intake, n=2))
        sealed = counter.written[-1]
        stored = Entry.objects.create(
            desk=counter.desk,
            key=counter.row,
            kind="unread",
            epoch="epoch-1",
            seq=3,
            sha256=sealed.sha256,
            prev=None,
            entry=sealed.entry,
            form=sealed.form,
            sig=sealed.sig,
            received_at=at(5),
        )
        counter.hand_in([], at=at(6))
        assert take_in_entries(at=at(7), limit=1) == 1
        assert stored.outcome.result == about.application


class TestWithdrawing:
    @pytest.fixture
    def application(self, intake):
        return ApplicationFactory(intake=intake)

    def withdraw(self, counter, application, *, code=None, wall=5, id_=None):
        about = About(application=id_ or application.id, number=application.number)
        person = application.person_key
        counter.write("withdraw", Withdrawal(person=person, code=code), about=about, wall=at(wall))
        counter.hand_in(at=at(9))
        take_in_entries(at=at(9))
        return Retraction.objects.get()

    def code(self, application, minute=3):
        issue_family_code(number=application.number, at=at(minute))
        return application.notices.get().text.partition(": ")[2][:6]

    def test_with_the_familys_code_it_is_verified(self, counter, application):
        retraction = self.withdraw(counter, application, code=self.code(application))

        assert retraction.is_verified
        assert (retraction.kind, retraction.application_id) == ("withdrawal", application.id)
        assert (retraction.lodged_at, retraction.received_at) == (at(5), at(9))
        assert (retraction.person_key, retraction.desk, retraction.seq) == (
            application.person_key,
            counter.desk.id,
            2,
        )
        assert outcomes()[1] == (2, "applied", "")
        assert not Case.objects.exists()

    def test_a_desks_slow_clock_does_not_spoil_the_code(self, counter, application):
        assert self.withdraw(
            counter, application, code=self.code(application, minute=8), wall=-40
        ).is_verified

    def test_with_a_wrong_code_or_none_it_waits(self, counter, application):
        right = self.code(application)
        wrong = f"{(int(right) + 1) % 1_000_000:06}"
        assert not self.withdraw(counter, application, code=wrong).is_verified

    @pytest.mark.parametrize("is_at_once", [True, False])
    def test_a_code_cannot_be_found_by_trying(self, counter, application, is_at_once):
        right = self.code(application)
        wrong = [f"{(int(right) + n) % 1_000_000:06}" for n in range(1, CODE_TRIES_PER_HOUR + 1)]
        about = About(application=application.id, number=application.number)
        for code in [*wrong, right]:
            counter.write("withdraw", Withdrawal(person="1", code=code), about=about, wall=at(5))
            if not is_at_once:
                counter.hand_in(at=at(9))
                take_in_entries(at=at(9))
        counter.hand_in(at=at(9))
        take_in_entries(at=at(9))

        assert Retraction.objects.count() == CODE_TRIES_PER_HOUR + 1
        assert not Retraction.objects.filter(is_verified=True).exists()
        counter.write("withdraw", Withdrawal(person="1", code=right), about=about, wall=at(80))
        counter.hand_in(at=at(81))
        take_in_entries(at=at(81))
        assert Retraction.objects.filter(is_verified=True).count() == 1

    def test_without_a_code_it_waits(self, counter, application):
        assert not self.withdraw(counter, application).is_verified

    def test_before_its_application_has_arrived(self, counter, application):
        unknown = uuid4()
        retraction = self.withdraw(counter, application, id_=unknown, code="123456")
        assert (retraction.application_id, retraction.is_verified) == (unknown, False)

    def test_by_the_number_alone(self, counter, application):
        about = About(application=None, number=application.number)
        counter.write(
            "withdraw", Withdrawal(person=application.person_key, code=self.code(application)), about=about
        )
        counter.hand_in(at=at(9))
        take_in_entries(at=at(9))
        retraction = Retraction.objects.get()
        assert (retraction.application_id, retraction.is_verified) == (application.id, True)

    def test_an_id_used_twice_is_parked(self, counter, application):
        first = self.withdraw(counter, application)
        about = About(application=uuid4(), number=application.number)
        counter.write("withdraw", Withdrawal(person="1", code=None), about=about, id=first.id)
        counter.hand_in(at=at(10))
        take_in_entries(at=at(10))
        assert outcomes()[2] == (3, "parked", "key_reused")


class TestVoiding:
    def test_without_a_code_a_person_decides(self, counter, intake):
        about = counter.lodge(request_of(intake))
        counter.write("void", Voiding(reason="typed twice", code=None), about=about)
        counter.hand_in(at=at(9))
        take_in_entries(at=at(9))

        retraction = Retraction.objects.get()
        assert (retraction.kind, retraction.reason, retraction.is_verified) == ("void", "typed twice", False)
        case = Case.objects.get()
        assert (case.kind, case.subject) == (Case.Kind.VOID, str(retraction.id))
        assert case.detail["number"] == about.number
        assert Application.objects.exists()

    def test_with_the_familys_code_nobody_need_decide(self, counter, intake):
        application = ApplicationFactory(intake=intake)
        issue_family_code(number=application.number, at=at(1))
        code = application.notices.get().text.partition(": ")[2][:6]
        about = About(application=application.id, number=application.number)
        counter.write("void", Voiding(reason="x", code=code), about=about, wall=at(2))
        counter.hand_in(at=at(9))
        take_in_entries(at=at(9))
        assert Retraction.objects.get().is_verified
        assert not Case.objects.exists()


def test_a_row_that_the_database_refuses_holds_up_no_other(counter, intake):
    good = [counter.lodge(request_of(intake, n=n)).application for n in range(3)]
    bad = counter.lodge(request_of(intake, n=7)).application
    good += [counter.lodge(request_of(intake, n=n)).application for n in (8, 9)]
    counter.hand_in(at=at(3))
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            CREATE FUNCTION pg_temp.stumble() RETURNS trigger LANGUAGE plpgsql AS
                $$BEGIN RAISE EXCEPTION 'no'; END$$;
            CREATE TRIGGER stumbles BEFORE INSERT ON enrollment_application
                FOR EACH ROW WHEN (NEW.id = '{bad}') EXECUTE FUNCTION pg_temp.stumble();
            """
        )
    take_in_entries(at=at(4))

    assert set(Application.objects.values_list("id", flat=True)) == set(good)
    parked = EntryOutcome.objects.get(state="parked")
    assert (parked.entry.seq, parked.code) == (5, "unstorable")
    assert Case.objects.count() == 1
    assert EntryOutcome.objects.count() == 7
