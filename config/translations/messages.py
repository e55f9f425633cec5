"""Which texts can be translated? Found in the code by its syntax tree, in the pages by Django's own reader."""

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from django.utils.translation.template import templatize

ROOMS = ("config", "schools", "enrollment", "cscdesk", "templates")
"""Folders with texts for people; tests and documents are no pages."""

# Which arguments hold (context, text, plural) for each function of django.utils.translation.
_SHAPES: dict[str, tuple[int | None, int, int | None]] = {
    "gettext": (None, 0, None),
    "ngettext": (None, 0, 1),
    "pgettext": (0, 1, None),
    "npgettext": (0, 1, 2),
}
_SHAPES |= {f"{name}_lazy": shape for name, shape in _SHAPES.items()}
_SHAPES |= dict.fromkeys(("gettext_noop", "_", "N_"), _SHAPES["gettext"])

_STRING = r"""u?(?:'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")"""
_TEMPLATE_CALL = re.compile(
    rf"\b(gettext|ngettext|pgettext|npgettext|_)\(\s*({_STRING})(?:\s*,\s*({_STRING}))?(?:\s*,\s*({_STRING}))?",
    re.DOTALL,
)


class UnreadableText(Exception):
    """A text is put together at run time (an f-string), so that nobody can translate it."""


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """What names a text: its English and, where one word means two things, its context."""

    msgid: str
    context: str = ""


@dataclass(slots=True)
class Message:
    """A text, its plural when it counts something, and the files it stands in."""

    key: Key
    plural: str = ""
    files: set[str] = field(default_factory=set)


def _constant(node: ast.expr) -> str | None:
    """The text of a literal, also of literals joined by a plus; None for anything else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = _constant(node.left), _constant(node.right)
        return None if left is None or right is None else left + right
    return None


def _called(node: ast.Call, names: dict[str, str]) -> str | None:
    if isinstance(node.func, ast.Name):
        return names.get(node.func.id)
    if isinstance(node.func, ast.Attribute) and node.func.attr != "_":
        return node.func.attr if node.func.attr in _SHAPES else None
    return None


def messages_of_python(source: str, *, file: str) -> Iterator[Message]:
    """
    Texts in calls of gettext and its relatives, also under another name.

    Calls with a variable are passed over: their texts are marked where they are written.

    :raises UnreadableText: an f-string inside such a call
    """
    tree = ast.parse(source, filename=file)
    names = {name: name for name in _SHAPES}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation":
            names |= {a.asname: a.name for a in node.names if a.asname and a.name in _SHAPES}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or (name := _called(node, names)) is None:
            continue
        if any(isinstance(argument, ast.JoinedStr) for argument in node.args):
            raise UnreadableText(f"{file}:{node.lineno}: an f-string cannot be translated; use %(name)s")
        texts = [_constant(argument) for argument in node.args]
        context_at, text_at, plural_at = _SHAPES[name]
        text = texts[text_at] if len(texts) > text_at else None
        if not text:
            continue
        context = texts[context_at] if context_at is not None else ""
        plural = texts[plural_at] if plural_at is not None and len(texts) > plural_at else ""
        yield Message(Key(text, context or ""), plural or "", {file})


def messages_of_template(source: str, *, file: str) -> Iterator[Message]:
    """Texts in `translate`, `blocktranslate` and `_("…")` of a page."""
    for call in _TEMPLATE_CALL.finditer(templatize(source, origin=file)):
        context_at, text_at, plural_at = _SHAPES[call[1]]
        texts: list[str] = [ast.literal_eval(text) if text else "" for text in call.groups()[1:]]
        if texts[text_at]:
            yield Message(
                Key(texts[text_at], texts[context_at] if context_at is not None else ""),
                texts[plural_at] if plural_at is not None else "",
                {file},
            )


def collected(found: Iterable[Message]) -> dict[Key, Message]:
    """Every text once, with all its files; its plural from wherever it has one."""
    messages: dict[Key, Message] = {}
    for message in found:
        known = messages.setdefault(message.key, Message(message.key))
        known.plural = known.plural or message.plural
        known.files |= message.files
    return messages


def messages_of_project(root: Path) -> dict[Key, Message]:
    """Every text of the project under `root`."""

    def walk() -> Iterator[Message]:
        for path in sorted(p for room in ROOMS for p in (root / room).rglob("*") if p.is_file()):
            file = path.relative_to(root).as_posix()
            if path.suffix == ".py" and "migrations" not in path.parts:
                yield from messages_of_python(path.read_text("utf-8"), file=file)
            elif path.suffix in {".html", ".txt"} and "templates" in path.relative_to(root).parts:
                yield from messages_of_template(path.read_text("utf-8"), file=file)

    return collected(walk())
