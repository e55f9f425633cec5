"""Officials' pages through their own process's addresses, settings and sign-in."""

import csv
import io
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from uuid import UUID

import pytest
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import translation

from schools.models import Account, Confirmation, Lane, RosterEntry, Scope
from schools.services.confirming import confirm_round
from schools.services.officials import ParentsAccount, ScopeNotNamed, add_official
from schools.views.downloads import unformula
from tests.schools.officials_country import (
    NOW,
    PASSWORD,
    SECRET,
    Country,
    a_country,
    a_list,
    all_reported,
    code_of,
    line,
    officials_process,
    round_one,
    signed_in,
)

pytestmark = pytest.mark.django_db
LANGUAGES = ("kk", "ru", "en")
LOGIN = "/en/officials/account/login/"


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


def pages(country: Country) -> dict[str, str]:
    """An address for every view of the officials' own pages; a view without one fails the walk."""
    school, language, kato = country.intake.school_id, country.intake.language, country.esil.kato
    return {
        "start": "",
        "search": "search/",
        "cases": "cases/",
        "password": "password/",
        "district": f"districts/{kato}/",
        "roster": f"rosters/{school}/{language}/",
        "roster_on_paper": f"rosters/{school}/{language}/print/",
        "roster_csv": f"rosters/{school}/{language}/roster.csv",
        "round": f"districts/{kato}/round/",
        "closing_code": f"districts/{kato}/closing-code/",
        "stopped": f"districts/{kato}/stopped/",
        "held": f"districts/{kato}/held/",
        "must_act": f"districts/{kato}/must-act/",
        "harmed": f"districts/{kato}/late/",
        "places": f"rosters/{school}/{language}/places/",
        "grant": f"rosters/{school}/{language}/{UUID(int=4)}/grant/",
        "annul": f"rosters/{school}/{language}/{UUID(int=3)}/annul/",
    }


def presses(country: Country) -> dict[str, str]:
    """Addresses that are only posted to."""
    kato = country.esil.kato
    return {
        "propose": f"districts/{kato}/round/propose/",
        "sign": f"districts/{kato}/proposals/{UUID(int=1)}/sign/",
        "take_back": f"districts/{kato}/proposals/{UUID(int=1)}/take-back/",
    }


OF_ALL = {"start", "search", "cases", "password"}


def names_of_views() -> set[str]:
    def walk(patterns: list[URLPattern | URLResolver]) -> Iterator[str]:
        for pattern in patterns:
            if isinstance(pattern, URLResolver):
                yield from walk(pattern.url_patterns)
            else:
                yield str(pattern.name)

    resolver = next(
        inner
        for outer in get_resolver().url_patterns
        if isinstance(outer, URLResolver)
        for inner in outer.url_patterns
        if isinstance(inner, URLResolver) and inner.namespace == "officials"
    )
    return set(walk(resolver.url_patterns))


def body(response) -> str:
    return b"".join(response).decode("utf-8-sig") if response.streaming else response.content.decode()


def confirm_by_hand(country: Country) -> Confirmation:
    """Round 1 was confirmed for the district, and the list knows it."""
    all_reported(country)
    made = confirm_round(campaign=country.campaign, district=country.esil, official=country.official, at=NOW)
    RosterEntry.objects.filter(slot__in=made.places.values("slot"), intake=country.intake).update(
        is_confirmed=True
    )
    return made


# Who is let in -------------------------------------------------------------------------------------------------


def test_every_view_is_in_the_walk(country: Country):
    assert names_of_views() == set(pages(country)) | set(presses(country))


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_anonymous_reader_is_led_to_the_sign_in_everywhere(country: Country, language: str):
    for path in pages(country).values():
        response = Client().get(f"/{language}/officials/{path}")

        assert response.status_code == 302, path
        assert response.url.startswith(f"/{language}/officials/account/login/?next=")


def test_a_parent_is_signed_out_with_a_clear_page_everywhere(country: Country):
    for path in pages(country).values():
        client = signed_in(country.parent)

        response = client.get(f"/en/officials/{path}")

        assert response.status_code == 403, path
        assert "This entrance is for education departments" in body(response)
        assert "Қасымова" not in body(response)
        assert client.get(f"/en/officials/{path}").status_code == 302


def test_the_official_of_another_district_finds_nothing_anywhere(country: Country):
    client = signed_in(country.stranger)
    not_there = body(client.get("/en/officials/districts/999999999/"))

    for name, path in pages(country).items():
        response = client.get(f"/en/officials/{path}")

        if name not in OF_ALL:
            assert response.status_code == 404, path
            assert text_of(body(response)) == text_of(not_there), path
        else:
            assert response.status_code in (200, 302), path
            for theirs in ("Esil", "Қасымова", country.intake.school_id, "27-4KQ7-0002-W"):
                assert theirs not in body(response), path


def test_nobody_presses_a_button_of_another_district(country: Country):
    for client, status in ((Client(), 302), (signed_in(country.stranger), 404)):
        for path in presses(country).values():
            assert client.post(f"/en/officials/{path}", {"reason": "x"}).status_code == status, path
    assert signed_in(country.official).get(f"/en/officials/{presses(country)['sign']}").status_code == 405


def test_the_own_official_sees_every_page(country: Country):
    confirm_by_hand(country)
    client = signed_in(country.official)

    found = {name: client.get(f"/en/officials/{path}").status_code for name, path in pages(country).items()}

    assert found == dict.fromkeys(found, 200) | {"password": 302}


def test_a_scope_taken_back_ends_the_session_at_once(country: Country):
    client = signed_in(country.official)
    Scope.objects.filter(account=country.official).delete()

    assert client.get("/en/officials/").status_code == 403
    assert client.get("/en/officials/").status_code == 302


def test_no_page_is_kept_by_a_cache(country: Country):
    response = signed_in(country.official).get(f"/en/officials/{pages(country)['roster']}")

    assert "no-store" in response["Cache-Control"]


# Signing in ----------------------------------------------------------------------------------------------------


def test_password_and_code_open_the_lists_and_the_session_has_its_own_name(country: Country):
    client = Client()

    step = client.post(LOGIN, {"login": "esil@example.kz", "password": PASSWORD})
    assert step.url == "/en/officials/account/code/"
    assert client.get("/en/officials/").status_code == 302, "a password alone opens nothing"
    done = client.post(step.url, {"code": code_of()})

    assert done.url == "/en/officials/"
    assert client.get("/en/officials/").status_code == 200
    assert set(client.cookies) >= {"qabyldau_official"}
    assert "sessionid" not in client.cookies


def test_a_code_works_once(country: Country):
    code = code_of()
    for expected in (302, 200):
        client = Client()
        client.post(LOGIN, {"login": "esil@example.kz", "password": PASSWORD})
        response = client.post("/en/officials/account/code/", {"code": code})

        assert response.status_code == expected


def test_a_wrong_password_is_refused_in_the_readers_language(country: Country):
    response = Client().post(LOGIN, {"login": "esil@example.kz", "password": "no"})

    assert response.status_code == 200
    assert "The e-mail or the password is wrong." in body(response)


def test_attempts_are_limited(country: Country):
    client = Client()
    for _ in range(5):
        client.post(LOGIN, {"login": "esil@example.kz", "password": "no"})

    response = client.post(LOGIN, {"login": "esil@example.kz", "password": PASSWORD})

    assert "Too many attempts" in body(response)


def test_codes_cannot_be_tried_out(country: Country):
    client = Client()
    client.post(LOGIN, {"login": "esil@example.kz", "password": PASSWORD})
    wrong = next(f"{n:06}" for n in range(9) if f"{n:06}" not in {code_of(step=s) for s in (-1, 0, 1, 2)})
    for _ in range(5):
        client.post("/en/officials/account/code/", {"code": wrong})

    response = client.post("/en/officials/account/code/", {"code": code_of()})

    assert response.status_code == 200
    assert "Too many attempts" in body(response)


def test_the_first_sign_in_leads_to_an_own_password_and_a_second_factor(country: Country):
    added = add_official(email="new@example.kz", full_name="Жаңа", district=country.esil, at=NOW)
    client = Client()
    client.post(LOGIN, {"login": "new@example.kz", "password": added.password})

    assert client.get(f"/en/officials/{pages(country)['roster']}").url == "/en/officials/password/"
    assert client.get("/en/officials/account/code/setup/").url == "/en/officials/password/"
    own = {"new_password1": "ozimnin-qupiya-sozim", "new_password2": "ozimnin-qupiya-sozim"}
    assert client.post("/en/officials/password/", own).url == "/en/officials/account/code/setup/"
    assert client.get("/en/officials/").url == "/en/officials/account/code/setup/"
    setup = client.get("/en/officials/account/code/setup/")
    secret = re.search(r"<code>([A-Z2-7]+)</code>", body(setup))
    assert secret is not None
    done = client.post("/en/officials/account/code/setup/", {"code": code_of(secret[1])}, follow=True)

    assert done.status_code == 200
    assert done.request["PATH_INFO"] == "/en/officials/"
    stored = Authenticator.objects.get(user=added.account)
    assert stored.type == Authenticator.Type.TOTP
    assert secret[1] not in str(stored.data), "the shared secret is stored sealed"


@pytest.mark.parametrize(
    ("one", "other"), [("qysqa", "qysqa"), ("password1234", "password1234"), ("a" * 13, "b" * 13)]
)
def test_a_weak_or_mistyped_password_is_not_taken(country: Country, one: str, other: str):
    added = add_official(email="new@example.kz", full_name="Жаңа", district=country.esil, at=NOW)
    client = Client()
    client.post(LOGIN, {"login": "new@example.kz", "password": added.password})

    response = client.post("/en/officials/password/", {"new_password1": one, "new_password2": other})

    assert response.status_code == 200
    assert "Please check what is written" in body(response)
    added.account.refresh_from_db()
    assert added.account.check_password(added.password)


def test_no_view_of_the_sign_in_signs_anybody_up_or_takes_the_second_factor_off(country: Country):
    client = signed_in(country.official)

    for path in ("signup", "password/reset", "password/change", "email", "mfa/totp/deactivate"):
        assert client.get(f"/en/officials/account/{path}/").status_code == 404, path
    assert client.post("/en/officials/account/code/change/").url == "/en/officials/"
    assert Authenticator.objects.filter(user=country.official).exists()


# The administration --------------------------------------------------------------------------------------------


def test_the_administration_is_not_there_for_an_official(country: Country):
    assert signed_in(country.official).get("/admin/").status_code == 404
    assert Client().get("/admin/").status_code == 302


def staff(country: Country, **fields) -> Client:
    account = Account.objects.create_user("staff@example.kz", PASSWORD, is_staff=True, **fields)
    Authenticator.objects.create(user=account, type=Authenticator.Type.TOTP, data={"secret": "x"})
    return signed_in(account)


def test_staff_read_the_administration_and_change_nothing(country: Country):
    client = staff(country)
    entry = RosterEntry.objects.first()

    assert client.get("/admin/").status_code == 200
    assert client.get(f"/admin/schools/rosterentry/{entry.pk}/change/").status_code == 200
    assert client.post(f"/admin/schools/rosterentry/{entry.pk}/change/", {}).status_code == 403
    assert client.post(f"/admin/schools/school/{country.intake.school_id}/change/", {}).status_code == 403
    assert client.get("/en/officials/").url == "/admin/"


def test_a_superuser_changes_configuration_but_no_roster(country: Country):
    client = staff(country, is_superuser=True)
    entry = RosterEntry.objects.first()
    kato = country.esil.kato
    fields = {
        "kato": kato,
        "region": country.esil.region_id,
        "name_kk": "Есіл",
        "name_ru": "Есиль",
        "name_en": "Esil",
        "help_line": "1",
    }

    assert client.post(f"/admin/schools/district/{kato}/change/", fields).status_code == 302
    assert client.post(f"/admin/schools/rosterentry/{entry.pk}/delete/", {"post": "yes"}).status_code == 403
    country.esil.refresh_from_db()
    assert country.esil.name_ru == "Есиль"


def test_every_list_of_the_administration_opens(country: Country):
    client = staff(country, is_superuser=True)

    for model in ("region", "district", "school", "campaign", "intake", "territory", "round", "account",
                  "rosterentry", "rosterstate", "horizon", "case"):  # fmt: skip
        assert client.get(f"/admin/schools/{model}/?q=a").status_code in (200, 302), model
        assert client.get(f"/admin/schools/{model}/").status_code == 200, model


def test_staff_without_a_second_factor_see_nothing(country: Country):
    account = Account.objects.create_user("bare@example.kz", PASSWORD, is_staff=True)

    assert "/officials/password/" in signed_in(account).get("/admin/").url


# What the pages say --------------------------------------------------------------------------------------------


def text_of(page: str) -> str:
    main = page[page.index("<main") :]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", main))


def test_the_sentence_before_the_list_says_what_is_not_known(country: Country):
    page = text_of(body(signed_in(country.official).get(f"/en/officials/{pages(country)['roster']}")))

    assert "As known at 14:05 · 2 of 9 desks not heard from since 12:40 · about 31 unsent" in page
    assert "Round 1, closed: 01.04.2027 24:00. The lists are provisional" in page


def test_a_list_shows_both_doors_places_in_order_and_the_numbers_in_line(country: Country):
    page = text_of(body(signed_in(country.official).get(f"/en/officials/{pages(country)['roster']}")))

    for text in (
        "1 Қасымова Әлия From the territory 27-4KQ7-0001-W Portal",
        "2 Алиев Арман From the territory 27-4KQ7-0002-W Service centre",
        "3 free For a child from the territory",
        "4 Омаров Тимур From outside",
        "8 free For a child from outside",
        "1 Әбенов Санжар",
        "2 Абаева Дана",
        "1 =HYPERLINK(1)",
    ):
        assert text in page, text
    assert "Held Two applications, different schools" in page
    assert page.index("Қасымова") < page.index("Алиев") < page.index("Әбенов")


def test_the_kazakh_alphabet_orders_names_and_keeps_the_numbers_in_line(country: Country):
    page = text_of(
        body(signed_in(country.official).get(f"/en/officials/{pages(country)['roster']}?sort=name"))
    )

    assert page.index("Алиев") < page.index("Қасымова") < page.index("Омаров")
    assert page.index("2 Абаева Дана") < page.index("1 Әбенов Санжар")


def test_the_start_page_counts_the_own_district(country: Country):
    page = text_of(body(signed_in(country.official).get("/en/officials/")))

    for text in (
        "Children on the lists, from the portal 3",
        "Children on the lists, from service centres 3",
        "Places given 3",
        "On the reserve lists 3 From the territory: 2, from outside: 1",
        "Two applications, different schools 1",
        "For a person to decide 1",
        "Desks not heard from 2 of 9",
    ):
        assert text in page, text


def test_an_official_of_a_region_sees_all_its_districts(country: Country):
    account = add_official(
        email="region@example.kz",
        full_name="Облыс",
        region=country.esil.region,
        password=PASSWORD,
        totp_secret=SECRET,
        at=NOW,
    ).account
    client = signed_in(account)

    page = text_of(body(client.get("/en/officials/")))

    assert "Esil To be confirmed 3 3 3 2 / 1 1 1 2 / 9" in page
    assert "Nura To be confirmed 1 0 1 0 / 0 0 1 0 / 0" in page
    for intake in (country.intake, country.abroad):
        assert client.get(f"/en/officials/rosters/{intake.school_id}/{intake.language}/").status_code == 200


def test_a_district_page_shows_lengths_and_finds_a_school(country: Country):
    client = signed_in(country.official)
    address = f"/en/officials/districts/{country.esil.kato}/"

    assert "Kazakh 8 3 5 2 / 1 2 / 1" in text_of(body(client.get(address)))
    assert country.intake.school.name_en in body(client.get(address, {"school": country.intake.school_id}))
    assert "No school of this district" in body(client.get(address, {"school": "Жоқ"}))
    assert client.get(address, {"school": "a\x00b"}).status_code == 200


@pytest.mark.parametrize("text", ["000000000004", "27-4kq7-0004-w", "274КQ70004W", "әбенов", "Санжар Әбен"])
def test_a_child_is_found_by_iin_number_or_name(country: Country, text: str):
    page = text_of(body(signed_in(country.official).post("/en/officials/search/", {"text": text})))

    assert "Found: 1" in page
    assert "Әбенов Санжар" in page
    assert "Reserve list: from the territory: 1" in page


@pytest.mark.parametrize("text", ["000000000007", "27-4KQ7-0007-W", "Бөтен"])
def test_a_child_of_another_district_is_not_found(country: Country, text: str):
    page = body(signed_in(country.official).post("/en/officials/search/", {"text": text}))

    assert "No such child is on the lists of your districts" in page
    assert "Бөтен Бала" not in page


@pytest.mark.parametrize("text", ["", "x", "a\x00b", "я" * 300])
def test_a_search_that_makes_no_sense_is_told_so(country: Country, text: str):
    response = signed_in(country.official).post("/en/officials/search/", {"text": text})

    assert response.status_code == 200
    assert "Please check what is written" in body(response)


@pytest.mark.parametrize("page", ["0", "-1", "x", "99999999999999999999", "٣", "2", ""])
def test_a_page_that_is_not_there_is_the_nearest_one(country: Country, page: str):
    response = signed_in(country.official).get(f"/en/officials/{pages(country)['roster']}", {"places": page})

    assert "Қасымова" in body(response)


def test_words_of_the_builders_never_reach_a_page(country: Country):
    client = signed_in(country.official)

    for name, path in pages(country).items():
        for language in LANGUAGES:
            page = body(client.get(f"/{language}/officials/{path}"))
            words = set(re.findall(r"[a-z]+", (text_of(page) if "<main" in page else page).lower()))
            assert not words & {"slot", "slots", "lane", "moment", "watermark", "claim"}, name


def test_the_language_switch_keeps_the_page(country: Country):
    path = pages(country)["roster"]

    page = body(signed_in(country.official).get(f"/en/officials/{path}?sort=name"))

    assert f'href="/ru/officials/{path}?sort=name"' in page


# Lists to take away --------------------------------------------------------------------------------------------


def test_a_table_holds_everybody_and_no_formula(country: Country):
    client = signed_in(country.official)
    path = pages(country)["roster_csv"]

    raw = b"".join(client.get(f"/en/officials/{path}"))
    rows = list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"))))

    assert raw.startswith(b"\xef\xbb\xbf")
    assert [(row["List"], row["Number"], row["Child"]) for row in rows] == [
        ("Places", "1", "Қасымова Әлия"),
        ("Places", "2", "Алиев Арман"),
        ("Places", "4", "Омаров Тимур"),
        ("Reserve list: from the territory", "1", "Әбенов Санжар"),
        ("Reserve list: from the territory", "2", "Абаева Дана"),
        ("Reserve list: from outside", "1", "'=HYPERLINK(1)"),
    ]
    assert rows[1] | {"Child": ""} == {
        "List": "Places",
        "Number": "2",
        "Child": "",
        "IIN or document": "000000000002",
        "Application": "27-4KQ7-0002-W",
        "Territory": "From the territory",
        "Handed in at": "Service centre",
        "Time of application": "02/04/2027 13:05",
        "State": "Held: Two applications, different schools",
        "As known at": "02/04/2027 14:05",
    } | {k: rows[1][k] for k in ("Time of application", "As known at")}
    assert ";" in b"".join(client.get(f"/ru/officials/{path}")).decode().splitlines()[0]


@pytest.mark.parametrize("cell", ["=1+1", "+7", "-1", "@x", "\tx", "\rx"])
def test_a_cell_that_starts_like_a_formula_is_text(cell: str):
    assert unformula(cell) == f"'{cell}"
    assert unformula(f"a{cell}") == f"a{cell}"


# Cost ----------------------------------------------------------------------------------------------------------

QUERIES = {"start": 18, "district": 22, "roster": 17, "roster_on_paper": 17, "roster_csv": 13, "cases": 7}


def test_ten_thousand_lines_cost_as_many_queries_as_six(
    country: Country, django_assert_num_queries: Callable[[int], object]
):
    client = signed_in(country.official)
    for name, count in QUERIES.items():
        with django_assert_num_queries(count):
            body(client.get(f"/en/officials/{pages(country)[name]}"))
    country.intake.slots = "TTTO" * 1500
    country.intake.save()
    RosterEntry.objects.bulk_create(
        line(
            country.intake,
            n=n,
            name=f"Бала {n}",
            slot=n if n < 6000 else None,
            lane=Lane.TERRITORY if n < 8000 else Lane.OUTSIDE,
        )
        for n in range(10, 10_000)
    )

    for name, count in QUERIES.items():
        with django_assert_num_queries(count):
            page = body(client.get(f"/en/officials/{pages(country)[name]}"))
        if name == "roster":
            assert "1–100 of 6000" in page
            assert "1–100 of 2002" in page
            assert "places=2#places" in page
    last = body(client.get(f"/en/officials/{pages(country)['roster']}", {"outside": "21"}))
    assert ">2001<" in last


# Accounts ------------------------------------------------------------------------------------------------------


def test_adding_twice_resets_and_a_new_password_forgets_the_second_factor(country: Country):
    first = add_official(email="Esil@Example.kz", full_name="Айгүл", district=country.esil, at=NOW)
    again = add_official(email="esil@example.kz", full_name="Айгүл", district=country.esil, at=NOW)

    assert first.account == again.account == country.official
    assert first.password != again.password
    assert country.official.scopes.count() == 1
    assert not Authenticator.objects.filter(user=country.official).exists()


def test_a_familys_account_does_not_become_an_officials(country: Country):
    with pytest.raises(ParentsAccount):
        add_official(email="ana@example.kz", full_name="Ана", district=country.esil, at=NOW)
    with pytest.raises(ScopeNotNamed):
        add_official(email="x@example.kz", full_name="X", at=NOW)


def test_the_operators_command_prints_a_password_that_signs_in(
    country: Country, capsys: pytest.CaptureFixture[str]
):
    call_command("official_add", "jana@example.kz", "--district", country.esil.kato, "--name", "Жаңа Адам")
    password = capsys.readouterr().out.split()[-1]

    response = Client().post(LOGIN, {"login": "jana@example.kz", "password": password}, follow=True)

    assert response.request["PATH_INFO"] == reverse("officials:password")
    with pytest.raises(CommandError, match="no district"):
        call_command("official_add", "y@example.kz", "--district", "000000000", "--name", "Y")
