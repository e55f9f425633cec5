"""Officials' pages about applications: checks and cases, asked once more before anything is recorded."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from enrollment.models import Check, ChildLink, Decision, Retraction
from enrollment.selectors.children import children_of
from enrollment.services import checking
from schools.models import Case, RosterEntry
from tests.enrollment.test_checking import another_wish
from tests.factories import ApplicationFactory, IntakeFactory, RosterEntryFactory
from tests.schools.officials_country import NOW, Country, a_country, officials_process, signed_in

pytestmark = pytest.mark.django_db
CHECKS, RECORD = "/en/officials/checks/", "/en/officials/checks/record/"


@pytest.fixture(autouse=True)
def _officials_process(clock_at: Callable[[datetime], None]) -> Iterator[None]:
    cache.clear()
    clock_at(NOW)
    with officials_process(), translation.override("en"):
        yield


@pytest.fixture
def country() -> Country:
    return a_country()


@pytest.fixture
def client(country: Country) -> Client:
    return signed_in(country.official)


def held(country: Country, n: int, *, held_for=("relation", "address"), slot=None, **fields):
    application = ApplicationFactory(intake=country.intake, n=n, **fields)
    return RosterEntryFactory(
        application=application, slot=n if slot is None else slot, held_for=list(held_for), is_held=True
    )


def a_check(country: Country, entry: RosterEntry, subject: str, *, agrees: bool, at: datetime) -> None:
    Check.objects.create(
        id=uuid4(), campaign=entry.campaign, application_id=entry.application_id, subject=subject,
        agrees=agrees, basis="a register", official=country.official, checked_at=at,
    )  # fmt: skip


def text_of(response) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def hidden(response) -> dict[str, list[str]]:
    """The form of a confirmation page, as a browser would send it back."""
    found: dict[str, list[str]] = {}
    main = response.content.decode().split("<main", 1)[1]
    for tag in re.findall(r"<input[^>]*type=\"hidden\"[^>]*>", main):
        name, value = (re.search(rf'{part}="([^"]*)"', tag) for part in ("name", "value"))
        found.setdefault(name[1], []).append(value[1] if value else "")
    found.pop("csrfmiddlewaretoken", None)
    return found


class TestChecks:
    def test_an_empty_list_says_so(self, client):
        assert "Nothing waits for a check in your districts." in text_of(client.get(CHECKS))

    def test_places_that_wait_are_listed_with_what_was_stated(self, country, client):
        entry = held(country, 1)
        shown = text_of(client.get(CHECKS))
        assert entry.application_number in shown
        assert "Серікова Гүлнар, mother" in shown
        assert "Esil, Абай көшесі, 12, 5" in shown

    def test_what_is_not_held_for_a_check_is_not_listed(self, country, client):
        entry = held(country, 1, held_for=["contested", "cut_off"])
        assert entry.application_number not in text_of(client.get(CHECKS))

    def test_what_was_looked_at_leaves_the_list_before_the_next_run_of_it(self, country, client):
        entry = held(country, 1)
        for at, subject, agrees in ((0, "relation", True), (1, "address", True)):
            a_check(country, entry, subject, agrees=agrees, at=NOW + timedelta(minutes=at))
        assert "Nothing waits for a check in your districts." in text_of(client.get(CHECKS))

        a_check(country, entry, "relation", agrees=False, at=NOW + timedelta(minutes=2))
        assert entry.application_number in text_of(client.get(CHECKS))

    def test_before_a_list_there_are_arrivals(self, country, client):
        application = ApplicationFactory(intake=country.intake)
        done = ApplicationFactory(intake=country.intake, is_proven=True)
        Check.objects.create(
            id=uuid4(), campaign=country.campaign, application_id=done.id, subject="address", agrees=True,
            basis="x", checked_at=NOW,
        )  # fmt: skip

        shown = text_of(client.get(f"{CHECKS}?what=arrivals"))

        assert application.number in shown
        assert done.number not in shown
        assert "Not looked at yet: 1" in shown

    def test_withdrawn_and_replaced_ones_are_left_out(self, country, client):
        withdrawn, replaced = (ApplicationFactory(intake=country.intake) for _n in "12")
        ApplicationFactory(intake=country.intake, replaces=replaced.id)
        Retraction.objects.create(
            id=uuid4(), kind="withdrawal", campaign=country.campaign, application_id=withdrawn.id,
            is_verified=True, door="portal", lodged_at=NOW, received_at=NOW,
        )  # fmt: skip

        shown = text_of(client.get(f"{CHECKS}?what=arrivals"))

        assert withdrawn.number not in shown
        assert replaced.number not in shown

    def test_a_press_asks_once_more_and_records_nothing(self, country, client):
        entry = held(country, 1)
        response = client.post(CHECKS, {"press": f"{entry.application_id}:relation:agrees"})
        assert "It is as stated" in text_of(response)
        assert not Check.objects.exists()

    def test_confirmed_it_is_recorded_once_however_often_it_is_pressed(self, country, client):
        entry = held(country, 1)
        asked = hidden(client.post(CHECKS, {"press": f"{entry.application_id}:relation:agrees"}))

        for _press in "12":
            response = client.post(RECORD, {**asked, "basis": "birth certificate AA 1"}, follow=True)

        check = Check.objects.get()
        assert (check.agrees, check.subject, check.official) == (True, "relation", country.official)
        assert "1 check is recorded." in text_of(response)
        assert "Recorded by you lately" in text_of(response)

    def test_without_a_basis_it_is_asked_for(self, country, client):
        entry = held(country, 1)
        asked = hidden(client.post(CHECKS, {"press": f"{entry.application_id}:relation:differs"}))
        response = client.post(RECORD, {**asked, "basis": "  "})
        assert "What you looked at" in text_of(response)
        assert response.status_code == 200
        assert not Check.objects.exists()

    def test_an_address_that_differs_asks_for_the_one_found(self, country, client):
        entry = held(country, 1)
        asked = hidden(client.post(CHECKS, {"press": f"{entry.application_id}:address:differs"}))
        found = {"district": country.nura.kato, "street": "Тұран даңғылы", "house": "7"}

        client.post(RECORD, {**asked, "basis": "registry"})
        assert not Check.objects.exists()
        client.post(RECORD, {**asked, "basis": "registry", **found})

        assert Check.objects.get().found == {**found, "flat": ""}
        assert Case.objects.get().kind == Case.Kind.CHECK_DIFFERS

    def test_all_that_a_page_shows_agrees_with_one_basis(self, country, client):
        for n in (1, 2, 3):
            held(country, n, held_for=["relation", "address"] if n < 3 else ["address"])
        looks = hidden(client.get(CHECKS))["look"]
        assert len(looks) == 5

        asked = hidden(client.post(CHECKS, {"press": "all:agrees", "look": looks}))
        client.post(RECORD, {**asked, "basis": "registry of addresses, certificates"})

        assert Check.objects.filter(agrees=True).count() == 5

    def test_a_relative_is_not_confirmed(self, country, client):
        entry = held(country, 1)
        form = {**ApplicationFactory(intake=country.intake, n=50).form, "relation": "relative"}
        relative = ApplicationFactory(intake=country.intake, form=form)
        RosterEntry.objects.filter(pk=entry.pk).update(application_id=relative.id, held_for=["relation"])

        assert "look" not in hidden(client.get(CHECKS))
        asked = hidden(client.post(CHECKS, {"press": f"{relative.id}:relation:agrees"}))
        response = client.post(RECORD, {**asked, "basis": "her word"})

        assert "A relative without authority over the child is not confirmed" in text_of(response)
        assert not Check.objects.exists()

    def test_a_wrong_check_is_corrected_by_the_opposite_one(self, country, client):
        entry = held(country, 1)
        for result in ("agrees", "differs"):
            asked = hidden(client.post(CHECKS, {"press": f"{entry.application_id}:relation:{result}"}))
            client.post(RECORD, {**asked, "basis": f"certificate, {result}"})
        assert [c.agrees for c in Check.objects.order_by("checked_at", "id")] in (
            [True, False],
            [False, True],
        )
        assert "It agrees" in text_of(client.get(CHECKS))

    @pytest.mark.parametrize(
        "press",
        [
            "",
            "all:differs",
            "all:agrees",
            "nonsense",
            "x:relation:agrees",
            "{id}:name:agrees",
            "{id}:relation:x",
        ],
    )
    def test_what_no_button_sends_is_not_found(self, country, client, press):
        entry = held(country, 1)
        response = client.post(CHECKS, {"press": press.format(id=entry.application_id)})
        assert response.status_code == 404

    def test_the_other_districts_applications_are_not_found(self, country):
        entry = held(country, 1)
        client = signed_in(country.stranger)
        press = f"{entry.application_id}:relation:agrees"

        assert entry.application_number not in text_of(client.get(CHECKS))
        assert entry.application_number not in text_of(client.get(f"{CHECKS}?what=arrivals"))
        assert client.post(CHECKS, {"press": press}).status_code == 404
        forged = {
            "press": str(uuid4()),
            "look": f"{entry.application_id}:relation",
            "result": "agrees",
            "basis": "x",
        }
        assert client.post(RECORD, forged).status_code == 404
        assert not Check.objects.exists()

    def test_without_the_token_of_the_page_nothing_is_recorded(self, country):
        entry = held(country, 1)
        strict = Client(enforce_csrf_checks=True)
        strict.force_login(country.official)
        response = strict.post(RECORD, {"press": str(uuid4()), "look": f"{entry.application_id}:relation"})
        assert response.status_code == 403

    def test_a_hundred_a_page_and_the_same_queries_for_one_and_for_all(self, country, client):
        for n in range(1, 3):
            held(country, n)
        with CaptureQueriesContext(connection) as few:
            client.get(CHECKS)
        for n in range(3, 121):
            held(country, n)
        with CaptureQueriesContext(connection) as many:
            first = client.get(CHECKS)
        assert len(many) == len(few) <= 16
        assert "1–100 of 120" in text_of(first)
        assert "101–120 of 120" in text_of(client.get(f"{CHECKS}?what=places&page=2"))
        assert "101–120 of 120" in text_of(client.get(f"{CHECKS}?page=99"))
        assert "1–100 of 120" in text_of(client.get(f"{CHECKS}?page=x"))

    def test_arrivals_cost_the_same_queries_too(self, country, client):
        ApplicationFactory(intake=country.intake)
        with CaptureQueriesContext(connection) as few:
            client.get(f"{CHECKS}?what=arrivals")
        for _n in range(30):
            ApplicationFactory(intake=country.intake)
        with CaptureQueriesContext(connection) as many:
            client.get(f"{CHECKS}?what=arrivals")
        assert len(many) == len(few) <= 16


def decided(client: Client, case: Case, **answer: str):
    """Through both steps, as an official presses."""
    url = f"/en/officials/cases/{case.pk}/"
    shown = client.get(url)
    asked = client.post(url, {**hidden(shown), **answer})
    if "Record the decision?" not in text_of(asked):
        return asked
    return client.post(url, hidden(asked), follow=True)


REASON = "agreement of both parents, 2 April 2027"


class TestCases:
    def contested(self, country: Country):
        mother = ApplicationFactory(intake=country.intake, is_proven=True)
        father = another_wish(mother, intake=country.abroad, is_proven=True)
        checking.open_matters(at=NOW)
        return mother, father, Case.objects.get(kind=Case.Kind.CONTESTED)

    def test_the_list_leads_to_each_case(self, country, client):
        _mother, _father, case = self.contested(country)
        listed = client.get("/en/officials/cases/").content.decode()
        assert f'href="/en/officials/cases/{case.pk}/"' in listed

    def test_a_contest_shows_choices_and_dates_and_nothing_more_of_anybody(self, country, client):
        mother, father, case = self.contested(country)
        shown = text_of(client.get(f"/en/officials/cases/{case.pk}/"))
        for known in (mother.number, father.number, str(country.abroad.school), "mother", "father"):
            assert known in shown
        for private in ("Серікова", "Гүлнар", "+7701", "Абай көшесі", mother.person_key, father.person_key):
            assert private not in shown

    def test_a_contest_is_decided_and_decided_again(self, country, client):
        mother, father, case = self.contested(country)
        for counts in (father, mother):
            shown = decided(client, case, answer=str(counts.id), reason=REASON)
            assert "The decision is recorded." in text_of(shown)
            known = children_of([mother])[2027]
            assert known.standing.claims[mother.child_key].application_id == counts.id
        assert Decision.objects.count() == 2
        assert "Decided so far" in text_of(shown)

    def test_the_first_press_only_asks(self, country, client):
        _mother, father, case = self.contested(country)
        url = f"/en/officials/cases/{case.pk}/"
        asked = client.post(url, {**hidden(client.get(url)), "answer": str(father.id), "reason": REASON})
        assert "Record the decision?" in text_of(asked)
        assert not Decision.objects.exists()

    @pytest.mark.parametrize(
        ("answer", "reason"), [("", REASON), ("nonsense", REASON), ("{id}", " "), ("{id}", "ok")]
    )
    def test_a_decision_says_which_and_by_what_document(self, country, client, answer, reason):
        _mother, father, case = self.contested(country)
        decided(client, case, answer=answer.format(id=father.id), reason=reason)
        assert not Decision.objects.exists()

    def test_two_children_are_made_one_under_the_iin(self, country, client):
        by_iin = ApplicationFactory(intake=country.intake, n=7)
        document = {"type": "passport", "country": "UZ", "number": "AB 123"}
        form = {**by_iin.form, "child": {**by_iin.form["child"], "iin": None, "document": document}}
        ApplicationFactory(
            intake=IntakeFactory(campaign=country.campaign), form=form, child_key="PASSPORT:UZ:AB123"
        )
        checking.open_near_duplicates(at=NOW)
        case = Case.objects.get(kind=Case.Kind.NEAR_DUPLICATE)
        shown = client.get(f"/en/officials/cases/{case.pk}/")
        assert "right number: PASSPORT" not in text_of(shown)

        decided(client, case, answer=f"one {by_iin.child_key}", reason=REASON)

        link = ChildLink.objects.get()
        assert (link.child_key, link.other_key, link.is_same) == ("PASSPORT:UZ:AB123", by_iin.child_key, True)
        decided(client, case, answer="two", reason=REASON)
        assert ChildLink.objects.filter(is_same=False).count() == 1

    @pytest.mark.parametrize(("answer", "made"), [("stands", "void_stands"), ("falls", "void_refused")])
    def test_a_void_is_decided(self, country, client, answer, made):
        application = ApplicationFactory(intake=country.intake, at_desk=True)
        void = Retraction.objects.create(
            id=uuid4(), kind="void", campaign=country.campaign, application_id=application.id, reason="wrong child",
            is_verified=False, door="desk", desk=application.desk, seq=2, lodged_at=NOW, received_at=NOW,
        )  # fmt: skip
        case = Case.objects.create(
            campaign=country.campaign,
            kind=Case.Kind.VOID,
            subject=str(void.id),
            district=country.esil,
            opened_at=NOW,
        )
        assert "wrong child" in text_of(client.get(f"/en/officials/cases/{case.pk}/"))

        shown = decided(client, case, answer=answer, reason=REASON)

        assert [decision.kind for decision in Decision.objects.all()] == [made]
        case.refresh_from_db()
        assert case.closed_at is not None
        assert REASON in text_of(shown)
        # What stands is never taken back; what does not may still be found to stand.
        assert ("<form class" in shown.content.decode().split("<main", 1)[1]) == (answer == "falls")

    @pytest.mark.parametrize("kind", sorted(set(Case.Kind.values)))
    def test_every_kind_has_a_page_that_says_what_to_do(self, country, client, kind):
        case = Case.objects.create(
            campaign=country.campaign, kind=kind, subject=str(uuid4()), district=country.esil, opened_at=NOW
        )
        for language in ("kk", "ru", "en"):
            response = client.get(f"/{language}/officials/cases/{case.pk}/")
            assert response.status_code == 200
        by_hand = kind in ("parked_entry", "check_differs", "cloned_desk", "unproven_receipt")
        assert ("<form class" in response.content.decode().split("<main", 1)[1]) == by_hand
        if by_hand:
            decided(client, case, reason=REASON)
            case.refresh_from_db()
            assert REASON in case.resolution
        else:
            assert client.post(f"/en/officials/cases/{case.pk}/", {"reason": REASON}).status_code == 404

    def test_the_other_districts_case_is_not_found(self, country):
        _mother, father, case = self.contested(country)
        client = signed_in(country.stranger)
        url = f"/en/officials/cases/{case.pk}/"
        sent = {"press": str(uuid4()), "answer": str(father.id), "reason": REASON, "step": "record"}
        assert client.get(url).status_code == client.post(url, sent).status_code == 404
        assert not Decision.objects.exists()

    def test_a_case_costs_few_queries(self, country, client):
        _mother, _father, case = self.contested(country)
        with CaptureQueriesContext(connection) as queries:
            client.get(f"/en/officials/cases/{case.pk}/")
        assert len(queries) <= 32

    def test_nobody_without_a_sign_in_gets_in(self, country):
        for path in ("checks/", "checks/record/", "cases/1/"):
            response = Client().get(f"/en/officials/{path}")
            assert response.status_code == 302
            assert "/account/login/" in response.url

    def test_what_the_page_recorded_is_dated_by_the_clock(self, country, client):
        _mother, father, case = self.contested(country)
        decided(client, case, answer=str(father.id), reason=REASON)
        assert abs(Decision.objects.get().decided_at - NOW) < timedelta(minutes=5)
