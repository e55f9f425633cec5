"""The portal's pages through their public door: real middleware, a signed cookie, real tables."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client

from enrollment import keys, passes, receipts
from enrollment.models import Application, Draft, Retraction
from enrollment.services import check_draft, save_part
from enrollment.services.drafts import BLANK_FORM
from enrollment.views.drafts import sealed_year
from schools.models import RosterState, Round
from tests.factories import (
    CLOSES_AT,
    DURING,
    OPENS_AT,
    AccountFactory,
    ApplicationFactory,
    DraftFactory,
    IntakeFactory,
    RosterEntryFactory,
    TerritoryFactory,
    request_form,
)

pytestmark = pytest.mark.django_db

LANGUAGES = ("kk", "ru", "en")


@pytest.fixture(autouse=True)
def second_day(clock_at, settings):
    clock_at(DURING, rate=0)
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": str(uuid4())}
    }


@pytest.fixture(autouse=True)
def centre_key_file(settings, tmp_path):
    settings.CENTRE_KEY_FILE = str(tmp_path / "centre.pem")


def client_of(account, *, at=DURING) -> Client:
    client = Client()
    client.cookies[passes.cookie_name()] = passes.sealed(
        passes.new_pass(account_id=account.pk, language="kk", at=at)
    )
    return client


def checked(draft: Draft) -> dict[str, str]:
    content = check_draft(draft=draft, campaign=draft.campaign).content_sha256
    return {"content": content.hex(), "year": sealed_year(draft), "consent": "1"}


def send(client, draft, data):
    return client.post(f"/kk/draft/{draft.id}/send/", data)


# Addresses and languages


def test_the_root_is_kazakh_and_so_is_what_people_type():
    client = Client()

    assert client.get("/")["Location"] == "/kk/"
    assert client.get("/kz/")["Location"] == "/kk/"
    assert client.get("/kz")["Location"] == "/kk/"
    assert client.get("/kz/status/?a=1")["Location"] == "/kk/status/?a=1"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_front_page_needs_no_sign_in_and_sets_no_cookie(language):
    IntakeFactory()

    response = Client().get(f"/{language}/")

    assert f'<html lang="{language}">' in response.content.decode()
    assert not response.cookies


@pytest.mark.parametrize("shown", [OPENS_AT - timedelta(days=1), DURING, CLOSES_AT])
def test_the_service_is_always_listed_with_its_state(clock_at, shown):
    IntakeFactory()
    clock_at(shown, rate=0)

    assert Client().get("/kk/").status_code == 200


def test_without_a_campaign_the_page_says_so():
    assert "notice" in Client().get("/kk/").content.decode()


# What a page costs


def born(day, *, n=900, choices):
    """A form for a child that is nobody's twin."""
    form = request_form(n=n, choices=choices)
    return {**form, "child": {**form["child"], "birth_date": day}}


@pytest.fixture
def family():
    """A mother with an unsent draft, a place, a number in a line."""
    mother = AccountFactory()
    intake, full = IntakeFactory(), IntakeFactory(slots="T")
    TerritoryFactory(school=intake.school, campaign=intake.campaign)
    placed = ApplicationFactory(account=mother, intake=intake)
    waiting = ApplicationFactory(account=mother, intake=full, form=born("2020-08-01", choices=[full.name]))
    RosterEntryFactory(application=placed)
    RosterEntryFactory(application=waiting, slot=None)
    draft = DraftFactory(account=mother, intake=intake)
    check_draft(draft=draft, campaign=draft.campaign)
    return {"mother": mother, "draft": draft, "placed": placed, "waiting": waiting}


# Every number here is the page's own data; none of them is a session or an account.
QUERIES = {
    "": 4,
    "draft/{draft}/child/": 2,
    "draft/{draft}/applicant/": 2,
    "draft/{draft}/address/": 3,
    "draft/{draft}/school/": 6,
    "draft/{draft}/check/": 5,
    "applications/": 14,
    "applications/{placed}/": 12,
    "applications/{waiting}/": 14,
    "applications/{placed}/why/": 24,
    "applications/{placed}/receipt/": 2,
    "applications/{placed}/print/": 2,
    "applications/{placed}/withdraw/": 11,
    "status/": 0,
}


@pytest.mark.parametrize(("path", "count"), QUERIES.items(), ids=QUERIES.keys())
def test_a_page_asks_the_tables_this_often(family, path, count, django_assert_num_queries):
    client = client_of(family["mother"])
    path = path.format(
        draft=family["draft"].id, placed=family["placed"].number, waiting=family["waiting"].number
    )

    with django_assert_num_queries(count) as asked:
        response = client.get(f"/kk/{path}")

    assert response.status_code == 200
    sql = " ".join(query["sql"] for query in asked.captured_queries)
    assert "django_session" not in sql
    assert "schools_account" not in sql


def test_a_list_of_many_applications_costs_as_much_as_one_of_few(django_assert_max_num_queries):
    mother, intake = AccountFactory(), IntakeFactory()
    for day in range(12):
        form = born(f"2020-08-{day + 1:02}", n=800 + day, choices=[intake.name])
        ApplicationFactory(account=mother, intake=intake, form=form)

    with django_assert_max_num_queries(14):
        client_of(mother).get("/kk/applications/")


def test_sending_is_one_append(django_assert_num_queries):
    draft = DraftFactory()
    client, data = client_of(draft.account), checked(draft)

    with django_assert_num_queries(1):
        response = send(client, draft, data)

    assert response.status_code == 302


def test_sending_needs_no_cache_and_no_broker(settings):
    """Law 1. Whatever this cache is asked, it fails."""
    draft = DraftFactory()
    client, data = client_of(draft.account), checked(draft)
    settings.CACHES = {"default": {"BACKEND": "tests.enrollment.test_views.AbsentCache"}}
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"

    assert send(client, draft, data).status_code == 302


class AbsentCache:
    def __init__(self, *_args):
        raise ConnectionError("the cache is away")


# Sending


def test_sent_twice_or_from_two_tabs_shows_the_first_receipt():
    draft = DraftFactory()
    data = checked(draft)
    tabs = [client_of(draft.account), client_of(draft.account)]

    receipts_shown = {send(tab, draft, data)["Location"] for tab in tabs * 2}

    assert receipts_shown == {f"/kk/applications/{Application.objects.get().number}/receipt/"}


def test_a_draft_changed_in_another_tab_is_not_sent_unseen():
    draft = DraftFactory()
    data = checked(draft)
    save_part(draft_id=draft.id, account_id=draft.account_id, part={"phone": "+77770000000"}, at=DURING)

    response = send(client_of(draft.account), draft, data)

    assert response.status_code == 409
    assert f"/kk/draft/{draft.id}/check/" in response.content.decode()
    assert not Application.objects.exists()


def test_an_older_tab_after_sending_is_shown_the_receipt_of_what_was_sent():
    draft = DraftFactory()
    older = checked(draft)
    changed = save_part(
        draft_id=draft.id, account_id=draft.account_id, part={"phone": "+77770000000"}, at=DURING
    )
    client = client_of(draft.account)
    send(client, draft, checked(changed))

    response = send(client, draft, older)

    assert response.status_code == 409
    assert f"/kk/applications/{Application.objects.get().number}/receipt/" in response.content.decode()


@pytest.mark.parametrize("page", ["child/", "address/", "school/", "check/"])
def test_a_sent_draft_leads_to_its_receipt(page):
    draft = DraftFactory()
    client = client_of(draft.account)
    receipt = send(client, draft, checked(draft))["Location"]

    assert client.get(f"/kk/draft/{draft.id}/{page}")["Location"] == receipt
    assert client.post("/kk/draft/", {"draft": str(draft.id)})["Location"] == receipt


@pytest.mark.parametrize("shown", [OPENS_AT - timedelta(seconds=1), CLOSES_AT])
def test_outside_the_campaign_the_draft_stays(clock_at, shown):
    draft = DraftFactory()
    data = checked(draft)
    clock_at(shown, rate=0)

    response = send(client_of(draft.account, at=shown), draft, data)

    assert response.status_code == 409
    assert Draft.objects.filter(pk=draft.pk).exists()
    assert not Application.objects.exists()


def test_without_consent_nothing_is_sent():
    draft = DraftFactory()
    data = checked(draft)
    del data["consent"]

    response = send(client_of(draft.account), draft, data)

    assert response.status_code == 422
    assert 'href="#consent"' in response.content.decode()
    assert not Application.objects.exists()


def test_a_full_school_may_be_chosen_and_says_so_before_sending():
    full = IntakeFactory(slots="T")
    RosterEntryFactory(application=ApplicationFactory(intake=full))
    closed = Round.objects.create(campaign=full.campaign, number=1, closes_at=DURING)
    RosterState.objects.create(campaign=full.campaign, round=closed, closing_at=DURING)
    draft = DraftFactory(intake=full)
    client = client_of(draft.account)

    page = client.get(f"/kk/draft/{draft.id}/check/").content.decode()

    assert "notice--warning" in page
    assert send(client, draft, checked(draft)).status_code == 302


def test_what_is_missing_is_named_with_the_way_there():
    draft = DraftFactory(form=dict(BLANK_FORM))

    page = client_of(draft.account).get(f"/kk/draft/{draft.id}/check/").content.decode()

    assert f"/kk/draft/{draft.id}/child/?change=1" in page
    assert "/send/" not in page


def test_changing_one_answer_leads_back_to_the_check():
    draft = DraftFactory()
    client = client_of(draft.account)

    response = client.post(f"/kk/draft/{draft.id}/address/?change=1", draft.form["address"])

    assert response["Location"] == f"/kk/draft/{draft.id}/check/"


def test_the_year_of_a_number_is_not_the_senders_to_choose():
    draft, other = DraftFactory(), DraftFactory()
    client, data = client_of(draft.account), checked(draft)

    for forged in ("2050", "2050:x", sealed_year(other)):
        assert send(client, draft, {**data, "year": forged})["Location"].endswith("/check/")
    assert not Application.objects.exists()


# Other people's


@pytest.mark.parametrize(
    "path",
    ["draft/{d}/child/", "draft/{d}/school/", "draft/{d}/check/", "applications/{n}/",
     "applications/{n}/receipt/", "applications/{n}/print/", "applications/{n}/withdraw/"],
)  # fmt: skip
def test_what_belongs_to_somebody_else_is_not_there(family, path):
    path = path.format(d=family["draft"].id, n=family["placed"].number)

    assert client_of(AccountFactory()).get(f"/kk/{path}").status_code == 404


def test_nobody_sends_or_withdraws_for_somebody_else(family):
    stranger = client_of(AccountFactory())

    sent = send(stranger, family["draft"], checked(family["draft"]))
    withdrawn = stranger.post(
        f"/kk/applications/{family['placed'].number}/withdraw/", {"retraction": str(uuid4())}
    )

    assert (sent.status_code, withdrawn.status_code) == (404, 404)
    assert not Retraction.objects.exists()


def test_pages_of_a_person_are_kept_by_no_cache(family):
    client = client_of(family["mother"])

    for path in ("", "applications/", f"applications/{family['placed'].number}/receipt/"):
        assert "no-store" in client.get(f"/kk/{path}")["Cache-Control"]


# Receipt


def test_the_qr_on_the_receipt_is_signed_with_the_centres_key(family):
    from unittest.mock import patch

    import segno

    texts, make = [], segno.make
    with patch("segno.make", lambda text, **how: texts.append(text) or make(text, **how)):
        client_of(family["mother"]).get(f"/kk/applications/{family['placed'].number}/receipt/")

    read = receipts.read_qr(
        texts[0],
        public_key_for=lambda claim: (
            keys.centre_key().public_key() if claim.key_id == keys.centre_key_id() else None
        ),
    )
    assert read.number == family["placed"].number
    assert read.is_of(family["placed"].child_key)


def test_the_centres_key_is_made_once_and_read_by_its_owner_alone(settings, tmp_path):
    path = tmp_path / "keys" / "centre.pem"
    settings.CENTRE_KEY_FILE = str(path)

    first = keys.centre_key_id()
    keys._key_in.cache_clear()

    assert keys.centre_key_id() == first
    assert path.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["centre.pem"]


def test_withdrawing_twice_is_once_and_says_what_follows(family):
    client, url = client_of(family["mother"]), f"/kk/applications/{family['placed'].number}/withdraw/"
    minted = re.search(r'name="retraction" value="([^"]+)"', client.get(url).content.decode())[1]

    for _time in range(2):
        assert client.post(url, {"retraction": minted}).status_code == 302

    assert Retraction.objects.count() == 1
    assert client.get(url).status_code == 302


# State by number


def test_the_state_by_number_names_nobody(family):
    placed = family["placed"]

    page = Client().post(
        "/kk/status/", {"number": placed.number.lower().replace("-", ""), "last_four": placed.child_key[-4:]}
    )

    text = page.content.decode()
    assert page.status_code == 200
    assert "notice--success" in text
    for secret in ("Серікқызы", "Аружан", placed.child_key, "мектеп-гимназия"):
        assert secret not in text


def test_wrong_digits_and_unknown_numbers_are_answered_alike(family):
    number, iin = family["placed"].number, family["placed"].child_key
    wrong = "0000" if iin[-4:] != "0000" else "1111"

    answers = {
        re.sub(r'value="[^"]*"', "", Client().post("/kk/status/", data).content.decode())
        for data in (
            {"number": number, "last_four": wrong},
            {"number": "27-4KQ7-M2XD-W", "last_four": wrong},
        )
    }

    assert len({re.search(r"error-summary.*?</ul>", answer, re.DOTALL)[0] for answer in answers}) == 1


def test_a_number_can_be_asked_about_five_times_an_hour(family):
    number, right = family["placed"].number, family["placed"].child_key[-4:]
    wrong = "0000" if right != "0000" else "1111"
    for _try in range(5):
        Client().post("/kk/status/", {"number": number, "last_four": wrong})

    response = Client().post("/kk/status/", {"number": number, "last_four": right})

    assert response.status_code == 422
    assert "notice--success" not in response.content.decode()


# Schools


def test_the_school_of_the_address_comes_first_with_its_reason():
    serving, other = IntakeFactory(school__name_kk="Я мектебі"), IntakeFactory(school__name_kk="А мектебі")
    TerritoryFactory(school=serving.school, campaign=serving.campaign)
    draft = DraftFactory(form=request_form(choices=[]), intake=serving)

    page = client_of(draft.account).get(f"/kk/draft/{draft.id}/school/").content.decode()

    assert page.index(serving.name) < page.index(other.name)
    assert page.count(f'value="{serving.name}"') == 1
    assert "Абай көшесі, 12" in page


def test_schools_are_found_by_name_and_paged():
    intakes = [IntakeFactory(school__name_ru=f"Лицей {n:02}") for n in range(30)]
    draft = DraftFactory(intake=intakes[0])
    client, url = client_of(draft.account), f"/ru/draft/{draft.id}/school/"

    found = client.get(url, {"q": "лицей 07", "district": ""}).content.decode()
    second = client.get(url, {"district": "", "page": "2"})

    assert "Лицей 07" in found
    assert "Лицей 08" not in found
    assert (second.context["previous_page"], second.context["next_page"]) == (1, 3)


def test_a_school_that_is_not_offered_cannot_be_chosen():
    draft = DraftFactory()

    for choice in ("990140999995/kk", "", "x", "/", "\x00", "a" * 10_000):
        response = client_of(draft.account).post(f"/kk/draft/{draft.id}/school/", {"choice": choice})
        assert response.status_code == 422
        assert 'href="#choices"' in response.content.decode()


# Bad input


NASTY = [
    "\x00",
    "А" * 10_000,
    "\u202e\u0000",
    "😀",
    "<script>alert(1)</script>",
    "%s%n",
    "-1",
    "99999999999999999999",
]


@pytest.mark.parametrize("nasty", NASTY, ids=range(len(NASTY)))
def test_nasty_input_never_breaks_a_page(family, nasty):
    client = client_of(family["mother"])
    draft, number = f"draft/{family['draft'].id}", family["placed"].number
    fields = ("iin", "family_name", "given_name", "patronymic", "birth_date", "relation", "phone", "language",
              "district", "street", "house", "flat", "choice", "content", "year", "consent", "draft",
              "document_type", "document_country", "document_number", "retraction", "number", "last_four", "wish")  # fmt: skip
    data = dict.fromkeys(fields, nasty)

    for path in (f"{draft}/child/", f"{draft}/applicant/", f"{draft}/address/", f"{draft}/school/",
                 f"{draft}/send/", "draft/", "status/", f"applications/{number}/withdraw/"):  # fmt: skip
        response = client.post(f"/kk/{path}", data)
        assert response.status_code < 500, path
        assert "<script>alert" not in response.content.decode()
    for path in ("", f"{draft}/school/", f"{draft}/check/"):
        response = client.get(f"/kk/{path}", {"q": nasty, "district": nasty, "page": nasty, "change": nasty})
        assert response.status_code == 200, path
        assert "<script>alert" not in response.content.decode()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_opens_in_every_language(family, language):
    client = client_of(family["mother"])
    names = {
        "draft": family["draft"].id,
        "placed": family["placed"].number,
        "waiting": family["waiting"].number,
    }
    for path in QUERIES:
        assert client.get(f"/{language}/{path.format(**names)}").status_code == 200


def test_unknown_addresses_are_not_there(family):
    client = client_of(family["mother"])

    for path in ("nothing/", f"draft/{uuid4()}/child/", f"draft/{family['draft'].id}/nothing/", "xx/"):
        assert client.get(f"/kk/{path}").status_code == 404
