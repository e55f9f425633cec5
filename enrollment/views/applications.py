"""After sending: receipt, state, withdrawal. Only the sender's own; anybody else's is not there."""

import uuid
from uuid import UUID

import segno
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from enrollment import keys, receipts, selectors, services
from enrollment.claims import Ending
from enrollment.models import Application
from enrollment.passes import ParentRequest, parents_only
from enrollment.rules import Request, decode_request, full_name
from enrollment.selectors.draws import draw_of
from enrollment.services import checking
from schools import clock
from schools.rules import Refusal
from schools.selectors import offers


@parents_only
@require_safe
def applications(request: ParentRequest, account_id: int) -> HttpResponse:
    """Everything this account has sent, with its state."""
    own = selectors.own_applications(account_id=account_id)
    states = selectors.states_of(own)
    named = _offers_of(own)
    rows = [
        {
            "application": application,
            "child": full_name(_asked(application).child),
            "state": states[application.id],
            "offer": named.get(_choice_shown(application, states[application.id])),
        }
        for application in own
    ]
    twins = checking.twins_of(account_id=account_id, at=clock.now())
    return render(request, "enrollment/applications.html", {"rows": rows, "twins": twins})


@parents_only
@require_safe
def state(request: ParentRequest, account_id: int, number: str) -> HttpResponse:
    """Where one application stands now."""
    application = _own_or_404(account_id, number)
    found = selectors.states_of([application])[application.id]
    offer = _offers_of([application]).get(_choice_shown(application, found))
    needs_help = found.code in ("reserve", "must_act", "harmed", "contested")
    nearby = (
        offers.nearby_with_places(intake=offer.intake)
        if offer is not None and needs_help and found.ending is not Ending.CONTESTED
        else []
    )
    return render(
        request,
        "enrollment/state.html",
        {
            "application": application,
            "asked": _asked(application),
            "child": full_name(_asked(application).child),
            "state": found,
            "offer": offer,
            "nearby": nearby,
            "needs_help": needs_help,
            "help_line": offer.school.district.help_line if offer else "",
        },
    )


@parents_only
@require_safe
def why(request: ParentRequest, account_id: int, number: str) -> HttpResponse:
    """Why it stands where it stands, step by step; nothing of anybody else."""
    application = _own_or_404(account_id, number)
    explained = selectors.explanations_of(applications=[application], for_officials=False)
    offer = _offers_of([application]).get(application.choices[0])
    context = {
        "application": application,
        "child": full_name(_asked(application).child),
        "explanation": explained[application.id],
        "drawn": draw_of(application=application, account_id=account_id),
        "help_line": offer.school.district.help_line if offer else "",
    }
    return render(request, "enrollment/why.html", context)


@parents_only
@require_safe
def receipt(request: ParentRequest, account_id: int, number: str) -> HttpResponse:
    """What the family takes away: number, time, signed QR."""
    return _receipt_page(request, account_id, number, "enrollment/receipt.html")


@parents_only
@require_safe
def print_receipt(request: ParentRequest, account_id: int, number: str) -> HttpResponse:
    """The receipt alone, for paper."""
    return _receipt_page(request, account_id, number, "enrollment/print.html")


def _receipt_page(request: ParentRequest, account_id: int, number: str, template: str) -> HttpResponse:
    application = _own_or_404(account_id, number)
    offer = _offers_of([application]).get(application.choices[0])
    context = {
        "application": application,
        "child": full_name(_asked(application).child),
        "offer": offer,
        "school": f"{offer.school}, {offer.intake.get_language_display()}" if offer else "",
        "answer_by": selectors.answer_by(lodged_at=application.lodged_at, campaign=application.campaign),
        "qr": _qr(application),
        "help_line": offer.school.district.help_line if offer else "",
    }
    return render(request, template, context)


def _qr(application: Application) -> SafeString:
    """The signed text as inline SVG; no style attribute, so that the strict policy lets it through."""
    text = receipts.qr_text(
        number=application.number,
        application_id=application.id,
        lodged_at=application.lodged_at,
        child_key=application.child_key,
        n=bytes(application.salt),
        private_key=keys.centre_key(),
        key_id=keys.centre_key_id(),
    )
    code = segno.make(text, error="m", micro=False)
    svg = code.svg_inline(title=_("Signed code of the receipt"), svgclass=None, lineclass=None, omitsize=True)
    svg = svg.replace("<svg ", '<svg role="img" aria-labelledby="qr-title" ', 1)
    svg = svg.replace("<title>", '<title id="qr-title">', 1)
    # segno's own drawing of our own text; it has escaped the title.
    return mark_safe(svg)  # noqa: S308


@parents_only
def withdraw(request: ParentRequest, account_id: int, number: str) -> HttpResponse:
    """Ask once, say what follows, then end it; the page mints the id, so twice is once."""
    application = _own_or_404(account_id, number)
    if request.method == "POST":
        try:
            services.withdraw(
                retraction_id=UUID(request.POST.get("retraction", "")),
                application_id=application.id,
                account_id=account_id,
                at=clock.now(),
            )
        except (Refusal, ValueError):
            raise Http404 from None
        messages.success(request, _("The application is withdrawn."))
        return redirect("enrollment:state", number)
    found = selectors.states_of([application])[application.id]
    if found.code in ("withdrawn", "void"):
        return redirect("enrollment:state", number)
    return render(
        request,
        "enrollment/withdraw.html",
        {
            "application": application,
            "child": full_name(_asked(application).child),
            "state": found,
            "fresh_id": uuid.uuid4(),
        },
    )


def _own_or_404(account_id: int, number: str) -> Application:
    application = selectors.own_application(account_id=account_id, number=number)
    if application is None:
        raise Http404
    return application


def _choice_shown(application: Application, state: selectors.State) -> str:
    """The school a state is about: that of the child's place or line, else the one asked for first."""
    entry = state.entry if state.is_alive else None
    return entry.intake.name if entry is not None else application.choices[0]


def _asked(application: Application) -> Request:
    return decode_request(application.form)


def _offers_of(own: list[Application]) -> dict[str, offers.Offer]:
    # Choices are names that the campaign's year completes; one campaign a page is the rule.
    years = {application.campaign_id for application in own}
    found: dict[str, offers.Offer] = {}
    for year in sorted(years):
        names = {choice for a in own if a.campaign_id == year for choice in a.choices}
        found |= offers.offers_named(year=year, names=names)
    return found
