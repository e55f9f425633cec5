"""`manage.py reconcile --campaign YEAR`: compute and publish the roster now, without Celery."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser, no_translations

from enrollment.reconciliation import reconcile
from schools import clock
from schools.models import Campaign


class Command(BaseCommand):
    help = "Compute the roster of a campaign from all facts stored now, and publish what changed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--campaign", type=int, required=True, metavar="YEAR")

    @no_translations
    def handle(self, *_args: Any, campaign: int, **_options: Any) -> None:
        found = Campaign.objects.filter(year=campaign).first()
        if found is None:
            raise CommandError(f"There is no campaign {campaign}.")
        run = reconcile(campaign=found, at=clock.now(), recompute=True)
        self.stdout.write(
            f"{run.facts} facts, {run.children} children, {run.placed} places given, {run.rows_written} rows written."
        )
        if run.round is None:
            self.stdout.write("No round has closed and been drawn: nobody has a place yet.")
        for district in run.stopped:
            self.stdout.write(f"District {district} is stopped: too many children would move.")
