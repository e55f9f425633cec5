"""The twenty regions and the districts of the country."""

import csv
import re
from functools import cache
from pathlib import Path
from typing import Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from schools.models import District, Region

from .comparing import difference, one_import_at_a_time, refuse_repeated
from .reading import Column, Row, read_table
from .report import Change, Fault, ImportRefused, ImportReport, Text, Verb, because

_DATA: Final = Path(__file__).resolve().parent.parent.parent / "data"
CITY_DISTRICTS_FILE: Final = _DATA / "city_districts.csv"
"""The districts of the three cities, in the format of `import_districts`."""

_COLUMNS: Final = (
    Column("kato", most=9),
    Column("region_kato", most=9),
    Column("name_en", most=120),
    Column("name_kk", most=120),
    Column("name_ru", most=120),
    Column("help_line", is_required=False, may_be_empty=True, most=40),
)
_FIELDS: Final = ("name_kk", "name_ru", "name_en")
_PHONE: Final = re.compile(r"[0-9+()\-\s,;]*[0-9][0-9+()\-\s,;]*", re.ASCII)


@cache
def regions() -> tuple[Region, ...]:
    """The regions and cities of republican significance, not saved; there are twenty."""
    with (_DATA / "regions.csv").open(encoding="utf-8", newline="") as file:
        return tuple(Region(**row) for row in csv.DictReader(file))


def add_missing_regions() -> int:
    """Store the regions that are not stored yet; how many these were. What is stored stays as it is."""
    stored = set(Region.objects.values_list("kato", flat=True))
    missing = [region for region in regions() if region.kato not in stored]
    Region.objects.bulk_create(missing, ignore_conflicts=True)
    return len(missing)


@transaction.atomic
def import_districts(*, content: bytes, dry_run: bool = False) -> ImportReport:
    """
    Add and change districts by their KATO code; districts that the file does not name stay as they are.

    The regions are built in: `add_missing_regions`. Format: docs/reference/imports.md.

    :raises ImportRefused: any line is wrong; nothing was written
    """
    table = read_table(content, columns=_COLUMNS)
    one_import_at_a_time()
    known = {region.kato for region in regions()} | set(Region.objects.values_list("kato", flat=True))
    faults = list(table.faults)
    for row in table.rows:
        faults += _faults(row, known)
    faults += refuse_repeated(rows=table.rows, key=lambda row: row["kato"])
    if faults:
        raise ImportRefused(faults)

    stored = District.objects.in_bulk([row["kato"] for row in table.rows])
    fresh, changed, changes = [], [], []
    fields = [*_FIELDS, *({"help_line"} & table.columns)]
    for row in table.rows:
        wanted = {"region_id": row["region_kato"], **{name: row[name] for name in fields}}
        district = stored.get(row["kato"])
        subject = f"{row['kato']} {row['name_kk']}"
        if district is None:
            fresh.append(District(kato=row["kato"], **wanted))
            changes.append(Change(Verb.ADDED, subject))
        elif fields_changed := difference(stored=district, wanted=wanted):
            changed.append(district)
            changes.append(Change(Verb.CHANGED, subject, fields_changed))
    if not dry_run:
        add_missing_regions()
        District.objects.bulk_create(fresh)
        District.objects.bulk_update(changed, ["region_id", *fields], batch_size=500)
    return ImportReport(
        changes=changes, unchanged=len(table.rows) - len(changes), notes=table.notes, is_dry_run=dry_run
    )


def _faults(row: Row, known_regions: set[str]) -> list[Fault]:
    faults = [
        Fault(_("A KATO code has nine digits."), row.line, column)
        for column in ("kato", "region_kato")
        if not re.fullmatch(r"[0-9]{9}", row[column])
    ]
    if faults:
        return faults
    if row["region_kato"] not in known_regions:
        faults.append(
            Fault(because(_("There is no region {kato}."), kato=row["region_kato"]), row.line, "region_kato")
        )
    elif row["kato"] == row["region_kato"] or row["kato"][:2] != row["region_kato"][:2]:
        reason = because(
            _("District {kato} does not lie in region {region}: the first two digits are the region's."),
            kato=row["kato"],
            region=row["region_kato"],
        )
        faults.append(Fault(reason, row.line, "kato"))
    if (wrong := help_line_fault(row["help_line"])) is not None:
        faults.append(Fault(wrong, row.line, "help_line"))
    return faults


def help_line_fault(text: str) -> Text | None:
    """Why this is no telephone number of a help line (`1414`, `+7 727 000 01 11`); an empty one is none."""
    if text and not _PHONE.fullmatch(text):
        return _("This is not a telephone number.")
    return None
