"""Planning the rounds: one on each working day, fixed before the campaign opens."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from enrollment.rounds import planned_closings
from schools.models import Campaign, Round
from schools.rules import Refusal, parse_moved_days


class RoundsFrozen(Refusal):
    message = _("The campaign has opened: its rounds are frozen.")


@transaction.atomic
def plan_rounds(*, campaign: Campaign, at: datetime) -> list[Round]:
    """
    Make the campaign's rounds what its days say now; a second time changes nothing.

    :return: all of them, in order
    :raises RoundsFrozen: the campaign has opened
    :raises InvalidMovedDays: the campaign's moved days say nothing
    """
    # A race: the days are edited while they are read; whoever plans holds the campaign.
    campaign = Campaign.objects.select_for_update().get(year=campaign.year)
    if at >= campaign.opens_at:
        raise RoundsFrozen
    closings = planned_closings(
        opens_at=campaign.opens_at,
        closes_at=campaign.closes_at,
        moved=parse_moved_days(campaign.moved_days),
    )
    wanted = dict(enumerate(closings, start=1))
    planned = {round_.number: round_ for round_ in Round.objects.filter(campaign=campaign)}
    kept = {n for n, round_ in planned.items() if wanted.get(n) == round_.closes_at}
    Round.objects.filter(campaign=campaign).exclude(number__in=kept).delete()
    Round.objects.bulk_create(
        Round(campaign=campaign, number=number, closes_at=closes_at)
        for number, closes_at in wanted.items()
        if number not in kept
    )
    return list(Round.objects.filter(campaign=campaign).order_by("number"))
