"""What the morning leaves: a timeline, a ledger, one file for programs and one page for people."""

import html
import json
from pathlib import Path
from typing import TYPE_CHECKING

from tests.opening_morning.book import Book
from tests.opening_morning.counting import Ledger
from tests.opening_morning.rule import ALMATY

if TYPE_CHECKING:
    from tests.opening_morning.story import Story


def words(found: Ledger, book: Book, *, seed: int, seconds: float) -> str:
    """The end of what is printed."""
    totals = found.totals()
    bad = {"lost": found.lost, "doubled": found.doubled, "overtaken": found.overtaken}
    lines = [
        "",
        "Ledger: " + " · ".join(f"{name} {count}" for name, count in totals.items() if name not in bad),
        *(f"  {name}: {one}" for name, ones in bad.items() for one in ones),
        *(f"  not kept: {one}" for one in book.broken),
        "Seen: " + " · ".join(f"{name} {count}" for name, count in sorted(book.counts.items())),
        (
            f"lost {totals['lost']} · doubled {totals['doubled']} · overtaken {totals['overtaken']}"
            f"  (seed {seed}, {seconds:.0f} s)"
        ),
    ]
    return "\n".join(lines)


def write(story: "Story", found: Ledger, *, seed: int, seconds: float, to: Path, pictures: bool) -> None:
    """`opening-morning.json` and `opening-morning.html`, with pictures where they are wanted and possible."""
    to.mkdir(parents=True, exist_ok=True)
    totals = {**found.totals(), "seed": seed, "seconds": round(seconds, 1)}
    (to / "opening-morning.json").write_text(json.dumps(totals, indent=1) + "\n")
    shown = story.pictures(to=to / "opening-morning") if pictures else []
    (to / "opening-morning.html").write_text(_page(story, found, totals, shown=shown))


def _page(story: "Story", found: Ledger, totals: dict[str, float], *, shown: list[tuple[str, str]]) -> str:
    book = story.book
    rows = "".join(f"<tr><th>{name}</th><td>{value}</td></tr>" for name, value in totals.items())
    events = "".join(
        f"<tr><td>{at:.1f}</td><td>{moment.astimezone(ALMATY):%d.%m %H:%M:%S}</td><td>{html.escape(text)}</td></tr>"
        for at, moment, text in book.timeline
    )
    broken = "".join(f"<li>{html.escape(one)}</li>" for one in (*found.lost, *found.overtaken, *book.broken))
    pictures = "".join(
        f'<figure><img src="{src}" alt="{html.escape(text)}"><figcaption>{html.escape(text)}</figcaption></figure>'
        for src, text in shown
    )
    return f"""<!doctype html><html lang="en"><meta charset="utf-8"><title>The opening morning</title>
<style>body{{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}}
table{{border-collapse:collapse}}td,th{{border-bottom:1px solid #ccc;padding:.2rem .8rem;text-align:left}}
img{{max-width:100%;border:1px solid #ccc}}figure{{margin:1rem 0}}</style>
<h1>The opening morning</h1>
<h2>Ledger</h2><table>{rows}</table>
{f"<h2>Not as it must be</h2><ul>{broken}</ul>" if broken else "<p>Nothing was lost, doubled or overtaken.</p>"}
{f"<h2>Pictures</h2>{pictures}" if pictures else ""}
<h2>Timeline</h2><table><tr><th>real s</th><th>shown</th><th></th></tr>{events}</table></html>
"""
