"""The campaign that facts are about: its rules, its rounds, what it offers."""

import hashlib
import hmac
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from enrollment.keys import draw_key
from enrollment.models import DrawCommitment
from enrollment.reading.digesting import setup_sha256
from schools.models import Campaign, Intake, Round, Territory
from schools.rules import HouseRange, InvalidHouse, Parity, Policy, Refusal, parse_house, street_key
from schools.rules.address import House

_NONE: frozenset[str] = frozenset()


class AnotherKey(Refusal):
    message = _("K is not the one that was bound before the opening: every number would be another one.")


@dataclass(frozen=True, slots=True)
class IntakeAt:
    """One intake, and where its school stands."""

    id: int
    name: str
    school: str
    district: str
    slots: str
    """As before the opening; what changed since is a fact."""


@dataclass(frozen=True, slots=True)
class Setup:
    """What was fixed before the opening."""

    year: int
    opens_at: datetime
    policy: Policy
    rounds: Sequence[tuple[int, datetime]]
    """Number and planned closing."""
    intakes: Mapping[str, IntakeAt]
    territories: "Territories"
    draw_key: bytes
    """K."""
    sha256: bytes = b""
    """Of all this, as it is stored."""


class Territories:
    """Which schools serve an address, in one campaign."""

    def __init__(self, rows: Iterable[Any]) -> None:
        """:param rows: with the columns of `Territory`"""
        self._streets: dict[tuple[str, str], list[tuple[HouseRange, str]]] = defaultdict(list)
        self._keys: dict[str, str] = {}
        self._houses: dict[str, House | None] = {}
        parities = {parity.value: parity for parity in Parity}
        for row in rows:
            houses = HouseRange(row.first_house, row.last_house, parities[row.parity])
            for key in row.street_keys:
                self._streets[row.district_id, key].append((houses, row.school_id))

    @classmethod
    def of_campaign(cls, campaign: Campaign, *, schools: Collection[str] | None = None) -> "Territories":
        """:param schools: only those of these BINs"""
        rows = Territory.objects.filter(campaign=campaign)
        if schools is not None:
            rows = rows.filter(school__in=schools)
        columns = "district_id", "school_id", "street_keys", "first_house", "last_house", "parity"
        return cls(rows.values_list(*columns, named=True).iterator(5000))

    def schools_of(self, address: Mapping[str, str]) -> frozenset[str]:
        """BINs of the schools whose territory the address lies in; empty when it is not understood."""
        return self.schools_at(address["district"], address["street"], address["house"])

    def schools_at(self, district: str, street: str, house: str) -> frozenset[str]:
        """The same for the parts of an address."""
        # A cost: a country has few names of streets and few numbers of houses, and many families.
        key = self._keys.get(street)
        if key is None:
            key = self._keys[street] = street_key(street)
        stretches = self._streets.get((district, key))
        if not stretches:
            return _NONE
        try:
            parsed = self._houses[house]
        except KeyError:
            parsed = self._houses[house] = _parsed(house)
        if parsed is None:
            return _NONE
        return frozenset([school for houses, school in stretches if houses.covers(parsed)])


def _parsed(house: str) -> House | None:
    try:
        return parse_house(house)
    except InvalidHouse:
        return None


def bound_key(*, campaign: Campaign) -> bytes:
    """
    K of the draw, the one that was bound where one was.

    :raises AnotherKey: it is another one
    """
    key = draw_key()
    bound = DrawCommitment.objects.filter(campaign=campaign).first()
    if bound is not None and not hmac.compare_digest(hashlib.sha256(key).digest(), bytes(bound.key_sha256)):
        raise AnotherKey
    return key


def read_setup(*, campaign: Campaign, part: Collection[str] | None = None, sha256: bytes = b"") -> Setup:
    """
    The campaign as it is stored now; call it inside one snapshot with the facts.

    :param part: names of the only intakes to read, with the territories of their schools
    :param sha256: of the whole campaign, where it was worked out already
    :raises AnotherKey: K is not the one that was bound before the opening
    """
    rows = Intake.objects.filter(campaign=campaign)
    schools = None if part is None else {name.partition("/")[0] for name in part}
    if schools is not None:
        rows = rows.filter(school__in=schools)
    named = rows.order_by("school_id", "language").values_list(
        "id", "school_id", "language", "school__district_id", "slots"
    )
    intakes = {
        f"{bin_}/{language}": IntakeAt(
            id=id_, name=f"{bin_}/{language}", school=bin_, district=district, slots=slots
        )
        for id_, bin_, language, district, slots in named
        if part is None or f"{bin_}/{language}" in part
    }
    return Setup(
        year=campaign.year,
        opens_at=campaign.opens_at,
        policy=campaign.policy,
        rounds=list(
            Round.objects.filter(campaign=campaign).order_by("number").values_list("number", "closes_at")
        ),
        intakes=intakes,
        territories=Territories.of_campaign(campaign, schools=schools),
        draw_key=bound_key(campaign=campaign),
        sha256=sha256 or setup_sha256(campaign=campaign),
    )
