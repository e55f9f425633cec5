"""Pages of education departments: their districts' rosters, and nobody else's."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.forms import SetPasswordForm
from django.contrib.auth.password_validation import validate_password
from django.http import Http404, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods, require_safe

from schools import clock
from schools.models import Account, Campaign, District, Intake, Lane
from schools.officials_only import PASSWORD_CHOSEN, OfficialRequest
from schools.selectors import owed, rosters, rounds
from schools.selectors.offers import current_campaign
from schools.selectors.rosters import Part


class SearchForm(forms.Form):
    """One field: whoever calls names the child in one of three ways."""

    text = forms.CharField(
        label=_("Name of the child, IIN, or number of the application"),
        max_length=200,
        min_length=2,
        widget=forms.TextInput(attrs={"class": "medium", "autocomplete": "off"}),
    )


if TYPE_CHECKING:
    _SetPasswordForm = SetPasswordForm[Account]
else:
    _SetPasswordForm = SetPasswordForm


class OwnPasswordForm(_SetPasswordForm):
    """Instead of the one-time password."""

    error_messages = {"password_mismatch": _("The two passwords differ.")}

    def validate_password_for_user(self, user: Account, password_field_name: str = "new_password2") -> None:  # noqa: S107 - names a field
        """Django has no Kazakh words for these faults: one sentence of ours says them all."""
        password = self.cleaned_data.get(password_field_name)
        try:
            validate_password(password or "", user)
        except forms.ValidationError:
            if password:
                self.add_error("new_password1", _("At least 12 characters, not one of the common ones."))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["new_password1"].label = _("New password")
        self.fields["new_password1"].help_text = _("At least 12 characters, not one of the common ones.")
        self.fields["new_password2"].label = _("New password, once more")
        self.fields["new_password2"].help_text = ""


class FilterForm(forms.Form):
    """Narrows the schools of a district."""

    school = forms.CharField(
        label=_("School: name or BIN"),
        max_length=100,
        required=False,
        widget=forms.TextInput(attrs={"class": "medium"}),
    )


@require_safe
def start(request: OfficialRequest) -> HttpResponse:
    """The official's districts with their numbers."""
    campaign, at = current_campaign(), clock.now()
    context: dict[str, Any] = {"campaign": campaign, "at": at, "section": "start"}
    if campaign is not None:
        seen = rounds.rounds_seen(campaign=campaign, at=at)
        lines = rosters.numbers(visible=request.visible, campaign=campaign, at=at)
        in_rounds = rounds.district_rounds(
            visible=request.visible,
            campaign=campaign,
            districts=[line.district for line in lines],
            seen=seen,
        )
        arrived = (
            {} if seen.current else rounds.arrived_in_districts(visible=request.visible, campaign=campaign)
        )
        context |= {
            "numbers": lines,
            "known": rosters.joint_knowledge(numbers=lines, at=at),
            "seen": seen,
            "lines": [
                {
                    "numbers": line,
                    "round": in_rounds[line.district.kato],
                    "arrived": arrived.get(line.district.kato, rounds.Arrived()),
                }
                for line in lines
            ],
        }
    return render(request, "officials/start.html", context)


@require_safe
def district(request: OfficialRequest, kato: str) -> HttpResponse:
    """The intakes of one district, with the lengths of their lists."""
    campaign, at = campaign_or_404(), clock.now()
    found = district_or_404(request, kato=kato)
    form = FilterForm(request.GET)
    search = form.cleaned_data["school"] if form.is_valid() else ""
    offered = rosters.offered(visible=request.visible, campaign=campaign, district=kato, search=search)
    arrived = rounds.arrived(visible=request.visible, campaign=campaign, district=kato)
    context = {
        **of_district(request, campaign=campaign, district=found, at=at),
        "tab": "schools",
        "arrived": rounds.Arrived(
            sum(one.territory for one in arrived.values()), sum(one.outside for one in arrived.values())
        ),
        "form": form,
        "search": search,
        "offered": [(one, arrived.get(one.intake.pk, rounds.Arrived())) for one in offered],
        "known": rosters.knowledge(visible=request.visible, campaign=campaign, at=at, district=kato),
    }
    return render(request, "officials/district.html", context)


@require_safe
def roster(request: OfficialRequest, school: str, language: str) -> HttpResponse:
    """One intake's list: places, and the two lines that wait."""
    intake = intake_or_404(request, school=school, language=language)
    context = _list(request, intake, is_whole=False)
    return render(request, "officials/roster.html", context)


@require_safe
def roster_on_paper(request: OfficialRequest, school: str, language: str) -> HttpResponse:
    """The same list on one page, to print."""
    intake = intake_or_404(request, school=school, language=language)
    context = _list(request, intake, is_whole=True)
    return render(request, "officials/roster_on_paper.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def search(request: OfficialRequest) -> HttpResponse:
    """A child within the own districts. By POST: an IIN does not belong into an address."""
    form = SearchForm(request.POST if request.method == "POST" else None)
    context: dict[str, Any] = {"form": form, "section": "search", "campaign": current_campaign()}
    if form.is_valid() and context["campaign"] is not None:
        seen = rounds.rounds_seen(campaign=context["campaign"], at=clock.now())
        context["is_open"] = seen.current is None
    if form.is_valid() and context["campaign"] is not None and not context["is_open"]:
        context["found"], context["is_more"] = rosters.children_found(
            visible=request.visible, campaign=context["campaign"], text=form.cleaned_data["text"]
        )
        context["is_answered"] = True
    return render(request, "officials/search.html", context)


@require_GET
def cases(request: OfficialRequest) -> HttpResponse:
    """What waits for a person; nothing is decided here yet."""
    campaign = current_campaign()
    waiting = rosters.cases(visible=request.visible, campaign=campaign) if campaign is not None else None
    total = waiting.count() if waiting is not None else 0
    pages = max(-(-total // rosters.PAGE), 1)
    page = min(page_in(request.GET, "page"), pages)
    shown = list(waiting[(page - 1) * rosters.PAGE : page * rosters.PAGE]) if waiting is not None else []
    part = {"page": page, "pages": pages, "total": total, "first": (page - 1) * rosters.PAGE + 1}
    shown_pager = pager(request.GET, "page", {**part, "last": part["first"] + len(shown) - 1})
    return render(
        request,
        "officials/cases.html",
        {"campaign": campaign, "section": "cases", "cases": shown, "total": total, "pager": shown_pager},
    )


@require_http_methods(["GET", "HEAD", "POST"])
def password(request: OfficialRequest) -> HttpResponse:
    """The one-time password from the operator is replaced before anything else."""
    form = OwnPasswordForm(request.user, request.POST if request.method == "POST" else None)
    if form.is_valid():
        form.save()
        update_session_auth_hash(request, request.user)
        request.session[PASSWORD_CHOSEN] = True
        return HttpResponseRedirect(reverse("mfa_activate_totp"))
    return render(request, "officials/password.html", {"form": form})


def intake_or_404(request: OfficialRequest, *, school: str, language: str) -> Intake:
    """The intake, if it is one of the reader's own. :raises Http404: also when it is somebody else's"""
    own = request.visible.intakes.select_related("school__district__region", "campaign")
    return get_object_or_404(own, campaign=campaign_or_404(), school_id=school, language=language)


def of_district(
    request: OfficialRequest, *, campaign: Campaign, district: District, at: datetime
) -> dict[str, Any]:
    """What every page of one district shows: its round, and how long its lists are."""
    seen = rounds.rounds_seen(campaign=campaign, at=at)
    found = rounds.district_rounds(
        visible=request.visible, campaign=campaign, districts=[district], seen=seen
    )
    return {
        "campaign": campaign,
        "at": at,
        "section": "start",
        "district": district,
        "seen": seen,
        "round": found[district.kato],
        "waiting": owed.Waiting()
        if seen.current is None
        else owed.waiting_counts(visible=request.visible, campaign=campaign, district=district.kato),
        "help_line": district.help_line,
    }


def district_or_404(request: OfficialRequest, *, kato: str) -> District:
    """The district, if it is one of the reader's own. :raises Http404: also when it is somebody else's"""
    return get_object_or_404(request.visible.districts.select_related("region"), kato=kato)


def campaign_or_404() -> Campaign:
    """The latest campaign. :raises Http404: there is none yet"""
    campaign = current_campaign()
    if campaign is None:
        raise Http404
    return campaign


def _list(request: OfficialRequest, intake: Intake, *, is_whole: bool) -> dict[str, Any]:
    visible, at = request.visible, clock.now()
    seen = rounds.rounds_seen(campaign=intake.campaign, at=at)
    district = intake.school.district
    confirmation = visible.confirmations.filter(round=seen.current, district=district).first()
    arrived = rounds.arrived(visible=visible, campaign=intake.campaign, district=district.kato)
    head = {
        "campaign": intake.campaign,
        "at": at,
        "section": "start",
        "intake": intake,
        "seen": seen,
        "confirmation": confirmation,
        "arrived": arrived.get(intake.pk, rounds.Arrived()),
        "known": rosters.knowledge(visible=visible, campaign=intake.campaign, at=at, district=district.kato),
        "help_line": district.help_line,
    }
    if seen.current is None:
        # Before the first closing nobody sees order or places: docs/reference/rule.md, section 6.
        return head
    by_name = request.GET.get("sort") == "name"
    lengths = rosters.lengths_of(visible=visible, intake=intake)
    pages = {
        name: None if is_whole else page_in(request.GET, name)
        for name in ("places", Lane.TERRITORY.value, Lane.OUTSIDE.value)
    }
    places = rosters.places(
        visible=visible, intake=intake, placed=lengths.placed, page=pages["places"], by_name=by_name
    )
    lines = []
    for lane, total in (
        (Lane.TERRITORY, lengths.waiting_territory),
        (Lane.OUTSIDE, lengths.waiting_outside),
    ):
        part = rosters.waiting(
            visible=visible, intake=intake, lane=lane, total=total, page=pages[lane.value], by_name=by_name
        )
        lines.append({"lane": lane, "part": part, "pager": pager(request.GET, lane.value, part)})
    return {
        **head,
        "lengths": lengths,
        "free": max(intake.capacity - lengths.placed, 0),
        "places": places,
        "places_pager": pager(request.GET, "places", places),
        "lines": lines,
        "by_name": by_name,
    }


def page_in(query: QueryDict, name: str) -> int:
    """The page asked for; whatever is no number is the first one."""
    text = query.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 1


def pager(query: QueryDict, name: str, part: Part | dict[str, int]) -> dict[str, str]:
    """What components/pager.html shows, the other parameters of the page kept."""
    shown = (
        part
        if isinstance(part, dict)
        else {key: getattr(part, key) for key in ("page", "pages", "total", "first", "last")}
    )

    def address(page: int) -> str:
        if not 1 <= page <= shown["pages"]:
            return ""
        changed = query.copy()
        changed[name] = str(page)
        return f"?{changed.urlencode()}#{name}"

    position = gettext("%(first)s–%(last)s of %(total)s") % shown
    return {
        "previous_url": address(shown["page"] - 1),
        "next_url": address(shown["page"] + 1),
        "position": position,
    }
