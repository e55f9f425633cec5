"""The facts about a few children, and what they mean together: the claims that make the roster, asked small."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q

from enrollment.claims import Link, Lodged, Retracted, Standing, same_children, standing_claims
from enrollment.models import Application, Check, ChildLink, Decision, Retraction
from enrollment.reading import retracted


@dataclass(frozen=True, slots=True)
class Children:
    """All that is known about the children of some applications, in one campaign."""

    standing: Standing
    stays: dict[str, str]
    """The key that stays, for keys that are another child's key too."""
    lodged: dict[UUID, Lodged]
    retracted: list[Retracted]

    def key_of(self, application: Application) -> str:
        """The key under which the application's child has its claim and its lines."""
        return self.stays.get(application.child_key, application.child_key)


def children_of(applications: list[Application]) -> dict[int, Children]:
    """
    By the campaign's year; five queries, however many applications, and one more for each step
    from one child key to another.

    Everything anybody sent for these children is read: what of it may leave is the caller's to say.
    """
    years = {application.campaign_id for application in applications}
    stays = {
        year: same_children(_links(year, {a.child_key for a in applications if a.campaign_id == year}))
        for year in years
    }
    facts = _facts(applications, stays)
    rows = list(
        Retraction.objects.filter(
            Q(application_id__in=[fact.id for fact in facts])
            | Q(application_id=None, application_number__in=[fact.number for fact in facts])
        )
    )
    ids = [fact.id for fact in facts]
    taken_back = retracted(rows=rows, decisions=Decision.objects.filter(subject__in=[row.id for row in rows]))
    settled = dict(
        Decision.objects.filter(kind=Decision.Kind.CONTEST_SETTLED, subject__in=ids)
        .order_by("decided_at", "id")
        .values_list("subject", "decided_at")
    )
    checked = _checked(ids)
    found = {}
    for year in years:
        lodged = {fact.id: _lodged(fact) for fact in facts if fact.campaign_id == year}
        found[year] = Children(
            standing=standing_claims(
                lodged.values(), taken_back, settled=settled, same=stays[year], checked=checked
            ),
            stays=stays[year],
            lodged=lodged,
            retracted=taken_back,
        )
    return found


def _links(year: int, keys: set[str]) -> list[Link]:
    """Every link that these keys hang on to, directly or along others; one query more for each step of a chain."""
    known: dict[UUID, Link] = {}
    asked, fresh = set[str](), keys
    while fresh:
        rows = ChildLink.objects.filter(
            Q(child_key__in=fresh) | Q(other_key__in=fresh), campaign_id=year
        ).exclude(pk__in=known)
        asked |= fresh
        found = [
            Link(
                id=row.id,
                child_key=row.child_key,
                other_key=row.other_key,
                is_same=row.is_same,
                decided_at=row.decided_at,
            )
            for row in rows
        ]
        known |= {link.id: link for link in found}
        fresh = {key for link in found for key in (link.child_key, link.other_key)} - asked
    return list(known.values())


def _facts(applications: list[Application], stays: dict[int, dict[str, str]]) -> list[Application]:
    """Every application for these children, under whichever of their keys."""
    wanted = Q(pk=None)
    for year, moved in stays.items():
        kept = {moved.get(a.child_key, a.child_key) for a in applications if a.campaign_id == year}
        keys = kept | {key for key, staying in moved.items() if staying in kept}
        wanted |= Q(campaign_id=year, child_key__in=keys)
    return list(
        Application.objects.filter(wanted).only(
            "id", "number", "child_key", "person_key", "choices", "lodged_at", "is_proven", "replaces",
            "desk", "seq", "campaign_id",
        )
    )  # fmt: skip


def _checked(ids: list[UUID]) -> set[UUID]:
    """Applications whose relation the last check of it agrees with."""
    rows = Check.objects.filter(subject=Check.Subject.RELATION, application_id__in=ids)
    last = dict(rows.order_by("checked_at", "id").values_list("application_id", "agrees"))
    return {application for application, agrees in last.items() if agrees}


def _lodged(application: Application) -> Lodged:
    return Lodged(
        id=application.id,
        number=application.number,
        child_key=application.child_key,
        person_key=application.person_key,
        choices=tuple(application.choices),
        lodged_at=application.lodged_at,
        is_proven=application.is_proven,
        replaces=application.replaces,
        desk=application.desk,
        seq=application.seq,
    )
