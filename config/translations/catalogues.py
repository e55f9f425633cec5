"""Where translations are kept: `locale/<language>/LC_MESSAGES/django.po`, and the `.mo` made from it."""

import json
import os
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polib

from .messages import Key, Message

PLURAL_FORMS = {
    "kk": "nplurals=2; plural=(n!=1);",
    # The same four as in Django's own catalogue: both are merged only when the rules are equal.
    "ru": (
        "nplurals=4; plural=(n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && (n%100<12 || n%100>14) ? 1 : "
        "n%10==0 || (n%10>=5 && n%10<=9) || (n%100>=11 && n%100<=14)? 2 : 3);"
    ),
}
FORMS = {"kk": 2, "ru": 4}
LANGUAGES = tuple(FORMS)
BORROWED = "borrowed from "


class BadList(Exception):
    """A file of translations cannot be used; the sentence names file and row."""


@dataclass(frozen=True, slots=True)
class Translation:
    """One text with its translation into each language; a list of forms where it has a plural."""

    key: Key
    plural: str
    texts: dict[str, list[str]]
    borrowed: str


def path_of(root: Path, language: str) -> Path:
    return root / "locale" / language / "LC_MESSAGES" / "django.po"


def key_of(entry: Any) -> Key:
    return Key(entry.msgid, entry.msgctxt or "")


def forms_of(entry: Any) -> list[str]:
    """The translations of an entry: one, or one a plural form."""
    return (
        [entry.msgstr_plural[i] for i in sorted(entry.msgstr_plural)]
        if entry.msgid_plural
        else [entry.msgstr]
    )


def borrowed_from(entry: Any) -> str:
    """The package whose text this is, or nothing for our own."""
    comment: str = entry.tcomment
    return comment.removeprefix(BORROWED) if comment.startswith(BORROWED) else ""


def read(root: Path, language: str) -> Any:
    """The catalogue of a language; an empty one when there is none yet."""
    path = path_of(root, language)
    catalogue = polib.pofile(str(path), wrapwidth=110) if path.exists() else polib.POFile(wrapwidth=110)
    catalogue.metadata = {
        "Project-Id-Version": "qabyldau",
        "Language": language,
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        "Plural-Forms": PLURAL_FORMS[language],
    }
    return catalogue


def write(root: Path, language: str, catalogue: Any) -> None:
    """Store a catalogue, sorted by text, so that two people's changes seldom meet."""
    ordered = sorted(catalogue, key=lambda entry: (bool(entry.obsolete), key_of(entry)))
    catalogue[:] = ordered
    path = path_of(root, language)
    path.parent.mkdir(parents=True, exist_ok=True)
    catalogue.save(str(path))


def _entry(message: Message, language: str) -> Any:
    entry = polib.POEntry(msgid=message.key.msgid, msgctxt=message.key.context or None)
    if message.plural:
        entry.msgid_plural = message.plural
        entry.msgstr_plural = dict.fromkeys(range(FORMS[language]), "")
    return entry


def updated(catalogue: Any, messages: Mapping[Key, Message], *, language: str) -> tuple[int, int]:
    """
    Bring a catalogue up to the texts of the project; translations are kept.

    A text that is gone becomes obsolete (kept below, not compiled); when it comes back, its
    translation does too. Borrowed texts stay.

    :return: how many were added, how many became obsolete
    """
    known = {key_of(entry): entry for entry in catalogue}
    added = gone = 0
    for key, message in messages.items():
        entry = known.get(key)
        if entry is not None and bool(entry.msgid_plural) != bool(message.plural):
            catalogue.remove(entry)
            entry = None
        if entry is None:
            entry = _entry(message, language)
            catalogue.append(entry)
            added += 1
        entry.obsolete = False
        entry.msgid_plural = message.plural
        entry.occurrences = [(file, "") for file in sorted(message.files)]
        if "%(" in key.msgid + message.plural:
            entry.flags = [flag for flag in entry.flags if flag != "python-format"] + ["python-format"]
    for key, entry in known.items():
        if key not in messages and not entry.obsolete and not borrowed_from(entry):
            entry.obsolete, entry.occurrences = True, []
            gone += 1
    return added, gone


def read_list(path: Path) -> list[Translation]:
    """
    Read a JSON list of `{"msgid", "kk", "ru"}`, with optional `msgid_plural`, `msgctxt`, `borrowed`.

    :raises BadList: no such list, a key missing, a wrong number of plural forms
    """
    try:
        rows = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise BadList(f"{path}: {error}") from error
    if not isinstance(rows, list):
        raise BadList(f"{path}: not a list")
    return [_translation(row, where=f"{path.name}, row {number}") for number, row in enumerate(rows, start=1)]


def _translation(row: Any, *, where: str) -> Translation:
    known = {"msgid", "msgid_plural", "msgctxt", "borrowed", *LANGUAGES}
    if not isinstance(row, dict) or not row.get("msgid"):
        raise BadList(f"{where}: no msgid")
    if unknown := set(row) - known:
        raise BadList(f"{where}: unknown key {sorted(unknown)}")
    texts: dict[str, list[str]] = {}
    for language in LANGUAGES:
        given = row.get(language)
        forms: list[str] = given if isinstance(given, list) else [given or ""]
        wanted = FORMS[language] if row.get("msgid_plural") else 1
        if len(forms) != wanted or not all(isinstance(form, str) and form for form in forms):
            raise BadList(f"{where}: {language} needs {wanted} text(s)")
        texts[language] = forms
    return Translation(
        Key(row["msgid"], row.get("msgctxt") or ""),
        row.get("msgid_plural") or "",
        texts,
        row.get("borrowed") or "",
    )


def merged(
    catalogue: Any, translations: Iterable[Translation], *, language: str, overwrite: bool = False
) -> tuple[int, list[str]]:
    """
    Fill translations into a catalogue; what is there already stays unless `overwrite`.

    :return: how many were written, and a sentence for every one that was not used
    """
    known = {key_of(entry): entry for entry in catalogue}
    written, unused = 0, []
    for translation in translations:
        entry, forms = known.get(translation.key), translation.texts[language]
        if entry is None and translation.borrowed:
            entry = _entry(Message(translation.key, translation.plural), language)
            entry.tcomment = BORROWED + translation.borrowed
            catalogue.append(entry)
            known[translation.key] = entry
        if entry is None or entry.obsolete:
            unused.append(f"not in the project: {translation.key.msgid!r}")
        elif bool(entry.msgid_plural) != bool(translation.plural):
            unused.append(f"plural in one place only: {translation.key.msgid!r}")
        elif any(forms_of(entry)) and forms_of(entry) != forms and not overwrite:
            unused.append(f"translated otherwise already: {translation.key.msgid!r}: {forms_of(entry)[0]!r}")
        elif forms_of(entry) != forms or entry.fuzzy:
            if entry.msgid_plural:
                entry.msgstr_plural = dict(enumerate(forms))
            else:
                entry.msgstr = forms[0]
            entry.flags = [flag for flag in entry.flags if flag != "fuzzy"]
            written += 1
    return written, unused


def compiled(root: Path, language: str, *, force: bool = False) -> bool:
    """
    Make the `.mo` when the `.po` is newer; true when something was written.

    The file is put in place whole: processes that start at the same time never read half of it.
    """
    source = path_of(root, language)
    target = source.with_suffix(".mo")
    if not source.exists():
        return False
    if not force and target.exists() and target.stat().st_mtime_ns >= source.stat().st_mtime_ns:
        return False
    handle, fresh = tempfile.mkstemp(dir=target.parent, suffix=".mo.new")
    os.close(handle)
    polib.pofile(str(source)).save_as_mofile(fresh)
    Path(fresh).chmod(0o644)
    Path(fresh).replace(target)
    return True
