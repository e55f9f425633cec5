"""Officials' pages: what applications state, compared with a registry or a document, line by line or a page at once."""

from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID, uuid4

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from enrollment.models import Check
from enrollment.selectors import checklist
from enrollment.services import checking
from enrollment.services.checking.scopes import own_applications
from schools import clock
from schools.models import Campaign
from schools.officials_only import OfficialRequest
from schools.rules import Refusal
from schools.selectors.offers import current_campaign, districts

TABS: Final = ("places", "arrivals")


class CheckForm(forms.Form):
    """What a look at one or several applications found."""

    press = forms.UUIDField(widget=forms.HiddenInput)
    basis = forms.CharField(
        label=_("What you looked at"),
        help_text=_("The registry, or the document with its number. It is kept with your name."),
        max_length=300,
        widget=forms.TextInput(attrs={"autocomplete": "off", "class": "medium"}),
    )


class FoundAddressForm(CheckForm):
    """A look at an address that found another one."""

    district = forms.ChoiceField(label=_("District of the registered address"))
    street = forms.CharField(label=_("Street"), max_length=120)
    house = forms.CharField(label=_("House"), max_length=20)
    flat = forms.CharField(label=_("Flat"), max_length=20, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["district"]
        if isinstance(field, forms.ChoiceField):
            field.choices = [("", "—"), *((one.kato, str(one)) for one in districts())]


@require_http_methods(["GET", "HEAD", "POST"])
def checks(request: OfficialRequest) -> HttpResponse:
    """What waits to be looked at; a press leads to the page that asks once more."""
    campaign = current_campaign()
    if request.method == "POST":
        return _ask_once_more(request, _campaign_or_404(campaign))
    tab = request.GET.get("what", "")
    tab = tab if tab in TABS else TABS[0]
    context: dict[str, Any] = {"campaign": campaign, "section": "checks", "tab": tab}
    if campaign is not None:
        context |= _listed(request, campaign, tab)
        context["recent"] = checklist.own_checks(account_id=request.user.pk, campaign=campaign)
    return render(request, "officials/applications/checks.html", context)


@require_POST
def record(request: OfficialRequest) -> HttpResponse:
    """Record what was found, once, however often it is pressed."""
    campaign = _campaign_or_404(current_campaign())
    looked_at, agrees = _looks(request.POST.getlist("look")), request.POST.get("result") == "agrees"
    form = _form_for(looked_at, agrees=agrees, data=request.POST)
    if not form.is_valid():
        return _once_more(request, campaign, looked_at, agrees=agrees, form=form)
    cleaned = form.cleaned_data
    found: dict[str, str] = {
        name: cleaned[name] for name in ("district", "street", "house", "flat") if name in cleaned
    }
    try:
        recorded = checking.record_checks(
            press_id=cleaned["press"],
            looked_at=looked_at,
            agrees=agrees,
            basis=cleaned["basis"],
            found=found or None,
            official=request.user,
            at=clock.now(),
        )
    except checking.NoSuchApplication:
        raise Http404 from None
    except Refusal as refusal:
        form.add_error(None, str(refusal))
        return _once_more(request, campaign, looked_at, agrees=agrees, form=form)
    said = ngettext("%(count)s check is recorded.", "%(count)s checks are recorded.", len(recorded))
    messages.success(request, said % {"count": len(recorded)})
    return HttpResponseRedirect(_back_to(request.POST.get("back", "")))


def _listed(request: OfficialRequest, campaign: Campaign, tab: str) -> dict[str, Any]:
    """One page of a tab, and how long the other one is."""
    places = checklist.places_to_check(visible=request.visible, campaign=campaign)
    arrivals = checklist.arrivals_to_check(visible=request.visible, campaign=campaign)
    totals = {"places": places.count(), "arrivals": arrivals.count()}
    pages = max(-(-totals[tab] // checklist.PAGE), 1)
    text = request.GET.get("page", "")
    page = min(max(int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 1, 1), pages)
    cut = slice((page - 1) * checklist.PAGE, page * checklist.PAGE)
    lines = (
        checklist.lines_of_places(places[cut])
        if tab == "places"
        else checklist.lines_of_arrivals(arrivals[cut], campaign=campaign)
    )

    def address(number: int) -> str:
        return f"?{urlencode({'what': tab, 'page': number})}" if 1 <= number <= pages else ""

    shown = {"first": cut.start + 1, "last": cut.start + len(lines), "total": totals[tab]}
    return {
        "lines": lines,
        "totals": totals,
        "page": page,
        "pager": {
            "previous_url": address(page - 1),
            "next_url": address(page + 1),
            "position": gettext("%(first)s–%(last)s of %(total)s") % shown,
        },
        "back": f"{tab}.{page}",
    }


def _ask_once_more(request: OfficialRequest, campaign: Campaign) -> HttpResponse:
    """What a button of the list named: one thing, or everything shown on its page."""
    pressed = request.POST.get("press", "")
    one, _dot, result = pressed.rpartition(":")
    agrees = result == "agrees"
    named = request.POST.getlist("look") if one == "all" else [one]
    looked_at = _looks(named)
    if not looked_at or result not in ("agrees", "differs") or (one == "all" and not agrees):
        raise Http404
    form = _form_for(looked_at, agrees=agrees, initial={"press": uuid4()})
    return _once_more(request, campaign, looked_at, agrees=agrees, form=form)


def _once_more(
    request: OfficialRequest,
    campaign: Campaign,
    looked_at: list[tuple[UUID, str]],
    *,
    agrees: bool,
    form: forms.Form,
) -> HttpResponse:
    own = own_applications(visible=request.visible, ids={id_ for id_, _subject in looked_at})
    lines = checklist.lines_of(own)
    if len(lines) != len({id_ for id_, _subject in looked_at}) or not lines:
        raise Http404
    back = request.POST.get("back", "")
    return render(
        request,
        "officials/applications/check.html",
        {
            "campaign": campaign,
            "section": "checks",
            "form": form,
            "agrees": agrees,
            "looks": [
                {"line": lines[id_], "subject": subject, "name": Check.Subject(subject).label}
                for id_, subject in looked_at
            ],
            "back": back,
            "back_url": _back_to(back),
        },
    )


def _form_for(looked_at: list[tuple[UUID, str]], *, agrees: bool, **given: Any) -> forms.Form:
    finds_address = not agrees and {subject for _id, subject in looked_at} == {Check.Subject.ADDRESS}
    return (FoundAddressForm if finds_address else CheckForm)(**given)


def _looks(texts: list[str]) -> list[tuple[UUID, str]]:
    """
    What is looked at, each once: `APPLICATION:SUBJECT`.

    :raises Http404: something else, or more than one page can show
    """
    looked_at: dict[tuple[UUID, str], None] = {}
    for text in texts:
        id_, _colon, subject = text.partition(":")
        if subject not in Check.Subject.values:
            raise Http404
        try:
            looked_at[UUID(id_), subject] = None
        except ValueError:
            raise Http404 from None
    if len(looked_at) > 2 * checklist.PAGE:
        raise Http404
    return list(looked_at)


def _back_to(text: str) -> str:
    """The page of the list that was left; whatever is no such page is the first one."""
    tab, _dot, page = text.partition(".")
    query = {"what": tab} if tab in TABS else {}
    if query and page.isascii() and page.isdigit() and len(page) < 7:
        query["page"] = page
    address = reverse("officials_applications:checks")
    return f"{address}?{urlencode(query)}" if query else address


def _campaign_or_404(campaign: Campaign | None) -> Campaign:
    if campaign is None:
        raise Http404
    return campaign
