"""What everybody could know before the opening: read once, from the database, by its owner."""

from datetime import date, timedelta

import psycopg

from tests.opening_morning.plan import DISTRICTS, OPENS_AT, YEAR, Plan
from tests.opening_morning.rule import Announced
from tests.opening_morning.stage import DidNotHappen

Owner = psycopg.Connection[tuple[object, ...]]


def make_scarce(owner: Owner, plan: Plan) -> list[str]:
    """
    Leave a few intakes fewer places than will be asked for; their names.

    Before the opening, as whoever announces a campaign does it.
    """
    busy: list[str] = []
    for district, count in DISTRICTS.items():
        schools = owner.execute(
            "SELECT bin FROM schools_school WHERE district_id = %s ORDER BY bin", [district]
        ).fetchall()
        busy += [f"{schools[i % len(schools)][0]}/{('kk', 'ru')[i // len(schools)]}" for i in range(count)]
    for name, places in zip(busy, plan.places, strict=True):
        school, _slash, language = name.partition("/")
        slots = ("TTTO" * places)[:places]
        changed = owner.execute(
            "UPDATE schools_intake SET slots = %s WHERE campaign_id = %s AND school_id = %s AND language = %s",
            [slots, YEAR, school, language],
        )
        if changed.rowcount != 1:
            raise DidNotHappen(f"the demo country has no intake {name}")
    return busy


def announced(owner: Owner, *, draw_key: bytes) -> Announced:
    """The campaign as announced."""
    row = owner.execute(
        "SELECT opens_at, policy_data FROM schools_campaign WHERE year = %s", [YEAR]
    ).fetchone()
    assert row is not None
    opens_at, policy = row
    if opens_at != OPENS_AT:
        raise DidNotHappen(f"the demo campaign opens at {opens_at}")
    assert isinstance(policy, dict)

    def value(key: str, otherwise: object) -> object:
        return policy[key]["value"] if key in policy else otherwise

    hold = value("territory_hold_until", None)
    streets = owner.execute(
        "SELECT school_id, district_id, street_kk, street_ru, first_house, last_house, parity"
        " FROM schools_territory WHERE campaign_id = %s AND district_id = ANY(%s)",
        [YEAR, list(DISTRICTS)],
    ).fetchall()
    intakes = owner.execute(
        "SELECT i.school_id || '/' || i.language, i.slots, s.bin, s.district_id FROM schools_intake i"
        " JOIN schools_school s ON s.bin = i.school_id WHERE i.campaign_id = %s",
        [YEAR],
    ).fetchall()
    return Announced(
        year=YEAR,
        opens_at=OPENS_AT,
        grain=timedelta(seconds=int(str(value("grain", 60)))),
        has_opening_interval=bool(value("opening_interval", True)),
        hold_until=date.fromisoformat(str(hold)) if hold else None,
        draw_key=draw_key,
        slots={str(name): str(slots) for name, slots, _bin, _district in intakes},
        district_of={str(bin_): str(district) for _name, _slots, bin_, district in intakes},
        streets=[
            (
                str(school),
                str(district),
                frozenset(filter(None, (str(kk), str(ru)))),
                int(str(first_house)),
                int(str(last_house)),
                str(parity),
            )
            for school, district, kk, ru, first_house, last_house, parity in streets
        ],
    )


def vanish(owner: Owner, name: str) -> None:
    """Wrong reference data: an intake that was announced is gone from one day to the next."""
    school, _slash, language = name.partition("/")
    owner.execute(
        "DELETE FROM schools_intakestate WHERE intake_id = (SELECT id FROM schools_intake"
        " WHERE campaign_id = %s AND school_id = %s AND language = %s)",
        [YEAR, school, language],
    )
    owner.execute(
        "DELETE FROM schools_intake WHERE campaign_id = %s AND school_id = %s AND language = %s",
        [YEAR, school, language],
    )


def forget(owner: Owner, number: str) -> None:
    """Break law 2: take the guards of one table away and remove an application, as a tidy colleague would."""
    owner.execute("ALTER TABLE enrollment_application DISABLE TRIGGER USER")
    owner.execute("GRANT DELETE ON ALL TABLES IN SCHEMA public TO qabyldau")
    owner.execute("SET ROLE qabyldau")
    try:
        application = "(SELECT id FROM enrollment_application WHERE number = %s)"
        notices = f"(SELECT id FROM enrollment_notice WHERE application_id = {application})"
        owner.execute(f"DELETE FROM enrollment_noticesent WHERE notice_id IN {notices}", [number])
        owner.execute(f"DELETE FROM enrollment_notice WHERE application_id IN {application}", [number])
        gone = owner.execute("DELETE FROM enrollment_application WHERE number = %s", [number])
        if gone.rowcount != 1:
            raise DidNotHappen(f"{number} was not there to be forgotten")
    finally:
        owner.execute("RESET ROLE")


def is_kept(stage_url: str, number: str) -> bool:
    """Whether the application's own role is refused when it tries to remove or change an application."""
    for attempt in (
        "DELETE FROM enrollment_application WHERE number = %s",
        "UPDATE enrollment_application SET lodged_at = lodged_at - interval '1 hour' WHERE number = %s",
    ):
        try:
            with psycopg.connect(stage_url, autocommit=True) as connection:
                connection.execute(attempt, [number])
        except psycopg.Error:
            continue
        return False
    return True
