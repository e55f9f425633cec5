"""What-if for education departments: ask, wait, read; the schools of the own districts and nobody else's."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from django import forms
from django.http import Http404, HttpResponse, HttpResponseRedirect, QueryDict, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import get_language, gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from enrollment.models import Outage, Scenario, ScenarioPart
from enrollment.services.outages import NoSuchOutage
from enrollment.services.scenarios import ask_scenario
from enrollment.what_if import NoListYet
from schools import clock
from schools.models import Campaign, Intake
from schools.officials_only import OfficialRequest
from schools.rules import InvalidPolicy, Policy, Refusal
from schools.rules.policy import NEEDS_AN_ORDER
from schools.selectors.offers import current_campaign
from schools.views.downloads import unformula

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

SCHOOLS_SHOWN: Final = 100
NUMBERS_SHOWN: Final = 50
EARLIER_SHOWN: Final = 20
COUNTED: Final = ("gained", "lost", "gained_from_nothing", "lost_from_nothing")
_STEPS: Final = (1, 60, 300, 600, 900, 1800, 3600)
_YES_NO: Final = (("yes", _("Yes")), ("no", _("No")))
LABELS: Final[Mapping[str, "StrOrPromise"]] = {
    "slot_pattern": _("Order of places"),
    "opening_interval": _("The whole first day counts as one time"),
    "territory_hold_until": _("Places are kept for the territory until"),
    "grain": _("Applications within this time count as handed in together"),
    "choices_max": _("Schools of one application that count, at most"),
    "twins_share_token": _("Twins draw one number"),
}


class OutageForm(forms.Form):
    """Which outage is to be left out."""

    outage = forms.ChoiceField(label=_("Outage"))

    def __init__(self, data: QueryDict | None, *, outages: list[Outage]) -> None:
        super().__init__(data)
        field = self.fields["outage"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(str(outage.id), outage_words(outage)) for outage in outages]


class RulesForm(forms.Form):
    """The rules that decide about places, as they are; whoever asks changes some."""

    slot_pattern = forms.CharField(
        label=LABELS["slot_pattern"],
        help_text=_("T: a child from the territory, O: from outside; repeated to the last place."),
        max_length=40,
        widget=forms.TextInput(attrs={"class": "medium", "autocomplete": "off"}),
    )
    opening_interval = forms.ChoiceField(label=LABELS["opening_interval"], choices=_YES_NO)
    territory_hold_until = forms.DateField(
        label=LABELS["territory_hold_until"],
        help_text=_("Empty: a free place goes to a child from outside at once."),
        required=False,
        widget=forms.DateInput(attrs={"type": "date", "class": "medium"}, format="%Y-%m-%d"),
    )
    grain = forms.TypedChoiceField(label=LABELS["grain"], coerce=int)
    choices_max = forms.TypedChoiceField(
        label=LABELS["choices_max"], coerce=int, choices=[(n, str(n)) for n in (1, 2, 3)]
    )

    def __init__(self, data: QueryDict | None, *, policy: Policy) -> None:
        seconds = policy.grain // timedelta(seconds=1)
        initial = {
            "slot_pattern": policy.slot_pattern,
            "opening_interval": "yes" if policy.opening_interval else "no",
            "territory_hold_until": policy.territory_hold_until,
            "grain": seconds,
            "choices_max": policy.choices_max,
        }
        super().__init__(data, initial=initial)
        grain = self.fields["grain"]
        assert isinstance(grain, forms.ChoiceField)
        grain.choices = [(step, step_words(step)) for step in sorted({*_STEPS, seconds})]

    def clean_slot_pattern(self) -> str:
        """Small and Cyrillic letters are the ones that were meant."""
        typed: str = self.cleaned_data["slot_pattern"]
        return typed.upper().translate(str.maketrans("ТО", "TO")).replace(" ", "")

    def changed(self, *, policy: Policy, stored: Mapping[str, Any]) -> dict[str, dict[str, object]]:
        """The keys that differ from the rules in force, each on the legal basis that it has."""
        until: date | None = self.cleaned_data["territory_hold_until"]
        asked: dict[str, object] = {
            "slot_pattern": self.cleaned_data["slot_pattern"],
            "opening_interval": self.cleaned_data["opening_interval"] == "yes",
            "territory_hold_until": until.isoformat() if until else None,
            "grain": self.cleaned_data["grain"],
            "choices_max": self.cleaned_data["choices_max"],
        }
        in_force: dict[str, object] = {
            "slot_pattern": policy.slot_pattern,
            "opening_interval": policy.opening_interval,
            "territory_hold_until": policy.territory_hold_until and policy.territory_hold_until.isoformat(),
            "grain": policy.grain // timedelta(seconds=1),
            "choices_max": policy.choices_max,
        }
        return {
            key: {"value": value, "legal_basis": stored.get(key, {}).get("legal_basis", NEEDS_AN_ORDER)}
            for key, value in asked.items()
            if value != in_force[key]
        }


def step_words(seconds: int) -> str:
    """A step of time in words."""
    if seconds % 3600 == 0:
        return ngettext("%(n)s hour", "%(n)s hours", seconds // 3600) % {"n": seconds // 3600}
    if seconds % 60 == 0:
        return ngettext("%(n)s minute", "%(n)s minutes", seconds // 60) % {"n": seconds // 60}
    return ngettext("%(n)s second", "%(n)s seconds", seconds) % {"n": seconds}


def outage_words(outage: Outage) -> str:
    """When and where an outage was."""
    end = getattr(outage, "end", None)
    return gettext("%(start)s – %(end)s, %(where)s") % {
        "start": _time(outage.started_at),
        "end": _time(end.ended_at) if end else gettext("goes on"),
        "where": outage.district or gettext("whole country"),
    }


def question(scenario: Scenario) -> list[tuple[str, str]]:
    """What is to be different, as pairs of a name and a value."""
    if scenario.without_outage is not None:
        return [(gettext("Without the outage"), outage_words(scenario.without_outage))]
    return [
        (str(LABELS.get(key, key)), value_words(key, stored["value"]))
        for key, stored in sorted(scenario.policy_data.items())
    ]


def value_words(key: str, value: object) -> str:
    """One value of a rule, as it is stored, in words."""
    if isinstance(value, bool):
        return gettext("Yes") if value else gettext("No")
    if key == "grain" and isinstance(value, int):
        return step_words(value)
    if key == "territory_hold_until":
        return date_format(date.fromisoformat(str(value))) if value else gettext("not at all")
    return str(value)


@dataclass(frozen=True, slots=True)
class SchoolRow:
    """One of the reader's own schools in both answers; application numbers with the other place."""

    intake: Intake
    children: Mapping[str, list[tuple[str, str | None]]]

    @property
    def counts(self) -> list[int]:
        return [len(self.children[name]) for name in COUNTED]

    @property
    def numbers(self) -> list[tuple[str, list[str], int]]:
        """Each of the four lists that is not empty: its name, numbers to show, and how many more there are."""
        return [
            (name, [number for number, _other in children[:NUMBERS_SHOWN]], len(children[NUMBERS_SHOWN:]))
            for name in COUNTED
            if (children := self.children[name])
        ]


@require_http_methods(["GET", "HEAD", "POST"])
def what_if(request: OfficialRequest) -> HttpResponse:
    """Ask a question, and find earlier ones."""
    campaign = current_campaign()
    _official_or_404(request)
    if campaign is None:
        return render(request, "officials/what_if.html", {"section": "what_if"})
    outages = list(
        Outage.objects.filter(campaign=campaign)
        .order_by("started_at", "recorded_at", "id")
        .select_related("end", "district")
    )
    policy = campaign.policy
    asked = request.POST.get("ask") if request.method == "POST" else None
    without = OutageForm(request.POST if asked == "outage" else None, outages=outages)
    other = RulesForm(request.POST if asked == "rules" else None, policy=policy)
    if without.is_valid():
        scenario = _asked(request, campaign, without, without_outage=UUID(without.cleaned_data["outage"]))
    elif other.is_valid():
        changed = other.changed(policy=policy, stored=campaign.policy_data)
        scenario = _asked(request, campaign, other, policy_data=changed)
    else:
        scenario = None
    if scenario is not None:
        return HttpResponseRedirect(_address(scenario))
    earlier = _own(request).filter(campaign=campaign)[:EARLIER_SHOWN]
    context = {
        "campaign": campaign,
        "section": "what_if",
        "outages": outages,
        "without": without,
        "other": other,
        "earlier": [{"scenario": one, "question": question(one), "url": _address(one)} for one in earlier],
    }
    return render(request, "officials/what_if.html", context)


@require_safe
def scenario(request: OfficialRequest, scenario_id: UUID) -> HttpResponse:
    """One question: being worked out, or with its answer."""
    found = get_object_or_404(_own(request), id=scenario_id)
    result = getattr(found, "result", None)
    context: dict[str, Any] = {
        "section": "what_if",
        "at": clock.now(),
        "scenario": found,
        "question": question(found),
        "result": result,
        "schools_shown": SCHOOLS_SHOWN,
    }
    if result is not None and not result.refusal:
        rows = _rows(request, found)
        rows.sort(key=lambda row: -sum(row.counts))
        context |= {"rows": rows[:SCHOOLS_SHOWN], "total": len(rows), "is_same_round": _is_same_round(found)}
    elif result is not None:
        context["why"] = NoListYet.message if result.refusal == NoListYet().code else ""
    return render(request, "officials/what_if_scenario.html", context)


@require_safe
def what_if_csv(request: OfficialRequest, scenario_id: UUID) -> StreamingHttpResponse:
    """The own schools whole: counts, then one line a child by application number."""
    found = get_object_or_404(_own(request).filter(result__refusal=""), id=scenario_id)
    writer = csv.writer(_Echo(), delimiter="," if get_language() == "en" else ";")
    lines = _lines(_rows(request, found))
    return StreamingHttpResponse(
        (writer.writerow([unformula(cell) for cell in line]).encode() for line in lines),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="what-if-{found.asked_at:%Y%m%d-%H%M}.csv"'},
    )


class _Echo:
    """A file that hands each line on instead of keeping it."""

    def write(self, line: str) -> str:
        return line


def _lines(rows: list[SchoolRow]) -> Iterator[list[str]]:
    names = {
        "gained": gettext("Would gain a place here"),
        "lost": gettext("Would lose a place here"),
        "gained_from_nothing": gettext("Would gain a place here, had nothing been confirmed"),
        "lost_from_nothing": gettext("Would lose a place here, had nothing been confirmed"),
    }
    yield [
        f"\ufeff{gettext('School')}",
        gettext("BIN"),
        gettext("Language of instruction"),
        *names.values(),
        gettext("Application"),
        gettext("What would be different"),
        gettext("Other place"),
    ]
    own = {row.intake.name: str(row.intake) for row in rows}
    for row in rows:
        intake = row.intake
        head = [str(intake.school), intake.school_id, intake.get_language_display()]
        yield [*head, *map(str, row.counts), "", "", ""]
        for name in COUNTED:
            for number, other in row.children[name]:
                elsewhere = own.get(other, gettext("at another school")) if other else gettext("no place")
                yield [*head, "", "", "", "", number, names[name], elsewhere]


def _asked(request: OfficialRequest, campaign: Campaign, form: forms.Form, **what: Any) -> Scenario | None:
    """The question as stored; None when it was refused, and then the form says why."""
    try:
        return ask_scenario(campaign=campaign, official=request.user, at=clock.now(), **what)
    except InvalidPolicy as refusal:
        key = str(refusal.facts["key"])
        form.add_error(key if key in form.fields else None, str(refusal.facts["reason"]))
    except NoSuchOutage as refusal:
        form.add_error("outage", str(refusal))
    except Refusal as refusal:
        form.add_error(None, str(refusal))
    return None


def _own(request: OfficialRequest) -> Any:
    """The reader's own questions, the newest first. :raises Http404: the account answers for no district"""
    _official_or_404(request)
    return Scenario.objects.filter(official=request.user).select_related(
        "campaign", "result", "without_outage__end", "without_outage__district"
    )


def _official_or_404(request: OfficialRequest) -> None:
    if not request.visible:
        raise Http404


def _rows(request: OfficialRequest, found: Scenario) -> list[SchoolRow]:
    """The answer for the schools of the reader's districts, by school and language."""
    parts = ScenarioPart.objects.filter(
        result=found.result, district__in=request.visible.districts_katos
    ).values_list("schools", flat=True)
    schools = {choice: children for part in parts for choice, children in part.items()}
    intakes = request.visible.intakes.filter(
        campaign=found.campaign, school__in={choice[:12] for choice in schools}
    ).select_related("school")
    return [
        SchoolRow(intake=intake, children=schools[intake.name])
        for intake in intakes
        if intake.name in schools
    ]


def _is_same_round(found: Scenario) -> bool:
    return len(set(found.result.rounds)) == 1


def _address(scenario: Scenario) -> str:
    return reverse("officials_applications:scenario", args=[scenario.id])


def _time(at: datetime) -> str:
    return date_format(localtime(at), "SHORT_DATETIME_FORMAT")
