"""From the first answer to the receipt: child, applicant, address, school, check, send."""

from typing import Any, Final
from uuid import UUID

from django.core.signing import BadSignature, Signer
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from enrollment import selectors, services
from enrollment.forms import AddressForm, ApplicantForm, ChildForm, PartOfDraft, grouped
from enrollment.models import Draft
from enrollment.passes import ParentRequest, parents_only
from enrollment.services import AlreadySent, NoSuchDraft, NotYours
from enrollment.views.start import phase_of
from enrollment.views.summary import summary_of
from schools import clock
from schools.models import Campaign
from schools.rules import Refusal, street_key
from schools.selectors import offers

STEPS: Final = {
    "child": _("Child"),
    "applicant": _("You"),
    "address": _("Address"),
    "school": _("School"),
    "check": _("Check"),
}
_NAMES: Final = list(STEPS)


@parents_only
@require_POST
def begin(request: ParentRequest, account_id: int) -> HttpResponse:
    """Start a draft under the id that the front page minted."""
    campaign = offers.current_campaign()
    try:
        draft_id = UUID(request.POST.get("draft", ""))
    except ValueError:
        raise Http404 from None
    if campaign is None:
        raise Http404
    try:
        services.begin_draft(
            draft_id=draft_id,
            account_id=account_id,
            campaign=campaign,
            language=get_language() or "kk",
            at=clock.now(),
        )
    except NoSuchDraft:
        raise Http404 from None
    except AlreadySent as refusal:
        return redirect("enrollment:receipt", refusal.facts["number"])
    except Refusal as refusal:
        return render(request, "enrollment/not_sent.html", {"refusal": refusal}, status=409)
    return redirect("enrollment:step", draft_id, "child")


@parents_only
def step(request: ParentRequest, account_id: int, draft_id: UUID, name: str) -> HttpResponse:
    """One page of answers; saved when it is well formed, then on to the next or back to the check."""
    if name not in ("child", "applicant", "address"):
        raise Http404
    draft, sent = _draft_or_receipt(draft_id, account_id)
    if draft is None:
        return sent
    form = _form_of(name, request, draft)
    if request.method == "POST" and form.is_valid():
        return _saved(request, draft, account_id, name, form.part())
    context = _frame(draft, name, is_change=_is_change(request)) | {"form": form}
    return render(request, f"enrollment/{name}.html", context, status=422 if form.errors else 200)


@parents_only
def school(request: ParentRequest, account_id: int, draft_id: UUID) -> HttpResponse:
    """The school of the address first, then the others; a full one may be chosen, and says so."""
    draft, sent = _draft_or_receipt(draft_id, account_id)
    if draft is None:
        return sent
    fault = ""
    if request.method == "POST":
        choice = request.POST.get("choice", "").replace("\x00", "")
        if choice and offers.offered_names(campaign=draft.campaign, names=[choice]):
            return _saved(request, draft, account_id, "school", {"choices": [choice]})
        fault = str(_("Choose a school and a language of instruction."))
    context = _frame(draft, "school", is_change=_is_change(request))
    context |= _schools_shown(request, draft) | {"fault": fault}
    return render(request, "enrollment/school.html", context, status=422 if fault else 200)


def _schools_shown(request: ParentRequest, draft: Draft) -> dict[str, Any]:
    address, campaign = draft.form["address"], draft.campaign
    serving = offers.territory_schools(
        campaign=campaign, district=address["district"], street=address["street"], house=address["house"]
    )
    districts = offers.districts()
    known = {district.kato: district for district in districts}
    typed = request.GET.get("district")
    district = address["district"] if typed is None else typed
    search = request.GET.get("q", "").replace("\x00", "").strip()[:100]
    page = request.GET.get("page", "1")
    # Five digits at most: Python refuses to read thousands of them.
    number = max(int(page), 1) if page.isascii() and page.isdigit() and len(page) < 6 else 1
    listed, has_more = offers.offers_in(
        campaign=campaign, district=district if district in known else "", search=search, page=number
    )
    own = offers.offers_of_schools(campaign=campaign, schools=serving) if serving else []
    chosen = draft.form["choices"][0] if draft.form["choices"] else ""
    shown = {offer.name for offer in (*own, *listed)}
    elsewhere = (
        list(offers.offers_named(year=campaign.year, names=[chosen]).values())
        if chosen and chosen not in shown
        else []
    )
    names = {offer.name for offer in own}
    return {
        "own": own,
        "others": [offer for offer in listed if offer.name not in names],
        "elsewhere": elsewhere,
        "chosen": chosen,
        "has_address": bool(street_key(address["street"]) and address["district"]),
        "address": address,
        "regions": grouped(districts),
        "district": district,
        "help_line": known[district].help_line if district in known else "",
        "search": search,
        "page": number,
        "previous_page": number - 1 if number > 1 else None,
        "next_page": number + 1 if has_more else None,
    }


@parents_only
def check(request: ParentRequest, account_id: int, draft_id: UUID) -> HttpResponse:
    """Everything on one page, judged whole; what is sent is what is shown here."""
    draft, sent = _draft_or_receipt(draft_id, account_id)
    if draft is None:
        return sent
    return _check_page(request, draft)


def _check_page(request: ParentRequest, draft: Draft, *, fault: str = "") -> HttpResponse:
    checked = services.check_draft(draft=draft, campaign=draft.campaign)
    named = offers.offers_named(year=draft.campaign_id, names=checked.request.choices)
    faults = [
        {"message": message, "url": _page_of(draft.id, path)} for path, message in checked.faults.items()
    ]
    if fault:
        faults.append({"message": fault, "url": "#consent"})
    offer = next(iter(named.values()), None)
    context = _frame(draft, "check") | {
        "checked": checked,
        "groups": summary_of(checked.request, named=named, draft_id=draft.id),
        "faults": faults,
        "consent_fault": fault,
        "content": checked.content_sha256.hex(),
        "year": sealed_year(draft),
        "offer": offer,
        "help_line": offer.school.district.help_line if offer else "",
        "phase": phase_of(draft.campaign, at=clock.now()),
    }
    return render(request, "enrollment/check.html", context, status=422 if fault else 200)


@parents_only
def send(request: ParentRequest, account_id: int, draft_id: UUID) -> HttpResponse:
    """Send what the check page showed; a second press finds the first one's receipt."""
    if request.method != "POST":
        return redirect("enrollment:check", draft_id)
    try:
        shown = bytes.fromhex(request.POST.get("content", ""))
        year = int(_year_signer(draft_id).unsign(request.POST.get("year", "")))
    except (ValueError, BadSignature):
        return redirect("enrollment:check", draft_id)
    if not request.POST.get("consent"):
        draft, sent = _draft_or_receipt(draft_id, account_id)
        consent = str(_("Tick that you agree: without it the application cannot be taken."))
        return sent if draft is None else _check_page(request, draft, fault=consent)
    try:
        application = services.lodge_draft(
            draft_id=draft_id, account_id=account_id, shown_sha256=shown, year=year, at=clock.now()
        )
    except NotYours:
        raise Http404 from None
    except Refusal as refusal:
        number = selectors.sent_number(account_id=account_id, draft_id=draft_id)
        context = {"refusal": refusal, "draft_id": draft_id, "number": number}
        return render(request, "enrollment/not_sent.html", context, status=409)
    return redirect("enrollment:receipt", application.number)


def sealed_year(draft: Draft) -> str:
    """The campaign, signed into the check page: sending then needs no look at the draft before the append."""
    return _year_signer(draft.id).sign(str(draft.campaign_id))


def _year_signer(draft_id: UUID) -> Signer:
    return Signer(salt=f"enrollment.send.{draft_id}")


def _draft_or_receipt(draft_id: UUID, account_id: int) -> tuple[Draft | None, HttpResponse]:
    """The draft, or the way to the receipt it became. :raises Http404: somebody else's, or none"""
    if number := selectors.sent_number(account_id=account_id, draft_id=draft_id):
        return None, redirect("enrollment:receipt", number)
    draft = selectors.own_draft(account_id=account_id, draft_id=draft_id)
    if draft is None:
        raise Http404
    return draft, HttpResponse()


def _form_of(name: str, request: ParentRequest, draft: Draft) -> PartOfDraft:
    data = request.POST if request.method == "POST" else None
    campaign: Campaign = draft.campaign
    if name == "address":
        return AddressForm(data, draft=draft, campaign=campaign, districts=offers.districts())
    return (ChildForm if name == "child" else ApplicantForm)(data, draft=draft, campaign=campaign)


def _saved(
    request: ParentRequest, draft: Draft, account_id: int, name: str, part: dict[str, Any]
) -> HttpResponse:
    try:
        services.save_part(draft_id=draft.id, account_id=account_id, part=part, at=clock.now())
    except AlreadySent as refusal:
        return redirect("enrollment:receipt", refusal.facts["number"])
    if _is_change(request):
        return redirect("enrollment:check", draft.id)
    return redirect(_url_of(draft.id, _NAMES[_NAMES.index(name) + 1]))


def _is_change(request: ParentRequest) -> bool:
    return request.GET.get("change") == "1"


def _url_of(draft_id: UUID, name: str) -> str:
    if name in ("school", "check"):
        return reverse(f"enrollment:{name}", args=[draft_id])
    return reverse("enrollment:step", args=[draft_id, name])


def _page_of(draft_id: UUID, path: str) -> str:
    """Where the field with this path is filled in."""
    first = path.partition(".")[0]
    name = {"child": "child", "address": "address", "choices": "school"}.get(first, "applicant")
    return f"{_url_of(draft_id, name)}?change=1"


def _frame(draft: Draft, name: str, *, is_change: bool = False) -> dict[str, Any]:
    position = _NAMES.index(name)
    back = "check" if is_change else _NAMES[position - 1] if position else ""
    return {
        "draft": draft,
        "campaign": draft.campaign,
        "steps": list(STEPS.values()),
        "current": position + 1,
        "step_name": name,
        "is_change": is_change,
        "back_url": _url_of(draft.id, back) if back else reverse("enrollment:start"),
    }
