"""`manage.py outage open|expect|close|list`: the ledger of outages."""

from argparse import ArgumentTypeError
from contextlib import suppress
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser, no_translations

from enrollment.arrival import Interval
from enrollment.models import OutageForecast
from enrollment.outage_ledger import Recorded, ledger
from enrollment.services.outages import PROBE, close_outage, expect_end, open_outage
from schools import clock
from schools.models import Campaign, District
from schools.rules import Refusal

UNKNOWN = "unknown"


def moment(text: str) -> datetime:
    """`HH:MM` of today or `YYYY-MM-DDTHH:MM`, in the hours of Kazakhstan."""
    whole = text if "T" in text else f"{clock.today()}T{text}"
    with suppress(ValueError):
        return datetime.strptime(whole, "%Y-%m-%dT%H:%M").replace(tzinfo=clock.ALMATY)
    raise ArgumentTypeError(
        f"“{text}” is no time: HH:MM of today or YYYY-MM-DDTHH:MM, in the hours of Almaty"
    )


def moment_or_unknown(text: str) -> datetime | None:
    return None if text == UNKNOWN else moment(text)


class Command(BaseCommand):
    help = "Record outages: arrivals inside one count as its start. Nothing recorded is ever deleted."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--campaign", type=int, metavar="YEAR", help="the newest one if left out")
        actions = parser.add_subparsers(dest="action", required=True)
        opening = actions.add_parser("open", help="families cannot get through since --from")
        opening.add_argument("--from", dest="since", type=moment, metavar="HH:MM", help="now if left out")
        opening.add_argument("--district", metavar="KATO", help="the whole country if left out")
        opening.add_argument("--reason", required=True)
        opening.add_argument(
            "--by", action="append", default=[], metavar="NAME", help=f"twice, for two officials; or: {PROBE}"
        )
        expecting = actions.add_parser("expect", help="tell families when the portal reopens")
        expecting.add_argument("reopens", type=moment_or_unknown, metavar="HH:MM|unknown")
        expecting.add_argument("--next-news", type=moment, metavar="HH:MM", help="with unknown")
        closing = actions.add_parser("close", help="the outage with this id ended")
        closing.add_argument("id", type=UUID)
        closing.add_argument("--at", dest="until", type=moment, metavar="HH:MM", help="now if left out")
        actions.add_parser("list", help="everything recorded, and what it became")

    @no_translations
    def handle(self, *_args: Any, action: str, campaign: int | None, **options: Any) -> None:
        campaigns = Campaign.objects.filter(year=campaign) if campaign else Campaign.objects.order_by("-year")
        found = campaigns.first()
        if found is None:
            raise CommandError("There is no such campaign.")
        try:
            getattr(self, f"_{action}")(found, options)
        except Refusal as refusal:
            raise CommandError(str(refusal)) from refusal
        if action != "list" and settings.OUTAGE_PAGES_DIR.is_dir():
            # Where the front is on this machine families need not wait for a worker, which may be down too.
            call_command("render_outage_pages", verbosity=0)

    def _open(self, campaign: Campaign, options: dict[str, Any]) -> None:
        at = clock.now()
        outage = open_outage(
            campaign=campaign,
            started_at=options["since"] or at,
            reason=options["reason"],
            recorded_by=options["by"],
            district=options["district"],
            at=at,
        )
        self.stdout.write(str(outage.id))

    def _expect(self, campaign: Campaign, options: dict[str, Any]) -> None:
        forecast = expect_end(
            campaign=campaign,
            reopens_at=options["reopens"],
            next_news_at=options["next_news"],
            at=clock.now(),
        )
        self.stdout.write(f"Announced: {_words(forecast)}.")

    def _close(self, _campaign: Campaign, options: dict[str, Any]) -> None:
        at = clock.now()
        close_outage(outage_id=options["id"], ended_at=options["until"] or at, at=at)
        self.stdout.write("Ended.")

    def _list(self, campaign: Campaign, _options: dict[str, Any]) -> None:
        names = dict(District.objects.values_list("kato", "name_en"))
        for recorded in ledger(campaign=campaign):
            self._write(recorded, names)

    def _write(self, recorded: Recorded, names: dict[str, str]) -> None:
        outage = recorded.outage
        where = outage.district.name_en if outage.district else "whole country"
        self.stdout.write(
            f"{outage.id}  {_shown(outage.started_at)} – {_shown(recorded.ended_at)}  "
            f"{where}  {outage.reason}  ({', '.join(outage.recorded_by)})"
        )
        for district, interval in recorded.became:
            scope = f"{names[district]} ({district})" if district else _others(recorded.became)
            self.stdout.write(f"    counts as one: {_stretch(interval)}  {scope}")
        if not recorded.became:
            self.stdout.write("    counts for nothing: it lay before the opening")
        for forecast in recorded.forecasts:
            self.stdout.write(f"    announced {_shown(forecast.recorded_at)}: {_words(forecast)}")


def _others(became: list[tuple[str, Interval]]) -> str:
    return "every other district" if len(became) > 1 else "whole country"


def _stretch(interval: Interval) -> str:
    return f"{_shown(interval.start)} – {_shown(interval.end)}"


def _shown(at: datetime | None) -> str:
    return f"{at.astimezone(clock.ALMATY):%Y-%m-%d %H:%M}" if at else "goes on"


def _words(forecast: OutageForecast) -> str:
    if forecast.reopens_at:
        return f"reopens {_shown(forecast.reopens_at)}"
    return f"the hour is not known, next news {_shown(forecast.next_news_at)}"
