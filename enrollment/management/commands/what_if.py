"""`manage.py what_if --campaign YEAR --without-outage N | --policy FILE`: who would gain or lose a place."""

import csv
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser, no_translations

from enrollment.models import Outage
from enrollment.reading import read_facts
from enrollment.reconciliation import read_setup
from enrollment.services.scenarios import SchoolLine, change_of, outage_named, school_lines
from enrollment.what_if import Moves, what_if
from schools.models import Campaign
from schools.rules import Refusal
from schools.services.publishing import one_run_at_a_time

HEADER = (
    "school",
    "language",
    "gained",
    "lost",
    "gained_if_nothing_were_confirmed",
    "lost_if_nothing_were_confirmed",
    "application",
    "change",
    "other_place",
)


class Command(BaseCommand):
    help = (
        "Compare the roster with the one that the same facts would make without an outage, or by other rules."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--campaign", type=int, required=True, metavar="YEAR")
        change = parser.add_mutually_exclusive_group(required=True)
        change.add_argument(
            "--without-outage", metavar="N", help="an outage's id, or its number in “outage list”"
        )
        change.add_argument(
            "--policy", type=Path, metavar="FILE", help="JSON: changed keys, each with value and legal_basis"
        )
        parser.add_argument("--csv", type=Path, metavar="FILE", help="schools, and children by application")

    @no_translations
    def handle(self, *_args: Any, campaign: int, **options: Any) -> None:
        found = Campaign.objects.filter(year=campaign).first()
        if found is None:
            raise CommandError(f"There is no campaign {campaign}.")
        try:
            change = change_of(
                campaign=found, outage=self._outage(found, options), policy_data=self._policy(options)
            )
            with one_run_at_a_time(year=found.year, wait=True):
                setup, facts = read_setup(campaign=found), read_facts(campaign=found)
            difference = what_if(setup=setup, facts=facts, change=change)
        except Refusal as refusal:
            raise CommandError(str(refusal)) from refusal
        lines = school_lines(difference=difference)
        if options["csv"]:
            write_csv(options["csv"], lines)
        self.stdout.write(said("As confirmed:          ", difference.as_confirmed))
        self.stdout.write(said("As if nothing had been:", difference.from_nothing))
        now, then = difference.as_confirmed.rounds
        self.stdout.write(f"Round {now} as it is, round {then} with the change; {len(lines)} schools differ.")

    def _outage(self, campaign: Campaign, options: dict[str, Any]) -> Outage | None:
        name = options["without_outage"]
        return None if name is None else outage_named(campaign=campaign, name=name)

    def _policy(self, options: dict[str, Any]) -> dict[str, object]:
        if (path := options["policy"]) is None:
            return {}
        try:
            read = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror}") from error
        except ValueError as error:
            raise CommandError(f"{path} is no JSON: {error}") from error
        if not isinstance(read, dict):
            raise CommandError(f"{path}: an object with keys is needed.")
        return read


def said(which: str, moves: Moves) -> str:
    """The totals of one answer in one line."""
    totals = moves.totals
    return (
        f"{which} {totals['gained']} children would gain a place, {totals['lost']} would lose it, "
        f"{totals['changed']} would have another one."
    )


def write_csv(path: Path, lines: Iterable[SchoolLine]) -> None:
    """UTF-8 with a signature, as office programs here open it. :raises CommandError: it cannot be written"""
    try:
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(HEADER)
            for line in lines:
                writer.writerows(rows(line))
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}") from error


def rows(line: SchoolLine) -> Iterator[tuple[object, ...]]:
    """The school's line with the counts, then one line a child."""
    school, language = line.choice.split("/")
    counted = (line.gained, line.lost, line.gained_from_nothing, line.lost_from_nothing)
    yield (school, language, *(len(children) for children in counted), "", "", "")
    for change, children in zip(HEADER[2:6], counted, strict=True):
        for number, other in children:
            yield (school, language, "", "", "", "", number, change, other or "")
