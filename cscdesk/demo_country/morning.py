"""What the families of the demo country send on the first morning."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from random import Random
from typing import Final
from uuid import UUID

from enrollment.rules import Request
from schools.clock import ALMATY

from .families import Family, Parent
from .numbers import demo_id, receipt_number
from .places import Country, SchoolPlan

OPENS_AT: Final = datetime(2027, 4, 1, 9, tzinfo=ALMATY)
SHOWN_AT: Final = datetime(2027, 4, 1, 10, 30, tzinfo=ALMATY)
"""What the demonstration's clock shows when it begins."""
_MORNING_SECONDS: Final = 88 * 60


@dataclass(frozen=True, slots=True)
class Lodged:
    """One request as the portal took it."""

    id: UUID
    number: str
    sender: Parent
    request: Request
    lodged_at: datetime
    withdrawn_at: datetime | None


def morning(people: Iterator[Family], *, country: Country, name: str, issuer: str) -> Iterator[Lodged]:
    """
    Requests of one family after the other, endless as long as the families are; half come in the first quarter.

    Most choose the school of their territory, some the one that everybody wants. In one of
    nine families both parents send, half of these with different choices; now and then one
    takes the request back. `name` sets the ids of two populations apart, `issuer` (three
    characters, the portal's begin with Q) their receipts.
    """
    random = Random(f"morning/{name}")  # noqa: S311 (made-up people need no secrets)
    by_region: dict[str, list[SchoolPlan]] = {}
    for school in country.schools:
        by_region.setdefault(school.district.region, []).append(school)
    serials = count()
    for family in people:
        schools = by_region[family.region]
        choice = _choice(family, schools, random)
        sent_at = OPENS_AT + timedelta(seconds=round(_MORNING_SECONDS * random.random() ** 2, 3))
        for index, child in enumerate(family.children):
            both_send = family.serial % 9 == 4
            for parent in family.parents if both_send else family.parents[:1]:
                lodged_at = sent_at + timedelta(seconds=40 * index)
                if parent is not family.parents[0]:
                    lodged_at += (SHOWN_AT - lodged_at) * (random.random() * 0.9)
                    if family.serial % 2:
                        choice = _choice(family, schools, random)
                request = Request(
                    child=child,
                    choices=[choice],
                    applicant=parent.applicant,
                    relation=parent.relation,
                    address=family.address,
                    phone=parent.phone if family.serial % 30 != 11 else None,
                    language=family.language,
                )
                serial = next(serials)
                yield Lodged(
                    id=demo_id(name, family.serial, index, parent.relation),
                    number=receipt_number(year=OPENS_AT.year, issuer=issuer, serial=serial),
                    sender=parent,
                    request=request,
                    lodged_at=lodged_at,
                    withdrawn_at=lodged_at + (SHOWN_AT - lodged_at) / 2 if serial % 53 == 31 else None,
                )


def _choice(family: Family, schools: list[SchoolPlan], random: Random) -> str:
    """`BIN/language`: own school, the one everybody wants (the region's first), or any."""
    what = random.random()
    if what < 0.14:
        school = schools[0]
    elif what < 0.9 and family.school is not None:
        school = family.school
    else:
        school = schools[int(random.random() * len(schools))]
    language = family.teaching if family.teaching in school.places else next(iter(school.places))
    return f"{school.bin}/{language}"
