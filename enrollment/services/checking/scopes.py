"""Who may find out and decide about an application: an official of a district that it touches."""

from collections.abc import Collection, Iterable
from uuid import UUID

from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from enrollment.models import Application, ChildLink
from enrollment.services.retractions import NoSuchApplication
from schools.models import Account, Case, RosterEntry, School
from schools.selectors.visibility import Visible, visible_to
from schools.services.confirming.signing import NoReason, NotYours, checked_reason

__all__ = [
    "NoReason",
    "NoSuchApplication",
    "NotYours",
    "check_case_scope",
    "checked_reason",
    "districts_of",
    "first_choice_in",
    "linked_child_keys",
    "own_applications",
]


def first_choice_in(bins: Collection[str]) -> QuerySet[Application]:
    """Applications whose first choice is one of these schools."""
    school = RawSQL("split_part(enrollment_application.choices[1], '/', 1)", [])
    return Application.objects.alias(first_school=school).filter(first_school__in=list(bins))


def linked_child_keys() -> set[str]:
    """Keys of children who have more than one: a list may show such a child under another key than its application."""
    links = ChildLink.objects.filter(is_same=True).values_list("child_key", "other_key")
    return {key for link in links for key in link}


def own_applications(*, visible: Visible, ids: Iterable[UUID]) -> list[Application]:
    """
    Those of the applications that a district of the reader's has to do with, in order of their ids.

    By the school chosen first, or by a list on which it stands.
    """
    wanted = set(ids)
    if not wanted:
        return []
    found = list(Application.objects.filter(id__in=wanted).order_by("id"))
    bins = {application.choices[0].partition("/")[0] for application in found}
    own = set(visible.schools.filter(bin__in=bins).values_list("bin", flat=True))
    keys = {application.child_key for application in found} | linked_child_keys()
    listed = set(
        visible.entries.filter(child_key__in=keys, application_id__in=wanted).values_list(
            "application_id", flat=True
        )
    )
    return [a for a in found if a.choices[0].partition("/")[0] in own or a.id in listed]


def check_scope_of(*, official: Account, applications: Collection[UUID]) -> list[Application]:
    """
    The applications, in order of their ids.

    :raises NoSuchApplication: one does not exist, or has nothing to do with the official's districts
    """
    found = own_applications(visible=visible_to(account=official), ids=applications)
    if len(found) != len(set(applications)):
        raise NoSuchApplication
    return found


def check_case_scope(*, official: Account, case: Case) -> None:
    """:raises NotYours: the case is of a district the official does not answer for"""
    if not visible_to(account=official).cases.filter(pk=case.pk).exists():
        raise NotYours(official=str(official), district=str(case.district or ""))


def districts_of(applications: Iterable[Application]) -> dict[UUID, str | None]:
    """The district of each application's first school; None for a school nobody knows."""
    named = {application.id: application.choices[0].partition("/")[0] for application in applications}
    katos = dict(School.objects.filter(bin__in=set(named.values())).values_list("bin", "district_id"))
    return {id_: katos.get(bin_) for id_, bin_ in named.items()}


def on_lists(*, visible: Visible) -> QuerySet[RosterEntry]:
    """Places that wait for somebody to look."""
    return visible.entries.filter(slot__isnull=False, held_for__overlap=["relation", "address"])
