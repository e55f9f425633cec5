"""Which campaign an import speaks of, and whether it may still be changed."""

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from schools import clock
from schools.models import Campaign
from schools.rules import Refusal

from .report import Text, because


class NoCampaign(Refusal):
    message = _("There is no campaign %(year)s.")


class NoCampaignYet(Refusal):
    message = _("There is no campaign yet: make one before its places and territories.")


def campaign_of(*, year: int | None) -> Campaign:
    """
    The campaign, locked so that its opening hour cannot be moved meanwhile; without a year the newest one.

    :raises NoCampaign: there is none of this year
    :raises NoCampaignYet: there is none at all
    """
    campaigns = Campaign.objects.select_for_update(no_key=True).order_by("-year")
    campaign = campaigns.filter(year=year).first() if year is not None else campaigns.first()
    if campaign is not None:
        return campaign
    if year is not None:
        raise NoCampaign(year=year)
    raise NoCampaignYet


def frozen_reason(campaign: Campaign, *, at: datetime) -> Text | None:
    """Why places and territories can no longer be changed (docs/reference/rule.md, "Frozen")."""
    if at < campaign.opens_at:
        return None
    return because(
        _(
            "Campaign {year} opened on {day}: places and territories are frozen, so that nobody's chances "
            "change after applying. Places are changed on the officials' pages, some working days ahead."
        ),
        year=campaign.year,
        day=campaign.opens_at.astimezone(clock.ALMATY).strftime("%d.%m.%Y %H:%M"),
    )
