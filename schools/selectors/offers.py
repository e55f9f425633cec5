"""What a campaign offers to families: schools, languages of instruction, places. Public knowledge."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from django.db.models import Case, Count, Exists, IntegerField, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.functions import Coalesce

from schools.models import (
    Campaign,
    District,
    Intake,
    IntakeState,
    RosterEntry,
    RosterState,
    School,
    Territory,
)
from schools.rules import HouseRange, InvalidHouse, Parity, parse_house, street_key
from schools.rules.slots import capacity as slot_capacity

PAGE: Final = 12
"""Intakes on one page of a list."""


@dataclass(frozen=True, slots=True)
class Offer:
    """One intake as a family sees it."""

    intake: Intake
    slots: str
    """The numbered places, as the last round knows them; before the first, as they were planned."""
    taken: int | None
    """Places given by the last round, provisionally or for good; None before the first: nobody knows yet."""

    @property
    def name(self) -> str:
        return self.intake.name

    @property
    def school(self) -> School:
        return self.intake.school

    @property
    def capacity(self) -> int:
        return slot_capacity(self.slots)

    @property
    def is_counted(self) -> bool:
        """A round has closed, so that there is something to count."""
        return self.taken is not None

    @property
    def free(self) -> int:
        return max(self.capacity - (self.taken or 0), 0)


def current_campaign() -> Campaign | None:
    """The latest campaign there is: not open yet, open, or over."""
    return Campaign.objects.order_by("-year").first()


def districts() -> list[District]:
    """All districts with their regions, by code."""
    return list(District.objects.select_related("region").order_by("kato"))


def offered_names(*, campaign: Campaign, names: Collection[str]) -> set[str]:
    """Those of `names` (`BIN/language`) that the campaign offers."""
    pairs = Q()
    for name in names:
        bin_, _slash, language = name.partition("/")
        pairs |= Q(school_id=bin_, language=language)
    if not pairs:
        return set()
    return {intake.name for intake in Intake.objects.filter(pairs, campaign=campaign)}


def offers_named(*, year: int, names: Collection[str]) -> dict[str, Offer]:
    """Offers by `BIN/language`; unknown names are left out."""
    known = {
        bin_: [name.partition("/")[2] for name in names if name.startswith(f"{bin_}/")]
        for bin_ in {name.partition("/")[0] for name in names}
    }
    pairs = Q()
    for bin_, languages in known.items():
        pairs |= Q(school_id=bin_, language__in=languages)
    return {offer.name: offer for offer in _offers(_intakes(year).filter(pairs))} if pairs else {}


def territory_schools(*, campaign: Campaign, district: str, street: str, house: str) -> frozenset[str]:
    """BINs of the schools in whose service territory an address lies; empty when it is not understood."""
    key = street_key(street)
    if not key or not district:
        return frozenset()
    try:
        number = parse_house(house)
    except InvalidHouse:
        return frozenset()
    stretches = Territory.objects.filter(
        campaign=campaign, district_id=district, street_keys__contains=[key]
    ).values_list("school_id", "first_house", "last_house", "parity")
    return frozenset(
        school
        for school, first, last, parity in stretches
        if HouseRange(first, last, Parity(parity)).covers(number)
    )


def offers_of_schools(*, campaign: Campaign, schools: Iterable[str]) -> list[Offer]:
    """Every intake of the schools named by BIN."""
    return _offers(_intakes(campaign.year).filter(school_id__in=list(schools)))


def offers_in(
    *, campaign: Campaign, district: str = "", search: str = "", page: int = 1
) -> tuple[list[Offer], bool]:
    """
    One page of the offers of a district whose school's name, in any language, or address holds `search`.

    :returns: at most `PAGE` offers, and whether there are more
    """
    intakes = _intakes(campaign.year)
    if district:
        intakes = intakes.filter(school__district_id=district)
    for word in search.split()[:5]:
        intakes = intakes.filter(
            Q(school__name_kk__icontains=word)
            | Q(school__name_ru__icontains=word)
            | Q(school__name_en__icontains=word)
            | Q(school__address_kk__icontains=word)
            | Q(school__address_ru__icontains=word)
        )
    start = (page - 1) * PAGE
    found = _offers(intakes[start : start + PAGE + 1])
    return found[:PAGE], len(found) > PAGE


def nearby_with_places(*, intake: Intake, count: int = 3) -> list[Offer]:
    """Offers of the same district and language of instruction that still have free places."""
    others = _intakes(intake.campaign_id).filter(
        school__district_id=intake.school.district_id, language=intake.language
    )
    with_places = [offer for offer in _offers(others.exclude(pk=intake.pk)) if offer.free]
    return sorted(with_places, key=lambda offer: -offer.free)[:count]


def _intakes(year: int) -> QuerySet[Intake]:
    given = (
        RosterEntry.objects.filter(intake=OuterRef("pk"), slot__isnull=False)
        .order_by()
        .values("intake")
        .annotate(count=Count("pk"))
        .values("count")
    )
    a_round_closed = Exists(RosterState.objects.filter(campaign=year, round__isnull=False))
    return (
        Intake.objects.filter(campaign_id=year)
        .select_related("school__district__region", "state")
        .annotate(
            taken=Case(When(a_round_closed, then=Coalesce(Subquery(given, output_field=IntegerField()), 0)))
        )
        .order_by("school__name_kk", "school_id", "language")
    )


def _offers(intakes: Iterable[Intake]) -> list[Offer]:
    return [
        Offer(intake=intake, slots=known_slots(intake), taken=getattr(intake, "taken", None))
        for intake in intakes
    ]


def known_slots(intake: Intake) -> str:
    """The numbered places as the published list's round knows them; before there is one, as planned."""
    state: IntakeState | None = getattr(intake, "state", None)
    return (state.slots if state is not None else "") or intake.slots
