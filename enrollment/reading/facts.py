"""Everything a roster is a function of, as far as it is stored (law 6)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal, NamedTuple
from uuid import UUID

from django.db.models import Q, QuerySet

from enrollment import draw
from enrollment.arrival import Outage as RecordedOutage
from enrollment.claims import Link, Lodged, Retracted
from enrollment.models import Check, ChildLink, DaySeed, Decision, Outage, Retraction, TwinsWish
from enrollment.reading.applications import Asked, AskedOf, read_applications
from enrollment.reading.before import count_before
from enrollment.reading.digesting import Buckets, Parts, count_facts, read_kinds
from schools.holding import ChangedSlot, Given
from schools.models import (
    Acknowledgement,
    Campaign,
    Confirmation,
    ConfirmedPlace,
    Horizon,
    RetoldPlace,
    RetoldRound,
    SlotChange,
    SpokenClosing,
)


@dataclass(frozen=True, slots=True)
class Checked:
    """What looks at one application found, the last one of each subject."""

    relation: bool | None = None
    """Whether it is as stated; None: nobody looked."""
    address: bool | None = None
    found: Mapping[str, str] | None = None
    """The registered address, where another one than stated was found."""

    @property
    def is_address_known(self) -> bool:
        return bool(self.address) or self.found is not None


@dataclass(frozen=True, slots=True)
class Reference:
    """What a district's next roster is compared with by the brake."""

    at: datetime
    places: Mapping[str, str]
    """Choice by child key, as confirmed or acknowledged last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmedRound:
    """One district's confirmation of one round."""

    round: int
    district: str
    closing: datetime
    facts: int
    """How many of the facts that happened before the closing were known then."""
    facts_now: int
    """How many are."""


class Lost(NamedTuple):
    """A place that a child would have, had everything been known in time."""

    intake: str
    """`BIN/language`."""
    kind: str
    """T or O: of the slot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retold:
    """A confirmed round told again with everything that happened before its closing."""

    facts: int
    sha256: bytes
    """Of everything it was told from."""
    lost: Mapping[str, Lost]
    """By child key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything a roster is a function of; `dataclasses.replace` makes another world of it."""

    lodged: Sequence[Lodged]
    asked: Mapping[UUID, Asked]
    retracted: Sequence[Retracted]
    settled: Mapping[UUID, datetime]
    """Applications that count by a person's decision, and when it was made."""
    outages: Sequence[RecordedOutage]
    seeds: Mapping[date, bytes]
    checks: Mapping[UUID, Checked]
    """By application."""
    links: Sequence[Link]
    twins: Sequence[tuple[UUID, ...]]
    """Applications whose children share a token by their parents' wish."""
    confirmed: Sequence[Given]
    granted: Sequence[Given]
    slot_changes: Sequence[ChangedSlot]
    references: Mapping[str, Reference]
    """By district; see the brake."""
    undelivered: frozenset[str]
    """BINs that desks named in a closing code whose entries have not arrived."""
    confirmations: Sequence[ConfirmedRound]
    retold: Mapping[int, Retold]
    """By number: rounds that were told again before, so that they need not be once more."""
    count: int
    sha256: bytes
    parts: Parts
    """Hashes of parts of the facts, of which `sha256` is made."""


@dataclass(frozen=True, slots=True)
class Part:
    """Some children and intakes that share no choice with any others, and what is known of all facts."""

    children: Sequence[str]
    intakes: Sequence[str]
    parts: Parts


def read_facts(*, campaign: Campaign, part: Part | None = None) -> Facts:
    """
    All facts of a campaign; call it inside one snapshot.

    :param part: of applications, checks and confirmed places only those of these children and intakes
    """
    if part is None:
        buckets = Buckets()
        applications = read_applications(campaign=campaign, seen=buckets.add)
        parts = Parts(buckets.found(), read_kinds(campaign=campaign))
    else:
        applications = read_applications(campaign=campaign, children=part.children)
        parts = part.parts
    confirmed = _confirmed(campaign, part)
    return Facts(
        lodged=applications,
        asked=AskedOf(applications),
        retracted=retracted(
            rows=Retraction.objects.filter(campaign=campaign),
            decisions=Decision.objects.filter(campaign=campaign),
        ),
        settled=_settled(campaign),
        outages=_outages(campaign),
        seeds=_seeds(campaign),
        checks=_checks(campaign, None if part is None else [UUID(bytes=one) for one in applications.ids]),
        links=_links(campaign),
        twins=[tuple(one) for one in _in_order(TwinsWish, campaign).values_list("applications", flat=True)],
        confirmed=confirmed,
        granted=_granted(campaign, confirmed),
        slot_changes=_slot_changes(campaign),
        references=_references(campaign),
        undelivered=_undelivered(campaign),
        confirmations=_confirmations(campaign),
        retold=_retold(campaign),
        count=count_facts(campaign=campaign),
        sha256=parts.sha256,
        parts=parts,
    )


def _in_order(model: Any, campaign: Campaign) -> QuerySet[Any]:
    found: QuerySet[Any] = model.objects.filter(campaign=campaign).order_by("id")
    return found


def retracted(*, rows: Iterable[Retraction], decisions: QuerySet[Decision]) -> list[Retracted]:
    """Retractions as the claims need them: what was verified or decided stands; the last word on a void counts."""
    decided = dict(decisions.order_by("decided_at", "id").values_list("subject", "kind"))
    refused = Decision.Kind.VOID_REFUSED
    return [
        Retracted(
            id=row.id,
            kind="void" if row.kind == Retraction.Kind.VOID else "withdrawal",
            application_id=row.application_id,
            number=row.application_number or None,
            person_key=row.person_key,
            lodged_at=row.lodged_at,
            stands=row.is_verified or decided.get(row.id, refused) != refused,
            desk=row.desk,
            seq=row.seq,
            is_refused=decided.get(row.id) == refused,
        )
        for row in rows
    ]


def _settled(campaign: Campaign) -> dict[UUID, datetime]:
    decisions = Decision.objects.filter(campaign=campaign, kind=Decision.Kind.CONTEST_SETTLED)
    return dict(decisions.order_by("decided_at", "id").values_list("subject", "decided_at"))


def _outages(campaign: Campaign) -> list[RecordedOutage]:
    return [
        RecordedOutage(start=start, end=end, district=district)
        for start, end, district in Outage.objects.filter(campaign=campaign)
        .order_by("started_at", "id")
        .values_list("started_at", "end__ended_at", "district_id")
    ]


def _seeds(campaign: Campaign) -> dict[date, bytes]:
    days = DaySeed.objects.filter(campaign=campaign).values_list("date", "s", "v")
    return {day: draw.day_seed(date=day, s=bytes(s), v=v) for day, s, v in days}


def _checks(campaign: Campaign, applications: Sequence[UUID] | None) -> dict[UUID, Checked]:
    found: dict[UUID, dict[str, Any]] = defaultdict(dict)
    rows = Check.objects.filter(campaign=campaign).order_by("checked_at", "id")
    if applications is not None:
        rows = rows.extra(where=["application_id = ANY(%s)"], params=[list(applications)])
    for application, subject, agrees, other in rows.values_list(
        "application_id", "subject", "agrees", "found"
    ).iterator(5000):
        # The last one of a subject counts, whatever earlier ones said.
        known = found[application]
        known[subject] = agrees
        if subject == Check.Subject.ADDRESS:
            known["found"] = other or None
    return {application: Checked(**known) for application, known in found.items()}


def _links(campaign: Campaign) -> list[Link]:
    return [
        Link(id=id_, child_key=key, other_key=other, is_same=is_same, decided_at=at)
        for id_, key, other, is_same, at in _in_order(ChildLink, campaign).values_list(
            "id", "child_key", "other_key", "is_same", "decided_at"
        )
    ]


def _confirmed(campaign: Campaign, part: Part | None) -> list[Given]:
    places = ConfirmedPlace.objects.filter(confirmation__campaign=campaign)
    if part is not None:
        # More than these would do no harm: what matters is who else was given one of their slots.
        schools = {name.partition("/")[0] for name in part.intakes}
        places = places.filter(Q(child_key__in=part.children) | Q(intake__school__in=schools))
    rows = places.values_list(
        "confirmation_id", "confirmation__round__number", "confirmation__confirmed_at", "annulment__id",
        "intake__school_id", "intake__language", "slot", "child_key",
    )  # fmt: skip
    return [
        Given(
            id=str(confirmation), child_key=child, intake=f"{bin_}/{language}", slot=slot,
            round=round_, given_at=at, is_annulled=annulment is not None,
        )
        for confirmation, round_, at, annulment, bin_, language, slot, child in rows.iterator(5000)
    ]  # fmt: skip


def _granted(campaign: Campaign, confirmed: Sequence[Given]) -> list[Given]:
    rounds = {(one.given_at, one.round) for one in confirmed}
    rows = SlotChange.objects.filter(intake__campaign=campaign, kind=SlotChange.Kind.GRANTED)
    return [
        Given(
            id=str(row.id),
            child_key=row.child_key,
            intake=row.intake.name,
            slot=row.slot,
            round=max((number for at, number in rounds if at <= row.recorded_at), default=0),
            given_at=row.recorded_at,
        )
        for row in rows.select_related("intake")
    ]


_KINDS: Mapping[SlotChange.Kind, Literal["added", "removed", "granted"]] = {
    SlotChange.Kind.ADDED: "added",
    SlotChange.Kind.REMOVED: "removed",
    SlotChange.Kind.GRANTED: "granted",
}


def _slot_changes(campaign: Campaign) -> list[ChangedSlot]:
    return [
        ChangedSlot(
            intake=row.intake.name,
            kind=_KINDS[SlotChange.Kind(row.kind)],
            slot=row.slot,
            in_force_date=row.in_force_date,
        )
        for row in SlotChange.objects.filter(intake__campaign=campaign).select_related("intake")
    ]


def _references(campaign: Campaign) -> dict[str, Reference]:
    """Of each district what was confirmed or acknowledged last."""
    found: dict[str, Reference] = {}
    last: dict[str, UUID] = {}
    for id_, district, at in (
        Confirmation.objects.filter(campaign=campaign)
        .order_by("confirmed_at", "id")
        .values_list("id", "district_id", "confirmed_at")
    ):
        last[district] = id_
        found[district] = Reference(at=at, places={})
    places: dict[UUID, dict[str, str]] = defaultdict(dict)
    for id_, child, bin_, language in ConfirmedPlace.objects.filter(
        confirmation__in=last.values()
    ).values_list("confirmation_id", "child_key", "intake__school_id", "intake__language"):
        places[id_][child] = f"{bin_}/{language}"
    for district, id_ in last.items():
        found[district] = Reference(at=found[district].at, places=places[id_])
    for row in Acknowledgement.objects.filter(campaign=campaign).order_by("acknowledged_at", "id"):
        if row.district_id not in found or row.acknowledged_at >= found[row.district_id].at:
            found[row.district_id] = Reference(at=row.acknowledged_at, places=row.places)
    return found


def _undelivered(campaign: Campaign) -> frozenset[str]:
    through = dict(Horizon.objects.filter(campaign=campaign).values_list("door", "through"))
    return frozenset(
        bin_
        for door, spoken, bins in SpokenClosing.objects.filter(campaign=campaign).values_list(
            "door", "through", "school_bins"
        )
        if (known := through.get(door)) is None or known < spoken
        for bin_ in bins
    )


def _confirmations(campaign: Campaign) -> list[ConfirmedRound]:
    rows = Confirmation.objects.filter(campaign=campaign, closing_at__isnull=False)
    confirmed = list(
        rows.order_by("round__number", "district").values_list(
            "round__number", "district_id", "closing_at", "round_facts"
        )
    )
    now = {
        closing: count_before(campaign=campaign, closing=closing)
        for closing in {closing for _number, _district, closing, _facts in confirmed}
        if closing is not None
    }
    return [
        ConfirmedRound(round=number, district=district, closing=closing, facts=facts, facts_now=now[closing])
        for number, district, closing, facts in confirmed
        if closing is not None
    ]


def _retold(campaign: Campaign) -> dict[int, Retold]:
    lost: dict[int, dict[str, Lost]] = defaultdict(dict)
    rows = RetoldPlace.objects.filter(retold__round__campaign=campaign)
    for number, child, bin_, language, kind in rows.values_list(
        "retold__round__number", "child_key", "intake__school_id", "intake__language", "kind"
    ):
        lost[number][child] = Lost(f"{bin_}/{language}", kind)
    return {
        number: Retold(facts=facts, sha256=bytes(sha256), lost=lost[number])
        for number, facts, sha256 in RetoldRound.objects.filter(round__campaign=campaign).values_list(
            "round__number", "facts", "sha256"
        )
    }
