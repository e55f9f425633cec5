"""What everybody may see of a draw: what was bound, and every day with its steps recomputed from what is shown."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date as Date  # noqa: N812 (days have a field `date`)
from datetime import datetime, timedelta

from django.db.models import QuerySet

from enrollment import draw
from enrollment.models import DaySeed, DrawCommitment, PublicValue
from enrollment.services import draws
from schools.clock import ALMATY
from schools.models import Campaign, Case


@dataclass(frozen=True, slots=True)
class Drawn:
    """A day with its seed: every hash computed here again, from the bytes that are shown."""

    date: Date
    s: bytes
    v: str
    is_replacement: bool
    made_at: datetime
    after: Date | None
    """Day of the last link shown before; None: the published end of the chain itself."""
    last_shown: bytes
    hashes: int
    """How often s is hashed to come to `last_shown`."""
    agrees: bool
    """s is a link of the chain, or the replacement that the rule makes."""

    @property
    def seed(self) -> bytes:
        return draw.day_seed(date=self.date, s=self.s, v=self.v)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A day without a seed, and what it waits for."""

    date: Date
    code: str
    """not_over, value, outage, earlier, key, secret or soon."""
    v: str = ""
    until: datetime | None = None
    """When the outage ends or the missing secret is replaced, as far as that is known."""


@dataclass(frozen=True, slots=True)
class DrawShown:
    """One campaign's draw in public."""

    campaign: Campaign
    commitment: DrawCommitment
    drawn: list[Drawn]
    """In the order of days."""
    waiting: list[Waiting]

    @property
    def dates(self) -> list[Date]:
        return [day.date for day in self.drawn]

    def day(self, date: Date) -> Drawn | None:
        return next((day for day in self.drawn if day.date == date), None)


@dataclass(frozen=True, slots=True)
class Computed:
    """One child's number, as a family computes it."""

    day: Drawn
    token: bytes

    @property
    def number(self) -> bytes:
        return draw.number(seed=self.day.seed, token=self.token)

    @property
    def smaller_percent(self) -> float:
        """Which part of all possible numbers is smaller, in percent."""
        return int.from_bytes(self.number[:6], "big") * 100 / 2**48


def draw_shown(*, campaign: Campaign, at: datetime) -> DrawShown | None:
    """The draw as known at `at`; None before it is bound. A fixed number of queries."""
    commitment = DrawCommitment.objects.filter(campaign=campaign).first()
    if commitment is None:
        return None
    seeds = DaySeed.objects.filter(campaign=campaign).order_by("date")
    drawn = list(_drawn(seeds, opens_at=campaign.opens_at, chain_end=bytes(commitment.chain_end)))
    shown = DrawShown(campaign=campaign, commitment=commitment, drawn=drawn, waiting=[])
    shown.waiting.extend(_waiting(shown, at=at))
    return shown


def as_file(shown: DrawShown) -> dict[str, object]:
    """What `docs/verify_draw.py` reads: hex for bytes, days in their order."""
    return {
        "v": 1,
        "campaign": shown.campaign.year,
        "opens": shown.campaign.opens_at.astimezone(ALMATY).date().isoformat(),
        "key_sha256": bytes(shown.commitment.key_sha256).hex(),
        "chain_end": bytes(shown.commitment.chain_end).hex(),
        "chain_length": shown.commitment.chain_length,
        "public_source": shown.commitment.public_source,
        "committed_at": shown.commitment.committed_at.isoformat(),
        "days": [
            {
                "date": day.date.isoformat(),
                "s": day.s.hex(),
                "v": day.v,
                "is_replacement": day.is_replacement,
                "seed": day.seed.hex(),
                "made_at": day.made_at.isoformat(),
            }
            for day in shown.drawn
        ],
    }


def _drawn(seeds: QuerySet[DaySeed], *, opens_at: datetime, chain_end: bytes) -> Iterator[Drawn]:
    after, last_shown, last_index = None, chain_end, -1
    for seed in seeds:
        index, s = draw.chain_index(date=seed.date, opens_at=opens_at), bytes(seed.s)
        if seed.is_replacement:
            agrees = s == draw.replacement_secret(date=seed.date, last_shown=last_shown, v=seed.v)
        else:
            agrees = draw.is_link(preimage=s, index=index, chain_end=chain_end)
        yield Drawn(
            date=seed.date,
            s=s,
            v=seed.v,
            is_replacement=seed.is_replacement,
            made_at=seed.made_at,
            after=after,
            last_shown=last_shown,
            hashes=index - last_index,
            agrees=agrees,
        )
        if not seed.is_replacement:
            after, last_shown, last_index = seed.date, s, index


def _waiting(shown: DrawShown, *, at: datetime) -> Iterator[Waiting]:
    """Days that have begun and have no seed: each with the first thing in its way."""
    campaign = shown.campaign
    public = {p.date: p for p in PublicValue.objects.filter(campaign=campaign)}
    missing = set(
        Case.objects.filter(
            campaign=campaign, kind=Case.Kind.SECRET_MISSING, closed_at__isnull=True
        ).values_list("subject", flat=True)
    )
    opening_day = campaign.opens_at.astimezone(ALMATY).date()
    today = at.astimezone(ALMATY).date()
    last = min(
        today,
        campaign.closes_at.astimezone(ALMATY).date(),
        opening_day + timedelta(days=shown.commitment.chain_length - 1),
    )
    has_seed = set(shown.dates)
    days = [opening_day + timedelta(days=n) for n in range((last - opening_day).days + 1)]
    is_first = True
    for date in days:
        if date in has_seed:
            continue
        value = public.get(date)
        v = value.value if value else ""
        if at < draws.end_of(date):
            yield Waiting(date, "not_over")
        elif value is None:
            yield Waiting(date, "value")
        elif not is_first:
            yield Waiting(date, "earlier", v)
        elif draws.KEY_CASE in missing:
            yield Waiting(date, "key", v)
        elif date.isoformat() in missing:
            yield Waiting(date, "secret", v, value.entered_at + draws.PATIENCE)
        else:
            settled = draws.settled_at(campaign=campaign, date=date)
            is_soon = settled is not None and settled <= at
            yield Waiting(date, "soon" if is_soon else "outage", v, settled)
        is_first = False
