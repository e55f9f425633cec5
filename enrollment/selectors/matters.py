"""What an official must know to decide one case, and no more of anybody's data than that."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from enrollment.models import Application, Decision, Retraction
from enrollment.rules import RELATIONS, decode_request, full_name
from enrollment.selectors.children import children_of
from enrollment.services.checking.contests import wishes_for
from schools.models import Campaign, Case, Intake

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

Kind = Case.Kind

WHAT_TO_DO: Final[dict[str, "StrOrPromise"]] = {
    Kind.CONTESTED: _(
        "Two people with a proven relation to the child want different schools. Ask both, apart from each "
        "other, and decide by their written agreement or a court act. Until then the earlier application counts."
    ),
    Kind.NEAR_DUPLICATE: _(
        "Two children that may be one. Compare the documents. One child keeps its earliest time; two children "
        "stay two."
    ),
    Kind.VOID: _(
        "A desk says that this application was entered by mistake. Without the family's word it still counts. "
        "Call the family, then decide."
    ),
    Kind.PARKED_ENTRY: _(
        "A desk took this in, and it cannot be used as it is. Call the desk and the family; if a corrected "
        "application is handed in, write its number here."
    ),
    Kind.CHECK_DIFFERS: _(
        "A check found something else than was stated. Nobody is refused. Talk with the family; if the check "
        "was wrong, record it again."
    ),
    Kind.TWINS_PARTED: _(
        "The last place falls between twins who are to stay together. Ask the parents. A place above capacity "
        "for the second child ends this, and so does another place that becomes free."
    ),
    Kind.CLONED_DESK: _(
        "A desk's journal has two branches. Both are kept and count. The desk must be enrolled again."
    ),
    Kind.GAP: _(
        "Entries of a desk are missing. Call the desk: it delivers them, or hands them in on a stick."
    ),
    Kind.BRAKE: _(
        "A run would move many children, so it was stopped. Look at what changed; an official lets it stand by name."
    ),
    Kind.SECRET_MISSING: _(
        "The secret of a day's draw is missing. After an hour a public one takes its place."
    ),
    Kind.UNPROVEN_RECEIPT: _(
        "A family shows a receipt whose application never arrived. Compare its signature, then have the application "
        "entered with the receipt's time."
    ),
}
"""What the official can do, by kind."""

RESOLUTIONS: Final[dict[str, "StrOrPromise"]] = {
    "settled": _("Decided by an official"),
    "no_longer_contested": _("No longer contested"),
    "one_child": _("One child"),
    "two_children": _("Two children"),
    "decided": _("Decided by an official"),
    "agrees_now": _("A later check agrees"),
    "no_longer_parted": _("The twins are no longer parted"),
    "void_stands": _("The void stands"),
    "void_falls": _("The void does not stand"),
    "replaced": _("A public secret took its place"),
    "found": _("The secret was found"),
}


@dataclass(frozen=True, slots=True)
class Wish:
    """One application of a contested child: which schools, since when, and from whom by relation only."""

    application_id: UUID
    number: str
    relation: "StrOrPromise"
    door: str
    lodged_at: datetime
    schools: list[str]
    counts: bool


@dataclass(frozen=True, slots=True)
class NamedChild:
    """One of two children that may be one, as its earliest application names it."""

    key: str
    name: str
    birth_date: str
    number: str
    lodged_at: datetime
    schools: list[str]


def resolution_of(case: Case) -> "StrOrPromise":
    """How a case was settled, in the reader's language where the system wrote it."""
    code, colon, words = case.resolution.partition(": ")
    if code not in RESOLUTIONS:
        return case.resolution
    return f"{RESOLUTIONS[code]}: {words}" if colon else RESOLUTIONS[code]


def wishes(case: Case) -> list[Wish]:
    """The applications between which a contested case decides, the earliest first; also after a decision."""
    first = (
        Application.objects.filter(campaign=case.campaign_id, child_key=case.subject)
        .order_by("lodged_at", "id")
        .first()
    )
    if first is None:
        return []
    wanted = wishes_for(first)
    found = list(Application.objects.filter(id__in=wanted).order_by("lodged_at", "id"))
    known = children_of([first])[case.campaign_id]
    claim = known.standing.claims.get(known.key_of(first))
    schools = _schools(found, case.campaign)
    return [
        Wish(
            application_id=a.id,
            number=a.number,
            relation=RELATIONS.get(a.form["relation"], a.form["relation"]),
            door=a.get_door_display(),
            lodged_at=a.lodged_at,
            schools=schools[a.id],
            counts=claim is not None and claim.application_id == a.id,
        )
        for a in found
    ]


def decisions_of(found: Iterable[Wish]) -> list[Decision]:
    """What was decided about a contest so far, the latest first."""
    ids = [wish.application_id for wish in found]
    decided = Decision.objects.filter(kind=Decision.Kind.CONTEST_SETTLED, subject__in=ids)
    return list(decided.select_related("account").order_by("-decided_at", "-id"))


def pair(case: Case) -> list[NamedChild]:
    """The two children of a case about near-duplicates."""
    children = []
    for key in case.detail.get("keys", []):
        rows = Application.objects.filter(campaign=case.campaign_id, child_key=key)
        application = rows.order_by("lodged_at", "id").first()
        if application is None:
            continue
        child = decode_request(application.form).child
        children.append(
            NamedChild(
                key=key,
                name=full_name(child),
                birth_date=child.birth_date,
                number=application.number,
                lodged_at=application.lodged_at,
                schools=_schools([application], case.campaign)[application.id],
            )
        )
    return children


def void_of(case: Case) -> dict[str, Any]:
    """The application that a desk asks to void, as far as it is known, and the desk's words."""
    retraction = Retraction.objects.filter(id=case.subject).first()
    if retraction is None:
        return {}
    named = Application.objects.filter(campaign=case.campaign_id)
    application = (
        named.filter(id=retraction.application_id).first()
        if retraction.application_id
        else named.filter(number=retraction.application_number).first()
    )
    return {
        "reason": retraction.reason,
        "asked_at": retraction.lodged_at,
        "number": application.number if application else retraction.application_number,
        "child": full_name(decode_request(application.form).child) if application else "",
        "lodged_at": application.lodged_at if application else None,
    }


def _schools(found: list[Application], campaign: Campaign) -> dict[UUID, list[str]]:
    bins = {choice.partition("/")[0] for a in found for choice in a.choices}
    intakes = Intake.objects.filter(campaign=campaign, school__in=bins).select_related("school")
    names = {intake.name: f"{intake.school}, {intake.get_language_display()}" for intake in intakes}
    return {a.id: [names.get(choice, choice) for choice in a.choices] for a in found}
