"""Which stretches of which streets a school serves."""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Final, NamedTuple

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from schools.models import Campaign, District, School, Territory
from schools.rules import HouseRange, InvalidHouseRange, parse_bin, street_key

from .campaign import campaign_of, frozen_reason
from .comparing import bin_fault, one_import_at_a_time, refuse_repeated
from .reading import Column, Row, read_table
from .report import Change, Fault, ImportRefused, ImportReport, Verb, because

LAST_HOUSE: Final = 9999
"""Stands for "to the end of the street"."""

_COLUMNS: Final = (
    Column("bin", most=16),
    Column("district_kato", most=9),
    Column("street_kk", most=120),
    Column("street_ru", may_be_empty=True, most=120),
    Column("first_house", may_be_empty=True, most=5),
    Column("last_house", may_be_empty=True, most=5),
    Column("parity", may_be_empty=True, most=20),
)
_PARITIES: Final = {
    **dict.fromkeys(("", "all", "барлығы", "барлық", "все"), Territory.Parity.ALL),
    **dict.fromkeys(("even", "жұп", "четные", "чётные", "четная", "чётная"), Territory.Parity.EVEN),
    **dict.fromkeys(("odd", "тақ", "нечетные", "нечётные", "нечетная", "нечётная"), Territory.Parity.ODD),
}


class _Stretch(NamedTuple):
    """What makes two lines the same stretch."""

    bin: str
    district: str
    street_kk: str
    first_house: int
    last_house: int
    parity: str

    def __str__(self) -> str:
        return (
            f"{self.bin} {self.district} {self.street_kk} {self.first_house}–{self.last_house} {self.parity}"
        )


@transaction.atomic
def import_territories(
    *, content: bytes, at: datetime, year: int | None = None, dry_run: bool = False
) -> ImportReport:
    """
    Give each school that the file names exactly the stretches that the file gives it.

    Its other stretches are removed; schools that the file does not name keep theirs.
    Territories belong to one campaign (`year`; without it the newest) and are frozen when it
    opens. Format: docs/reference/imports.md.

    :raises ImportRefused: any line is wrong, or it changes what is frozen; nothing was written
    :raises NoCampaign: there is no campaign of this year
    :raises NoCampaignYet: there is no campaign at all
    """
    table = read_table(content, columns=_COLUMNS)
    one_import_at_a_time()
    campaign = campaign_of(year=year)
    faults = list(table.faults)
    districts = set(District.objects.values_list("kato", flat=True))
    schools = set(School.objects.values_list("bin", flat=True))
    sound = []
    for row in table.rows:
        wrong = _faults(row, districts, schools)
        faults += wrong
        if not wrong:
            sound.append(row)
    faults += refuse_repeated(rows=sound, key=_stretch)
    if faults:
        raise ImportRefused(faults)

    wanted = {_stretch(row): row for row in sound}
    stored = _stored(campaign, {stretch.bin for stretch in wanted})
    fresh = [_territory(campaign, stretch, row) for stretch, row in wanted.items() if stretch not in stored]
    gone = [territory for stretch, territory in stored.items() if stretch not in wanted]
    changes = [Change(Verb.ADDED, str(stretch)) for stretch in wanted if stretch not in stored]
    changes += [Change(Verb.REMOVED, str(stretch)) for stretch in stored if stretch not in wanted]
    changed = []
    for stretch in wanted.keys() & stored.keys():
        territory, row = stored[stretch], wanted[stretch]
        if territory.street_ru != row["street_ru"] or territory.street_keys != _keys(row):
            changes.append(
                Change(Verb.CHANGED, str(stretch), {"street_ru": (territory.street_ru, row["street_ru"])})
            )
            territory.street_ru, territory.street_keys = row["street_ru"], _keys(row)
            changed.append(territory)
    if changes and (frozen := frozen_reason(campaign, at=at)) is not None:
        touched = {change.subject for change in changes}
        lines = [row.line for stretch, row in wanted.items() if str(stretch) in touched]
        raise ImportRefused([Fault(frozen, line) for line in lines] or [Fault(frozen)])
    if not dry_run:
        Territory.objects.filter(pk__in=[territory.pk for territory in gone]).delete()
        Territory.objects.bulk_update(changed, ["street_ru", "street_keys"], batch_size=500)
        Territory.objects.bulk_create(fresh, batch_size=2000)
    return ImportReport(
        changes=changes,
        unchanged=len(wanted) - len(fresh) - len(changed),
        notes=table.notes,
        is_dry_run=dry_run,
    )


def _stored(campaign: Campaign, schools: Iterable[str]) -> dict[_Stretch, Territory]:
    return {
        _Stretch(
            territory.school_id,
            territory.district_id,
            territory.street_kk,
            territory.first_house,
            territory.last_house,
            territory.parity,
        ): territory
        for territory in Territory.objects.filter(campaign=campaign, school__in=schools)
    }


def _territory(campaign: Campaign, stretch: _Stretch, row: Row) -> Territory:
    return Territory(
        campaign=campaign,
        school_id=stretch.bin,
        district_id=stretch.district,
        street_kk=stretch.street_kk,
        street_ru=row["street_ru"],
        street_keys=_keys(row),
        first_house=stretch.first_house,
        last_house=stretch.last_house,
        parity=stretch.parity,
    )


def _keys(row: Row) -> list[str]:
    """Every key the street is found by, the Kazakh name's first."""
    return list(dict.fromkeys(filter(None, map(street_key, (row["street_kk"], row["street_ru"])))))


def _stretch(row: Row) -> _Stretch:
    return _Stretch(
        bin=parse_bin(row["bin"]),
        district=row["district_kato"],
        street_kk=row["street_kk"],
        first_house=int(row["first_house"] or 1),
        last_house=int(row["last_house"] or LAST_HOUSE),
        parity=_PARITIES[row["parity"].lower()],
    )


def _faults(row: Row, districts: set[str], schools: set[str]) -> list[Fault]:
    faults = []
    if (reason := bin_fault(row["bin"])) is not None:
        faults.append(Fault(reason, row.line, "bin"))
    elif parse_bin(row["bin"]) not in schools:
        reason = because(_("There is no school {bin}. Import the schools first."), bin=row["bin"])
        faults.append(Fault(reason, row.line, "bin"))
    if row["district_kato"] not in districts:
        reason = because(
            _("There is no district {kato}. Import the districts first."), kato=row["district_kato"]
        )
        faults.append(Fault(reason, row.line, "district_kato"))
    if not street_key(row["street_kk"]):
        faults.append(Fault(_("There is no name of a street here."), row.line, "street_kk"))
    wrong_houses = [
        Fault(
            because(_("A house number from 1 to {most} is needed, digits only."), most=LAST_HOUSE),
            row.line,
            column,
        )
        for column in ("first_house", "last_house")
        if row[column] and not (re.fullmatch(r"[0-9]{1,4}", row[column]) and int(row[column]) > 0)
    ]
    faults += wrong_houses
    if row["parity"].lower() not in _PARITIES:
        faults.append(Fault(_("One of: all, even, odd."), row.line, "parity"))
    elif not wrong_houses:
        faults += _range_faults(row)
    return faults


def _range_faults(row: Row) -> list[Fault]:
    first, last = int(row["first_house"] or 1), int(row["last_house"] or LAST_HOUSE)
    try:
        HouseRange(first, last, _PARITIES[row["parity"].lower()])
    except InvalidHouseRange:
        reason = because(_("The houses run backwards: from {first} to {last}."), first=first, last=last)
        return [Fault(reason, row.line, "first_house")]
    if first == last and _PARITIES[row["parity"].lower()] == ("odd" if first % 2 == 0 else "even"):
        reason = _("No house lies in this range: check it and the side of the street.")
        return [Fault(reason, row.line, "parity")]
    return []
