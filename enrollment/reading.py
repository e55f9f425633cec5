"""Reads a campaign's facts from the tables into the plain values that the pure rooms work on."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet

from enrollment.arrival import Outage as RecordedOutage
from enrollment.claims import Lodged, Retracted
from enrollment.models import Application, Decision, Outage, OutageEnd, Retraction
from schools.models import Campaign, Territory
from schools.rules import HouseRange, InvalidHouse, Parity, parse_house, street_key


@dataclass(frozen=True, slots=True)
class Asked:
    """What of an application a roster needs beyond whose it is."""

    address: dict[str, str]
    child_name: str
    number: str
    door: str


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything a roster is a function of, as far as it is stored (law 6)."""

    lodged: list[Lodged]
    asked: dict[UUID, Asked]
    retracted: list[Retracted]
    outages: list[RecordedOutage]
    count: int


def count_facts(*, campaign: Campaign) -> int:
    """How many facts there are: they are only ever added, so the count tells whether there are new ones."""
    tables = (Application, Retraction, Decision, Outage)
    ends = OutageEnd.objects.filter(outage__campaign=campaign)
    return sum(table.objects.filter(campaign=campaign).count() for table in tables) + ends.count()


def read_facts(*, campaign: Campaign) -> Facts:
    """All facts of a campaign; call it inside one snapshot."""
    lodged: list[Lodged] = []
    asked: dict[UUID, Asked] = {}
    rows = Application.objects.filter(campaign=campaign).values_list(
        "id", "number", "child_key", "person_key", "choices", "lodged_at", "is_proven", "replaces", "desk",
        "seq", "form__address", "form__child", "door",
    )  # fmt: skip
    for (
        id_,
        number,
        child,
        person,
        choices,
        lodged_at,
        proven,
        replaces,
        desk,
        seq,
        address,
        named,
        door,
    ) in rows.iterator(5000):
        lodged.append(
            Lodged(
                id=id_, number=number, child_key=child, person_key=person, choices=tuple(choices),
                lodged_at=lodged_at, is_proven=proven, replaces=replaces, desk=desk, seq=seq,
            )
        )  # fmt: skip
        asked[id_] = Asked(address=address, child_name=_name(named), number=number, door=door)
    return Facts(
        lodged=lodged,
        asked=asked,
        retracted=_retracted(campaign),
        outages=_outages(campaign),
        count=count_facts(campaign=campaign),
    )


def _name(child: dict[str, str]) -> str:
    return " ".join(filter(None, (child["family_name"], child["given_name"], child["patronymic"])))


def _retracted(campaign: Campaign) -> list[Retracted]:
    return retracted(
        rows=Retraction.objects.filter(campaign=campaign),
        decisions=Decision.objects.filter(campaign=campaign),
    )


def retracted(*, rows: Iterable[Retraction], decisions: QuerySet[Decision]) -> list[Retracted]:
    """Retractions as the claims need them: what was verified or decided stands."""
    decided = set(decisions.values_list("subject", flat=True))
    return [
        Retracted(
            id=row.id,
            kind="void" if row.kind == Retraction.Kind.VOID else "withdrawal",
            application_id=row.application_id,
            number=row.application_number or None,
            person_key=row.person_key,
            lodged_at=row.lodged_at,
            stands=row.is_verified or row.id in decided,
            desk=row.desk,
            seq=row.seq,
        )
        for row in rows
    ]


def _outages(campaign: Campaign) -> list[RecordedOutage]:
    return [
        RecordedOutage(start=start, end=end, district=district)
        for start, end, district in Outage.objects.filter(campaign=campaign).values_list(
            "started_at", "end__ended_at", "district_id"
        )
    ]


class Territories:
    """Which schools serve an address, in one campaign."""

    def __init__(self, rows: Iterable[Territory]) -> None:
        self._streets: dict[tuple[str, str], list[tuple[HouseRange, str]]] = defaultdict(list)
        for row in rows:
            houses = HouseRange(row.first_house, row.last_house, Parity(row.parity))
            for key in row.street_keys:
                self._streets[row.district_id, key].append((houses, row.school_id))

    @classmethod
    def of_campaign(cls, campaign: Campaign) -> "Territories":
        return cls(Territory.objects.filter(campaign=campaign).iterator(5000))

    def schools_of(self, address: dict[str, str]) -> frozenset[str]:
        """BINs of the schools whose territory the address lies in; empty when it is not understood."""
        stretches = self._streets.get((address["district"], street_key(address["street"])))
        if not stretches:
            return frozenset()
        try:
            house = parse_house(address["house"])
        except InvalidHouse:
            return frozenset()
        return frozenset(school for houses, school in stretches if houses.covers(house))
