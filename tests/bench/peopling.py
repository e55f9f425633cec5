"""
`python -m tests.bench.peopling CHILDREN`: made-up applications for a founded country, made inside PostgreSQL.

Each child names three schools of its district, lives in the territory of the first one, and
applied on day one at the portal; the day is closed and drawn. `--desk N` adds N more of one
district's desk. For measurements only: texts are as long as real ones, and hashes are of nothing.
"""

import argparse
import hashlib
from datetime import timedelta

import django

_PLACES = """
    CREATE TEMP TABLE bench_place AS
    SELECT i.id AS intake, i.school_id || '/' || i.language AS name, s.district_id AS district,
           row_number() OVER (PARTITION BY s.district_id ORDER BY md5(i.id::text)) - 1 AS n,
           count(*) OVER (PARTITION BY s.district_id) AS many,
           row_number() OVER (ORDER BY md5(i.id::text)) - 1 AS place,
           coalesce(t.street_kk, '') AS street, coalesce(t.first_house, 1) AS house
    FROM schools_intake i JOIN schools_school s ON s.bin = i.school_id
    LEFT JOIN LATERAL (
        SELECT street_kk, first_house FROM schools_territory t
        WHERE t.school_id = s.bin AND t.campaign_id = i.campaign_id ORDER BY t.id LIMIT 1
    ) t ON true
    WHERE i.campaign_id = %(year)s;
    CREATE INDEX ON bench_place (place);
    CREATE INDEX ON bench_place (district, n);
    ANALYZE bench_place;
"""
_WORDS = {
    "families": "Серікова Ахметов Оспанова Қасымов Жұмабаева Нұрланов Әбдіғали Ибраева Сәрсенов Төлеген",
    "given": "Айгерім Дана Ерасыл Нұрислам Аружан Әлихан Томирис Санжар Мөлдір Алдияр Інжу Бекзат",
    "fathers": "Болатқызы Серікұлы Маратұлы Асқарқызы Ерланұлы Қайратқызы Нұрланұлы Талғатқызы",
}
_APPLICATIONS = """
    INSERT INTO enrollment_application (
        id, number, campaign_id, child_key, person_key, is_proven, choices, form, salt, language, door,
        account_id, desk, seq, entry_sha256, lodged_at, received_at, content_sha256
    )
    SELECT md5('child ' || g)::uuid,
        '27-' || substr(code, 1, 4) || '-' || substr(code, 5, 4) || '-' || CASE WHEN %(desk)s THEN 'D' ELSE 'P' END,
        %(year)s, '2' || lpad(g::text, 11, '0'), '8' || lpad(g::text, 11, '0'), %(desk)s,
        ARRAY[home.name, second.name, third.name],
        jsonb_build_object(
            'child', jsonb_build_object('iin', '2' || lpad(g::text, 11, '0'), 'document', NULL,
                'family_name', families[1 + (g %% 10)::int], 'given_name', given[1 + (g / 10 %% 12)::int],
                'patronymic', fathers[1 + (g / 120 %% 8)::int], 'birth_date', '2020-03-01', 'wish', true),
            'applicant', jsonb_build_object('iin', '8' || lpad(g::text, 11, '0'), 'document', NULL,
                'family_name', families[1 + (g %% 10)::int], 'given_name', given[1 + (g %% 12)::int], 'patronymic', ''),
            'choices', jsonb_build_array(home.name, second.name, third.name),
            'relation', 'mother', 'document', NULL, 'phone', '+77010000000', 'language', 'kk',
            'replaces', NULL, 'email', 'family' || g || '@family.example',
            'address', jsonb_build_object('district', home.district, 'street', home.street,
                'house', (home.house + 2 * (g %% 3))::text, 'flat', (g %% 90)::text)),
        decode(md5(g::text), 'hex'), 'kk', CASE WHEN %(desk)s THEN 'desk' ELSE 'portal' END,
        CASE WHEN %(desk)s THEN NULL ELSE %(account)s END,
        CASE WHEN %(desk)s THEN md5('desk')::uuid END, CASE WHEN %(desk)s THEN g END,
        CASE WHEN %(desk)s THEN sha256(g::text::bytea) END, lodged_at, lodged_at, sha256(g::text::bytea)
    FROM (
        SELECT g, upper(lpad(to_hex(g * 2654435761 %% 4294967296), 8, '0')) AS code,
            CASE WHEN %(desk)s THEN 0 ELSE ('x' || substr(md5('home ' || g), 1, 7))::bit(28)::int END AS draw,
            %(opens_at)s + g %% 50000 * interval '1 second' AS lodged_at
        FROM generate_series(%(first)s::bigint, %(last)s) AS g
    ) AS child
    CROSS JOIN (SELECT %(families)s::text[] AS families, %(given)s::text[] AS given, %(fathers)s::text[] AS fathers) w
    JOIN bench_place home ON home.place = draw %% %(places)s
    JOIN bench_place second ON second.district = home.district AND second.n = (home.n + 1 + g %% 5) %% home.many
    JOIN bench_place third ON third.district = home.district AND third.n = (home.n + 7 + g %% 3) %% home.many
"""


def people(children: int, *, desk: int = 0) -> None:
    """
    Add applications: `children` at the portal, or `desk` of one district's desk.

    Numbered on from those that are there.
    """
    from django.db import connection

    from enrollment.models import Application
    from schools.models import Account, Campaign

    campaign = Campaign.objects.get()
    there = Application.objects.count()
    words = {name: text.split() for name, text in _WORDS.items()}
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
        cursor.execute(_PLACES, {"year": campaign.pk})
        cursor.execute("SELECT count(*) FROM bench_place")
        (places,) = cursor.fetchone()
        cursor.execute(
            _APPLICATIONS,
            {
                "year": campaign.pk,
                "desk": bool(desk),
                "account": Account.objects.order_by("id").values_list("id", flat=True)[0],
                "opens_at": campaign.opens_at,
                "first": there + 1,
                "last": there + (desk or children),
                "places": places,
                **words,
            },
        )
        cursor.execute("DROP TABLE bench_place")
        if children:
            cursor.execute("ANALYZE enrollment_application")


def close_day_one() -> None:
    """Plan rounds where there are none, and draw day one."""
    from enrollment.arrival import day_of
    from enrollment.models import DaySeed
    from enrollment.rounds import planned_closings
    from schools.models import Campaign, Round
    from schools.rules import parse_moved_days

    campaign = Campaign.objects.get()
    if not Round.objects.filter(campaign=campaign).exists():
        closings = planned_closings(
            opens_at=campaign.opens_at,
            closes_at=campaign.closes_at,
            moved=parse_moved_days(campaign.moved_days),
        )
        Round.objects.bulk_create(
            Round(campaign=campaign, number=number, closes_at=closes_at)
            for number, closes_at in enumerate(closings, start=1)
        )
    DaySeed.objects.get_or_create(
        campaign=campaign,
        date=day_of(campaign.opens_at),
        defaults={
            "s": hashlib.sha256(b"bench").digest(),
            "v": "bench",
            "made_at": campaign.opens_at + timedelta(days=1),
        },
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("children", type=int)
    parser.add_argument("--desk", type=int, default=0)
    options = parser.parse_args()
    django.setup()
    people(options.children, desk=options.desk)
    if options.children:
        close_day_one()


if __name__ == "__main__":
    main()
