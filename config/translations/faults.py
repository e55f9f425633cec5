"""What is wrong with a translation? Every sentence here stops `make check`."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import django
import polib

from . import catalogues
from .messages import Key, Message

ADMITTED_SAYS_ADMITTED = frozenset({"admitted", "Admitted", "Your child is admitted."})
"""English texts about a child, not an application: here «қабылданды» and «принят» are right."""

KAZAKH_LETTERS = "АӘБВГҒДЕЁЖЗИЙКҚЛМНҢОӨПРСТУҰҮФХҺЦЧШЩЪЫІЬЭЮЯаәбвгғдеёжзийкқлмнңоөпрстуұүфхһцчшщъыіьэюя"

_NAMED = re.compile(r"%\(\w+\)[#0 +-]*\d*(?:\.\d+)?[a-zA-Z]")
_PLAIN = re.compile(r"(?<!%)(?:%%)*(%[#0 +-]*\d*(?:\.\d+)?[sdifr])")
_BRACES = re.compile(r"\{\w*(?::[^{}]*)?\}")
_GLUED = re.compile(r"(?:%\(\w+\)[sd]|\{\w+\})»?[-‑]?[а-яёәғқңөұүһі]", re.IGNORECASE)
_REGISTERED = {
    "kk": re.compile("қабылданды", re.IGNORECASE),
    "ru": re.compile(r"заявлени\w+ принят", re.IGNORECASE),
}
_RANGE = re.compile(r"U\+([0-9A-F]+)(?:-([0-9A-F]+))?", re.IGNORECASE)


def placeholders(text: str) -> frozenset[str]:
    """The places in a text where values go: `%(name)s`, `%s` (numbered), `{name}`."""
    plain = [f"{i}:{place}" for i, place in enumerate(_PLAIN.findall(text))]
    return frozenset([*_NAMED.findall(text), *plain, *_BRACES.findall(text)])


def font_covers(style_sheet: str) -> frozenset[int]:
    """Code points of all `unicode-range`s of a style sheet."""
    covered: set[int] = set()
    for line in re.findall(r"unicode-range:([^;]*);", style_sheet):
        for first, last in _RANGE.findall(line):
            covered.update(range(int(first, 16), int(last or first, 16) + 1))
    return frozenset(covered)


@cache
def _texts_of_package(package: str) -> frozenset[Key]:
    """All texts of a package we borrow from, read from its own English catalogues."""
    root = Path(django.__file__).parent if package == "django" else _folder_of(package)
    files = [p for folder in ("en", "ru") for p in root.rglob(f"locale/{folder}/LC_MESSAGES/django.po")]
    return frozenset(catalogues.key_of(entry) for file in files for entry in polib.pofile(str(file)))


def _folder_of(package: str) -> Path:
    from importlib.util import find_spec

    spec = find_spec(package)
    if spec is None or spec.origin is None:
        return Path("/nonexistent")
    return Path(spec.origin).parent


def find_faults(root: Path, messages: Mapping[Key, Message]) -> Iterator[str]:
    """Every fault of both catalogues, as sentences that name language and text."""
    covered = font_covers((root / "static/qabyldau/qabyldau.css").read_text("utf-8"))
    if missing := [letter for letter in KAZAKH_LETTERS if ord(letter) not in covered]:
        yield f"font: these letters are in no range: {''.join(missing)}"
    for language in catalogues.LANGUAGES:
        entries = {catalogues.key_of(e): e for e in catalogues.read(root, language) if not e.obsolete}
        for key in sorted(set(messages) - set(entries)):
            yield f"{language}: not in the catalogue (run list_messages): {key.msgid!r}"
        for key, entry in sorted(entries.items()):
            package = catalogues.borrowed_from(entry)
            if key not in messages and not package:
                yield f"{language}: no longer in the project (run list_messages): {key.msgid!r}"
            if package and key not in _texts_of_package(package):
                yield f"{language}: not a text of {package}: {key.msgid!r}"
            for fault in faults_of(entry, language=language, covered=covered):
                yield f"{language}: {fault}: {key.msgid!r}"


def faults_of(entry: Any, *, language: str, covered: frozenset[int]) -> Iterator[str]:
    """The faults of one entry of one language."""
    forms = catalogues.forms_of(entry)
    if entry.fuzzy:
        yield "marked as unsure"
    if not all(forms):
        yield "not translated"
        return
    if entry.msgid_plural and len(forms) != catalogues.FORMS[language]:
        yield f"{len(forms)} plural forms instead of {catalogues.FORMS[language]}"
    sources = [placeholders(text) for text in (entry.msgid, entry.msgid_plural) if text]
    allowed, needed = frozenset.union(*sources), frozenset.intersection(*sources)
    for form in forms:
        if not needed <= placeholders(form) <= allowed:
            yield f"other places for values ({', '.join(sorted(placeholders(form) ^ allowed))})"
        if _REGISTERED[language].search(form) and entry.msgid not in ADMITTED_SAYS_ADMITTED:
            yield "says the application was admitted; say «тіркелді» / «зарегистрировано»"
        if language == "kk" and _GLUED.search(form) and not catalogues.borrowed_from(entry):
            yield "glues an ending to a value; write «Мерзімі: …»"
        if strange := sorted({c for c in form + entry.msgid if ord(c) not in covered and not c.isspace()}):
            yield f"letters the font lacks ({''.join(strange)})"
