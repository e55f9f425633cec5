"""Pages on which an education department decides about its round: confirm, sign, take a code, look at the brake."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from schools import clock
from schools.clock import ALMATY
from schools.models import Campaign, Case, Confirmation, District, Horizon
from schools.officials_only import OfficialRequest
from schools.rules import Refusal
from schools.selectors import owed, rounds
from schools.services import confirming
from schools.views.officials import campaign_or_404, district_or_404, of_district

_PAGE = ["GET", "HEAD", "POST"]


class ReasonForm(forms.Form):
    """Why: a sentence that is kept with the official's name."""

    reason = forms.CharField(
        label=_("Reason, in writing"),
        help_text=_("It is kept with your name and shown to whoever checks this later."),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )


class ClosingCodeForm(forms.Form):
    """What a supervisor reads from the counter's page, in the order of that page."""

    door = forms.ChoiceField(label=_("Desk"))
    read_date = forms.DateField(label=_("Date on the page"), widget=forms.DateInput(attrs={"type": "date"}))
    read_time = forms.TimeField(label=_("Time on the page"), widget=forms.TimeInput(attrs={"type": "time"}))
    last_seq = forms.IntegerField(
        label=_("Last number"),
        min_value=1,
        max_value=2**53,
        widget=forms.TextInput(attrs={"class": "short", "inputmode": "numeric", "autocomplete": "off"}),
    )
    last_sha256 = forms.CharField(
        label=_("Code"),
        help_text=_("At least 8 signs: digits 0–9 and letters a–f. Spaces do not matter."),
        max_length=100,
        widget=forms.TextInput(attrs={"class": "medium", "autocomplete": "off", "spellcheck": "false"}),
    )
    schools = forms.CharField(
        label=_("BINs of the schools on the page"),
        help_text=_("One in each line; empty when the page names none."),
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 4, "inputmode": "numeric", "spellcheck": "false"}),
    )
    read_by = forms.CharField(
        label=_("Who read it"), max_length=200, widget=forms.TextInput(attrs={"class": "medium"})
    )

    def __init__(self, *args: Any, desks: list[Horizon], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["door"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(desk.door, str(desk)) for desk in desks]

    @property
    def bins(self) -> list[str]:
        """BINs as typed, in any separation; one that is none is refused by the service."""
        text = self.cleaned_data["schools"]
        return [word[:20] for word in text.replace(",", " ").replace(";", " ").split()]

    @property
    def through(self) -> datetime:
        """The minute on the counter's page, in Kazakhstan."""
        return datetime.combine(self.cleaned_data["read_date"], self.cleaned_data["read_time"], ALMATY)


@require_http_methods(_PAGE)
def round_page(request: OfficialRequest, kato: str) -> HttpResponse:
    """Where the district's round stands; by POST: confirm it."""
    campaign, at = campaign_or_404(), clock.now()
    found = district_or_404(request, kato=kato)
    if request.method != "POST":
        return _round(request, campaign, found, at=at)
    shown = request.POST.get("round", "")
    try:
        made = confirming.confirm_round(
            campaign=campaign,
            district=found,
            official=request.user,
            round_number=int(shown) if shown.isascii() and shown.isdigit() and len(shown) < 5 else 0,
            at=at,
        )
    except Refusal as refusal:
        return _round(request, campaign, found, at=at, refusal=refusal)
    return _confirmed(request, made)


@require_POST
def propose(request: OfficialRequest, kato: str) -> HttpResponse:
    """The first of two signatures, with the reason."""
    campaign, at = campaign_or_404(), clock.now()
    found = district_or_404(request, kato=kato)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return _round(request, campaign, found, at=at, form=form)
    try:
        confirming.propose_confirmation(
            campaign=campaign,
            district=found,
            official=request.user,
            reason=form.cleaned_data["reason"],
            at=at,
        )
    except Refusal as refusal:
        return _round(request, campaign, found, at=at, form=form, refusal=refusal)
    messages.success(
        request, gettext("Signed by you. A second official of the district signs on an own sign-in.")
    )
    return HttpResponseRedirect(reverse("officials:round", args=[kato]))


@require_POST
def sign(request: OfficialRequest, kato: str, proposal: UUID) -> HttpResponse:
    """The second signature."""
    campaign, at = campaign_or_404(), clock.now()
    found = district_or_404(request, kato=kato)
    try:
        made = confirming.sign_proposal(proposal_id=proposal, official=request.user, at=at)
    except Refusal as refusal:
        return _round(request, campaign, found, at=at, refusal=refusal)
    if isinstance(made, Confirmation):
        return _confirmed(request, made)
    messages.success(request, gettext("The place is taken back. The family is told why and how to appeal."))
    return HttpResponseRedirect(reverse("officials:round", args=[kato]))


@require_POST
def take_back(request: OfficialRequest, kato: str, proposal: UUID) -> HttpResponse:
    """The first signature is withdrawn, or the second refused."""
    campaign, at = campaign_or_404(), clock.now()
    found = district_or_404(request, kato=kato)
    try:
        confirming.take_back_proposal(proposal_id=proposal, official=request.user)
    except Refusal as refusal:
        return _round(request, campaign, found, at=at, refusal=refusal)
    messages.success(request, gettext("Taken back: nothing was changed."))
    return HttpResponseRedirect(reverse("officials:round", args=[kato]))


@require_http_methods(_PAGE)
def closing_code(request: OfficialRequest, kato: str) -> HttpResponse:
    """What the supervisor of a desk without a line reads over the telephone."""
    campaign, at = campaign_or_404(), clock.now()
    found = district_or_404(request, kato=kato)
    desks = list(
        request.visible.horizons.filter(campaign=campaign, district=found).order_by("name_kk", "door")
    )
    shown = localtime(at)
    initial = {
        "door": request.GET.get("desk", ""),
        "read_date": shown.date().isoformat(),
        "read_time": f"{shown:%H:%M}",
    }
    form = ClosingCodeForm(request.POST if request.method == "POST" else None, desks=desks, initial=initial)
    context = {**of_district(request, campaign=campaign, district=found, at=at), "tab": "code", "form": form}
    status = 200
    if form.is_valid():
        try:
            confirming.read_closing_code(
                campaign=campaign,
                district=found,
                door=form.cleaned_data["door"],
                through=form.through,
                last_seq=form.cleaned_data["last_seq"],
                last_sha256=form.cleaned_data["last_sha256"],
                school_bins=form.bins,
                read_by=form.cleaned_data["read_by"],
                official=request.user,
                at=at,
            )
        except Refusal as refusal:
            context["faults"], status = [{"message": str(refusal)}], 409
        else:
            messages.success(
                request,
                gettext("The code is kept. Places at the schools it names are held until the entries come."),
            )
            return HttpResponseRedirect(reverse("officials:round", args=[kato]))
    context["desks"] = desks
    return render(request, "officials/closing_code.html", context, status=status)


@require_http_methods(_PAGE)
def stopped(request: OfficialRequest, kato: str) -> HttpResponse:
    """The brake: who would move, and the word that lets the list stand."""
    campaign, at = campaign_or_404(), clock.now()
    found = district_or_404(request, kato=kato)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    context = of_district(request, campaign=campaign, district=found, at=at)
    status = 200
    if form.is_valid():
        try:
            confirming.acknowledge(
                campaign=campaign,
                district=found,
                official=request.user,
                reason=form.cleaned_data["reason"],
                seen_sha256=request.POST.get("seen", ""),
                at=at,
            )
        except Refusal as refusal:
            context["faults"], status = [{"message": str(refusal)}], 409
        else:
            messages.success(request, gettext("Kept with your name. The list appears with the next run."))
            return HttpResponseRedirect(reverse("officials:round", args=[kato]))
    case = request.visible.cases.filter(
        campaign=campaign, kind=Case.Kind.BRAKE, subject=kato, closed_at=None
    ).first()
    if case is not None:
        context["stop"] = owed.stop_seen(visible=request.visible, campaign=campaign, case=case)
        context["seen_sha256"] = confirming.candidate_sha256(case.detail["places"])
    return render(request, "officials/stopped.html", {**context, "form": form, "tab": "round"}, status=status)


def _confirmed(request: OfficialRequest, made: Confirmation) -> HttpResponse:
    places = made.places.count()
    messages.success(
        request,
        gettext("Round %(round)s is confirmed. Places that are now the children's own: %(places)s. "
                "The lists show it within a minute.")
        % {"round": made.round.number, "places": places},
    )  # fmt: skip
    return HttpResponseRedirect(reverse("officials:round", args=[made.district_id]))


def _round(
    request: OfficialRequest,
    campaign: Campaign,
    district: District,
    *,
    at: datetime,
    form: ReasonForm | None = None,
    refusal: Refusal | None = None,
) -> HttpResponse:
    visible, kato = request.visible, district.kato
    context = of_district(request, campaign=campaign, district=district, at=at)
    found: rounds.DistrictRound = context["round"]
    mark = found.watermark
    context |= {
        "tab": "round",
        "has_passed": mark is not None and mark.has_passed(at=at),
        "is_reason_possible": mark is not None and at >= mark.reasoned_at,
        "proposals": list(rounds.proposals(visible=visible, campaign=campaign, district=kato)),
        "confirmations": list(rounds.confirmations(visible=visible, campaign=campaign, district=kato)),
        "annulments": list(rounds.annulments(visible=visible, campaign=campaign, district=kato)),
        "form": form or ReasonForm(),
        "faults": [{"message": str(refusal)}] if refusal else [],
    }
    is_refused = refusal is not None or (form is not None and not form.is_valid())
    return render(request, "officials/round.html", context, status=409 if is_refused else 200)
