"""Lists of children to whom something is owed, and what a person may do for one of them."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from schools import clock
from schools.models import Intake
from schools.officials_only import OfficialRequest
from schools.rules import Refusal
from schools.selectors import owed, rounds
from schools.selectors.rosters import PAGE
from schools.services import confirming
from schools.services.confirming.capacity import MOST_PLACES, in_force_date
from schools.views.deciding import ReasonForm
from schools.views.officials import (
    campaign_or_404,
    district_or_404,
    intake_or_404,
    of_district,
    page_in,
    pager,
)

_PAGE = ["GET", "HEAD", "POST"]


class PlacesForm(ReasonForm):
    """How many places an intake is to have in all."""

    places = forms.IntegerField(
        label=_("Places in all"),
        min_value=0,
        max_value=MOST_PLACES,
        widget=forms.TextInput(attrs={"class": "short", "inputmode": "numeric", "autocomplete": "off"}),
    )
    field_order = ["places", "reason"]


@require_safe
def held(request: OfficialRequest, kato: str) -> HttpResponse:
    """Places that wait for something to be checked or decided."""
    campaign, at = campaign_or_404(), clock.now()
    district = district_or_404(request, kato=kato)
    rows = owed.held(visible=request.visible, campaign=campaign, district=kato)
    context = of_district(request, campaign=campaign, district=district, at=at)
    page, part = _part(request, context["waiting"].held)
    shown = list(rows[(page - 1) * PAGE : page * PAGE]) if context["waiting"].held else []
    return render(request, "officials/held.html", {**context, "tab": "held", "rows": shown, "pager": part})


@require_safe
def must_act(request: OfficialRequest, kato: str) -> HttpResponse:
    """Children of a school's territory without a place: the district finds one within its term."""
    campaign, at = campaign_or_404(), clock.now()
    district = district_or_404(request, kato=kato)
    context = of_district(request, campaign=campaign, district=district, at=at)
    page, part = _part(request, context["waiting"].must_act)
    rows = []
    if context["waiting"].must_act:
        rows = owed.must_act(
            visible=request.visible,
            campaign=campaign,
            district=kato,
            at=at,
            start=(page - 1) * PAGE,
            count=PAGE,
        )
    return render(
        request,
        "officials/must_act.html",
        {**context, "tab": "must_act", "rows": rows, "pager": part, "days": campaign.policy.must_act_days},
    )


@require_safe
def harmed(request: OfficialRequest, kato: str) -> HttpResponse:
    """Children who would have won a place, had everything been known at the confirmation."""
    campaign, at = campaign_or_404(), clock.now()
    district = district_or_404(request, kato=kato)
    context = of_district(request, campaign=campaign, district=district, at=at)
    page, part = _part(request, context["waiting"].harmed)
    found = owed.harmed(visible=request.visible, campaign=campaign, district=kato)
    shown = list(found[(page - 1) * PAGE : page * PAGE])
    granted = owed.granted_to(children=[one.child_key for one in shown], campaign=campaign)
    rows = [{"harmed": one, "granted": granted.get((one.intake_id, one.child_key))} for one in shown]
    return render(request, "officials/harmed.html", {**context, "tab": "harmed", "rows": rows, "pager": part})


@require_http_methods(_PAGE)
def places(request: OfficialRequest, school: str, language: str) -> HttpResponse:
    """Places more or less, in force some working days ahead."""
    intake, at = intake_or_404(request, school=school, language=language), clock.now()
    form = PlacesForm(request.POST if request.method == "POST" else None)
    context: dict[str, Any] = {}
    status = 200
    if form.is_valid():
        try:
            made = confirming.change_capacity(
                intake=intake,
                places=form.cleaned_data["places"],
                official=request.user,
                reason=form.cleaned_data["reason"],
                at=at,
            )
        except Refusal as refusal:
            context["faults"], status = [{"message": str(refusal)}], 409
        else:
            said = (
                gettext("Recorded.")
                if made
                else gettext("There are so many places already: nothing was changed.")
            )
            messages.success(request, said)
            return HttpResponseRedirect(reverse("officials:places", args=[school, language]))
    context |= {
        **_of_intake(intake),
        "form": form,
        "known": confirming.capacity_known(intake=intake),
        "in_force": in_force_date(campaign=intake.campaign, at=at),
        "days": intake.campaign.policy.notice_days,
        "changes": list(
            rounds.slot_changes(visible=request.visible, campaign=intake.campaign, intake=intake.pk)
        ),
    }
    return render(request, "officials/places.html", context, status=status)


@require_http_methods(_PAGE)
def grant(request: OfficialRequest, school: str, language: str, application: UUID) -> HttpResponse:
    """A place above capacity for one child."""
    intake, at = intake_or_404(request, school=school, language=language), clock.now()
    child = owed.child_owed(visible=request.visible, intake=intake, application=application)
    if child is None:
        raise Http404
    form = ReasonForm(request.POST if request.method == "POST" else None)
    context: dict[str, Any] = {**_of_intake(intake), "child": child, "form": form}
    status = 200
    if form.is_valid():
        try:
            confirming.grant_place(
                intake=intake,
                child_key=child.child_key,
                official=request.user,
                reason=form.cleaned_data["reason"],
                at=at,
            )
        except Refusal as refusal:
            context["faults"], status = [{"message": str(refusal)}], 409
        else:
            messages.success(request, gettext("The place is given. The list shows it within a minute."))
            return HttpResponseRedirect(reverse("officials:roster", args=[school, language]))
    return render(request, "officials/grant.html", context, status=status)


@require_http_methods(_PAGE)
def annul(request: OfficialRequest, school: str, language: str, application: UUID) -> HttpResponse:
    """The first of two signatures under taking a confirmed place back for fraud."""
    intake, at = intake_or_404(request, school=school, language=language), clock.now()
    entry = get_object_or_404(
        request.visible.entries, intake=intake, application_id=application, slot__isnull=False
    )
    place = rounds.place_held(visible=request.visible, entry=entry)
    if place is None:
        raise Http404
    form = ReasonForm(request.POST if request.method == "POST" else None)
    context: dict[str, Any] = {**_of_intake(intake), "child": entry, "form": form}
    status = 200
    if form.is_valid():
        try:
            confirming.propose_annulment(
                place=place, official=request.user, reason=form.cleaned_data["reason"], at=at
            )
        except Refusal as refusal:
            context["faults"], status = [{"message": str(refusal)}], 409
        else:
            messages.success(
                request, gettext("Signed by you. A second official of the district signs on an own sign-in.")
            )
            return HttpResponseRedirect(reverse("officials:round", args=[intake.school.district_id]))
    return render(request, "officials/annul.html", context, status=status)


def _of_intake(intake: Intake) -> dict[str, Any]:
    return {
        "campaign": intake.campaign,
        "section": "start",
        "intake": intake,
        "help_line": intake.school.district.help_line,
    }


def _part(request: OfficialRequest, total: int) -> tuple[int, dict[str, str]]:
    """The page shown, from 1, and what components/pager.html needs."""
    pages = max(-(-total // PAGE), 1)
    page = min(page_in(request.GET, "page"), pages) or 1
    first = (page - 1) * PAGE + 1
    part = {
        "page": page,
        "pages": pages,
        "total": total,
        "first": first,
        "last": min(first + PAGE - 1, total),
    }
    return page, pager(request.GET, "page", part)
