"""A parent's wish that the draw does not part twins. Only the sender's own applications are shown."""

import uuid
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from enrollment.passes import ParentRequest, parents_only
from enrollment.rules import decode_request, full_name
from enrollment.services import checking
from schools import clock
from schools.rules import Refusal


@parents_only
@require_http_methods(["GET", "HEAD", "POST"])
def twins(request: ParentRequest, account_id: int) -> HttpResponse:
    """Say what the wish means and take it; the page mints the id, so twice is once."""
    refusal = None
    if request.method == "POST":
        try:
            checking.wish_twins(
                wish_id=UUID(request.POST.get("wish", "")),
                applications=[UUID(text) for text in request.POST.getlist("application")],
                account_id=account_id,
                at=clock.now(),
            )
        except ValueError:
            raise Http404 from None
        except Refusal as said:
            refusal = said
        else:
            messages.success(request, _("Your wish is recorded."))
            return redirect("enrollment:twins")
    groups = [
        {
            "children": [
                {
                    "id": application.id,
                    "number": application.number,
                    "name": full_name(decode_request(application.form).child),
                }
                for application in found.applications
            ],
            "is_wished": found.is_wished,
            "may_wish": found.may_wish,
            "fresh_id": uuid.uuid4(),
        }
        for found in checking.twins_of(account_id=account_id, at=clock.now())
    ]
    return render(
        request,
        "enrollment/twins.html",
        {"groups": groups, "refusal": refusal, "section": "applications"},
        status=409 if refusal else 200,
    )
