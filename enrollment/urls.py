"""Addresses of the parents' pages, below the language."""

from django.urls import path, register_converter

from enrollment.views import applications, drafts, public, start, twins

app_name = "enrollment"


class NumberConverter:
    """A receipt's number as it is printed."""

    regex = r"[0-9]{2}-[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(NumberConverter, "number")

urlpatterns = [
    path("", start.start, name="start"),
    path("status/", start.status, name="status"),
    path("draw/", public.draw, name="draw"),
    path("draw/days.json", public.draw_days, name="draw_days"),
    path("draw/verify_draw.py", public.verify_draw, name="verify_draw"),
    path("rules/", public.rules, name="rules"),
    path("draft/", drafts.begin, name="begin"),
    path("draft/<uuid:draft_id>/school/", drafts.school, name="school"),
    path("draft/<uuid:draft_id>/check/", drafts.check, name="check"),
    path("draft/<uuid:draft_id>/send/", drafts.send, name="send"),
    path("draft/<uuid:draft_id>/<slug:name>/", drafts.step, name="step"),
    path("applications/", applications.applications, name="applications"),
    path("twins/", twins.twins, name="twins"),
    path("applications/<number:number>/", applications.state, name="state"),
    path("applications/<number:number>/why/", applications.why, name="why"),
    path("applications/<number:number>/receipt/", applications.receipt, name="receipt"),
    path("applications/<number:number>/print/", applications.print_receipt, name="print"),
    path("applications/<number:number>/withdraw/", applications.withdraw, name="withdraw"),
]
