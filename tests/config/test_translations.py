"""Texts are found, kept, compiled and checked without any program but Python."""

import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError

from config.translations import catalogues
from config.translations.catalogues import BadList
from config.translations.faults import find_faults, font_covers, placeholders
from config.translations.messages import (
    Key,
    UnreadableText,
    collected,
    messages_of_python,
    messages_of_template,
)

STYLE_SHEET = Path(settings.BASE_DIR) / "static/qabyldau/qabyldau.css"


def keys_of_python(source: str) -> dict[Key, str]:
    return {m.key: m.plural for m in messages_of_python(source, file="a.py")}


def keys_of_template(source: str) -> dict[Key, str]:
    return {m.key: m.plural for m in messages_of_template(source, file="a.html")}


@pytest.fixture
def project(tmp_path: Path, settings) -> Path:
    """A small project of its own, with the real style sheet and empty catalogues."""
    settings.BASE_DIR = tmp_path
    (tmp_path / "static/qabyldau").mkdir(parents=True)
    (tmp_path / "static/qabyldau/qabyldau.css").write_text(STYLE_SHEET.read_text("utf-8"))
    (tmp_path / "templates").mkdir()
    (tmp_path / "schools").mkdir()
    return tmp_path


@pytest.fixture
def translate(project: Path) -> Callable[..., list[str]]:
    """Give one text its translations; answer with the faults that `make check` would name."""

    def run(msgid: str, *, kk: str, ru: str = "Текст", source: str | None = None) -> list[str]:
        (project / "schools/rules.py").write_text(source or f"from x import gettext\ngettext({msgid!r})\n")
        (project / "list.json").write_text(json.dumps([{"msgid": msgid, "kk": kk, "ru": ru}]))
        call_command("list_messages", verbosity=0)
        call_command("merge_messages", str(project / "list.json"))
        found = messages_of_python((project / "schools/rules.py").read_text(), file="schools/rules.py")
        return list(find_faults(project, collected(found)))

    return run


def test_every_way_to_mark_a_text_in_code_is_found():
    source = (
        "from django.utils.translation import gettext_lazy as _, ngettext, pgettext_lazy as p, gettext\n"
        "_('one ' 'text')\n"
        "gettext('two' + ' texts')\n"
        "ngettext('%(n)s child', '%(n)s children', n)\n"
        "p('alt. month', 'May')\n"
        "translation.npgettext('seats', 'free place', 'free places', 3)\n"
        "gettext(variable)\n"
    )

    assert keys_of_python(source) == {
        Key("one text"): "",
        Key("two texts"): "",
        Key("%(n)s child"): "%(n)s children",
        Key("May", "alt. month"): "",
        Key("free place", "seats"): "free places",
    }


def test_a_text_put_together_at_run_time_is_refused_by_file_and_line():
    with pytest.raises(UnreadableText, match=r"a\.py:2"):
        keys_of_python("from django.utils.translation import gettext\ngettext(f'{n} children')")


def test_every_way_to_mark_a_text_in_a_page_is_found():
    source = """{% load i18n %}{% translate "It's here" %} {% translate 'May' context "alt. month" %}
        {% blocktranslate trimmed with name=x %}
            Hello,
            {{ name }}
        {% endblocktranslate %}
        {% blocktranslate count n=n %}{{ n }} child{% plural %}{{ n }} children{% endblocktranslate %}
        {% include "a.html" with label=_("Label") only %} {{ _("Value") }} {% comment %}{% endcomment %}
        {% translate "50 % sure" %}"""

    assert keys_of_template(source) == {
        Key("It's here"): "",
        Key("May", "alt. month"): "",
        Key("Hello, %(name)s"): "",
        Key("%(n)s child"): "%(n)s children",
        Key("Label"): "",
        Key("Value"): "",
        Key("50 %% sure"): "",
    }


def test_listing_again_keeps_translations_and_brings_back_what_was_gone(project, translate):
    translate("Free places", kk="Бос орын", ru="Свободные места")
    (project / "schools/rules.py").write_text("")
    call_command("list_messages")
    gone = catalogues.read(project, "kk").find("Free places", include_obsolete_entries=True)

    (project / "schools/rules.py").write_text("from x import gettext\ngettext('Free places')")
    call_command("list_messages")
    back = catalogues.read(project, "kk").find("Free places")

    assert gone.obsolete
    assert (back.obsolete, back.msgstr) == (0, "Бос орын")


def test_listing_twice_changes_no_byte(project, translate):
    translate("Free places", kk="Бос орын")
    before = catalogues.path_of(project, "kk").read_bytes()

    call_command("list_messages")

    assert catalogues.path_of(project, "kk").read_bytes() == before


def test_a_good_translation_has_no_fault(translate):
    assert translate("Answer by: %(date)s", kk="Мерзімі: %(date)s", ru="Срок: %(date)s") == []


@pytest.mark.parametrize(
    ("msgid", "kk", "ru", "fault"),
    [
        ("By %(date)s", "Мерзімі", "Срок: %(date)s", "kk: other places for values"),
        ("By %(date)s", "Мерзімі: %(data)s", "Срок: %(date)s", "kk: other places for values"),
        ("Of {count}", "Барлығы: {count}", "Всего", "ru: other places for values"),
        ("Registered", "Өтініш қабылданды", "Зарегистрировано", "kk: says the application was admitted"),
        ("Registered", "Тіркелді", "Заявление принято", "ru: says the application was admitted"),
        ("In %(city)s", "%(city)sда", "Город: %(city)s", "kk: glues an ending"),
        ("Forward", "Алға →", "Вперёд", "kk: letters the font lacks (→)"),
    ],
)
def test_a_faulty_translation_is_named(translate, msgid, kk, ru, fault):
    assert any(found.startswith(fault) for found in translate(msgid, kk=kk, ru=ru))


def test_a_child_may_be_admitted(translate):
    assert translate("Admitted", kk="Қабылданды", ru="Зачислен") == []


def test_a_missing_translation_stops_the_check(project, capsys):
    (project / "schools/rules.py").write_text("from x import gettext\ngettext('New text')")
    call_command("list_messages")

    with pytest.raises(CommandError, match="2 faults"):
        call_command("check_translations")

    assert "kk: not translated: 'New text'" in capsys.readouterr().err


def test_a_text_that_is_not_listed_yet_stops_the_check(project):
    (project / "schools/rules.py").write_text("from x import gettext\ngettext('New text')")

    with pytest.raises(CommandError, match="2 faults"):
        call_command("check_translations")


def test_plural_forms_are_counted_per_language(project):
    rows = [{"msgid": "%(n)s child", "msgid_plural": "%(n)s children", "kk": ["%(n)s бала"], "ru": ["а"] * 4}]
    (project / "list.json").write_text(json.dumps(rows))

    with pytest.raises(BadList, match=r"row 1: kk needs 2 text\(s\)"):
        catalogues.read_list(project / "list.json")


def test_a_differing_translation_is_kept_and_named(project, translate, capsys):
    translate("School", kk="Мектеп", ru="Школа")
    capsys.readouterr()

    translate("School", kk="Оқу орны", ru="Школа")

    assert catalogues.read(project, "kk").find("School").msgstr == "Мектеп"
    assert "kk: translated otherwise already: 'School'" in capsys.readouterr().err


def test_a_borrowed_text_must_exist_where_it_is_borrowed_from(project):
    rows = [
        {"msgid": "This field is required.", "borrowed": "django", "kk": "Толтырыңыз.", "ru": "Заполните."},
        {"msgid": "No such text of Django", "borrowed": "django", "kk": "Жоқ", "ru": "Нет"},
    ]
    (project / "list.json").write_text(json.dumps(rows))
    call_command("merge_messages", str(project / "list.json"))
    call_command("list_messages")

    faults = list(find_faults(project, {}))

    assert faults == [
        f"{language}: not a text of django: 'No such text of Django'" for language in ("kk", "ru")
    ]


def test_only_newer_catalogues_are_compiled_and_they_work(project, translate):
    translate("School", kk="Мектеп", ru="Школа")
    first, second = catalogues.compiled(project, "kk"), catalogues.compiled(project, "kk")
    source = catalogues.path_of(project, "kk")
    compiled = source.with_suffix(".mo")
    os.utime(source, ns=(compiled.stat().st_mtime_ns + 1, compiled.stat().st_mtime_ns + 1))

    assert (first, second, catalogues.compiled(project, "kk")) == (True, False, True)
    assert "Мектеп".encode() in compiled.read_bytes()
    assert list(compiled.parent.glob("*.new")) == []


def test_places_for_values_are_told_apart():
    assert placeholders("%(a)s %(b)d {c} 50 %% %s") == {"%(a)s", "%(b)d", "{c}", "0:%s"}


def test_the_font_files_named_by_the_style_sheet_cover_kazakh_and_exist():
    style_sheet = STYLE_SHEET.read_text("utf-8")

    missing = [letter for letter in "ӘәҒғҚқҢңӨөҰұҮүҺһІі«»–№" if ord(letter) not in font_covers(style_sheet)]
    files = re.findall(r'url\("(fonts/[^"]+)"\)', style_sheet)

    assert missing == []
    assert len(files) == 3
    assert sum((STYLE_SHEET.parent / file).stat().st_size for file in files) < 80_000
