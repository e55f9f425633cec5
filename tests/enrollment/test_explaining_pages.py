"""Explanations over real facts and a real roster: the command, the family's page, the officials' page."""

import re
from datetime import timedelta
from io import StringIO
from uuid import uuid4

import msgspec
import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from enrollment import passes
from enrollment.models import Application, Check, ChildLink
from enrollment.reconciliation import reconcile
from enrollment.selectors import applications_numbered, explanations_of
from schools.models import RosterEntry
from tests.country import (
    ABAY,
    ABAY_LYCEUM,
    DAY_TWO,
    ON_ABAY_STREET,
    ON_DOSTYK_STREET,
    SATBAYEV,
    apply_at_desk,
    apply_online,
    check,
    close_round,
    decided,
    iin,
    make_country,
    parent,
    plan_rounds,
    request,
)
from tests.schools.officials_country import a_country, officials_process, signed_in

LANGUAGES = ("kk", "ru", "en")
MINUTE = timedelta(minutes=1)


def explained(application_id, *, for_officials=False, language="en"):
    application = Application.objects.get(id=application_id)
    with translation.override(language):
        found = explanations_of(applications=[application], for_officials=for_officials)[application.id]
        return {
            step.code: " ".join(str(sentence) for sentence in (step.title, *step.sentences)) for step in found
        }


# What is said


@pytest.mark.django_db
def test_before_the_list_has_closed_nothing_is_said_of_places():
    campaign = make_country()
    plan_rounds(campaign)
    dana = apply_online(campaign=campaign, wanted=request(child=iin(1)), at=DAY_TWO)
    reconcile(campaign=campaign, at=DAY_TWO)

    said = explained(dana)

    assert list(said) == ["handed_in", "time", "home", "round"]
    assert "service territory" in said["home"]
    assert "closes at 24:00: 2 April 2027" in said["round"]


@pytest.mark.django_db
def test_a_whole_line_is_counted_and_the_place_confirmed():
    campaign = make_country(places=4)
    first, second, third = (
        apply_online(
            campaign=campaign, wanted=request(child=iin(n)), at=DAY_TWO + n * MINUTE, email=f"p{n}@example.kz"
        )
        for n in (1, 2, 3)
    )
    outside = apply_online(
        campaign=campaign,
        wanted=request(child=iin(4), address=ON_DOSTYK_STREET),
        at=DAY_TWO,
        email="o@example.kz",
    )
    decided(campaign, 1)
    confirmed_at = decided(campaign, 2)

    said = {one: explained(one) for one in (first, second, third, outside)}

    assert "Places: 4, of them for children of the territory: 3, from outside: 1" in said[third]["wish"]
    assert "before your child: 2; of them with a place here: 2" in said[third]["wish"]
    assert "The address was checked" in said[first]["home"]
    assert "does not lie" in said[outside]["home"]
    assert "for children from outside the territory" in said[outside]["wish"]
    assert "3 April 2027, 08:00" in said[second]["confirmed"]
    assert f"{confirmed_at:%d.%m}" == "03.04"
    assert "draw" not in said[first]


@pytest.mark.django_db
def test_the_first_day_is_drawn_for_and_who_waits_reads_its_number():
    campaign = make_country(places=1)
    one, other = (
        apply_online(
            campaign=campaign, wanted=request(child=iin(n)), at=campaign.opens_at + n * MINUTE,
            email=f"p{n}@example.kz",
        )
        for n in (1, 2)
    )  # fmt: skip
    decided(campaign, 1)
    waiting = RosterEntry.objects.get(slot=None)

    said = explained(waiting.application_id)

    assert waiting.application_id in (one, other)
    assert "counts as one time: 1 April 2027, 09:00" in said["time"]
    assert waiting.draw_number[:8] in said["draw"]
    assert "with the same time: 1; of them with a smaller number: 1" in said["draw"]
    assert "Number on the reserve list: 1" in said["wish"]
    assert "must_act" in said


@pytest.mark.django_db
def test_a_place_that_is_kept_says_for_what():
    campaign = make_country()
    dana = apply_online(campaign=campaign, wanted=request(child=iin(1)), at=DAY_TWO)
    check(dana, relation=None, address=True)
    reconcile(campaign=campaign, at=close_round(campaign, 2))

    assert "how the person who applied is related" in explained(dana)["held"]


@pytest.mark.django_db
def test_what_it_liked_better_is_explained_too():
    campaign = make_country(places=1, policy={"choices_max": 2})
    apply_online(campaign=campaign, wanted=request(child=iin(1)), at=DAY_TWO, email="first@example.kz")
    dana = apply_online(
        campaign=campaign,
        wanted=request(child=iin(2), choices=(ABAY, SATBAYEV)),
        at=DAY_TWO + MINUTE,
        email="second@example.kz",
    )
    decided(campaign, 1)
    decided(campaign, 2)

    application = Application.objects.get(id=dana)
    with translation.override("en"):
        found = explanations_of(applications=[application], for_officials=False)[dana]
        titles = [str(step.title) for step in found if step.code == "wish"]

    assert titles == [f"Choice 1: {ABAY_LYCEUM}, Kazakh", "Choice 2: 010240999986, Kazakh"]


@pytest.mark.django_db
def test_the_mother_learns_that_an_earlier_time_counts_and_not_whose_or_where_they_live():
    campaign = make_country()
    grandmother = apply_online(
        campaign=campaign,
        wanted=request(
            child=iin(1), applicant="900615199983", relation="relative",
            address=msgspec.structs.replace(ON_ABAY_STREET, house="77"),
        ),
        at=DAY_TWO + 7 * MINUTE,
        email="grandmother@example.kz",
    )  # fmt: skip
    mother = apply_online(
        campaign=campaign, wanted=request(child=iin(1)), at=DAY_TWO + 90 * MINUTE, email="mother@example.kz"
    )
    decided(campaign, 1)
    reconcile(campaign=campaign, at=close_round(campaign, 2))
    theirs = Application.objects.get(id=grandmother)

    said = explained(mother)
    to_officials = explained(mother, for_officials=True)

    assert "the earliest time counts" in said["time"]
    text = " ".join(said.values())
    assert not [word for word in (theirs.number, "77", "grandmother", "900615199983") if word in text]
    assert "draw" not in said
    assert "wish" in to_officials


@pytest.mark.django_db
def test_with_another_choice_the_child_is_explained_to_its_official_alone():
    campaign = make_country()
    mother = apply_online(
        campaign=campaign, wanted=request(child=iin(1)), at=DAY_TWO, email="mother@example.kz"
    )
    father = apply_online(
        campaign=campaign,
        wanted=request(child=iin(1), applicant="900615199983", choices=(SATBAYEV,)),
        at=DAY_TWO + MINUTE,
        email="father@example.kz",
    )
    decided(campaign, 1)
    decided(campaign, 2)

    to_father, to_official = explained(father), explained(father, for_officials=True)

    assert list(to_father) == list(to_official) == ["handed_in", "linked"]
    number = Application.objects.get(id=mother).number
    assert number in to_official["linked"]
    assert number not in " ".join(to_father.values())


@pytest.mark.django_db
def test_an_address_found_elsewhere_decides_and_is_told_to_nobody():
    campaign = make_country()
    dana = apply_online(campaign=campaign, wanted=request(child=iin(1)), at=DAY_TWO)
    check(dana, address=False, found={"district": "751710000", "street": "Достық даңғылы", "house": "5"})
    reconcile(campaign=campaign, at=close_round(campaign, 2))

    said = explained(dana)

    assert "found another registered address" in said["home"]
    assert "does not lie" in said["home"]
    assert "Достық" not in said["home"]
    assert Check.objects.count() == 2


@pytest.mark.django_db
def test_however_many_wait_it_costs_the_same(django_assert_max_num_queries):
    campaign = make_country(places=1)
    all_of_them = [
        apply_online(
            campaign=campaign, wanted=request(child=iin(n)), at=DAY_TWO + n * MINUTE, email=f"p{n}@example.kz"
        )
        for n in range(1, 9)
    ]
    decided(campaign, 1)
    decided(campaign, 2)
    applications = list(Application.objects.filter(id__in=all_of_them))

    for some in (applications[:1], applications):
        with django_assert_max_num_queries(20):
            explanations_of(applications=some, for_officials=False)


# The command


def printed(number, *options):
    out = StringIO()
    call_command("explain", number, *options, stdout=out)
    return out.getvalue()


@pytest.mark.django_db
def test_the_command_forgives_how_the_number_is_typed_and_speaks_three_languages():
    campaign = make_country()
    dana = apply_online(campaign=campaign, wanted=request(child=iin(1)), at=DAY_TWO)
    decided(campaign, 1)
    decided(campaign, 2)
    number = Application.objects.get(id=dana).number

    typed = {printed(text) for text in (number, number.lower().replace("-", ""), f" {number} ")}
    kk, ru = printed(number, "--language", "kk"), printed(number, "--language", "ru")

    assert len(typed) == 1
    assert "The place is confirmed" in typed.pop()
    assert "Орын бекітілді" in kk
    assert "Место подтверждено" in ru


@pytest.mark.django_db
@pytest.mark.parametrize("number", ["27-AAAA-AAAA-A", "27-AAAA", "", "\x00", "жок", "27-4KQ7-M2XD-W"])
def test_a_number_that_nobody_has_is_a_sentence_and_no_traceback(number):
    make_country()

    with pytest.raises(CommandError) as said:
        call_command("explain", number)

    assert str(said.value)
    assert said.value.returncode == 1


@pytest.mark.django_db
def test_after_a_clone_both_applications_with_one_number_are_explained():
    campaign = make_country()
    for n in (1, 2):
        apply_at_desk(wanted=request(child=iin(n)), at=DAY_TWO + n * MINUTE)
    decided(campaign, 1)
    decided(campaign, 2)

    out = printed("27-4KQ7-M2XD-W")

    assert len(applications_numbered(number="27-4KQ7-M2XD-W")) == 2
    assert "Applications with this number: 2" in out
    assert out.count("at a service centre") == 2


# The family's page


def browser_of(email, at=DAY_TWO):
    client = Client()
    client.cookies[passes.cookie_name()] = passes.sealed(
        passes.new_pass(account_id=parent(email).pk, language="kk", at=at)
    )
    return client


@pytest.fixture
def second_day(clock_at):
    clock_at(DAY_TWO + timedelta(hours=1), rate=0)


@pytest.mark.django_db
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_family_reads_why_and_nobody_else_does(second_day, language):
    campaign = make_country()
    dana = apply_online(campaign=campaign, wanted=request(child=iin(1)), at=DAY_TWO)
    decided(campaign, 1)
    decided(campaign, 2)
    number = Application.objects.get(id=dana).number
    page = f"/{language}/applications/{number}/why/"

    own, other = browser_of("aigerim@example.kz").get(page), browser_of("other@example.kz").get(page)

    assert own.status_code == 200
    assert "no-store" in own["Cache-Control"]
    assert [step.code for step in own.context["explanation"]][-1] == "confirmed"
    assert page in browser_of("aigerim@example.kz").get(page.replace("why/", "")).content.decode()
    assert other.status_code == 404
    assert Client().get(page).status_code == 302


# The officials' page


@pytest.mark.django_db
def test_an_official_reads_it_for_a_school_of_the_own_district_and_nothing_else():
    country = a_country()
    plan_rounds(country.campaign)
    sent = apply_online(
        campaign=country.campaign,
        wanted=request(child=iin(1), choices=[country.intake.name]),
        at=DAY_TWO,
    )
    number = Application.objects.get(id=sent).number

    with officials_process():
        own, stranger = signed_in(country.official), signed_in(country.stranger)
        for language in LANGUAGES:
            page = f"/{language}/officials/explain/{number}/"
            shown = own.get(page)
            assert shown.status_code == 200
            assert "Серікова Дана" in shown.content.decode()
            assert stranger.get(page).status_code == 404
            assert Client().get(page).status_code == 302
        assert own.get(f"/kk/officials/explain/{number.lower()}/").status_code == 200
        unknown = [own.get(f"/kk/officials/explain/{text}/") for text in ("27-AAAA-AAAA-A", "x", "жоқ")]
    assert [answer.status_code for answer in unknown] == [404, 404, 404]


# Nobody else's data


@st.composite
def families(draw):
    """Children, each with a name, an IIN, an address and a minute that no other child has."""
    count = draw(st.integers(2, 6))
    minutes = draw(st.lists(st.integers(1, 590), min_size=count, max_size=count, unique=True))
    return [
        {
            "minute": minute,
            "lives_there": draw(st.booleans()),
            "choices": draw(st.sampled_from([(ABAY,), (SATBAYEV,), (ABAY, SATBAYEV), (SATBAYEV, ABAY)])),
            "is_checked": draw(st.booleans()),
            "day": draw(st.integers(0, 1)),
        }
        for minute in minutes
    ]


def _of(n, family):
    wanted = request(
        child=iin(n),
        choices=family["choices"],
        address=msgspec.structs.replace(
            ON_ABAY_STREET if family["lives_there"] else ON_DOSTYK_STREET, house=f"{700 + n}"
        ),
    )
    named = msgspec.structs.replace(
        wanted.child, family_name=f"Тегі{'абвгде'[n]}", given_name=f"Аты{'абвгде'[n]}"
    )
    return msgspec.structs.replace(wanted, child=named, phone=f"+7701000000{n}")


class NothingOfOthers(TestCase):
    """Law of the page: what occurs only in other children's data occurs in no explanation."""

    @settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
    @given(several=families(), places=st.integers(1, 3), is_link_asked=st.booleans())
    def test_an_explanation_holds_nothing_that_only_others_have(self, several, places, is_link_asked):
        campaign = make_country(places=places, policy={"choices_max": 2})
        sent = [
            apply_online(
                campaign=campaign,
                wanted=_of(n, family),
                at=campaign.opens_at + timedelta(days=family["day"], minutes=family["minute"]),
                email=f"p{n}@example.kz",
            )
            for n, family in enumerate(several)
        ]
        for id_, family in zip(sent, several, strict=True):
            if family["is_checked"]:
                check(id_)
        if is_link_asked:
            ChildLink.objects.create(
                id=uuid4(), campaign=campaign, child_key=iin(0), other_key=iin(1), is_same=False,
                reason="two", decided_at=DAY_TWO,
            )  # fmt: skip
        reconcile(campaign=campaign, at=close_round(campaign, 2))
        applications = {a.id: a for a in Application.objects.all()}
        numbers = dict(RosterEntry.objects.values_list("application_id", "draw_number"))
        data = {id_: _words(applications[id_], numbers.get(id_, "")) for id_ in sent}

        for id_ in sent:
            only_others = set().union(*(words for other, words in data.items() if other != id_)) - data[id_]
            for language in LANGUAGES:
                for for_officials in (False, True):
                    said = " ".join(explained(id_, for_officials=for_officials, language=language).values())
                    assert not {word for word in only_others if word in said}


def _words(application, draw_number):
    """Everything that tells who or when, as it would be printed."""
    form = application.form
    shown = application.lodged_at + timedelta(hours=5)
    return {
        application.number,
        application.child_key,
        str(application.id),
        form["child"]["family_name"],
        form["child"]["given_name"],
        form["phone"],
        f"{form['address']['street']}, {form['address']['house']}",
        f"{shown:%H:%M}",
        *([draw_number[:8]] if draw_number else []),
    }


def test_a_time_is_found_as_it_is_printed():
    """The property above would be empty if times were printed in another way than it looks for them."""
    assert re.fullmatch(r"\d\d:\d\d", f"{DAY_TWO:%H:%M}")
