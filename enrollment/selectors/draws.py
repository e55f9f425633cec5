"""A family's own draw: token, day and, once the day is drawn, the number."""

from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain
from typing import Final
from uuid import UUID

from enrollment import arrival, draw
from enrollment.claims import Ending, token_keys
from enrollment.models import Application, Check, DaySeed, Outage, TwinsWish
from enrollment.selectors.children import Children, children_of
from enrollment.services import draws
from schools.clock import ALMATY
from schools.models import Campaign, District
from schools.rules import Refusal
from schools.selectors.offers import offered_names

_ALIVE: Final = (Ending.STANDING, Ending.LINKED, Ending.CONTESTED)


@dataclass(frozen=True, slots=True)
class DrawOfChild:
    """What a family may know of its child's draw."""

    token: bytes | None
    """None: not shown to this sender yet, and then nothing else is."""
    day: date | None = None
    """Of the draw, in Kazakhstan."""
    number: bytes | None = None
    """None: the day is not drawn yet."""


def draw_of(*, application: Application, account_id: int) -> DrawOfChild | None:
    """
    Token, day and number of the application's child, for the account that sent it.

    With the token anybody computes the child's number, and whoever knows a child's IIN can
    apply for it. So the token is shown to whoever is known to belong to the child: where the
    relation is proven, by a document seen or by a check that agrees. Where nothing is proven it is
    shown only while nobody but this account has ever applied for the child: then there is no
    other family to keep it from, and waiting for a check would hide the own draw from
    almost everybody who applies online. A check that found another relation hides it.

    None: not this account's, withdrawn or void, or a draw that is not bound or whose K is not there.
    Thirteen queries; seven more or a few for each round of twins.
    """
    if application.account_id != account_id:
        return None
    found = children_of([application])[application.campaign_id]
    claim = found.standing.claims.get(found.key_of(application))
    if claim is None or found.standing.endings.get(application.id) not in _ALIVE:
        return None
    campaign = application.campaign
    try:
        key = draws.committed_key(campaign=campaign)
    except Refusal:
        return None
    offered = offered_names(campaign=campaign, names=claim.choices)
    if not offered:
        return None
    is_proven = claim.is_proven and claim.application_id == application.id
    if not _may_know(application, found, is_proven=is_proven or application.id in claim.contested):
        return DrawOfChild(token=None)
    day = _day_of_draw(campaign, choices=offered, first_arrival_at=claim.first_arrival_at)
    token = draw.child_token(key=key, child_key=_token_key(application, found))
    seed = DaySeed.objects.filter(campaign=campaign, date=day).first()
    number = None
    if seed is not None:
        number = draw.number(seed=draw.day_seed(date=day, s=bytes(seed.s), v=seed.v), token=token)
    return DrawOfChild(token=token, day=day, number=number)


def _may_know(application: Application, found: Children, *, is_proven: bool) -> bool:
    checks = Check.objects.filter(application_id=application.id, subject=Check.Subject.RELATION)
    last = checks.order_by("-checked_at", "-id").first()
    if last is not None:
        return last.agrees
    if is_proven or application.is_proven:
        return True
    return (
        not Application.objects.filter(id__in=found.lodged).exclude(account=application.account_id).exists()
    )


def _day_of_draw(campaign: Campaign, *, choices: set[str], first_arrival_at: datetime) -> date:
    """The day, in Kazakhstan, of the earliest moment over all choices."""
    bins = {choice.partition("/")[0] for choice in choices}
    districts = District.objects.filter(schools__in=bins).values_list("kato", flat=True).distinct()
    rows = Outage.objects.filter(campaign=campaign).values_list("started_at", "end__ended_at", "district_id")
    outages = [arrival.Outage(start, end, district) for start, end, district in rows]
    policy = campaign.policy
    earliest = min(
        arrival.moment(
            first_arrival_at,
            opens_at=campaign.opens_at,
            intervals=arrival.intervals_for(
                district=district,
                outages=outages,
                opens_at=campaign.opens_at,
                grain=policy.grain,
                has_opening_interval=policy.opening_interval,
            ),
            grain=policy.grain,
        )
        for district in districts
    )
    return earliest.astimezone(ALMATY).date()


def _token_key(application: Application, found: Children) -> str:
    """The child key whose token counts: of the child's earliest application, or of its twin's."""
    campaign = application.campaign
    wishes: dict[UUID, tuple[UUID, ...]] = {}
    together = found
    while campaign.policy.twins_share_token:
        rows = TwinsWish.objects.filter(campaign=campaign, applications__overlap=[*together.lodged])
        wished = {wish.id: tuple(wish.applications) for wish in rows}
        if len(wished) == len(wishes):
            break
        wishes = wished
        named = {*found.lodged, *chain.from_iterable(wishes.values())}
        together = children_of(list(Application.objects.filter(campaign=campaign, id__in=named)))[campaign.pk]
    tokens = token_keys(wishes.values(), lodged=together.lodged.values(), same=together.stays)
    return tokens[found.key_of(application)]
