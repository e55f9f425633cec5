"""Schools, and how many children they take in a campaign."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from schools import rules
from schools.models import Campaign, District, Intake, Language, RosterEntry, School

from .campaign import campaign_of, frozen_reason
from .comparing import bin_fault, difference, one_import_at_a_time, refuse_repeated
from .country import help_line_fault
from .reading import Column, Row, read_table
from .report import Change, Fault, ImportRefused, ImportReport, Verb, because

MOST_PLACES: Final = 2000
"""Per language of one school: more is a slip of the finger."""

_PLACES: Final = {f"places_{language}": str(language.value) for language in Language}
_COLUMNS: Final = (
    Column("bin", most=16),
    Column("district_kato", most=9),
    Column("name_kk"),
    Column("name_ru"),
    Column("name_en", may_be_empty=True),
    Column("address_kk"),
    Column("address_ru", may_be_empty=True),
    Column("help_line", is_required=False, may_be_empty=True, most=40),
    *(Column(name, is_required=False, may_be_empty=True, most=6) for name in _PLACES),
)
_FIELDS: Final = ("name_kk", "name_ru", "name_en", "address_kk", "address_ru")


@dataclass(slots=True)
class _Plan:
    """What is to be written, gathered before anything is, and what that rests on."""

    campaign: Campaign | None
    at: datetime
    schools: dict[str, School]
    intakes: dict[tuple[str, str], Intake]
    held: dict[int, set[int]]
    in_open_campaigns: set[str]
    fresh_schools: list[School] = field(default_factory=list)
    changed_schools: list[School] = field(default_factory=list)
    fresh_intakes: list[Intake] = field(default_factory=list)
    changed_intakes: list[Intake] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    unchanged: int = 0


@transaction.atomic
def import_schools(
    *, content: bytes, at: datetime, year: int | None = None, dry_run: bool = False
) -> ImportReport:
    """
    Add and change schools by their BIN and, where the file has columns `places_…`, their places.

    Places belong to one campaign (`year`; without it the newest). An empty cell says nothing
    about an intake; 0 takes all its places. More places append slots, fewer remove the
    highest open ones. Schools that the file does not name stay as they are.
    Format: docs/reference/imports.md.

    :raises ImportRefused: any line is wrong, or it changes what is frozen; nothing was written
    :raises NoCampaign: places for a campaign that does not exist
    :raises NoCampaignYet: places while there is no campaign
    """
    table = read_table(content, columns=_COLUMNS)
    one_import_at_a_time()
    campaign = campaign_of(year=year) if table.columns & _PLACES.keys() or year is not None else None
    faults = list(table.faults)
    districts = set(District.objects.values_list("kato", flat=True))
    for row in table.rows:
        faults += _faults(row, districts)
    faults += refuse_repeated(rows=table.rows, key=lambda row: "".join(row["bin"].split()))
    if faults:
        raise ImportRefused(faults)

    plan = _plan(table.rows, campaign, at)
    fields = [*_FIELDS, *({"help_line"} & table.columns)]
    for row in table.rows:
        _compare(plan, row, fields)
    if plan.faults:
        raise ImportRefused(plan.faults)
    if not dry_run:
        School.objects.bulk_create(plan.fresh_schools, batch_size=1000)
        School.objects.bulk_update(
            plan.changed_schools, ["district_id", "help_line", *_FIELDS], batch_size=500
        )
        Intake.objects.bulk_create(plan.fresh_intakes, batch_size=1000)
        Intake.objects.bulk_update(plan.changed_intakes, ["slots"], batch_size=500)
    return ImportReport(changes=plan.changes, unchanged=plan.unchanged, notes=table.notes, is_dry_run=dry_run)


def _faults(row: Row, districts: set[str]) -> list[Fault]:
    faults = []
    if (reason := bin_fault(row["bin"])) is not None:
        faults.append(Fault(reason, row.line, "bin"))
    if row["district_kato"] not in districts:
        reason = because(
            _("There is no district {kato}. Import the districts first."), kato=row["district_kato"]
        )
        faults.append(Fault(reason, row.line, "district_kato"))
    if (reason := help_line_fault(row["help_line"])) is not None:
        faults.append(Fault(reason, row.line, "help_line"))
    for column in _PLACES:
        places = row[column]
        if places and not (re.fullmatch(r"[0-9]{1,6}", places) and int(places) <= MOST_PLACES):
            reason = because(_("A whole number from 0 to {most} is needed."), most=MOST_PLACES)
            faults.append(Fault(reason, row.line, column))
    return faults


def _plan(rows: list[Row], campaign: Campaign | None, at: datetime) -> _Plan:
    """An empty plan with everything stored that the rows may change."""
    bins = [rules.parse_bin(row["bin"]) for row in rows]
    intakes = {
        (intake.school_id, intake.language): intake
        for intake in Intake.objects.filter(campaign=campaign, school__in=bins).select_for_update()
    }
    held: dict[int, set[int]] = {}
    places = RosterEntry.objects.filter(intake__in=[i.pk for i in intakes.values()], slot__isnull=False)
    for intake_id, slot in places.values_list("intake_id", "slot"):
        held.setdefault(intake_id, set()).add(slot or 0)
    open_now = Intake.objects.filter(school__in=bins, campaign__opens_at__lte=at, campaign__closes_at__gt=at)
    return _Plan(
        campaign=campaign,
        at=at,
        schools=School.objects.in_bulk(bins),
        intakes=intakes,
        held=held,
        in_open_campaigns=set(open_now.values_list("school_id", flat=True)),
    )


def _compare(plan: _Plan, row: Row, fields: list[str]) -> None:
    """Plan what one line changes."""
    number = rules.parse_bin(row["bin"])
    wanted = {"district_id": row["district_kato"], **{name: row[name] for name in fields}}
    wanted["name_en"] = wanted["name_en"] or wanted["name_kk"]
    wanted["address_ru"] = wanted["address_ru"] or wanted["address_kk"]
    stored = plan.schools.get(number)
    changed: dict[str, tuple[str, str]] = {}
    if stored is None:
        school = School(bin=number, **wanted)
        plan.fresh_schools.append(school)
    else:
        school = stored
        changed = difference(stored=school, wanted=wanted)
        if "district" in changed and number in plan.in_open_campaigns:
            reason = _("The school's campaign is open: its district can change only after it has closed.")
            plan.faults.append(Fault(reason, row.line, "district_kato"))
        if changed:
            plan.changed_schools.append(school)
    if plan.campaign is not None:
        changed |= _compare_places(plan, row, school, plan.campaign)
    subject = f"{number} {row['name_kk']}"
    if stored is None:
        plan.changes.append(Change(Verb.ADDED, subject, changed))
    elif changed:
        plan.changes.append(Change(Verb.CHANGED, subject, changed))
    else:
        plan.unchanged += 1


def _compare_places(plan: _Plan, row: Row, school: School, campaign: Campaign) -> dict[str, tuple[str, str]]:
    """Plan the school's intakes; what changes, by column."""
    pattern = campaign.policy.slot_pattern
    changed = {}
    for column, language in _PLACES.items():
        if not row[column]:
            continue
        wanted = int(row[column])
        intake = plan.intakes.get((school.bin, language))
        before = 0 if intake is None else intake.capacity
        if wanted == before:
            continue
        if (frozen := frozen_reason(campaign, at=plan.at)) is not None:
            plan.faults.append(Fault(frozen, row.line, column))
            continue
        if intake is None:
            slots = rules.slots(wanted, pattern)
            plan.fresh_intakes.append(
                Intake(campaign=campaign, school=school, language=language, slots=slots)
            )
        else:
            try:
                intake.slots = (
                    rules.add_slots(intake.slots, wanted - before, pattern)
                    if wanted > before
                    else rules.remove_slots(intake.slots, before - wanted, plan.held.get(intake.pk, ()))
                )
            except rules.TooFewOpenSlots as refusal:
                plan.faults.append(Fault(because("{refusal}", refusal=refusal), row.line, column))
                continue
            plan.changed_intakes.append(intake)
        changed[column] = (str(before), str(wanted))
    return changed
