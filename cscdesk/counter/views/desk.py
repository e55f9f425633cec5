"""The working page: a family's request on the left hand, what happened today below."""

import sqlite3
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cscdesk.counter import selectors, services, sync
from cscdesk.counter.clocks import turn
from cscdesk.counter.forms import LodgeForm
from cscdesk.counter.offers import in_words
from cscdesk.counter.views.faults import storage_sentence
from cscdesk.counter.views.sessions import clerk_of
from schools import clock
from schools.rules import Refusal


@require_http_methods(["GET", "POST"])
def desk(request: HttpRequest) -> HttpResponse:
    """An empty form for the next family; a filled one becomes an entry, then a receipt."""
    catalogue = selectors.catalogue()
    if catalogue is None:
        return render(request, "counter/not_enrolled.html", status=503)
    if request.method == "GET":
        return _page(request, LodgeForm(catalogue=catalogue, initial=_empty(request)))
    form = LodgeForm(request.POST, catalogue=catalogue)
    if "find" in request.POST:
        return _page(request, form, is_search=True)
    return lodged(request, form, template="counter/desk.html")


def lodged(request: HttpRequest, form: LodgeForm, *, template: str, **extra: Any) -> HttpResponse:
    """Append what the form says and go to the receipt; on any fault the form comes back as typed."""
    status = 422
    if form.is_valid():
        application: UUID = form.cleaned_data["application"]
        clerk = clerk_of(request).code
        make = services.correct if form.replaces else services.lodge
        try:
            with turn() as at:
                make(application=application, request=form.request, clerk=clerk, at=at)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
            status = 409
        except (DatabaseError, sqlite3.Error, OSError) as error:
            form.add_error(None, storage_sentence(error))
            status = 503
        else:
            sync.ring()
            return redirect("counter:receipt", application)
    return _page(request, form, template=template, status=status, **extra)


@require_safe
def today(request: HttpRequest) -> HttpResponse:
    """Everything families did here today, with what became of it."""
    context = {
        "entries": list(selectors.entries_of_day(day=clock.today())),
        "stored_seq": selectors.delivery_state().stored_seq,
    }
    return render(request, "counter/today.html", context)


@require_safe
def closing_code(request: HttpRequest) -> HttpResponse:
    """What the supervisor reads to the education department over the telephone."""
    with turn() as at:
        code = selectors.closing_code(at=at)
    schools = [(in_words(school.names), _spoken(school.bin, 3)) for school in code.schools] if code else []
    context = {"code": code, "digits": _spoken(code.digits, 2) if code else "", "schools": schools}
    return render(request, "counter/closing_code.html", context)


def _spoken(text: str, length: int) -> str:
    """In groups, as people read numbers aloud."""
    return " ".join(text[start : start + length] for start in range(0, len(text), length))


@require_POST
def open_desk(request: HttpRequest) -> HttpResponse:
    """The desk serves families from now on."""
    with turn() as at:
        services.open_desk(clerk=clerk_of(request).code, at=at)
    sync.ring()
    messages.success(request, _("The desk is open."))
    return redirect("counter:desk")


@require_POST
def close_desk(request: HttpRequest) -> HttpResponse:
    """Nothing more comes from this desk today."""
    with turn() as at:
        services.close_desk(clerk=clerk_of(request).code, at=at)
    sync.ring()
    messages.success(request, _("The desk is closed. What is not yet at the centre goes on being sent."))
    return redirect("counter:desk")


def _empty(request: HttpRequest) -> dict[str, object]:
    return {"application": uuid4(), "language": request.LANGUAGE_CODE}


def _page(
    request: HttpRequest,
    form: LodgeForm,
    *,
    template: str = "counter/desk.html",
    status: int = 200,
    is_search: bool = False,
    **extra: Any,
) -> HttpResponse:
    if is_search:
        # Looking for a school is no sending: nothing is wrong yet.
        form.errors.clear()
    context = {
        "form": form,
        "is_search": is_search,
        "entries": selectors.entries_of_day(day=clock.today())[:8],
        "stored_seq": selectors.delivery_state().stored_seq,
        **extra,
    }
    return render(request, template, context, status=status)
