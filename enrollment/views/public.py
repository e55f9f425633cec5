"""What everybody may check without signing in: the draw, and the rule with an example that is computed here."""

from datetime import date
from pathlib import Path

from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import require_safe

from enrollment import draw_pages, rules_page
from enrollment.draw_pages import DrawShown
from enrollment.forms import DrawForm
from schools import clock
from schools.selectors import offers


@never_cache
def draw(request: HttpRequest) -> HttpResponse:
    """The draw in steps; a posted token and day, so that neither stays in an address, make the number."""
    shown = _shown()
    dates = sorted(shown.dates, reverse=True) if shown else []
    form = DrawForm(request.POST if request.method == "POST" else None, dates=dates)
    if shown is not None and form.is_valid():
        day = shown.day(form.cleaned_data["date"])
        if day is not None:
            computed = draw_pages.Computed(day=day, token=form.cleaned_data["token"])
            return render(request, "enrollment/draw_number.html", {"computed": computed, "shown": shown})
    context = {"shown": shown, "form": form, "day": _asked_day(request, shown)}
    return render(request, "enrollment/draw.html", context, status=422 if form.errors else 200)


@require_safe
@cache_control(public=True, max_age=30)
def draw_days(_request: HttpRequest) -> HttpResponse:
    """Commitment and all days, as `verify_draw.py` reads them."""
    shown = _shown()
    if shown is None:
        raise Http404
    response = JsonResponse(draw_pages.as_file(shown), json_dumps_params={"indent": 1, "ensure_ascii": False})
    response["Content-Disposition"] = 'attachment; filename="days.json"'
    return response


@require_safe
@cache_control(public=True, max_age=3600)
def verify_draw(_request: HttpRequest) -> FileResponse:
    """The very program of `docs/verify_draw.py`."""
    file = (Path(settings.BASE_DIR) / "docs" / "verify_draw.py").open("rb")
    return FileResponse(file, as_attachment=True, filename="verify_draw.py", content_type="text/x-python")


@require_safe
def rules(request: HttpRequest) -> HttpResponse:
    """The rule in one page: words, a computed example, every number with its legal basis."""
    campaign = offers.current_campaign()
    context = {
        "campaign": campaign,
        "example": rules_page.example(policy=rules_page.policy_of(campaign)),
        "keys": rules_page.policy_keys(campaign) if campaign else [],
    }
    return render(request, "enrollment/rules.html", context)


def _shown() -> DrawShown | None:
    campaign = offers.current_campaign()
    return draw_pages.draw_shown(campaign=campaign, at=clock.now()) if campaign else None


def _asked_day(request: HttpRequest, shown: DrawShown | None) -> draw_pages.Drawn | None:
    """The day whose steps are shown: the one asked for, or the last one drawn."""
    if shown is None or not shown.drawn:
        return None
    try:
        day = shown.day(date.fromisoformat(request.GET.get("day", "")))
    except ValueError:
        day = None
    return day or shown.drawn[-1]
