"""`manage.py verify --campaign YEAR`: every `find_…` of every floor; exit 1 if anything disagrees."""

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser, no_translations

import cscdesk.agreement as desks
import enrollment.agreement as applications
from cscdesk.selectors import parked_applications
from enrollment.ledger import Column, ledger, totals
from schools import clock
from schools.models import Campaign

SHOWN = 20


class Command(BaseCommand):
    help = "Check that entries, applications and rosters agree, and say where every receipt ended."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--campaign", type=int, required=True, metavar="YEAR")

    @no_translations
    def handle(self, *_args: Any, campaign: int, **_options: Any) -> None:
        found = Campaign.objects.filter(year=campaign).first()
        if found is None:
            raise CommandError(f"There is no campaign {campaign}.")
        columns = ledger(campaign=found, parked=parked_applications(campaign=found))
        results = [self._check(name, find) for name, find in _checks(found, columns)]
        ended = totals(columns)
        self.stdout.write("Ledger: " + " · ".join(f"{column} {n}" for column, n in ended.items()))
        if not all(results):
            raise CommandError("Something disagrees.")
        self.stdout.write("All agrees.")

    def _check(self, name: str, find: Callable[[], Iterable[object]]) -> bool:
        found = list(find())
        self.stdout.write(f"{'ok ' if not found else 'BAD'} {name}{'' if not found else f': {len(found)}'}")
        for one in found[:SHOWN]:
            self.stdout.write(f"      {one}")
        return not found


def _checks(
    campaign: Campaign, columns: Mapping[UUID, Column]
) -> list[tuple[str, Callable[[], Iterable[object]]]]:
    at = clock.now()
    old = at - applications.UNENDED_AFTER

    @cache
    def again() -> applications.Again:
        return applications.roster_again(campaign=campaign)

    return [
        ("changed applications", lambda: applications.find_changed_applications(campaign=campaign)),
        ("children with two places", lambda: applications.find_children_with_two_places(campaign=campaign)),
        ("foreign seeds", lambda: applications.find_foreign_seeds(campaign=campaign)),
        (
            "roster differences",
            lambda: applications.find_roster_differences(campaign=campaign, again=again()),
        ),
        (
            "harmed differences",
            lambda: applications.find_harmed_differences(campaign=campaign, again=again()),
        ),
        (
            "unended receipts",
            lambda: applications.find_unended_receipts(campaign=campaign, older_than=old, columns=columns),
        ),
        ("entries without outcome", lambda: desks.find_entries_without_outcome(older_than=old)),
        ("entries behind a gap", lambda: desks.find_gapped_entries(older_than=old)),
        ("broken chains", desks.find_broken_chains),
        ("applications without entry", desks.find_applications_without_entry),
        ("false closing codes", lambda: desks.find_false_closing_codes(campaign=campaign)),
    ]
