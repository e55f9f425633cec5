"""
Pages that need nothing behind them: what families read while the portal does not open.

Made beforehand and served by the front as files; everything they need is inside them. They tell when
the portal reopens, that what was registered is safe, which desks are open, and whom to call.
"""

import tempfile
from base64 import b64encode
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from django.conf import settings
from django.template.loader import render_to_string
from django.utils import formats, translation
from django.utils.functional import lazy
from django.utils.safestring import mark_safe

from schools.clock import ALMATY

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

LANGUAGES = ("kk", "ru", "en")
REFUSED = {"413": "outage/too_large.html", "429": "outage/too_many.html"}
"""Answers of the front itself, each one file in all three languages."""
NOTICE = "notice.json"
"""Beside the pages: what they were made from, for the time when the database does not answer."""


@dataclass(frozen=True, slots=True)
class OpenDesk:
    """A place that takes applications now; address and telephone as a family needs them."""

    name: "StrOrPromise"
    address: str
    phone: str


@dataclass(frozen=True, slots=True)
class OutageNotice:
    """What is known of an outage; without `reopens_at` nobody can say yet when it ends."""

    reopens_at: datetime | None = None
    next_news_at: datetime | None = None
    open_desks: list[OpenDesk] = field(default_factory=list)
    help_line: str = ""

    def word(self, *, at: datetime) -> str:
        """
        What may be said about the end at `at`: reopens, news, late, news_late or unknown.

        An hour that has passed is no promise any more; then it is late, and nobody knows how long.
        """
        if self.reopens_at is not None:
            return "reopens" if at < self.reopens_at else "late"
        if self.next_news_at is not None:
            return "news" if at < self.next_news_at else "news_late"
        return "unknown"


def _shown(moment: datetime | None, *, at: datetime) -> str:
    """The hour alone while it is today, otherwise the day too; in the hours of Almaty."""
    if moment is None:
        return ""
    local = moment.astimezone(ALMATY)
    if local.date() == at.astimezone(ALMATY).date():
        return formats.time_format(local, "TIME_FORMAT")
    return formats.date_format(local, "DATETIME_FORMAT")


def _style() -> dict[str, str]:
    """The style sheet inside the page, and the hash by which the page's own policy allows it."""
    text = render_to_string("outage/page.css").strip()
    digest = b64encode(sha256(text.encode()).digest()).decode()
    # Our own file without a single variable: nothing in it comes from anybody.
    return {"style": mark_safe(text), "style_hash": f"sha256-{digest}"}  # noqa: S308


def outage_page(
    *, notice: OutageNotice, language: str, at: datetime, known_at: datetime | None = None
) -> str:
    """The page in one language as read at `at`, whole and by itself; `known_at`: when the notice was true."""
    with translation.override(language):
        return render_to_string(
            "outage/page.html",
            {
                **_style(),
                "language": language,
                "demo": settings.DEMO,
                "notice": notice,
                "word": notice.word(at=at),
                "reopens": _shown(notice.reopens_at, at=at),
                "next_news": _shown(notice.next_news_at, at=at),
                "as_of": _shown(known_at or at, at=at),
            },
        )


def refused_page(*, status: str) -> str:
    """What the front says by itself (413, 429), in all three languages on one page."""
    return render_to_string(REFUSED[status], {**_style(), "demo": settings.DEMO})


def write_outage_pages(
    *, to: Path, notice: OutageNotice, at: datetime, known_at: datetime | None = None
) -> list[Path]:
    """
    Write `kk.html ru.html en.html 413.html 429.html` into `to`; each appears whole or not at all.

    Beside them `notice.json` keeps what they were made from, for `last_notice`. Families of a page
    that is open see the new one within a minute.

    :param known_at: when the notice was read; `at` if left out
    """
    to.mkdir(parents=True, exist_ok=True)
    texts = {
        f"{language}.html": outage_page(notice=notice, language=language, at=at, known_at=known_at)
        for language in LANGUAGES
    }
    texts |= {f"{status}.html": refused_page(status=status) for status in REFUSED}
    for name, text in {**texts, NOTICE: _kept(notice, known_at or at)}.items():
        with tempfile.NamedTemporaryFile("w", dir=to, suffix=".new", encoding="utf-8", delete=False) as fresh:
            fresh.write(text)
        # The front runs as another user.
        Path(fresh.name).chmod(0o644)
        Path(fresh.name).replace(to / name)
    return [to / name for name in texts]


def last_notice(folder: Path) -> tuple[OutageNotice, datetime] | None:
    """What the pages in `folder` were made from, and when that was true; None where nothing can be read."""
    try:
        kept = msgspec.json.decode((folder / NOTICE).read_bytes(), type=_Kept)
    except (OSError, msgspec.MsgspecError):
        return None
    notice = OutageNotice(
        reopens_at=kept.reopens_at,
        next_news_at=kept.next_news_at,
        open_desks=[OpenDesk(_in_readers_language(d.names), d.address, d.phone) for d in kept.open_desks],
        help_line=kept.help_line,
    )
    return notice, kept.known_at


class _KeptDesk(msgspec.Struct, frozen=True):
    names: dict[str, str]
    address: str
    phone: str


class _Kept(msgspec.Struct, frozen=True):
    known_at: datetime
    reopens_at: datetime | None
    next_news_at: datetime | None
    open_desks: list[_KeptDesk]
    help_line: str


def _kept(notice: OutageNotice, known_at: datetime) -> str:
    """A notice as text, the names of desks in every language."""
    kept = _Kept(
        known_at=known_at,
        reopens_at=notice.reopens_at,
        next_news_at=notice.next_news_at,
        open_desks=[
            _KeptDesk(_in_every_language(desk.name), desk.address, desk.phone) for desk in notice.open_desks
        ],
        help_line=notice.help_line,
    )
    return msgspec.json.encode(kept).decode()


def _in_every_language(name: "StrOrPromise") -> dict[str, str]:
    names = {}
    for language in LANGUAGES:
        with translation.override(language):
            names[language] = str(name)
    return names


def _named(names: dict[str, str]) -> str:
    return names.get(translation.get_language() or "", "") or next(iter(names.values()), "")


_in_readers_language = lazy(_named, str)
