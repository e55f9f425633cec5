"""A desk's void of which a person said that it does not stand never has an effect."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.test import Client
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from enrollment.claims import Ending, Retracted, standing_claims
from enrollment.models import Application, Decision, Retraction
from enrollment.reading import retracted
from enrollment.selectors.children import children_of
from enrollment.services import checking
from schools.models import Account, Case
from tests.enrollment.one_family import NEAR, at, ending, lodged, of, void
from tests.factories import ApplicationFactory
from tests.properties.test_claims import days, decisions
from tests.schools.officials_country import NOW, Country, a_country, officials_process, signed_in

REASON = "Телефонмен сөйлестік: өтініш шынайы"


# The claims


def refused(one: Retracted) -> Retracted:
    return Retracted(
        id=one.id, kind=one.kind, application_id=one.application_id, number=one.number,
        person_key=one.person_key, lodged_at=one.lodged_at, stands=one.stands, desk=one.desk, seq=one.seq,
        is_refused=True,
    )  # fmt: skip


def test_a_refused_void_leaves_both_applications_when_the_child_is_lodged_again():
    twice = [lodged(1, at(9)), lodged(2, at(10), choices=NEAR)]

    effective, without = standing_claims(twice, [void(1)]), standing_claims(twice, [refused(void(1))])

    assert ending(effective, 1) is Ending.VOID
    assert ending(without, 1) is Ending.STANDING
    assert of(without).arrived_at == at(9)


def test_a_refused_void_waits_for_nobody():
    assert standing_claims([lodged(1, at(9))], [void(1)]).waiting == {void(1).id}
    assert standing_claims([lodged(1, at(9))], [refused(void(1))]).waiting == frozenset()


@given(day=days(), settled=decisions(), chosen=st.sets(st.integers(1000, 1004).map(lambda n: UUID(int=n))))
def test_refused_voids_are_as_if_nobody_had_asked_for_them(day, settled, chosen):
    applications, taken_back = day
    voids = {one.id for one in taken_back if one.kind == "void" and one.id in chosen}

    marked = standing_claims(
        applications, [refused(one) if one.id in voids else one for one in taken_back], settled=settled
    )

    left = [one for one in taken_back if one.id not in voids]
    assert marked == standing_claims(applications, left, settled=settled)


# The decision


@pytest.fixture
def country(clock_at) -> Country:
    clock_at(NOW)
    return a_country()


@pytest.fixture
def official(country: Country) -> Account:
    return country.official


@pytest.fixture
def case(country: Country) -> Case:
    application = ApplicationFactory(intake=country.intake, at_desk=True)
    asked = Retraction.objects.create(
        id=uuid4(), kind="void", campaign=country.campaign, application_id=application.id, reason="wrong child",
        is_verified=False, door="desk", desk=application.desk, seq=2, lodged_at=NOW, received_at=NOW,
    )  # fmt: skip
    return Case.objects.create(
        campaign=country.campaign,
        kind=Case.Kind.VOID,
        subject=str(asked.id),
        district=country.esil,
        opened_at=NOW,
    )


def meant(case: Case):
    return Application.objects.get(id=Retraction.objects.get(id=case.subject).application_id)


def lodged_again(case: Case):
    """The same child comes once more, hours later."""
    first = meant(case)
    return ApplicationFactory(form=first.form, lodged_at=first.lodged_at + timedelta(hours=3))


def ending_of(application) -> Ending:
    return children_of([application])[application.campaign_id].standing.endings[application.id]


def decide(case, official, *, stands, minutes=0):
    checking.decide_void(
        case=case, stands=stands, reason=REASON, official=official, at=NOW + timedelta(minutes=minutes)
    )


@pytest.mark.django_db
@pytest.mark.parametrize(("is_refused", "ended"), [(False, Ending.VOID), (True, Ending.STANDING)])
def test_after_a_refusal_the_child_may_be_lodged_again(case, official, is_refused, ended):
    if is_refused:
        decide(case, official, stands=False)

    lodged_again(case)

    assert ending_of(meant(case)) is ended


@pytest.mark.django_db
def test_a_later_word_that_it_stands_changes_it_back_and_then_nothing_does(case, official):
    decide(case, official, stands=False)
    decide(case, official, stands=True, minutes=1)
    decide(case, official, stands=False, minutes=2)

    kinds = Decision.objects.order_by("decided_at").values_list("kind", flat=True)
    assert list(kinds) == [Decision.Kind.VOID_REFUSED, Decision.Kind.VOID_STANDS]
    assert ending_of(meant(case)) is Ending.VOID
    case.refresh_from_db()
    assert case.resolution.startswith("void_stands")


@pytest.mark.django_db
@pytest.mark.parametrize("first", ["void_stands", "void_refused"])
def test_of_two_words_of_one_instant_the_greater_id_is_the_last(case, first):
    for number, kind in enumerate([first, *({"void_stands", "void_refused"} - {first})], 1):
        Decision.objects.create(
            id=UUID(int=number), campaign=case.campaign, kind=kind, subject=UUID(case.subject), decided_at=NOW
        )

    (read,) = retracted(rows=Retraction.objects.all(), decisions=Decision.objects.all())

    assert (read.stands, read.is_refused) == ((False, True) if first == "void_stands" else (True, False))


# The page


@pytest.mark.django_db
def test_the_page_records_the_refusal_and_lets_it_be_changed_once(country, case):
    address = f"/en/officials/cases/{case.pk}/"
    lodged_again(case)

    def press(client: Client, answer: str):
        return client.post(
            address,
            {"press": str(uuid4()), "answer": answer, "reason": REASON, "step": "record"},
            follow=True,
        )

    with officials_process(), translation.override("en"):
        client = signed_in(country.official)
        refused_page = press(client, "falls").content.decode()
        after_refusal = ending_of(meant(case))
        stands_page = press(client, "stands").content.decode()

    assert "The void does not stand" in refused_page
    assert 'value="stands"' in refused_page
    assert 'value="falls"' not in refused_page
    assert after_refusal is Ending.STANDING
    assert 'value="stands"' not in stands_page
    assert ending_of(meant(case)) is Ending.VOID
