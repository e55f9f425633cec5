"""`manage.py draw commit|value|seed|list`: bind the draw, enter public values, make seeds."""

from datetime import date as Date  # noqa: N812 (the parameter of the services is called `date`)
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser, no_translations

from enrollment.models import DaySeed, DrawCommitment, PublicValue
from enrollment.services import draws
from schools import clock
from schools.models import Campaign
from schools.rules import Refusal


class Command(BaseCommand):
    help = "The draw: bind it before the opening, enter each day's public value, make each day's seed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--campaign", type=int, metavar="YEAR", help="the newest one if left out")
        actions = parser.add_subparsers(dest="action", required=True)
        commit = actions.add_parser("commit", help="publish the hash of K and the end of the chain")
        commit.add_argument("--source", required=True, help="where each day's public value comes from")
        commit.add_argument(
            "--length", type=int, default=400, metavar="DAYS", help="days the chain lasts for"
        )
        value = actions.add_parser("value", help="enter the public value of a day that is over")
        value.add_argument("date", type=Date.fromisoformat, metavar="YYYY-MM-DD")
        value.add_argument("value")
        value.add_argument("--by", action="append", default=[], metavar="NAME", help="twice; or: demo")
        seed = actions.add_parser("seed", help="make the seed of a day, or every seed that can be made now")
        seed.add_argument("date", type=Date.fromisoformat, nargs="?", metavar="YYYY-MM-DD")
        actions.add_parser("list", help="what everybody may know")

    @no_translations
    def handle(self, *_args: Any, action: str, campaign: int | None, **options: Any) -> None:
        campaigns = Campaign.objects.filter(year=campaign) if campaign else Campaign.objects.order_by("-year")
        found = campaigns.first()
        if found is None:
            raise CommandError("There is no such campaign.")
        try:
            getattr(self, f"_{action}")(found, options)
        except (Refusal, ImproperlyConfigured) as refusal:
            raise CommandError(str(refusal)) from refusal

    def _commit(self, campaign: Campaign, options: dict[str, Any]) -> None:
        draws.commit_draw(
            campaign=campaign, public_source=options["source"], length=options["length"], at=clock.now()
        )
        self._list(campaign, options)

    def _value(self, campaign: Campaign, options: dict[str, Any]) -> None:
        entered = draws.enter_public_value(
            campaign=campaign,
            date=options["date"],
            value=options["value"],
            entered_by=options["by"],
            at=clock.now(),
        )
        self.stdout.write(f"{entered.date}  {entered.value}  ({', '.join(entered.entered_by)})")

    def _seed(self, campaign: Campaign, options: dict[str, Any]) -> None:
        at = clock.now()
        if options["date"] is None:
            self.stdout.write(f"{draws.make_due_seeds(at=at)} made.")
        else:
            draws.make_day_seed(campaign=campaign, date=options["date"], at=at)
        self._list(campaign, options)

    def _list(self, campaign: Campaign, _options: dict[str, Any]) -> None:
        bound = DrawCommitment.objects.filter(campaign=campaign).first()
        if bound is None:
            self.stdout.write("Not bound yet.")
            return
        self.stdout.write(f"SHA-256 of K    {bytes(bound.key_sha256).hex()}")
        self.stdout.write(f"end of chain    {bytes(bound.chain_end).hex()}")
        self.stdout.write(f"days of chain   {bound.chain_length}")
        self.stdout.write(f"public source   {bound.public_source}")
        seeds = {seed.date: seed for seed in DaySeed.objects.filter(campaign=campaign)}
        for public in PublicValue.objects.filter(campaign=campaign).order_by("date"):
            seed = seeds.get(public.date)
            shown = "no seed yet" if seed is None else f"s {bytes(seed.s).hex()}"
            missing = "  (replaced: the secret was missing)" if seed and seed.is_replacement else ""
            self.stdout.write(f"{public.date}  v {public.value}  {shown}{missing}")
