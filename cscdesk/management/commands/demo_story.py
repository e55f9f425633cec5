"""`demo_story families|close|check|confirm|harmed`: the demonstration goes on, with one JSON line a step."""

import json
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import msgspec
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from cscdesk.demo_country import story
from cscdesk.demo_country.far_desk import requests
from cscdesk.demo_country.founding import YEAR, NotADemo
from cscdesk.demo_country.personas import DISTRICT_OFFICIAL
from schools import clock
from schools.clock import ALMATY
from schools.models import Campaign, District
from schools.rules import Refusal


class Command(BaseCommand):
    help = (
        "Close the days that are over, check and confirm a district: the demonstration's own officials do it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("action", choices=("families", "close", "check", "confirm", "harmed"))
        parser.add_argument("--to", type=Path, metavar="FILE", help="where the families are written to")
        parser.add_argument("--district", metavar="KATO", default=DISTRICT_OFFICIAL.district)

    def handle(self, *_args: Any, action: str, district: str, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError(str(NotADemo()))
        if action == "families":
            self._write_families(options["to"])
            return
        campaign = Campaign.objects.filter(year=YEAR).first()
        place = District.objects.filter(kato=district).first()
        if campaign is None or place is None:
            raise CommandError("There is no demo country: manage.py seed_demo.")
        try:
            for name, facts in self._steps(action, campaign, place):
                self.stdout.write(
                    json.dumps({"step": name, **{key: said(fact) for key, fact in facts.items()}})
                )
                self.stdout.flush()
        except Refusal as refusal:
            raise CommandError(str(refusal)) from refusal

    def _write_families(self, file: Path | None) -> None:
        if file is None:
            raise CommandError("--to FILE is needed.")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(msgspec.json.encode(list(requests())))

    def _steps(self, action: str, campaign: Campaign, district: District) -> Iterator[story.Step]:
        if action == "close":
            return story.close_days(campaign=campaign, now=clock.now)
        if action == "check":
            return story.check_district(campaign=campaign, district=district, now=clock.now)
        if action == "confirm":
            return story.confirm_district(campaign=campaign, district=district, now=clock.now)
        return story.harmed_in(campaign=campaign, district=district, now=clock.now)


def said(fact: object) -> object:
    """A fact as JSON has it: times by the clocks of Kazakhstan."""
    if isinstance(fact, datetime):
        return f"{fact.astimezone(ALMATY):%H:%M:%S}"
    if isinstance(fact, date):
        return f"{fact:%d.%m.%Y}"
    return fact
