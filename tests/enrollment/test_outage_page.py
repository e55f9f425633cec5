"""The page families see while the portal does not open: it needs nothing behind it."""

import re
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import DatabaseError

from enrollment.outage_page import OpenDesk, OutageNotice, outage_page, refused_page, write_outage_pages

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


def test_the_page_renews_itself_every_minute():
    assert '<meta http-equiv="refresh" content="60">' in outage_page(notice=NOTICE, language="kk", at=NOW)


def test_another_day_is_named_with_the_hour():
    tomorrow = OutageNotice(reopens_at=NOW + timedelta(days=1))

    assert "2027 ж. 2 сәуір, 09:20" in outage_page(notice=tomorrow, language="kk", at=NOW)


def test_where_nobody_knows_the_hour_the_page_says_when_news_comes():
    notice = OutageNotice(next_news_at=datetime(2027, 4, 1, 6, 30, tzinfo=UTC))

    page = outage_page(notice=notice, language="ru", at=NOW)

    assert "Когда откроется, пока неизвестно. Следующее сообщение:" in page
    assert "11:30" in page
    assert "Откроется:" not in page


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

    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "413.html",
        "429.html",
        "en.html",
        "kk.html",
        "ru.html",
    ]
    assert "15:00" in (tmp_path / "kk.html").read_text("utf-8")
    assert (tmp_path / "kk.html").stat().st_mode & 0o777 == 0o644


def test_a_dead_database_leaves_the_pages_as_they_are(tmp_path, monkeypatch):
    write_outage_pages(to=tmp_path, notice=NOTICE, at=NOW)
    before = (tmp_path / "kk.html").read_bytes()
    fail_with_dead_database(monkeypatch)

    call_command("render_outage_pages", to=tmp_path)

    assert (tmp_path / "kk.html").read_bytes() == before


def test_a_dead_database_and_no_page_yet_still_makes_pages(tmp_path, monkeypatch):
    fail_with_dead_database(monkeypatch)

    call_command("render_outage_pages", to=tmp_path / "front")

    assert "Портал қазір ашылмай тұр." in (tmp_path / "front/kk.html").read_text("utf-8")


def fail_with_dead_database(monkeypatch: pytest.MonkeyPatch) -> None:
    from enrollment.management.commands import render_outage_pages

    def ask(*, at: datetime) -> OutageNotice:
        raise DatabaseError(f"no server at {Path('/run')} ({at})")

    monkeypatch.setattr(render_outage_pages, "outage_notice", ask)
