"""`manage.py rounds plan|list`: the days on which is decided."""

from datetime import datetime, time, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser, no_translations

from enrollment.arrival import effective_closing
from enrollment.models import DaySeed
from enrollment.outage_ledger import intervals_now
from enrollment.rounds import current_round
from enrollment.services.rounds import plan_rounds
from schools import clock
from schools.models import Campaign
from schools.rules import Refusal


class Command(BaseCommand):
    help = "One round a working day, closing at 24:00. Planned before the campaign opens, frozen afterwards."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--campaign", type=int, metavar="YEAR", help="the newest one if left out")
        actions = parser.add_subparsers(dest="action", required=True)
        actions.add_parser("plan", help="make the rounds what the campaign's days say now")
        actions.add_parser("list", help="all rounds, when they really close, and the current one")

    @no_translations
    def handle(self, *_args: Any, action: str, campaign: int | None, **_options: Any) -> None:
        campaigns = Campaign.objects.filter(year=campaign) if campaign else Campaign.objects.order_by("-year")
        found = campaigns.first()
        if found is None:
            raise CommandError("There is no such campaign.")
        if action == "plan":
            try:
                rounds = plan_rounds(campaign=found, at=clock.now())
            except Refusal as refusal:
                raise CommandError(str(refusal)) from refusal
            self.stdout.write(f"{len(rounds)} rounds are planned.")
            return
        self._list(found)

    def _list(self, campaign: Campaign) -> None:
        intervals = intervals_now(campaign=campaign)
        rounds = list(campaign.rounds.order_by("number").values_list("number", "closes_at"))
        current = current_round(
            rounds=rounds,
            opens_at=campaign.opens_at,
            intervals_by_district=intervals,
            seeded=set(DaySeed.objects.filter(campaign=campaign).values_list("date", flat=True)),
        )
        for number, closes_at in rounds:
            closing = effective_closing(closes_at, intervals_by_district=intervals)
            moved = "" if closing == closes_at else f"  moved to {_hour(closing)}"
            mark = "  current" if current and current.number == number else ""
            self.stdout.write(f"{number:>4}  {_hour(closes_at)}{moved}{mark}")


def _hour(at: datetime | None) -> str:
    """Midnight is 24:00 of the day that ends with it."""
    if at is None:
        return "the end of an outage that goes on"
    local = at.astimezone(clock.ALMATY)
    if local.time() == time():
        return f"{local - timedelta(days=1):%Y-%m-%d} 24:00"
    return f"{local:%Y-%m-%d %H:%M}"
