"""Lists to take away."""

import csv
from collections.abc import Iterator
from typing import Final

from django.http import HttpResponseBase, HttpResponseRedirect, StreamingHttpResponse
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import get_language, gettext

from schools import clock
from schools.models import Lane
from schools.officials_only import OfficialRequest
from schools.selectors import rosters, rounds
from schools.views.officials import intake_or_404

_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n")


class _Echo:
    """A file that hands each line on instead of keeping it."""

    def write(self, line: str) -> str:
        return line


def roster_csv(request: OfficialRequest, school: str, language: str) -> HttpResponseBase:
    """
    One whole list, UTF-8 with a signature, as office programs here open it.

    Before the first closing there is none to take away: the page says so. Kazakh and Russian settings separate lists by semicolons, English ones by commas.
    """
    intake = intake_or_404(request, school=school, language=language)
    if rounds.rounds_seen(campaign=intake.campaign, at=clock.now()).current is None:
        return HttpResponseRedirect(reverse("officials:roster", args=[school, language]))
    known = rosters.knowledge(
        visible=request.visible, campaign=intake.campaign, at=clock.now(), district=intake.school.district_id
    )
    rows = rosters.whole_list(visible=request.visible, intake=intake)
    lines = _lines(rows, known=known)
    writer = csv.writer(_Echo(), delimiter="," if get_language() == "en" else ";")
    name = f"{intake.school_id}-{intake.language}-{localtime(clock.now()):%Y%m%d-%H%M}.csv"
    return StreamingHttpResponse(
        (writer.writerow([unformula(cell) for cell in line]).encode() for line in _signed(lines)),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def unformula(cell: str) -> str:
    """The cell as text: a spreadsheet must not run what a family typed."""
    return f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell


def _signed(lines: Iterator[list[str]]) -> Iterator[list[str]]:
    first, *rest = next(lines)
    yield [f"\ufeff{first}", *rest]
    yield from lines


def _lines(rows: Iterator[tuple[str, rosters.Row]], *, known: rosters.Knowledge) -> Iterator[list[str]]:
    yield [
        gettext("List"),
        gettext("Number"),
        gettext("Child"),
        gettext("IIN or document"),
        gettext("Application"),
        gettext("Territory"),
        gettext("Handed in at"),
        gettext("Time of application"),
        gettext("State"),
        gettext("As known at"),
    ]
    lists = {
        "place": gettext("Places"),
        Lane.TERRITORY.value: gettext("Reserve list: from the territory"),
        Lane.OUTSIDE.value: gettext("Reserve list: from outside"),
    }
    known_at = _time(known.known_at) if known.known_at else ""
    for part, row in rows:
        if (entry := row.entry) is None:
            continue
        yield [
            lists[part],
            str(row.number),
            entry.child_name,
            entry.child_key,
            entry.application_number,
            entry.get_lane_display(),
            str(rosters.DOORS.get(entry.door, entry.door)),
            _time(entry.arrived_at),
            str(rosters.state_of(entry)),
            known_at,
        ]


def _time(at: object) -> str:
    return date_format(localtime(at), "SHORT_DATETIME_FORMAT")  # type: ignore[arg-type]
