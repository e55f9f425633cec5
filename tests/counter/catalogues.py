"""A small made-up catalogue: two schools of one district, one street each."""

from datetime import UTC, datetime

from cscdesk.entry.enrolment import Campaign, Catalogue, Centre, District, Names, School, Territory
from schools.rules import default_policy_data

DISTRICT = "711210000"
LYCEUM = "990140999995"
GYMNASIUM = "010240999986"
LYCEUM_KAZAKH = f"{LYCEUM}/kk"


def catalogue() -> Catalogue:
    """Campaign 2027, open from 1 April 09:00 (Almaty) to the end of August."""
    return Catalogue(
        campaign=Campaign(
            year=2027,
            opens_at=datetime(2027, 4, 1, 4, tzinfo=UTC),
            closes_at=datetime(2027, 8, 31, 13, tzinfo=UTC),
            policy=default_policy_data(),
        ),
        centre=Centre(
            code="A1",
            district=DISTRICT,
            names=Names(kk="Есіл ХҚО (ЦОН)", ru="ЦОН Есиль", en="Esil service centre"),
            phone="+7 7172 55 00 11",
        ),
        districts=[
            District(
                code=DISTRICT,
                names=Names(kk="Есіл ауданы", ru="район Есиль", en="Esil district"),
                help_line="+7 7172 55 00 00",
            )
        ],
        schools=[
            School(
                bin=LYCEUM,
                district=DISTRICT,
                names=Names(kk="№ 15 лицей", ru="Лицей № 15", en="Lyceum No. 15"),
                address_kk="Достық көшесі, 4",
                address_ru="улица Достык, 4",
            ),
            School(
                bin=GYMNASIUM,
                district=DISTRICT,
                names=Names(kk="№ 151 гимназия", ru="Гимназия № 151", en="Gymnasium No. 151"),
                address_kk="Сарайшық көшесі, 9",
                address_ru="улица Сарайшык, 9",
            ),
        ],
        intakes=[f"{LYCEUM}/kk", f"{LYCEUM}/ru", f"{GYMNASIUM}/kk"],
        territories=[
            Territory(
                school=LYCEUM,
                district=DISTRICT,
                street_kk="Достық көшесі",
                street_ru="улица Достык",
                first_house=1,
                last_house=40,
            )
        ],
    )
