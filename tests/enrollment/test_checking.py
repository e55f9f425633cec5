"""What people find out and decide: checks, contests, two keys of one child, twins; and what waits for them."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import translation

from enrollment.claims import Ending
from enrollment.models import Check, ChildLink, Decision, PublicValue, Retraction, TwinsWish
from enrollment.selectors.children import children_of
from enrollment.services import checking, withdraw
from schools.models import Account, Case
from schools.services.officials import add_official
from tests.factories import (
    DURING,
    AccountFactory,
    ApplicationFactory,
    DistrictFactory,
    IntakeFactory,
    RegionFactory,
    RosterEntryFactory,
    SchoolFactory,
    made_up_iin,
    request_form,
)

pytestmark = pytest.mark.django_db
LATER = DURING + timedelta(hours=1)
REASON = "Ата-аналардың келісімі, 2027-04-02"
BASIS = "туу туралы куәлік AA 1"


@pytest.fixture
def official() -> Account:
    return _official("esil@example.kz", DistrictFactory())


@pytest.fixture
def stranger() -> Account:
    other = DistrictFactory(kato="711510000", region=RegionFactory())
    return _official("nura@example.kz", other)


def _official(email, district):
    return add_official(
        email=email, full_name=email, district=district, password="tas-zholdyn-boyi-9",
        totp_secret="JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", at=DURING,
    ).account  # fmt: skip


def claim_of(application):
    known = children_of([application])[application.campaign_id]
    return known.standing.claims[known.key_of(application)]


def ending_of(application):
    return children_of([application])[application.campaign_id].standing.endings[application.id]


def another_wish(first, *, n=500, at=LATER, intake=None, **fields):
    """The same child, another applicant, another school."""
    intake = intake or IntakeFactory(campaign=first.campaign)
    form = {
        **first.form,
        "applicant": request_form(n=n, choices=[intake.name])["applicant"],
        "relation": "father",
        "choices": [intake.name],
    }
    return ApplicationFactory(intake=intake, form=form, lodged_at=at, **fields)


def contested():
    """The mother's wish and the father's, both proven, and the case about them."""
    mother = ApplicationFactory(is_proven=True)
    father = another_wish(mother, is_proven=True)
    checking.open_matters(at=LATER)
    return mother, father, Case.objects.get(kind=Case.Kind.CONTESTED)


def checked(application, official, *, subject="relation", agrees=True, check_id=None, at=LATER, **more):
    return checking.record_check(
        check_id=check_id or uuid4(), application_id=application.id, subject=subject, agrees=agrees,
        basis=BASIS, official=official, at=at, **more,
    )  # fmt: skip


ELSEWHERE = {"district": "711210000", "street": "Достық даңғылы", "house": "3", "flat": ""}


class TestChecks:
    def test_a_check_that_agrees_proves_the_relation(self, official):
        application = ApplicationFactory()
        assert not claim_of(application).is_proven

        checked(application, official)

        assert claim_of(application).is_proven
        assert not Case.objects.exists()

    def test_pressed_twice_it_is_recorded_once(self, official):
        application, check_id = ApplicationFactory(), uuid4()

        first, second = (checked(application, official, check_id=check_id) for _press in "12")

        assert first == second
        assert Check.objects.count() == 1

    def test_an_id_is_not_used_for_another_result(self, official):
        application, check_id = ApplicationFactory(), uuid4()
        checked(application, official, check_id=check_id)

        with pytest.raises(checking.CheckReused):
            checked(application, official, check_id=check_id, agrees=False)

        assert Check.objects.get().agrees

    def test_one_that_differs_opens_a_case_of_the_first_schools_district(self, official):
        application = ApplicationFactory()

        checked(application, official, agrees=False)

        case = Case.objects.get()
        assert (case.kind, case.district_id) == (Case.Kind.CHECK_DIFFERS, "711210000")
        assert case.detail["number"] == application.number
        assert ending_of(application) is Ending.STANDING

    def test_a_later_check_corrects_an_earlier_one_and_ends_its_case(self, official):
        application = ApplicationFactory()
        checked(application, official, agrees=False)

        checked(application, official, at=LATER + timedelta(minutes=1))

        assert claim_of(application).is_proven
        assert Case.objects.get().closed_at is not None
        assert Check.objects.count() == 2

    def test_one_that_differs_again_waits_again(self, official):
        application = ApplicationFactory()
        for minutes, agrees in enumerate((False, True, False)):
            checked(application, official, agrees=agrees, at=LATER + timedelta(minutes=minutes))

        case = Case.objects.get()
        assert (case.closed_at, case.resolution) == (None, "")
        assert not claim_of(application).is_proven

    def test_an_address_that_differs_names_the_one_that_was_found(self, official):
        application = ApplicationFactory()

        with pytest.raises(checking.FoundAddressMissing):
            checked(application, official, subject="address", agrees=False)
        check = checked(application, official, subject="address", agrees=False, found=ELSEWHERE)

        assert check.found == ELSEWHERE
        assert Check.objects.count() == 1

    @pytest.mark.parametrize(("subject", "agrees"), [("address", True), ("relation", False)])
    def test_an_address_is_found_only_where_one_differs(self, official, subject, agrees):
        with pytest.raises(checking.OnlyAddressFound):
            checked(ApplicationFactory(), official, subject=subject, agrees=agrees, found=ELSEWHERE)

    def test_a_check_says_what_was_looked_at(self, official):
        with pytest.raises(checking.NoBasis):
            checking.record_checks(
                press_id=uuid4(), looked_at=[(ApplicationFactory().id, "relation")], agrees=True,
                basis=" \n", official=official, at=LATER,
            )  # fmt: skip

    def test_the_official_of_another_district_finds_no_such_application(self, stranger):
        with pytest.raises(checking.NoSuchApplication):
            checked(ApplicationFactory(), stranger)
        assert not Check.objects.exists()

    def test_whoever_has_the_child_on_a_list_may_look_too(self, stranger):
        application = ApplicationFactory()
        RosterEntryFactory(application=application, district_id="711510000")

        checked(application, stranger)

        assert Check.objects.get().official == stranger

    def test_a_relative_without_authority_is_not_proven(self, official):
        application = ApplicationFactory()
        application = another_wish(application, n=900)
        relative = ApplicationFactory(
            intake=IntakeFactory(campaign=application.campaign),
            form={**application.form, "relation": "relative"},
        )

        with pytest.raises(checking.RelativeWithoutAuthority):
            checked(relative, official)
        checked(relative, official, subject="address")

        assert Check.objects.count() == 1

    def test_one_press_records_all_or_nothing(self, official):
        ours, unknown = ApplicationFactory(), uuid4()
        press = {"press_id": uuid4(), "agrees": True, "basis": BASIS, "official": official, "at": LATER}

        with pytest.raises(checking.NoSuchApplication):
            checking.record_checks(looked_at=[(ours.id, "relation"), (unknown, "relation")], **press)
        assert not Check.objects.exists()
        for _press in "12":
            checking.record_checks(looked_at=[(ours.id, "relation"), (ours.id, "address")], **press)

        assert Check.objects.count() == 2


class TestContests:
    def test_a_contested_child_waits_for_the_district_of_the_school_that_counts(self):
        mother, father, case = contested()

        assert case.district_id == "711210000"
        assert case.detail["number"] == mother.number
        assert set(case.detail["applications"]) == {str(mother.id), str(father.id)}
        assert checking.open_matters(at=LATER) == 0

    def test_two_wishes_of_one_person_are_no_contest(self):
        mother = ApplicationFactory(is_proven=True)
        other = IntakeFactory(campaign=mother.campaign)
        ApplicationFactory(intake=other, form={**mother.form, "choices": [other.name]}, is_proven=True)

        assert checking.open_matters(at=LATER) == 0

    def test_the_decision_lets_one_count_and_ends_the_case(self, official):
        mother, father, case = contested()

        checking.settle_contest(
            decision_id=uuid4(),
            application_id=father.id,
            reason=REASON,
            official=official,
            case=case,
            at=LATER,
        )

        assert claim_of(mother).application_id == father.id
        assert (ending_of(mother), ending_of(father)) == (Ending.LINKED, Ending.STANDING)
        case.refresh_from_db()
        assert (case.closed_at, case.resolution) == (LATER, "settled")
        assert checking.open_matters(at=LATER) == 0

    def test_a_wrong_decision_is_corrected_by_a_later_one_and_back_again(self, official):
        mother, father, case = contested()

        for minutes, counts in enumerate((mother, father, mother)):
            checking.settle_contest(
                decision_id=uuid4(), application_id=counts.id, reason=REASON, official=official, case=case,
                at=LATER + timedelta(minutes=minutes),
            )  # fmt: skip
            assert claim_of(mother).application_id == counts.id

        assert Decision.objects.count() == 3

    def test_pressed_twice_it_is_decided_once(self, official):
        _mother, father, case = contested()
        decision_id = uuid4()
        for _press in "12":
            checking.settle_contest(
                decision_id=decision_id, application_id=father.id, reason=REASON, official=official,
                case=case, at=LATER,
            )  # fmt: skip
        assert Decision.objects.count() == 1

    def test_a_new_wish_of_another_person_waits_again(self, official):
        mother, father, case = contested()
        checking.settle_contest(
            decision_id=uuid4(),
            application_id=mother.id,
            reason=REASON,
            official=official,
            case=case,
            at=LATER,
        )
        guardian = another_wish(mother, n=700, at=LATER + timedelta(hours=1), is_proven=True)

        checking.open_matters(at=LATER + timedelta(hours=2))

        case.refresh_from_db()
        assert case.closed_at is None
        assert set(case.detail["applications"]) == {str(mother.id), str(guardian.id)}
        assert ending_of(father) is Ending.LINKED

    def test_when_one_withdraws_nobody_need_decide(self):
        mother, father, case = contested()
        withdraw(retraction_id=uuid4(), application_id=father.id, account_id=father.account_id, at=LATER)

        checking.open_matters(at=LATER)

        case.refresh_from_db()
        assert case.resolution == "no_longer_contested"
        assert ending_of(mother) is Ending.STANDING

    def test_what_nobody_contests_is_not_decided(self, official):
        _mother, _father, case = contested()
        alone = ApplicationFactory(is_proven=True)
        with pytest.raises(checking.NotContested):
            checking.settle_contest(
                decision_id=uuid4(),
                application_id=alone.id,
                reason=REASON,
                official=official,
                case=case,
                at=LATER,
            )

    def test_another_childs_contest_is_not_decided_on_this_page(self, official):
        _mother, _father, case = contested()
        first = ApplicationFactory(is_proven=True)
        another_wish(first, n=800, is_proven=True)
        with pytest.raises(checking.NoSuchApplication):
            checking.settle_contest(
                decision_id=uuid4(),
                application_id=first.id,
                reason=REASON,
                official=official,
                case=case,
                at=LATER,
            )

    def test_the_document_is_named_and_the_district_is_the_own_one(self, official, stranger):
        mother, _father, case = contested()
        for who, reason, refusal in (
            (official, " ok ", checking.NoReason),
            (stranger, REASON, checking.NotYours),
        ):
            with pytest.raises(refusal):
                checking.settle_contest(
                    decision_id=uuid4(),
                    application_id=mother.id,
                    reason=reason,
                    official=who,
                    case=case,
                    at=LATER,
                )
        assert not Decision.objects.exists()


class TestVoids:
    def a_void(self):
        application = ApplicationFactory(at_desk=True)
        retraction = Retraction.objects.create(
            id=uuid4(), kind=Retraction.Kind.VOID, campaign=application.campaign, application_id=application.id,
            application_number=application.number, is_verified=False, door="desk", desk=application.desk, seq=2,
            lodged_at=LATER, received_at=LATER,
        )  # fmt: skip
        case = Case.objects.create(
            campaign=application.campaign, kind=Case.Kind.VOID, subject=str(retraction.id),
            district_id="711210000", opened_at=LATER,
        )  # fmt: skip
        return application, case

    @pytest.mark.parametrize(("stands", "ending"), [(True, Ending.VOID), (False, Ending.STANDING)])
    def test_a_person_says_whether_it_stands(self, official, stands, ending):
        application, case = self.a_void()

        for _press in "12":
            checking.decide_void(case=case, stands=stands, reason=REASON, official=official, at=LATER)

        assert ending_of(application) is ending
        case.refresh_from_db()
        assert case.closed_at == LATER
        (decision,) = Decision.objects.all()
        assert decision.kind == (Decision.Kind.VOID_STANDS if stands else Decision.Kind.VOID_REFUSED)

    def test_another_case_is_no_void(self, official):
        _mother, _father, case = contested()
        with pytest.raises(checking.NotAVoid):
            checking.decide_void(case=case, stands=True, reason=REASON, official=official, at=LATER)


class TestChildren:
    def alike(self):
        """One child with a document and, a day later, with an IIN."""
        document = {"type": "passport", "country": "UZ", "number": "AB 123"}
        by_iin = ApplicationFactory(n=3, lodged_at=LATER)
        form = {**by_iin.form, "child": {**by_iin.form["child"], "iin": None, "document": document}}
        by_document = ApplicationFactory(
            intake=IntakeFactory(campaign=by_iin.campaign, school=SchoolFactory()), n=3,
            form={**form, "choices": by_iin.choices}, child_key="PASSPORT:UZ:AB123",
        )  # fmt: skip
        checking.open_near_duplicates(at=LATER)
        return by_document, by_iin, Case.objects.get(kind=Case.Kind.NEAR_DUPLICATE)

    def link(self, first, second, case, official, *, is_same=True, link_id=None, at=LATER):
        return checking.link_children(
            link_id=link_id or uuid4(), child_key=first.child_key, other_key=second.child_key,
            is_same=is_same, reason=REASON, official=official, case=case, at=at,
        )  # fmt: skip

    def test_two_that_may_be_one_wait_once(self):
        _by_document, _by_iin, case = self.alike()
        assert case.detail["why"] == "document_and_iin"
        assert checking.open_near_duplicates(at=LATER) == 0

    def test_linked_they_are_one_child_with_the_earlier_time(self, official):
        by_document, by_iin, case = self.alike()

        self.link(by_document, by_iin, case, official)

        claim = claim_of(by_document)
        assert claim == claim_of(by_iin)
        assert claim.arrived_at == by_document.lodged_at
        case.refresh_from_db()
        assert case.resolution == "one_child"
        assert checking.open_near_duplicates(at=LATER) == 0

    def test_two_children_stay_two_and_are_not_asked_about_again(self, official):
        by_document, by_iin, case = self.alike()

        self.link(by_document, by_iin, case, official, is_same=False)

        assert claim_of(by_document) != claim_of(by_iin)
        assert checking.open_near_duplicates(at=LATER) == 0

    def test_a_later_word_corrects_an_earlier_one(self, official):
        by_document, by_iin, case = self.alike()
        self.link(by_document, by_iin, case, official)

        self.link(by_document, by_iin, case, official, is_same=False, at=LATER + timedelta(minutes=1))

        assert claim_of(by_document) != claim_of(by_iin)

    def test_the_same_press_links_once_and_another_one_is_refused(self, official):
        by_document, by_iin, case = self.alike()
        link_id = uuid4()
        for _press in "12":
            self.link(by_document, by_iin, case, official, link_id=link_id)
        with pytest.raises(checking.LinkReused):
            self.link(by_document, by_iin, case, official, is_same=False, link_id=link_id)
        assert ChildLink.objects.count() == 1

    def test_children_that_nobody_asked_for_are_not_linked(self, official):
        by_document, by_iin, case = self.alike()
        by_iin.child_key = made_up_iin(4444)
        with pytest.raises(checking.UnknownChild):
            self.link(by_document, by_iin, case, official)
        with pytest.raises(checking.OneKey):
            self.link(by_document, by_document, case, official)


class TestTwins:
    def twins(self, **second):
        first = ApplicationFactory(n=11)
        other = ApplicationFactory(
            n=12, intake=IntakeFactory(campaign=first.campaign), account=first.account, **second
        )
        return first, other

    def wish(self, *applications, account=None, at=LATER, wish_id=None):
        return checking.wish_twins(
            wish_id=wish_id or uuid4(), applications=[a.id for a in applications],
            account_id=(account or applications[0].account).pk, at=at,
        )  # fmt: skip

    def test_a_parent_wishes_that_the_draw_does_not_part_them(self):
        first, second = self.twins()
        wish_id = uuid4()
        assert [t.may_wish for t in checking.twins_of(account_id=first.account_id, at=LATER)] == [True]

        for _press in "12":
            self.wish(first, second, wish_id=wish_id)

        assert sorted(TwinsWish.objects.get().applications) == sorted([first.id, second.id])
        (found,) = checking.twins_of(account_id=first.account_id, at=LATER)
        assert (found.is_wished, found.may_wish) == (True, False)

    def test_an_id_is_not_used_for_other_children(self):
        first, second = self.twins()
        third = ApplicationFactory(n=13, intake=IntakeFactory(campaign=first.campaign), account=first.account)
        wish_id = uuid4()
        self.wish(first, second, wish_id=wish_id)
        with pytest.raises(checking.WishReused):
            self.wish(first, third, wish_id=wish_id)

    def test_only_children_of_one_sender_and_two_of_them(self):
        first, second = self.twins()
        again = ApplicationFactory(n=11, intake=IntakeFactory(campaign=first.campaign), account=first.account)
        stranger = AccountFactory()
        for applications, account in (((first, second), stranger), ((first, again), None), ((first,), None)):
            with pytest.raises(checking.NotTheirTwins):
                self.wish(*applications, account=account)

    def test_twins_are_born_on_one_day(self):
        first = ApplicationFactory(n=11)
        intake = IntakeFactory(campaign=first.campaign)
        form = request_form(n=12, choices=[intake.name])
        form["child"]["birth_date"] = "2020-09-16"
        with pytest.raises(checking.TwinsNotBornTogether):
            self.wish(first, ApplicationFactory(intake=intake, form=form, account=first.account))
        assert checking.twins_of(account_id=first.account_id, at=LATER) == []

    def test_both_are_alive(self):
        first, second = self.twins()
        withdraw(retraction_id=uuid4(), application_id=second.id, account_id=second.account_id, at=LATER)
        with pytest.raises(checking.TwinsNotAlive):
            self.wish(first, second)

    def test_after_the_day_the_draw_is_not_changed(self):
        first, second = self.twins()
        midnight = DURING.replace(hour=19, minute=0)
        assert checking.twins_of(account_id=first.account_id, at=midnight)[0].may_wish is False
        with pytest.raises(checking.SeedIsMade):
            self.wish(first, second, at=midnight)
        self.wish(first, second, at=midnight - timedelta(microseconds=1))

    def test_once_the_days_public_value_is_known_neither(self):
        first, second = self.twins()
        PublicValue.objects.create(
            id=uuid4(), campaign=first.campaign, date="2027-04-02", value="7", entered_by=["a", "b"],
            entered_at=LATER,
        )  # fmt: skip
        with pytest.raises(checking.SeedIsMade):
            self.wish(first, second)

    def test_where_the_policy_draws_them_one_by_one_nothing_is_offered(self):
        first, second = self.twins()
        first.campaign.policy_data["twins_share_token"] = {"value": False, "legal_basis": "a test"}
        first.campaign.save()
        with pytest.raises(checking.TwinsNotOffered):
            self.wish(first, second)
        assert not checking.twins_of(account_id=first.account_id, at=LATER)[0].may_wish

    def test_the_offer_costs_the_same_queries_for_many_children(self, django_assert_max_num_queries):
        first, _second = self.twins()
        for n in range(20, 30):
            ApplicationFactory(n=n, intake=IntakeFactory(campaign=first.campaign), account=first.account)
        with django_assert_max_num_queries(60):
            checking.twins_of(account_id=first.account_id, at=LATER)

    def test_a_cut_between_them_waits_for_a_person_until_it_is_gone(self):
        entry = RosterEntryFactory(held_for=["twins"])

        assert checking.open_matters(at=LATER) == 1
        case = Case.objects.get()
        assert (case.kind, case.detail["choice"]) == (Case.Kind.TWINS_PARTED, entry.intake.name)
        entry.held_for = []
        entry.save()
        checking.open_matters(at=LATER)

        case.refresh_from_db()
        assert case.resolution == "no_longer_parted"


class TestCases:
    def a_case(self, kind=Case.Kind.PARKED_ENTRY):
        return Case.objects.create(
            campaign=ApplicationFactory().campaign,
            kind=kind,
            subject="x",
            district_id="711210000",
            opened_at=DURING,
        )

    def test_a_person_says_how_it_was_settled(self, official):
        case = self.a_case()
        for words in (REASON, "another sentence, later"):
            checking.close_case(case=case, resolution=words, official=official, at=LATER)
        case.refresh_from_db()
        assert case.resolution == f"{official}: {REASON}"

    def test_what_the_facts_end_is_not_ended_by_words(self, official):
        with pytest.raises(checking.CaseNotByHand):
            checking.close_case(
                case=self.a_case(Case.Kind.GAP), resolution=REASON, official=official, at=LATER
            )

    def test_somebody_elses_case_is_left_alone(self, stranger):
        with pytest.raises(checking.NotYours):
            checking.close_case(case=self.a_case(), resolution=REASON, official=stranger, at=LATER)


def test_every_refusal_has_a_sentence():
    with translation.override("en"):
        for refusal in (checking.NoBasis, checking.SeedIsMade, checking.NotContested):
            assert str(refusal()).endswith(".")
