"""Where a campaign's rounds are, and where one district's confirmation of the current one is."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, F, Q, QuerySet, Sum

from schools.models import (
    Annulment,
    Campaign,
    Case,
    Confirmation,
    ConfirmedPlace,
    District,
    IntakeState,
    Proposal,
    RosterEntry,
    RosterState,
    Round,
    SlotChange,
)
from schools.selectors.visibility import Visible
from schools.selectors.watermarks import Watermark, watermarks


@dataclass(frozen=True, slots=True)
class RoundsSeen:
    """Which round is on the lists, and which one is open."""

    current: Round | None
    """The one on the lists; None: no round has closed and been drawn yet."""
    closing_at: datetime | None
    """Its effective closing."""
    known_at: datetime | None
    undrawn: Round | None
    """Its closing has passed, and its list is not there yet: a day of it is not drawn, or an outage lasts."""
    open: Round | None
    """The next one to close."""


@dataclass(frozen=True, slots=True)
class Counts:
    """A district's places of the current round."""

    confirmed: int = 0
    held: int = 0
    confirmable: int = 0
    """Given, neither held nor confirmed: what a confirmation would make the children's own."""

    @property
    def placed(self) -> int:
        return self.confirmed + self.held + self.confirmable


@dataclass(frozen=True, slots=True)
class DistrictRound:
    """One district and the current round."""

    seen: RoundsSeen
    district: District
    watermark: Watermark | None
    confirmation: Confirmation | None
    is_braked: bool
    proposal: Proposal | None
    counts: Counts

    @property
    def state(self) -> str:
        """`open`, `stopped`, `confirmed` or `provisional`."""
        if self.seen.current is None:
            return "open"
        if self.is_braked:
            return "stopped"
        return "confirmed" if self.confirmation else "provisional"


@dataclass(frozen=True, slots=True)
class Arrived:
    """Children that ask for one intake, or for all of a district, by the 3:1 rule's two groups."""

    territory: int = 0
    outside: int = 0


def rounds_seen(*, campaign: Campaign, at: datetime) -> RoundsSeen:
    """Two queries."""
    state = RosterState.objects.select_related("round").filter(campaign=campaign).first()
    current = state.round if state else None
    near = list(
        Round.objects.filter(campaign=campaign, number__gt=current.number if current else 0)
        .exclude(closes_at__lt=campaign.opens_at)
        .order_by("number")
    )
    passed = [one for one in near if one.closes_at <= at]
    return RoundsSeen(
        current=current,
        closing_at=state.closing_at if state else None,
        known_at=state.known_at if state else None,
        undrawn=passed[-1] if passed else None,
        open=next((one for one in near if one.closes_at > at), None),
    )


def district_rounds(
    *, visible: Visible, campaign: Campaign, districts: Collection[District], seen: RoundsSeen
) -> dict[str, DistrictRound]:
    """Every district with its state in the current round, by code. Seven queries, however many there are."""
    own = [district.kato for district in districts if district.kato in visible.districts_katos]
    marks: dict[str, Watermark] = {}
    if seen.current is not None and seen.closing_at is not None:
        marks = watermarks(campaign=campaign, districts=own, closing_at=seen.closing_at)
    confirmed = {
        str(one.district_id): one
        for one in Confirmation.objects.filter(round=seen.current, district__in=own)
        .select_related("official", "second_official", "round")
        .annotate(places_count=Count("places"))
    }
    proposed = {
        str(one.district_id): one
        for one in Proposal.objects.filter(round=seen.current, district__in=own).select_related("official")
    }
    braked = set(
        Case.objects.filter(
            campaign=campaign, kind=Case.Kind.BRAKE, subject__in=own, closed_at=None
        ).values_list("subject", flat=True)
    )
    counts = _counts(visible.entries.filter(campaign=campaign, district__in=own))
    return {
        district.kato: DistrictRound(
            seen=seen,
            district=district,
            watermark=marks.get(district.kato),
            confirmation=confirmed.get(district.kato),
            is_braked=district.kato in braked,
            proposal=proposed.get(district.kato),
            counts=counts.get(district.kato, Counts()),
        )
        for district in districts
        if district.kato in visible.districts_katos
    }


IS_HELD = Q(is_held=True) | Q(held_for__len__gt=0)


def _counts(entries: QuerySet[RosterEntry]) -> dict[str, Counts]:
    placed = entries.filter(slot__isnull=False).order_by().values("district")
    return {
        row["district"]: Counts(
            confirmed=row["confirmed"],
            held=row["held"],
            confirmable=row["all"] - row["confirmed"] - row["held"],
        )
        for row in placed.annotate(
            all=Count("id"),
            confirmed=Count("id", filter=Q(is_confirmed=True)),
            held=Count("id", filter=IS_HELD & Q(is_confirmed=False)),
        )
    }


def confirmations(*, visible: Visible, campaign: Campaign, district: str) -> QuerySet[Confirmation]:
    """What a district has confirmed, the latest first."""
    return (
        visible.confirmations.filter(campaign=campaign, district=district)
        .select_related("round", "official", "second_official")
        .annotate(places_count=Count("places"))
        .order_by("-round__number")
    )


def arrived(*, visible: Visible, campaign: Campaign, district: str) -> dict[int, Arrived]:
    """Children that ask for each intake of a district, by intake. One query."""
    rows = IntakeState.objects.filter(intake__in=visible.intakes.filter(campaign=campaign)).filter(
        intake__school__district=district
    )
    return {
        intake: Arrived(territory, outside)
        for intake, territory, outside in rows.values_list("intake", "arrived_territory", "arrived_outside")
    }


def arrived_in_districts(*, visible: Visible, campaign: Campaign) -> dict[str, Arrived]:
    """The same for whole districts, by code; a child that names two of its schools counts at both. One query."""
    rows = (
        IntakeState.objects.filter(intake__in=visible.intakes.filter(campaign=campaign))
        .order_by()
        .values("intake__school__district")
        .annotate(territory=Sum("arrived_territory"), outside=Sum("arrived_outside"))
    )
    return {row["intake__school__district"]: Arrived(row["territory"], row["outside"]) for row in rows}


def slot_changes(*, visible: Visible, campaign: Campaign, intake: int) -> QuerySet[SlotChange]:
    """What was recorded about one intake's places, the latest first."""
    return (
        SlotChange.objects.filter(intake__in=visible.intakes.filter(campaign=campaign, pk=intake))
        .select_related("official")
        .order_by("-recorded_at", "slot")
    )


def place_held(*, visible: Visible, entry: RosterEntry) -> ConfirmedPlace | None:
    """The confirmation's place behind a confirmed line of a list; None when it was granted or is gone."""
    if entry.slot is None:
        return None
    return (
        visible.confirmed_places.filter(intake=entry.intake_id, slot=entry.slot, child_key=entry.child_key)
        .select_related("confirmation__district", "confirmation__campaign", "confirmation__round")
        .exclude(pk__in=Annulment.objects.values("place"))
        .order_by(F("confirmation__round__number").desc(), F("confirmation__confirmed_at").desc())
        .first()
    )


def annulments(*, visible: Visible, campaign: Campaign, district: str) -> QuerySet[Annulment]:
    """Places that were taken back for fraud, the latest first."""
    return (
        Annulment.objects.filter(
            place__confirmation__campaign=campaign,
            place__confirmation__district=district,
            place__confirmation__district__in=visible.districts_katos,
        )
        .select_related("place__intake__school", "official", "second_official")
        .order_by("-annulled_at")
    )


def proposals(*, visible: Visible, campaign: Campaign, district: str) -> QuerySet[Proposal]:
    """What waits for a second signature, the oldest first."""
    return (
        visible.proposals.filter(campaign=campaign, district=district)
        .select_related("official", "round", "place__intake__school")
        .order_by("proposed_at")
    )
