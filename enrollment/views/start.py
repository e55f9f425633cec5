"""The front page, and the state of an application for whoever holds its receipt."""

import uuid
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from enrollment import selectors, services
from enrollment.forms import StatusForm
from enrollment.outage_ledger import felt_interval
from enrollment.passes import ParentRequest, sign_in_url
from schools import clock
from schools.models import Campaign
from schools.rules import Refusal
from schools.selectors import offers


@require_safe
def start(request: ParentRequest) -> HttpResponse:
    """What this is and when it opens; for a signed-in parent also what there is to go on with."""
    campaign, at = offers.current_campaign(), clock.now()
    context: dict[str, object] = {"campaign": campaign, "phase": phase_of(campaign, at=at)}
    if campaign is not None:
        context["interruption"] = felt_interval(campaign=campaign, at=at)
    if request.account_id is not None and campaign is not None:
        applications = selectors.own_applications(account_id=request.account_id)
        context |= {
            "drafts": services.unsent_drafts(account_id=request.account_id, campaign=campaign),
            "applications": applications,
            "fresh_id": uuid.uuid4(),
        }
    response = render(request, "enrollment/start.html", {**context, "sign_in_url": sign_in_url()})
    patch_vary_headers(response, ["Cookie"])
    if request.account_id is not None:
        patch_cache_control(response, private=True, no_store=True)
    return response


def phase_of(campaign: Campaign | None, *, at: datetime) -> str:
    """none, before, open or over."""
    if campaign is None:
        return "none"
    if at < campaign.opens_at:
        return "before"
    return "open" if at < campaign.closes_at else "over"


@never_cache
def status(request: HttpRequest) -> HttpResponse:
    """The state by number and last four digits; posted, so that neither stays in an address."""
    form = StatusForm(request.POST if request.method == "POST" else None)
    state = None
    if form.is_valid():
        try:
            state = selectors.public_state(**form.cleaned_data)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
    code = 200 if state or not form.is_bound else 422
    return render(request, "enrollment/public_status.html", {"form": form, "state": state}, status=code)
