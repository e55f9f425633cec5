"""Two keys that are one child, or two children; and twins that the draw is not to part."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from enrollment import arrival
from enrollment.claims import Ending
from enrollment.models import Application, ChildLink, DaySeed, Outage, PublicValue, TwinsWish
from enrollment.selectors.children import Children, children_of
from enrollment.services.checking.cases import close_matter, subject_of_pair
from enrollment.services.checking.scopes import check_case_scope, checked_reason
from schools.models import Account, Campaign, Case, Intake
from schools.rules import Refusal

_ALIVE = frozenset({Ending.STANDING, Ending.LINKED, Ending.CONTESTED})


class OneKey(Refusal):
    message = _("Two different numbers or documents of children are needed.")


class UnknownChild(Refusal):
    message = _("There is no application for this child.")


class LinkReused(Refusal):
    message = _("This decision was already recorded about other children.")


class TwinsNotOffered(Refusal):
    message = _("This year twins are drawn for one by one.")


class NotTheirTwins(Refusal):
    message = _("Name applications of two or more different children that you sent yourself.")


class TwinsNotBornTogether(Refusal):
    message = _("Twins have one birth date; in these applications the birth dates differ.")


class TwinsNotAlive(Refusal):
    message = _("One of these applications is withdrawn or void.")


class SeedIsMade(Refusal):
    message = _("The day of these applications is over, so the draw of that day can no longer be changed.")


class WishReused(Refusal):
    message = _("This wish was already recorded about other children.")


@transaction.atomic
def link_children(
    *,
    link_id: UUID,
    child_key: str,
    other_key: str,
    is_same: bool,
    reason: str,
    official: Account,
    case: Case,
    at: datetime,
) -> ChildLink:
    """
    Say that two keys are one child, whose time is kept, or that they are two; a later word corrects it.

    :param other_key: the key that stays when they are one
    :raises OneKey: the same key twice
    :raises UnknownChild: nobody asked for a place under one of the keys
    :raises NotYours: the case is not of the official's districts
    :raises NoReason: no reason in words
    :raises LinkReused: the id was used for another link
    """
    check_case_scope(official=official, case=case)
    words = checked_reason(reason)
    if child_key == other_key:
        raise OneKey
    known = Application.objects.filter(campaign_id=case.campaign_id, child_key__in=[child_key, other_key])
    if known.values("child_key").distinct().count() != 2:
        raise UnknownChild
    link, _is_new = ChildLink.objects.get_or_create(
        id=link_id,
        defaults={
            "campaign_id": case.campaign_id,
            "child_key": child_key,
            "other_key": other_key,
            "is_same": is_same,
            "reason": words,
            "official": official,
            "decided_at": at,
        },
    )
    if (link.child_key, link.other_key, link.is_same) != (child_key, other_key, is_same):
        raise LinkReused
    close_matter(
        campaign_id=case.campaign_id,
        kind=Case.Kind.NEAR_DUPLICATE,
        subject=subject_of_pair(first=child_key, second=other_key),
        resolution="one_child" if is_same else "two_children",
        at=at,
    )
    return link


@transaction.atomic
def wish_twins(*, wish_id: UUID, applications: Collection[UUID], account_id: int, at: datetime) -> TwinsWish:
    """
    Let twins share one token, so that a draw does not part them; twice is once.

    :param applications: one of each child, all sent by this account
    :raises TwinsNotOffered: the campaign's policy does not offer it
    :raises NotTheirTwins: not this account's, not of two children, or of two campaigns
    :raises TwinsNotBornTogether: their birth dates differ
    :raises TwinsNotAlive: one of them is withdrawn or void
    :raises SeedIsMade: the draw of the day of one of them is bound already
    :raises WishReused: the id was used for another wish
    """
    named = sorted(set(applications))
    if (done := TwinsWish.objects.filter(id=wish_id).first()) is not None:
        if (sorted(done.applications), done.account_id) != (named, account_id):
            raise WishReused
        return done
    found = list(
        Application.objects.filter(id__in=named, account_id=account_id)
        .select_related("campaign")
        .order_by("id")
    )
    if len(found) != len(named) or len(found) < 2 or len({a.campaign_id for a in found}) != 1:
        raise NotTheirTwins
    campaign = found[0].campaign
    if not campaign.policy.twins_share_token:
        raise TwinsNotOffered
    if len({a.form["child"]["birth_date"] for a in found}) != 1:
        raise TwinsNotBornTogether
    known = children_of(found)[campaign.pk]
    keys = [known.key_of(a) for a in found]
    if len(set(keys)) != len(keys):
        raise NotTheirTwins
    if not all(known.standing.endings[a.id] in _ALIVE for a in found):
        raise TwinsNotAlive
    if not _may_still_wish(campaign, known, found, at=at):
        raise SeedIsMade
    return TwinsWish.objects.create(
        id=wish_id, campaign=campaign, applications=named, account_id=account_id, wished_at=at
    )


@dataclass(frozen=True, slots=True)
class Twins:
    """Children of one account that were born on one day."""

    applications: list[Application]
    """One of each, the latest that is alive."""
    is_wished: bool
    may_wish: bool


def twins_of(*, account_id: int, at: datetime) -> list[Twins]:
    """What the account may wish, or wished, for its twins; the same few queries however many there are."""
    own = list(
        Application.objects.filter(account_id=account_id)
        .select_related("campaign")
        .order_by("lodged_at", "id")
    )
    born: dict[tuple[int, str], list[Application]] = {}
    for application in own:
        born.setdefault((application.campaign_id, application.form["child"]["birth_date"]), []).append(
            application
        )
    candidates = [group for group in born.values() if len({a.child_key for a in group}) > 1]
    if not candidates:
        return []
    known = children_of([a for group in candidates for a in group])
    wished = [
        set(w) for w in TwinsWish.objects.filter(account_id=account_id).values_list("applications", flat=True)
    ]
    found = []
    for group in candidates:
        children = known[group[0].campaign_id]
        latest = {children.key_of(a): a for a in group if children.standing.endings.get(a.id) in _ALIVE}
        if len(latest) < 2:
            continue
        twins = list(latest.values())
        keys = set(latest)
        is_wished = any(keys <= {children.key_of(a) for a in group if a.id in wish} for wish in wished)
        campaign = twins[0].campaign
        may_wish = campaign.policy.twins_share_token and _may_still_wish(campaign, children, twins, at=at)
        found.append(Twins(twins, is_wished=is_wished, may_wish=may_wish and not is_wished))
    return found


def _may_still_wish(
    campaign: Campaign, children: Children, twins: Collection[Application], *, at: datetime
) -> bool:
    """Whether the draws of all their days are still open."""
    outages = _outages(campaign)
    claims = children.standing.claims
    first_arrivals = {a.id: claims[children.key_of(a)].first_arrival_at for a in twins}
    days = _draw_days(campaign, first_arrivals, twins, outages)
    return all(_is_open(campaign, day, outages, at) for day in days)


def _draw_days(
    campaign: Campaign,
    first_arrivals: Mapping[UUID, datetime],
    twins: Collection[Application],
    outages: Sequence[arrival.Outage],
) -> set[date]:
    """The days in Kazakhstan whose draws give these children their numbers."""
    policy = campaign.policy
    days = set()
    for application in twins:
        first = first_arrivals[application.id]
        moments = [
            arrival.moment(
                first,
                opens_at=campaign.opens_at,
                grain=policy.grain,
                intervals=arrival.intervals_for(
                    district=district,
                    outages=outages,
                    opens_at=campaign.opens_at,
                    grain=policy.grain,
                    has_opening_interval=policy.opening_interval,
                ),
            )
            for district in _districts(campaign, application.choices)
        ]
        days.add(arrival.day_of(min(moments, default=max(first, campaign.opens_at))))
    return days


def _is_open(campaign: Campaign, day: date, outages: Sequence[arrival.Outage], at: datetime) -> bool:
    """
    Whether nobody can know anything of that day's draw yet.

    After its end the public value may be known to somebody before it is entered, so the clock
    closes the wish too.
    """
    policy = campaign.policy
    ends_at = arrival.effective_closing(
        arrival.midnight_after(day),
        intervals_by_district=arrival.intervals_by_district(
            outages=outages,
            opens_at=campaign.opens_at,
            grain=policy.grain,
            has_opening_interval=policy.opening_interval,
        ),
    )
    if ends_at is not None and at >= ends_at:
        return False
    of_day = {"campaign": campaign, "date": day}
    return not (DaySeed.objects.filter(**of_day).exists() or PublicValue.objects.filter(**of_day).exists())


def _outages(campaign: Campaign) -> list[arrival.Outage]:
    rows = Outage.objects.filter(campaign=campaign).values_list("started_at", "end__ended_at", "district_id")
    return [arrival.Outage(start, end, district) for start, end, district in rows]


def _districts(campaign: Campaign, choices: Sequence[str]) -> set[str]:
    bins = {choice.partition("/")[0] for choice in choices}
    rows = Intake.objects.filter(campaign=campaign, school__in=bins)
    return set(rows.values_list("school__district_id", flat=True))
