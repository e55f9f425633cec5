"""What waits for a person: cases are opened and closed by what the facts say, found by absence."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import Count
from django.utils.translation import gettext_lazy as _

from enrollment.claims import Claim, Link, same_children
from enrollment.likeness import KnownChild, near_duplicates
from enrollment.models import Application, ChildLink
from enrollment.selectors.children import children_of
from enrollment.services.checking.scopes import check_case_scope, checked_reason, districts_of
from schools.models import Account, Campaign, Case, RosterEntry
from schools.rules import Refusal

BY_HAND: Final = frozenset(
    {
        Case.Kind.PARKED_ENTRY,
        Case.Kind.CHECK_DIFFERS,
        Case.Kind.CLONED_DESK,
        Case.Kind.UNPROVEN_RECEIPT,
    }
)
"""Kinds that end by a person's word; the others end when the facts say so."""
_PORTION: Final = 500
_SWEPT_AFTER_CLOSING: Final = timedelta(days=60)


class CaseNotByHand(Refusal):
    message = _("This ends by itself when the matter is settled; words alone do not end it.")


def open_matter(
    *,
    campaign_id: int,
    kind: str,
    subject: str,
    district: str | None,
    detail: Mapping[str, Any],
    at: datetime,
) -> bool:
    """Let the matter wait for a person, again if it was closed; whether it does so only now."""
    _case, is_new = Case.objects.get_or_create(
        campaign_id=campaign_id,
        kind=kind,
        subject=subject,
        defaults={"district_id": district, "detail": dict(detail), "opened_at": at},
    )
    if is_new:
        return True
    closed = Case.objects.filter(campaign_id=campaign_id, kind=kind, subject=subject, closed_at__isnull=False)
    return bool(
        closed.update(closed_at=None, resolution="", opened_at=at, district_id=district, detail=dict(detail))
    )


def close_matter(*, campaign_id: int, kind: str, subject: str, resolution: str, at: datetime) -> bool:
    """Close the matter if it waits; whether it did."""
    waiting = Case.objects.filter(campaign_id=campaign_id, kind=kind, subject=subject, closed_at=None)
    return bool(waiting.update(closed_at=at, resolution=resolution))


@transaction.atomic
def close_case(*, case: Case, resolution: str, official: Account, at: datetime) -> None:
    """
    Say in words how a matter was settled; again it stays as it was settled first.

    :raises NotYours: the case is not of the official's districts
    :raises CaseNotByHand: it ends when the facts say so
    :raises NoReason: no reason in words
    """
    check_case_scope(official=official, case=case)
    if case.kind not in BY_HAND:
        raise CaseNotByHand
    words = checked_reason(resolution)
    close_matter(
        campaign_id=case.campaign_id,
        kind=case.kind,
        subject=case.subject,
        resolution=f"{official}: {words}",
        at=at,
    )


def open_matters(*, at: datetime) -> int:
    """
    Open and close the cases of contested claims and parted twins, in every campaign that runs.

    :returns: how many cases were opened
    """
    opened = 0
    for campaign in _running(at):
        opened += _contested(campaign, at=at) + _twins(campaign, at=at)
    return opened


def open_near_duplicates(*, at: datetime) -> int:
    """
    Open a case for every two children that may be one, once; pairs that were decided are left alone.

    A cost: it reads the names of all children of a campaign, some seconds for a whole country.

    :returns: how many cases were opened
    """
    return sum(_alike(campaign, at=at) for campaign in _running(at))


def subject_of_pair(*, first: str, second: str) -> str:
    """What a case about two children is about: both keys, in order, as far as the column holds them."""
    return "|".join(sorted((first, second)))[:80]


def _running(at: datetime) -> Iterable[Campaign]:
    return Campaign.objects.filter(opens_at__lte=at, closes_at__gt=at - _SWEPT_AFTER_CLOSING)


@transaction.atomic
def _contested(campaign: Campaign, *, at: datetime) -> int:
    opened = 0
    contested: set[str] = set()
    for key, claim, standing in _contested_claims(campaign):
        contested.add(key)
        opened += open_matter(
            campaign_id=campaign.pk,
            kind=Case.Kind.CONTESTED,
            subject=key,
            district=districts_of([standing])[standing.id],
            detail={
                "number": standing.number,
                "applications": sorted(str(one) for one in claim.contested),
            },
            at=at,
        )
    over = Case.objects.filter(campaign=campaign, kind=Case.Kind.CONTESTED, closed_at=None)
    over.exclude(subject__in=contested).update(closed_at=at, resolution="no_longer_contested")
    return opened


def _contested_claims(campaign: Campaign) -> Iterator[tuple[str, Claim, Application]]:
    """Children whose claim is contested, with their claims; only those that several people ask for are read."""
    asked_twice = (
        Application.objects.filter(campaign=campaign)
        .order_by()
        .values("child_key")
        .annotate(people=Count("person_key", distinct=True), wishes=Count("choices", distinct=True))
        .filter(people__gt=1, wishes__gt=1)
        .values_list("child_key", flat=True)
    )
    keys = set(asked_twice)
    for link in ChildLink.objects.filter(campaign=campaign, is_same=True):
        keys |= {link.child_key, link.other_key}
    in_order = sorted(keys)
    seen: set[str] = set()
    for start in range(0, len(in_order), _PORTION):
        portion = in_order[start : start + _PORTION]
        applications = list(Application.objects.filter(campaign=campaign, child_key__in=portion))
        if not applications:
            continue
        known = children_of(applications)[campaign.pk]
        by_id = {application.id: application for application in applications}
        for key in {known.key_of(application) for application in applications} - seen:
            seen.add(key)
            claim = known.standing.claims.get(key)
            if claim is not None and claim.contested:
                yield key, claim, by_id.get(claim.application_id) or _found(claim)


def _found(claim: Claim) -> Application:
    """An application of a child under a key of another portion."""
    return Application.objects.get(id=claim.application_id)


@transaction.atomic
def _twins(campaign: Campaign, *, at: datetime) -> int:
    parted = RosterEntry.objects.filter(campaign=campaign, held_for__contains=["twins"]).select_related(
        "intake"
    )
    opened, subjects = 0, set()
    for entry in parted:
        subjects.add(str(entry.application_id))
        opened += open_matter(
            campaign_id=campaign.pk,
            kind=Case.Kind.TWINS_PARTED,
            subject=str(entry.application_id),
            district=entry.district_id,
            detail={"number": entry.application_number, "choice": entry.intake.name},
            at=at,
        )
    over = Case.objects.filter(campaign=campaign, kind=Case.Kind.TWINS_PARTED, closed_at=None)
    over.exclude(subject__in=subjects).update(closed_at=at, resolution="no_longer_parted")
    return opened


@transaction.atomic
def _alike(campaign: Campaign, *, at: datetime) -> int:
    rows = Application.objects.filter(campaign=campaign).values_list(
        "child_key", "form__child__family_name", "form__child__given_name", "form__child__birth_date",
        "person_key", "form__relation",
    )  # fmt: skip
    pairs = near_duplicates(
        KnownChild(
            child_key=key,
            family_name=family or "",
            given_name=given or "",
            birth_date=born or "",
            person_key=person,
            is_mother=relation == "mother",
        )
        for key, family, given, born, person, relation in rows.iterator(5000)
    )
    decided = _decided(campaign)
    opened = 0
    for case in Case.objects.filter(campaign=campaign, kind=Case.Kind.NEAR_DUPLICATE, closed_at=None):
        if decided.is_about(*case.detail["keys"]):
            close_matter(
                campaign_id=campaign.pk, kind=case.kind, subject=case.subject, resolution="decided", at=at
            )
    for pair in pairs:
        if decided.is_about(pair.first, pair.second):
            continue
        earliest = [
            Application.objects.filter(campaign=campaign, child_key=key).order_by("lodged_at", "id").first()
            for key in (pair.first, pair.second)
        ]
        both = [application for application in earliest if application is not None]
        known = Case.objects.filter(
            campaign=campaign,
            kind=Case.Kind.NEAR_DUPLICATE,
            subject=subject_of_pair(first=pair.first, second=pair.second),
        )
        # Opened once: what was closed by a decision comes back only when a new fact makes a new pair.
        if len(both) < 2 or known.exists():
            continue
        opened += open_matter(
            campaign_id=campaign.pk,
            kind=Case.Kind.NEAR_DUPLICATE,
            subject=subject_of_pair(first=pair.first, second=pair.second),
            district=districts_of(both)[both[0].id],
            detail={
                "number": " · ".join(application.number for application in both),
                "keys": [pair.first, pair.second],
                "why": pair.why.value,
            },
            at=at,
        )
    return opened


class _Decided:
    """Pairs of keys that a person has already said something about."""

    def __init__(self, links: Iterable[ChildLink], stays: Mapping[str, str]) -> None:
        self._stays = stays
        self._apart = {
            frozenset((self._kept(link.child_key), self._kept(link.other_key)))
            for link in links
            if not link.is_same
        }

    def is_about(self, first: str, second: str) -> bool:
        one, other = self._kept(first), self._kept(second)
        return one == other or frozenset((one, other)) in self._apart

    def _kept(self, key: str) -> str:
        return self._stays.get(key, key)


def _decided(campaign: Campaign) -> _Decided:
    links = list(ChildLink.objects.filter(campaign=campaign))
    stays = same_children(
        Link(
            id=link.id,
            child_key=link.child_key,
            other_key=link.other_key,
            is_same=link.is_same,
            decided_at=link.decided_at,
        )
        for link in links
    )
    return _Decided(links, stays)
