"""The page families see while the portal does not open: it needs nothing behind it."""

import re
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import DatabaseError
from django.utils.text import format_lazy

from enrollment.outage_page import OpenDesk, OutageNotice, outage_page, refused_page, write_outage_pages
from schools.models import Horizon

PAGES = ("413.html", "429.html", "en.html", "kk.html", "ru.html")
NOW = datetime(2027, 4, 1, 4, 20, tzinfo=UTC)
DESK = OpenDesk("№ 3 ХҚО (ЦОН)", "Мәскеу көшесі, 40", "+7 (7172) 55-03-03")
NOTICE = OutageNotice(
    reopens_at=datetime(2027, 4, 1, 10, 0, tzinfo=UTC), open_desks=[DESK], help_line="+7 (7172) 55-01-01"
)


@pytest.fixture(autouse=True, scope="module")
def _compiled() -> None:
    call_command("compile_translations", verbosity=0)


@pytest.mark.parametrize(
    ("language", "sentences"),
    [
        ("kk", ["Портал қазір ашылмай тұр.", "Нөмір алған болсаңыз, өтінішіңіз сақталды.", "асығудың қажеті жоқ", "Қайта жіберуге болады"]),
        ("ru", ["Портал сейчас не открывается.", "заявление сохранено", "спешить не нужно", "Можно отправить ещё раз"]),
        ("en", ["The portal is not opening right now.", "your application is safe", "no need to hurry", "It is safe to send again"]),
    ],
)  # fmt: skip
def test_the_page_tells_the_hour_the_desks_and_that_all_is_safe(language, sentences):
    page = outage_page(notice=NOTICE, language=language, at=NOW)

    for sentence in [*sentences, "15:00", DESK.name, DESK.address, DESK.phone, NOTICE.help_line, "1414"]:
        assert sentence in page
    assert f'<html lang="{language}">' in page


def test_the_page_renews_itself_so_often_that_news_is_read_within_a_minute():
    # Written every 30 seconds, read again every 30 seconds.
    assert settings.CELERY_BEAT_SCHEDULE["render_outage_pages"]["schedule"] == 30
    assert '<meta http-equiv="refresh" content="30">' in outage_page(notice=NOTICE, language="kk", at=NOW)


def test_another_day_is_named_with_the_hour():
    tomorrow = OutageNotice(reopens_at=NOW + timedelta(days=1))

    assert "2027 ж. 2 сәуір, 09:20" in outage_page(notice=tomorrow, language="kk", at=NOW)


def test_where_nobody_knows_the_hour_the_page_says_when_news_comes():
    notice = OutageNotice(next_news_at=datetime(2027, 4, 1, 6, 30, tzinfo=UTC))

    page = outage_page(notice=notice, language="ru", at=NOW)

    assert "Когда откроется, пока неизвестно. Следующее сообщение:" in page
    assert "11:30" in page
    assert "Откроется:" not in page


@pytest.mark.parametrize(
    ("notice", "late"),
    [
        (OutageNotice(reopens_at=NOW), "It is taking longer than announced."),
        (OutageNotice(reopens_at=NOW - timedelta(hours=1)), "It is taking longer than announced."),
        (OutageNotice(next_news_at=NOW), "The news is late."),
    ],
)
def test_an_hour_that_has_passed_is_promised_no_more(notice, late):
    page = outage_page(notice=notice, language="en", at=NOW)

    box = re.search(r'<p class="hour">.*?</p>', page, re.DOTALL)[0]
    assert late in box
    assert "When it reopens is not known yet." in box
    assert 'href="tel:1414"' in box
    assert not re.search(r"\d\d:\d\d", box)


def test_until_the_last_instant_the_hour_is_promised():
    page = outage_page(notice=OutageNotice(reopens_at=NOW + timedelta(microseconds=1)), language="en", at=NOW)

    assert "It reopens:" in page
    assert "taking longer" not in page


def test_where_it_is_late_the_help_line_is_named_first():
    notice = OutageNotice(reopens_at=NOW, help_line="+7 (7172) 55-01-01")

    page = outage_page(notice=notice, language="kk", at=NOW)

    assert 'href="tel:+77172550101"' in re.search(r'<p class="hour">.*?</p>', page, re.DOTALL)[0]


def test_without_any_knowledge_nothing_is_promised_and_a_telephone_is_named():
    page = outage_page(notice=OutageNotice(), language="en", at=NOW)

    assert "When it reopens is not known yet." in page
    assert "1414" in page


@pytest.mark.parametrize(
    "page", [outage_page(notice=NOTICE, language="kk", at=NOW), refused_page(status="429")]
)
def test_the_page_is_whole_by_itself_small_and_allows_its_own_style_only(page):
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)[1]
    digest = b64encode(sha256(style.encode()).digest()).decode()

    assert f"style-src 'sha256-{digest}'" in page
    assert not re.search(r"<link|<script|<img|src=|url\(| style=", page)
    assert len(page.encode()) < 8_000


def test_a_name_with_markup_cannot_change_the_page():
    notice = OutageNotice(open_desks=[OpenDesk("<script>x</script>", "", "")])

    assert "<script>" not in outage_page(notice=notice, language="kk", at=NOW)


@pytest.mark.parametrize("status", ["413", "429"])
def test_the_fronts_own_answers_speak_three_languages(status):
    page = refused_page(status=status)

    assert all(f'lang="{language}"' in page for language in ("kk", "ru", "en"))


def test_writing_again_replaces_every_page_and_leaves_nothing_else(tmp_path):
    write_outage_pages(to=tmp_path, notice=OutageNotice(), at=NOW)

    write_outage_pages(to=tmp_path, notice=NOTICE, at=NOW)

    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([*PAGES, "notice.json"])
    assert "15:00" in (tmp_path / "kk.html").read_text("utf-8")
    assert (tmp_path / "kk.html").stat().st_mode & 0o777 == 0o644


def test_a_dead_database_tells_families_no_less(tmp_path, monkeypatch, clock_at):
    write_outage_pages(to=tmp_path, notice=NOTICE, at=NOW)
    before = {page: (tmp_path / page).read_text("utf-8") for page in PAGES}
    fail_with_dead_database(monkeypatch)
    clock_at(NOW + timedelta(minutes=30), rate=0)

    call_command("render_outage_pages", to=tmp_path)
    call_command("render_outage_pages", to=tmp_path)

    assert {page: (tmp_path / page).read_text("utf-8") for page in PAGES} == before


def test_a_dead_database_keeps_no_past_hour_on_the_page(tmp_path, monkeypatch, clock_at):
    write_outage_pages(to=tmp_path, notice=NOTICE, at=NOW)
    fail_with_dead_database(monkeypatch)
    clock_at(NOTICE.reopens_at, rate=0)

    call_command("render_outage_pages", to=tmp_path)

    page = (tmp_path / "en.html").read_text("utf-8")
    assert "It is taking longer than announced." in page
    assert "15:00" not in page
    assert "As of: 09:20" in page
    assert DESK.name in page


def test_a_notice_nobody_can_read_is_no_notice(tmp_path, monkeypatch):
    (tmp_path / "notice.json").write_text("{")
    fail_with_dead_database(monkeypatch)

    call_command("render_outage_pages", to=tmp_path)

    assert "When it reopens is not known yet." in (tmp_path / "en.html").read_text("utf-8")


def test_desks_are_named_in_the_readers_language_also_without_the_database(tmp_path, monkeypatch):
    horizon = Horizon(name_kk="Терезе", name_ru="Окно", name_en="Desk")
    desk = OpenDesk(format_lazy("{}", horizon), "", "")
    write_outage_pages(to=tmp_path, notice=OutageNotice(open_desks=[desk]), at=NOW)
    fail_with_dead_database(monkeypatch)

    call_command("render_outage_pages", to=tmp_path)

    for language, name in (("kk", "Терезе"), ("ru", "Окно"), ("en", "Desk")):
        assert f"<b>{name}</b>" in (tmp_path / f"{language}.html").read_text("utf-8")


def test_a_dead_database_and_no_page_yet_still_makes_pages(tmp_path, monkeypatch):
    fail_with_dead_database(monkeypatch)

    call_command("render_outage_pages", to=tmp_path / "front")

    assert "Портал қазір ашылмай тұр." in (tmp_path / "front/kk.html").read_text("utf-8")


def fail_with_dead_database(monkeypatch: pytest.MonkeyPatch) -> None:
    from enrollment.management.commands import render_outage_pages

    def ask(*, at: datetime) -> OutageNotice:
        raise DatabaseError(f"no server at {Path('/run')} ({at})")

    monkeypatch.setattr(render_outage_pages, "outage_notice", ask)
