"""`manage.py outage open|close|list`: the ledger of outages."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser, no_translations

from enrollment.models import Outage
from enrollment.services.outages import close_outage, open_outage
from schools import clock
from schools.models import Campaign
from schools.rules import Refusal


def moment(text: str) -> datetime:
    """`HH:MM` of today or `YYYY-MM-DDTHH:MM`, in the hours of Kazakhstan."""
    whole = text if "T" in text else f"{clock.today()}T{text}"
    return datetime.fromisoformat(whole).replace(tzinfo=clock.ALMATY)


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
            "--by", action="append", default=[], metavar="NAME", help="twice, for two officials; or: probe"
        )
        closing = actions.add_parser("close", help="the outage with this id ended")
        closing.add_argument("id", type=UUID)
        closing.add_argument("--at", dest="until", type=moment, metavar="HH:MM", help="now if left out")
        actions.add_parser("list", help="everything recorded")

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

    def _close(self, _campaign: Campaign, options: dict[str, Any]) -> None:
        at = clock.now()
        close_outage(outage_id=options["id"], ended_at=options["until"] or at, at=at)
        self.stdout.write("Ended.")

    def _list(self, campaign: Campaign, _options: dict[str, Any]) -> None:
        outages = Outage.objects.filter(campaign=campaign).select_related("end", "district")
        for outage in outages.order_by("started_at"):
            end = getattr(outage, "end", None)
            until = f"{end.ended_at.astimezone(clock.ALMATY):%Y-%m-%d %H:%M}" if end else "goes on"
            where = outage.district.name_en if outage.district else "whole country"
            self.stdout.write(
                f"{outage.id}  {outage.started_at.astimezone(clock.ALMATY):%Y-%m-%d %H:%M} – {until}  "
                f"{where}  {outage.reason}  ({', '.join(outage.recorded_by)})"
            )
