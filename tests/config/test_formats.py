"""Dates and numbers as people in Kazakhstan write them."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.management import call_command
from django.forms import DateField
from django.template import Context, Template
from django.utils import formats, translation
from django.utils.timesince import timesince

SCHOOL_STARTS = date(2026, 9, 1)


@pytest.fixture(autouse=True, scope="module")
def _compiled() -> None:
    call_command("compile_translations", verbosity=0)


@pytest.mark.parametrize(
    ("language", "shown"),
    [("kk", "2026 ж. 1 қыркүйек"), ("ru", "1 сентября 2026 г."), ("en", "1 September 2026")],
)
def test_a_day_is_written_in_its_language(language, shown):
    with translation.override(language):
        assert formats.date_format(SCHOOL_STARTS, "DATE_FORMAT") == shown


@pytest.mark.parametrize(
    ("language", "shown"),
    [("kk", "2026 ж. 1 сәуір, 09:05"), ("ru", "1 апреля 2026 г., 09:05"), ("en", "1 April 2026, 09:05")],
)
def test_a_moment_is_shown_in_the_hours_of_almaty(language, shown):
    at = datetime(2026, 4, 1, 4, 5, tzinfo=UTC)

    with translation.override(language):
        assert Template('{{ at|date:"DATETIME_FORMAT" }}').render(Context({"at": at})) == shown


@pytest.mark.parametrize(
    ("language", "shown"),
    [("kk", "1\xa0234\xa0567,5"), ("ru", "1\xa0234\xa0567,5"), ("en", "1,234,567.5")],
)
def test_a_long_number_is_grouped_where_it_is_asked_for(language, shown):
    with translation.override(language):
        assert Template('{{ n|floatformat:"1g" }}').render(Context({"n": 1234567.5})) == shown


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_a_year_is_never_grouped(language):
    with translation.override(language):
        assert Template("{{ n }}").render(Context({"n": 2026})) == "2026"


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
@pytest.mark.parametrize("typed", ["01.09.2026", "1.9.2026", "01/09/2026", "2026-09-01"])
def test_a_typed_day_is_read_day_first(language, typed):
    with translation.override(language):
        assert DateField().clean(typed) == SCHOOL_STARTS


@pytest.mark.parametrize(
    ("language", "count", "shown"),
    [
        ("kk", 1, "1 сағат"),
        ("kk", 5, "5 сағат"),
        ("ru", 1, "1 час"),
        ("ru", 3, "3 часа"),
        ("ru", 11, "11 часов"),
        ("en", 1, "1 hour"),
    ],
)
def test_hours_are_counted_in_words(language, count, shown):
    since = datetime(2026, 4, 1, tzinfo=UTC)

    with translation.override(language):
        assert timesince(since, since + timedelta(hours=count)).replace("\xa0", " ") == shown
