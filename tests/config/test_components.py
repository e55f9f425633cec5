"""What every page is built from: no script, no inline style, every field tied to its words."""

import re
from pathlib import Path
from typing import Any

import pytest
from django import forms
from django.conf import settings
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.utils import translation

TEMPLATES = Path(settings.BASE_DIR) / "templates"


class ChildForm(forms.Form):
    iin = forms.CharField(label="ЖСН", help_text="12 цифр")
    patronymic = forms.CharField(label="Әкесінің аты", required=False)
    language = forms.ChoiceField(
        label="Тіл", choices=[("kk", "Қазақ"), ("ru", "Орыс")], widget=forms.RadioSelect
    )
    wish = forms.BooleanField(label="Қалаймын")


def page(path: str, *, language: str = "kk", **context: Any) -> str:
    with translation.override(language):
        return render_to_string("base.html", context, request=RequestFactory().get(path))


def ids_of(html: str) -> set[str]:
    return set(re.findall(r' id="([^"]+)"', html))


def test_hints_and_errors_are_tied_to_their_fields():
    html = ChildForm({}).as_div()

    named = {name for names in re.findall(r'aria-describedby="([^"]+)"', html) for name in names.split()}

    assert named == {"id_iin_helptext", "id_iin_error", "id_language_error", "id_wish_error"}
    assert named <= ids_of(html)


def test_every_input_has_a_label():
    html = ChildForm().as_div()

    inputs = set(re.findall(r'<input[^>]* id="([^"]+)"', html))

    assert inputs == {"id_iin", "id_patronymic", "id_language_0", "id_language_1", "id_wish"}
    assert inputs == set(re.findall(r'<label[^>]* for="([^"]+)"', html))


def test_only_what_may_be_left_out_is_marked():
    with translation.override("en"):
        html = ChildForm().as_div()

    assert html.count("(optional)") == 1


def test_the_summary_leads_to_every_faulty_field():
    form = ChildForm({"patronymic": "x"})

    summary = render_to_string("components/error_summary.html", {"form": form})

    assert re.findall(r'href="#([^"]+)"', summary) == ["id_iin", "id_language_0", "id_wish"]
    assert set(re.findall(r'href="#([^"]+)"', summary)) <= ids_of(form.as_div())


def test_a_form_without_faults_has_no_summary():
    assert "<div" not in render_to_string("components/error_summary.html", {"form": ChildForm()})


@pytest.mark.parametrize(
    "file", sorted(TEMPLATES.rglob("*.html")), ids=lambda p: p.relative_to(TEMPLATES).as_posix()
)
def test_no_page_needs_a_script_or_an_inline_style(file):
    source = file.read_text("utf-8")

    markup = re.sub(r"\{%.*?%\}", "", source)
    found = re.findall(r"<script|\sstyle=|\son[a-z]+=|javascript:|<style", markup)

    # The outage page stands alone: its style is in it, allowed by its hash.
    assert found == (["<style"] if file.parent.name == "outage" and file.name == "frame.html" else [])


def test_another_language_is_one_press_away_on_the_same_page():
    html = page("/ru/schools/?q=12&page=2", language="ru")

    assert 'href="/kk/schools/?q=12&amp;page=2"' in html
    assert re.search(r'href="/ru/schools/[^>]*aria-current="true"', html)
    assert html.count('aria-current="true"') == 1


def test_a_page_without_language_in_its_address_leads_to_the_front_pages():
    assert 'href="/en/"' in page("/admin/")


def test_a_process_with_addresses_of_its_own_names_its_languages():
    links = [{"code": "kk", "url": "/lang/kk"}, {"code": "ru", "url": "/lang/ru"}]

    html = page("/", language_links=links)

    assert 'href="/lang/ru"' in html
    assert "English" not in html


def test_a_demonstration_says_so_and_nothing_else_does():
    assert "demo-line" not in render_to_string("base.html", {})
    assert "demo-line" in render_to_string("base.html", {"demo": True})


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_every_page_says_its_language_and_names_1414(language):
    html = page("/", language=language, help_line="+7 (7172) 55-01-01")

    assert f'<html lang="{language}">' in html
    assert 'href="tel:1414"' in html
    assert 'href="tel:+77172550101"' in html


def test_the_page_for_the_worst_case_needs_nothing():
    html = render_to_string("500.html")

    assert all(f'<section lang="{language}">' in html for language in ("kk", "ru", "en"))


@pytest.mark.parametrize("language", ["kk", "en"])
def test_a_gauge_draws_the_same_numbers_in_every_language(language):
    with translation.override(language):
        html = render_to_string("components/gauge.html", {"label": "Диск", "used": 12.5, "limit": 1500})

    assert 'viewBox="0 0 1500 1"' in html
    assert 'width="12.5"' in html
