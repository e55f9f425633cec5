"""One application: its receipt, and what a family may still want of it."""

from uuid import UUID, uuid4

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cscdesk.counter import selectors, services, sync
from cscdesk.counter.clocks import reading, turn
from cscdesk.counter.forms import (
    FindForm,
    LodgeForm,
    VoidForm,
    WithdrawForm,
    initial_of,
    is_iin_unlike_birth_date,
)
from cscdesk.counter.models import JournalEntry
from cscdesk.counter.offers import offer_of
from cscdesk.counter.slips import slip
from cscdesk.counter.views.desk import lodged
from cscdesk.counter.views.sessions import clerk_of
from enrollment.receipts import InvalidNumber, parse_number
from schools.rules import Refusal


@require_safe
def receipt(request: HttpRequest, application: UUID) -> HttpResponse:
    """The receipt in the family's language; read from the journal, so it is on the disk."""
    row = _row(application)
    identity, catalogue = selectors.own_identity(), selectors.catalogue()
    asked = selectors.request_of(row)
    if catalogue is None or asked is None:
        raise Http404
    is_line_up = selectors.delivery_state().is_line_up
    with translation.override(asked.language):
        made = slip(row=row, identity=identity, catalogue=catalogue, is_line_up=is_line_up)
    context = {"row": row, "slip": made, "is_iin_unlike": is_iin_unlike_birth_date(asked)}
    return render(request, "counter/receipt.html", context)


@require_safe
def find(request: HttpRequest) -> HttpResponse:
    """By the number of the receipt; one of another door can only be withdrawn here."""
    form = FindForm(request.GET if "number" in request.GET else None)
    elsewhere = ""
    if form.is_bound and form.is_valid():
        row = selectors.application_by_number(number=form.cleaned_data["number"])
        if row is not None:
            return redirect("counter:application", row.application)
        elsewhere = form.cleaned_data["number"]
    return render(request, "counter/find.html", {"form": form, "elsewhere": elsewhere})


@require_safe
def application(request: HttpRequest, application: UUID) -> HttpResponse:
    """What was asked for, what became of it, and what can be done."""
    row, catalogue = _row(application), selectors.catalogue()
    asked = selectors.request_of(row)
    if catalogue is None or asked is None:
        raise Http404
    later = list(selectors.entries_about(application=application))
    offer = offer_of(catalogue=catalogue, choice=asked.choices[0]) if asked.choices else None
    context = {
        "row": row,
        "asked": asked,
        "offer": offer,
        "later": later,
        "stored_seq": selectors.delivery_state().stored_seq,
    }
    return render(request, "counter/application.html", context)


@require_http_methods(["GET", "POST"])
def correct(request: HttpRequest, application: UUID) -> HttpResponse:
    """The same form, filled; sending it makes an application of its own."""
    row, catalogue = _row(application), selectors.catalogue()
    asked = selectors.request_of(row)
    if catalogue is None or asked is None:
        raise Http404
    if request.method == "POST":
        form = LodgeForm(request.POST, catalogue=catalogue, replaces=application)
        if "find" in request.POST:
            form.errors.clear()
            return render(request, "counter/correct.html", {"form": form, "row": row, "is_search": True})
        return lodged(request, form, template="counter/correct.html", row=row)
    initial = {**initial_of(asked), "application": uuid4()}
    form = LodgeForm(catalogue=catalogue, initial=initial, replaces=application)
    return render(request, "counter/correct.html", {"form": form, "row": row})


@require_http_methods(["GET", "POST"])
def withdraw(request: HttpRequest, number: str) -> HttpResponse:
    """A family takes its application back, made here or anywhere."""
    number = _number(number)
    row = selectors.application_by_number(number=number)
    asked = selectors.request_of(row) if row else None
    form = WithdrawForm(request.POST or None, made=asked, initial={"entry_id": uuid4()})
    if request.method == "POST" and form.is_valid():
        try:
            with turn() as at:
                services.withdraw(
                    entry_id=form.cleaned_data["entry_id"],
                    number=number,
                    person=form.cleaned_data["person"],
                    code=form.cleaned_data["code"],
                    clerk=clerk_of(request).code,
                    at=at,
                )
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            sync.ring()
            messages.success(
                request, _("The withdrawal is registered. Number: %(number)s.") % {"number": number}
            )
            return redirect("counter:desk")
    status = 422 if form.errors else 200
    return render(
        request, "counter/withdraw.html", {"form": form, "row": row, "number": number}, status=status
    )


@require_POST
def send_code(request: HttpRequest, number: str) -> HttpResponse:
    """Ask the centre to send the family its code; without a line the page says so."""
    number = _number(number)
    try:
        sync.request_family_code(number=number, at=reading())
    except Refusal as refusal:
        messages.warning(
            request,
            f"{refusal} " + _("The withdrawal can be registered without a code; it then waits 48 hours."),
        )
    else:
        messages.success(request, _("If the application has a telephone, the code is on its way."))
    return redirect("counter:withdraw", number)


@require_http_methods(["GET", "POST"])
def void(request: HttpRequest, application: UUID) -> HttpResponse:
    """The counter's own mistake; the application stays in the journal."""
    row = _row(application)
    form = VoidForm(request.POST or None, initial={"entry_id": uuid4()})
    if request.method == "POST" and form.is_valid():
        try:
            with turn() as at:
                services.void(
                    entry_id=form.cleaned_data["entry_id"],
                    application=application,
                    reason=form.cleaned_data["reason"],
                    code=form.cleaned_data["code"],
                    clerk=clerk_of(request).code,
                    at=at,
                )
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            sync.ring()
            messages.success(request, _("Cancelled. Number: %(number)s.") % {"number": row.number})
            return redirect("counter:application", application)
    status = 422 if form.errors else 200
    return render(request, "counter/void.html", {"form": form, "row": row}, status=status)


def _row(application: UUID) -> JournalEntry:
    row = selectors.application(application=application)
    if row is None:
        raise Http404
    return row


def _number(text: str) -> str:
    try:
        return parse_number(text)
    except InvalidNumber as refusal:
        raise Http404 from refusal
