"""Officials' pages: one case, what to do about it, and the decision, asked once more before it is recorded."""

from typing import Any, Final
from uuid import UUID, uuid4

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from enrollment.selectors import matters
from enrollment.services import checking
from enrollment.services.checking.cases import BY_HAND
from schools import clock
from schools.models import Case
from schools.officials_only import OfficialRequest
from schools.rules import Refusal, parse_iin

Kind = Case.Kind
_DECIDED_AGAIN: Final = frozenset({Kind.CONTESTED, Kind.NEAR_DUPLICATE})
"""Kinds in which a later decision corrects an earlier one."""
_REASON: Final = {
    Kind.CONTESTED: _("Document of the decision"),
    Kind.NEAR_DUPLICATE: _("What you compared"),
    Kind.VOID: _("Why"),
}


class DecisionForm(forms.Form):
    """What is decided, why, and whether the page has asked once more."""

    press = forms.UUIDField(widget=forms.HiddenInput)
    answer = forms.ChoiceField(label=_("Decision"), widget=forms.RadioSelect)
    reason = forms.CharField(
        label=_("Why"),
        help_text=_("In words: it is kept with your name."),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, case: Case, answers: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        answer = self.fields["answer"]
        if answers and isinstance(answer, forms.ChoiceField):
            answer.choices = answers
        else:
            del self.fields["answer"]
        self.fields["reason"].label = _REASON.get(Kind(case.kind), _("Settled by"))


@require_http_methods(["GET", "HEAD", "POST"])
def case(request: OfficialRequest, pk: int) -> HttpResponse:
    """One case of the reader's districts, with the decision where one can be made here."""
    found = get_object_or_404(request.visible.cases.select_related("campaign", "district"), pk=pk)
    context = _context(found)
    form = _form(found, context)
    if request.method == "POST":
        if form is None:
            raise Http404
        form = _form(found, context, data=request.POST)
        if form is not None and form.is_valid():
            if request.POST.get("step") != "record":
                return render(request, "officials/applications/case_check.html", _asked_again(context, form))
            try:
                _decide(request, found, form.cleaned_data, context)
            except Refusal as refusal:
                form.add_error("reason" if isinstance(refusal, checking.NoReason) else None, str(refusal))
            else:
                messages.success(request, gettext("The decision is recorded."))
                return HttpResponseRedirect(reverse("officials_applications:case", args=[found.pk]))
    return render(request, "officials/applications/case.html", {**context, "form": form})


def _context(found: Case) -> dict[str, Any]:
    context: dict[str, Any] = {
        "section": "cases",
        "campaign": found.campaign,
        "case": found,
        "what_to_do": matters.WHAT_TO_DO.get(found.kind, ""),
        "resolution": matters.resolution_of(found) if found.closed_at else "",
    }
    if found.kind == Kind.CONTESTED:
        context["wishes"] = matters.wishes(found)
        context["decisions"] = matters.decisions_of(context["wishes"])
    elif found.kind == Kind.NEAR_DUPLICATE:
        context["pair"] = matters.pair(found)
    elif found.kind == Kind.VOID:
        context["void"] = matters.void_of(found)
    return context


def _form(found: Case, context: dict[str, Any], **given: Any) -> DecisionForm | None:
    """The decision that can be made here; None where nothing is to be decided on this page."""
    if found.closed_at is not None and found.kind not in _DECIDED_AGAIN and not _is_void_refused(found):
        return None
    answers = _answers(found, context)
    if not answers and found.kind not in BY_HAND:
        return None
    initial = {} if "data" in given else {"initial": {"press": uuid4()}}
    return DecisionForm(case=found, answers=answers, **given, **initial)


def _answers(found: Case, context: dict[str, Any]) -> list[tuple[str, str]]:
    if found.kind == Kind.CONTESTED:
        return [
            (str(wish.application_id), gettext("Application %(number)s counts") % {"number": wish.number})
            for wish in context["wishes"]
        ]
    if found.kind == Kind.NEAR_DUPLICATE and len(context["pair"]) == 2:
        keys = [child.key for child in context["pair"]]
        by_iin = [key for key in keys if _is_iin(key)]
        # Where one of the two is an IIN, that one stays; otherwise the official reads it off the document.
        right = by_iin if len(by_iin) == 1 else keys
        one = [
            (f"one {key}", gettext("One child; its right number: %(key)s") % {"key": key}) for key in right
        ]
        return [*one, ("two", gettext("Two children"))]
    if found.kind == Kind.VOID and context["void"]:
        stands = ("stands", gettext("The void stands: the application ends, for good"))
        falls = ("falls", gettext("The void does not stand: the application goes on counting"))
        return [stands] if _is_void_refused(found) else [stands, falls]
    return []


def _is_void_refused(found: Case) -> bool:
    """It may still be said that it stands; what stands is never taken back."""
    return found.kind == Kind.VOID and found.resolution.startswith("void_falls")


def _asked_again(context: dict[str, Any], form: DecisionForm) -> dict[str, Any]:
    chosen = form.cleaned_data.get("answer", "")
    labels = dict(_answers(context["case"], context))
    return {
        **context,
        "form": form,
        "chosen": chosen,
        "chosen_label": labels.get(chosen, ""),
        "reason_label": form.fields["reason"].label,
    }


def _decide(request: OfficialRequest, found: Case, decided: dict[str, Any], context: dict[str, Any]) -> None:
    by = {"reason": decided["reason"], "official": request.user, "at": clock.now()}
    answer = decided.get("answer", "")
    if found.kind == Kind.CONTESTED:
        checking.settle_contest(decision_id=decided["press"], application_id=UUID(answer), case=found, **by)
    elif found.kind == Kind.NEAR_DUPLICATE:
        keys = [child.key for child in context["pair"]]
        is_same = answer != "two"
        stays = answer.removeprefix("one ") if is_same else keys[1]
        gone = next(key for key in keys if key != stays)
        checking.link_children(
            link_id=decided["press"], child_key=gone, other_key=stays, is_same=is_same, case=found, **by
        )
    elif found.kind == Kind.VOID:
        checking.decide_void(case=found, stands=answer == "stands", **by)
    else:
        checking.close_case(case=found, resolution=decided["reason"], official=request.user, at=by["at"])


def _is_iin(key: str) -> bool:
    try:
        return parse_iin(key) == key
    except Refusal:
        return False
