"""For the department of a school that was asked for: why a child stands where it stands."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from enrollment.receipts import InvalidNumber
from enrollment.rules import decode_request, full_name
from enrollment.selectors import applications_numbered, explanations_of
from schools.officials_only import OfficialRequest


@require_safe
def explain(request: OfficialRequest, number: str) -> HttpResponse:
    """
    Every application with this number that names a school of the official's districts.

    :raises Http404: there is none; a number of another district is as unknown as one that nobody has
    """
    try:
        found = applications_numbered(number=number)
    except InvalidNumber:
        raise Http404 from None
    names = {choice.partition("/")[0] for application in found for choice in application.choices}
    own = set(request.visible.schools.filter(bin__in=names).values_list("bin", flat=True))
    shown = [a for a in found if own & {choice.partition("/")[0] for choice in a.choices}]
    if not shown:
        raise Http404
    explained = explanations_of(applications=shown, for_officials=True)
    rows = [
        {
            "application": application,
            "child": full_name(decode_request(application.form).child),
            "explanation": explained[application.id],
        }
        for application in shown
    ]
    context = {"number": shown[0].number, "rows": rows, "section": "search"}
    return render(request, "officials/explain.html", context)
