"""The draw's page: what it says in each state, the form, the files; and the command."""

import io
import json
import subprocess
import sys
from datetime import date, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as project
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from enrollment import draw
from enrollment.models import DaySeed
from enrollment.services import draws
from schools.models import Campaign
from tests.country import OPENING
from tests.enrollment.test_draws import (
    DAY_ONE,
    DAY_THREE,
    DAY_TWO,
    HOUR,
    MIDNIGHT,
    MINUTE,
    SECRET,
    bound,
    campaign,
    down,
    enter,
    make,
    secrets,
)

pytestmark = pytest.mark.django_db
__all__ = ["bound", "campaign", "secrets"]
TOKEN = draw.child_token(key=b"\x0a" * 32, child_key="190401599990")


@pytest.fixture
def family(settings: Any, clock_at: Any) -> Client:
    portal = import_module("config.settings.portal")
    settings.ROOT_URLCONF, settings.MIDDLEWARE = portal.ROOT_URLCONF, list(portal.MIDDLEWARE)
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if "whitenoise" not in name]
    clock_at(MIDNIGHT + 10 * HOUR, rate=0)
    return Client()


def page(client: Client, query: str = "", *, language: str = "en") -> str:
    response = client.get(f"/{language}/draw/{query}")
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def computed(client: Client, *, token: str = TOKEN.hex(), day: str = "2027-04-01") -> Any:
    return client.post("/en/draw/", {"token": token, "date": day})


# --- states -----------------------------------------------------------------------------------


def test_without_a_campaign_the_page_explains_the_draw(family):
    assert "The draw is not fixed yet" in page(family)


def test_before_the_commitment_it_says_that_nothing_is_fixed(family, campaign):
    text = page(family)

    assert "The draw is not fixed yet" in text
    assert "verify_draw.py" not in text
    assert family.get("/en/draw/days.json").status_code == 404
    assert computed(family).status_code == 422


def test_before_the_opening_it_shows_the_hashes_and_no_day(family, bound, clock_at):
    clock_at(OPENING - timedelta(days=1), rate=0)
    text = page(family)

    assert bytes(bound.draw_commitment.key_sha256).hex() in text
    assert bytes(bound.draw_commitment.chain_end).hex() in text
    assert "The first day is drawn after it ends." in text
    assert "<table" not in text


def test_during_the_first_day_it_says_when_it_is_drawn(family, bound, clock_at):
    clock_at(OPENING, rate=0)

    assert "Not drawn yet: it is drawn after 24:00 of this day." in page(family)


def test_a_day_that_is_over_waits_for_its_public_value_and_today_for_its_end(family, bound):
    text = page(family)

    assert text.count("Not drawn yet: the public value is not recorded.") == 1
    assert text.count("Not drawn yet: it is drawn after 24:00 of this day.") == 1
    assert text.index("2 April 2027") < text.index("1 April 2027")


def test_a_value_without_a_seed_is_being_drawn(family, bound):
    enter(bound)

    assert "It is being drawn now." in page(family)


def test_a_later_day_waits_for_the_earlier_one(family, bound, clock_at):
    clock_at(MIDNIGHT + timedelta(days=1, hours=1), rate=0)
    enter(bound, DAY_TWO, at=MIDNIGHT + timedelta(days=1))

    text = page(family)

    assert "Not drawn yet: an earlier day comes first." in text
    assert text.count("Not drawn yet: the public value is not recorded.") == 1


def test_an_outage_over_midnight_is_named_with_its_end(family, bound, clock_at):
    clock_at(MIDNIGHT + HOUR + MINUTE, rate=0)
    down(bound, MIDNIGHT - HOUR, MIDNIGHT + HOUR)
    enter(bound)

    assert "an outage reaches over the end of the day. It is drawn after: 2 April 2027, 03:00" in page(family)


def test_an_open_outage_has_no_end_to_name(family, bound):
    down(bound, MIDNIGHT - HOUR, None)
    enter(bound)

    assert "It is drawn after the outage." in page(family)


def test_a_missing_secret_is_told_with_the_hour_of_its_replacement(family, bound, settings):
    settings.DRAW_CHAIN_SECRET = ""
    enter(bound, at=MIDNIGHT + 10 * HOUR)
    draws.make_due_seeds(at=MIDNIGHT + 10 * HOUR)

    assert "takes its place at: 2 April 2027, 11:00" in page(family)


def test_a_missing_key_waits_for_people(family, bound, settings):
    settings.DRAW_KEY = ""
    enter(bound)
    draws.make_due_seeds(at=MIDNIGHT + MINUTE)

    assert "the secret key is missing or is not the one that was fixed" in page(family)


def test_a_replaced_secret_is_told_and_its_computation_shown(family, bound, settings):
    settings.DRAW_CHAIN_SECRET = ""
    enter(bound)
    seed = make(bound, at=MIDNIGHT + HOUR)

    text = page(family)

    assert "Drawn: the secret was missing and was replaced in public" in text
    assert "draw/missing/1 | 2027-04-01 |" in text
    assert bytes(seed.s).hex() in text
    assert "It agrees: everybody comes to the same value." in text


def test_the_last_day_drawn_is_shown_and_any_other_on_request(family, bound, clock_at):
    clock_at(MIDNIGHT + timedelta(days=1, hours=1), rate=0)
    for day in (DAY_ONE, DAY_TWO):
        enter(bound, day, at=MIDNIGHT + timedelta(days=1))
    first, second = (make(bound, day, at=MIDNIGHT + timedelta(days=1)) for day in (DAY_ONE, DAY_TWO))

    last, asked = page(family), page(family, "?day=2027-04-01")

    assert "It is the secret shown before, of: 1 April 2027." in last
    assert bytes(second.s).hex() in last
    assert "It is the end of the chain that was published before the opening." in asked
    assert bytes(first.s).hex() in asked
    assert bytes(second.s).hex() not in asked


def test_after_a_replacement_the_next_secret_is_hashed_once_more(family, bound, settings, clock_at):
    at = MIDNIGHT + timedelta(days=3)
    clock_at(at, rate=0)
    for day in (DAY_ONE, DAY_TWO, DAY_THREE):
        enter(bound, day, at=at)
    make(bound, DAY_ONE, at=at)
    settings.DRAW_CHAIN_SECRET = ""
    make(bound, DAY_TWO, at=at + HOUR)
    settings.DRAW_CHAIN_SECRET = SECRET.hex()
    make(bound, DAY_THREE, at=at + HOUR)

    text = page(family)

    assert "SHA-256, 2 times, makes of s:" in text
    assert "It is the secret shown before, of: 1 April 2027." in text
    assert "It agrees: the secret was not exchanged." in text


def test_a_secret_that_is_not_from_the_chain_is_cried_out(family, bound):
    enter(bound)
    DaySeed.objects.create(campaign=bound, date=DAY_ONE, s=b"\x66" * 32, v="17 4 22", made_at=MIDNIGHT)

    text = page(family)

    assert "The secret does not agree with what was fixed" in text
    assert "It does not agree. Please tell 1414." in text


def test_no_page_shows_a_secret_before_its_time(family, bound, settings):
    enter(bound)
    make(bound)
    links = draw.hash_chain(secret=SECRET, length=160)

    shown = page(family) + family.get("/en/draw/days.json").content.decode()

    assert links[1].hex() in shown
    for hidden in (SECRET, bytes.fromhex(settings.DRAW_KEY), *links[2:]):
        assert hidden.hex() not in shown


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_the_page_never_uses_the_words_of_the_trade(family, bound, language):
    enter(bound)
    make(bound)
    text = page(family, language=language).lower()
    for word in ("slot", "lane", "moment", "watermark", "claim"):
        assert word not in text.replace("count as one moment", "")


# --- the form ---------------------------------------------------------------------------------


def test_a_family_computes_its_number_step_by_step(family, bound):
    enter(bound)
    seed = make(bound)
    made = draw.day_seed(date=seed.date, s=bytes(seed.s), v=seed.v)

    response = computed(family)

    text = response.content.decode()
    assert response.status_code == 200
    for step in (bytes(seed.s), made, TOKEN, draw.number(seed=made, token=TOKEN)):
        assert step.hex() in text
    assert TOKEN.hex() not in response.request["QUERY_STRING"]
    assert "no-store" in response["Cache-Control"] or "no-cache" in response["Cache-Control"]


def test_spaces_capitals_and_look_alikes_are_forgiven(family, bound):
    enter(bound)
    make(bound)
    typed = TOKEN.hex().upper().translate(str.maketrans("ACE", "АСЕ"))

    response = computed(family, token=f" {typed[:20]} {typed[20:]} ")

    assert response.status_code == 200
    assert TOKEN.hex() in response.content.decode()


@pytest.mark.parametrize(
    "token",
    ["", "x", "0" * 63, "0" * 65, "g" * 64, "٠" * 64, "\x00" * 64, "\u202e" + "0" * 63, "0" * 100_000,
     "'; DROP TABLE--", "\ud800", "{{ 7*7 }}"],
)  # fmt: skip
def test_a_token_that_is_none_is_answered_with_a_sentence(family, bound, token):
    enter(bound)
    make(bound)

    response = computed(family, token=token.encode("utf-8", "surrogatepass").decode("utf-8", "replace"))

    assert response.status_code == 422
    assert 'class="error-summary"' in response.content.decode()


@pytest.mark.parametrize("day", ["", "2027-04-02", "2027-4-1", "x", "\x00", "9" * 5000])
def test_a_day_that_is_not_drawn_is_answered_with_a_sentence(family, bound, day):
    enter(bound)
    make(bound)

    response = computed(family, day=day)

    assert response.status_code == 422
    assert "Choose" in response.content.decode()


@pytest.mark.parametrize("day", ["", "x", "2027-04-09", "\x00", "0000-00-00", "9" * 5000])
def test_a_day_in_the_address_that_is_none_shows_the_last_one(family, bound, day):
    enter(bound)
    make(bound)

    response = family.get("/en/draw/", {"day": day})

    assert response.status_code == 200
    assert "The steps of one day: 1 April 2027" in response.content.decode()


# --- files, questions asked ---------------------------------------------------------------------


def test_the_program_offered_is_the_very_file(family, bound):
    response = family.get("/kk/draw/verify_draw.py")

    assert b"".join(response) == (Path(project.BASE_DIR) / "docs" / "verify_draw.py").read_bytes()
    assert "attachment" in response["Content-Disposition"]


def test_the_file_of_days_holds_what_is_public(family, bound):
    enter(bound)
    seed = make(bound)

    data = json.loads(family.get("/ru/draw/days.json").content)

    assert data["chain_end"] == bytes(bound.draw_commitment.chain_end).hex()
    assert (data["opens"], data["chain_length"]) == ("2027-04-01", 160)
    assert [day["s"] for day in data["days"]] == [bytes(seed.s).hex()]


def test_what_is_downloaded_checks_what_is_downloaded(family, bound, settings, tmp_path):
    at = MIDNIGHT + timedelta(days=1)
    enter(bound, at=at)
    enter(bound, DAY_TWO, "жеребе «17»", at=at)
    make(bound, at=at)
    settings.DRAW_CHAIN_SECRET = ""
    seed = make(bound, DAY_TWO, at=at + HOUR)
    (tmp_path / "verify_draw.py").write_bytes(b"".join(family.get("/ru/draw/verify_draw.py")))
    (tmp_path / "days.json").write_bytes(family.get("/ru/draw/days.json").content)

    command = ["verify_draw.py", "days.json", "--date", "2027-04-02", "--token", TOKEN.hex()]
    done = subprocess.run(
        [sys.executable, "-I", *command], cwd=tmp_path, capture_output=True, encoding="utf-8", check=False
    )

    made = draw.day_seed(date=DAY_TWO, s=bytes(seed.s), v="жеребе «17»")
    assert (done.returncode, done.stderr) == (0, "")
    assert draw.number(seed=made, token=TOKEN).hex() in done.stdout
    assert "Құпия мән болмады" in done.stdout


def test_the_number_of_days_does_not_change_the_number_of_questions(
    family, bound, clock_at, django_assert_num_queries
):
    at = MIDNIGHT + timedelta(days=40)
    clock_at(at, rate=0)
    enter(bound, at=at)
    make(bound, at=at)
    page(family)
    with django_assert_num_queries(5):
        page(family)
    for n in range(1, 30):
        enter(bound, DAY_ONE + timedelta(days=n), at=at)
    assert draws.make_due_seeds(at=at) == 29
    with django_assert_num_queries(5):
        page(family)


# --- the command --------------------------------------------------------------------------------


def told(*arguments: str) -> str:
    out = io.StringIO()
    call_command("draw", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_goes_from_the_commitment_to_the_seed(campaign: Campaign, clock_at, settings):
    clock_at(OPENING - HOUR, rate=0)
    bound = told("commit", "--source", "the lottery", "--length", "200")
    clock_at(MIDNIGHT + HOUR, rate=0)
    entered = told("value", "2027-04-01", "17 4 22", "--by", "A. One", "--by", "B. Two")
    made = told("seed")
    listed = told("list")

    assert bytes(campaign.draw_commitment.chain_end).hex() in bound
    assert "2027-04-01  17 4 22  (A. One, B. Two)" in entered
    assert "1 made." in made
    assert bytes(DaySeed.objects.get(date=date(2027, 4, 1)).s).hex() in listed
    for text in (bound, entered, made, listed):
        assert settings.DRAW_CHAIN_SECRET not in text
        assert settings.DRAW_KEY not in text


def test_the_command_says_why_not(campaign, clock_at, settings):
    clock_at(MIDNIGHT + HOUR, rate=0)
    for arguments in (
        ("commit", "--source", "x"),
        ("value", "2027-04-01", "17", "--by", "A"),
        ("seed", "2027-04-01"),
        ("--campaign", "2031", "list"),
    ):
        with pytest.raises(CommandError):
            told(*arguments)
    clock_at(OPENING - HOUR, rate=0)
    settings.DRAW_CHAIN_SECRET = ""
    with pytest.raises(CommandError, match="DRAW_CHAIN_SECRET"):
        told("commit", "--source", "x")
    assert told("list") == "Not bound yet.\n"


def test_the_database_lets_nobody_change_a_seed(bound):
    enter(bound)
    make(bound)
    with pytest.raises(Exception, match=r"(?i)cannot"), connection.cursor() as cursor:
        cursor.execute("UPDATE enrollment_dayseed SET v = 'another'")
