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

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import formats, translation
from django.utils.safestring import mark_safe

from schools.clock import ALMATY

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

LANGUAGES = ("kk", "ru", "en")
REFUSED = {"413": "outage/too_large.html", "429": "outage/too_many.html"}
"""Answers of the front itself, each one file in all three languages."""


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


def outage_page(*, notice: OutageNotice, language: str, at: datetime) -> str:
    """The page in one language as of `at`, whole and by itself."""
    with translation.override(language):
        return render_to_string(
            "outage/page.html",
            {
                **_style(),
                "language": language,
                "demo": settings.DEMO,
                "notice": notice,
                "reopens": _shown(notice.reopens_at, at=at),
                "next_news": _shown(notice.next_news_at, at=at),
                "as_of": _shown(at, at=at),
            },
        )


def refused_page(*, status: str) -> str:
    """What the front says by itself (413, 429), in all three languages on one page."""
    return render_to_string(REFUSED[status], {**_style(), "demo": settings.DEMO})


def write_outage_pages(*, to: Path, notice: OutageNotice, at: datetime) -> list[Path]:
    """
    Write `kk.html ru.html en.html 413.html 429.html` into `to`; each appears whole or not at all.

    Families of a page that is open see the new one within a minute.
    """
    to.mkdir(parents=True, exist_ok=True)
    pages = {
        f"{language}.html": outage_page(notice=notice, language=language, at=at) for language in LANGUAGES
    }
    pages |= {f"{status}.html": refused_page(status=status) for status in REFUSED}
    for name, text in pages.items():
        with tempfile.NamedTemporaryFile("w", dir=to, suffix=".new", encoding="utf-8", delete=False) as fresh:
            fresh.write(text)
        # The front runs as another user.
        Path(fresh.name).chmod(0o644)
        Path(fresh.name).replace(to / name)
    return [to / name for name in pages]
