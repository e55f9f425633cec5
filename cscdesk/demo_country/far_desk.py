"""Who comes to a desk far away and asks for a school of the official's district; no database."""

from collections.abc import Iterator
from itertools import islice
from typing import Final

from enrollment.rules import Request, SeenDocument

from .families import families
from .personas import DISTRICT_OFFICIAL
from .places import SchoolPlan, city_country

FAMILIES: Final = 16
"""Of so many that a draw decides about, some would have won."""
_FIRST_SERIAL: Final = 6_000
"""Apart from the numbers of the demo's other families."""


def requests() -> Iterator[Request]:
    """Families of the territory of the district's first school, who ask for it at this desk."""
    country = city_country()
    school = next(one for one in country.schools if one.district.kato == DISTRICT_OFFICIAL.district)
    everybody = families(3_000, country=country, seed=2, start=_FIRST_SERIAL)
    of_school = (family for family in everybody if family.school is not None and family.school == school)
    for family in islice(of_school, FAMILIES):
        yield Request(
            child=family.children[0],
            choices=[_choice(school, family.teaching)],
            applicant=family.parents[0].applicant,
            relation=family.parents[0].relation,
            document=SeenDocument(type="birth_certificate", number=f"ДД {family.serial}"),
            address=family.address,
            phone=family.parents[0].phone,
            language=family.language,
        )


def _choice(school: SchoolPlan, teaching: str) -> str:
    return f"{school.bin}/{teaching if teaching in school.places else next(iter(school.places))}"
