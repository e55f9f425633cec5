"""Schools with their places, and their territories, from files; frozen once families have begun to apply."""

import io
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import translation
from openpyxl import Workbook

from schools.models import (
    Campaign,
    District,
    Intake,
    Lane,
    RosterEntry,
    School,
    Territory,
)
from schools.rules import street_key
from schools.services.imports import (
    CITY_DISTRICTS_FILE,
    ImportRefused,
    NoCampaign,
    NoCampaignYet,
    Verb,
    import_districts,
    import_schools,
    import_territories,
)

pytestmark = pytest.mark.django_db

OPENS_AT = datetime(2027, 4, 1, 4, tzinfo=UTC)
BEFORE = OPENS_AT - timedelta(days=30)
AFTER = OPENS_AT + timedelta(minutes=1)

DISTRICTS = "kato,region_kato,name_en,name_kk,name_ru\n"
ALMALY = "751110000,750000000,Almaly,Алмалы ауданы,Алмалинский район\n"
SCHOOLS = "bin,district_kato,name_kk,name_ru,name_en,address_kk,address_ru,help_line,places_kk,places_ru\n"
GYMNASIUM = (
    "990140999995,751110000,№ 12 мектеп-гимназия,Школа-гимназия № 12,School No. 12,"
    '"Абай даңғылы, 10","проспект Абая, 10",+7 727 000 12 12,{kk},{ru}\n'
)
TERRITORIES = "bin,district_kato,street_kk,street_ru,first_house,last_house,parity\n"
ABAY = "990140999995,751110000,Абай даңғылы,проспект Абая,1,99,odd\n"


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


@pytest.fixture
def almaly() -> District:
    import_districts(content=(DISTRICTS + ALMALY).encode())
    return District.objects.get(kato="751110000")


@pytest.fixture
def campaign() -> Campaign:
    return Campaign.objects.create(year=2027, opens_at=OPENS_AT, closes_at=OPENS_AT + timedelta(days=150))


@pytest.fixture
def gymnasium(almaly: District, campaign: Campaign) -> School:
    import_schools(content=(SCHOOLS + GYMNASIUM.format(kk=8, ru=4)).encode(), at=BEFORE)
    return School.objects.get(bin="990140999995")


def places(kk: object = "", ru: object = "") -> bytes:
    return (SCHOOLS + GYMNASIUM.format(kk=kk, ru=ru)).encode()


def reasons(refused: pytest.ExceptionInfo[ImportRefused]) -> list[str]:
    return [str(fault) for fault in refused.value.faults]


def workbook(*rows: list[object]) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


class TestSchools:
    def test_a_school_comes_with_its_intakes(self, gymnasium: School) -> None:
        slots = dict(Intake.objects.filter(school=gymnasium).values_list("language", "slots"))

        assert slots == {"kk": "TTTOTTTO", "ru": "TTTO"}
        assert gymnasium.address_ru == "проспект Абая, 10"

    def test_more_places_append_slots_and_fewer_remove_the_highest(self, gymnasium: School) -> None:
        import_schools(content=places(kk=6, ru=6), at=BEFORE)
        assert list(Intake.objects.values_list("language", "slots")) == [("kk", "TTTOTT--"), ("ru", "TTTOTT")]

        import_schools(content=places(kk=7), at=BEFORE)

        assert list(Intake.objects.values_list("language", "slots")) == [
            ("kk", "TTTOTT--T"),
            ("ru", "TTTOTT"),
        ]

    def test_an_empty_cell_says_nothing_and_zero_takes_all(self, gymnasium: School) -> None:
        report = import_schools(content=places(kk="", ru=0), at=BEFORE)

        assert {i.language: i.capacity for i in Intake.objects.all()} == {"kk": 8, "ru": 0}
        assert report.changes[0].fields == {"places_ru": ("4", "0")}

    def test_a_place_that_a_child_holds_is_not_removed(self, gymnasium: School, campaign: Campaign) -> None:
        intake = Intake.objects.get(language="ru")
        for slot in (1, 3):
            RosterEntry.objects.create(
                campaign=campaign,
                district=gymnasium.district,
                intake=intake,
                child_key=f"19040159999{slot}",
                application_id="00000000-0000-0000-0000-000000000001",
                lane=Lane.TERRITORY,
                slot=slot,
                arrived_at=BEFORE,
                moment=BEFORE,
            )
        import_schools(content=places(ru=2), at=BEFORE)
        intake.refresh_from_db()
        assert intake.slots == "-T-O"

        with pytest.raises(ImportRefused) as refused:
            import_schools(content=places(ru=1), at=BEFORE)

        assert reasons(refused) == [
            "Line 2, places_ru: 1 places cannot be removed: only 0 are free, the others are held by children."
        ]

    def test_after_the_opening_places_are_frozen_and_names_are_not(self, gymnasium: School) -> None:
        with pytest.raises(ImportRefused) as refused:
            import_schools(content=places(kk=9, ru=4), at=AFTER)
        assert reasons(refused) == [
            (
                "Line 2, places_kk: Campaign 2027 opened on 01.04.2027 09:00: places and territories are frozen, "
                "so that nobody's chances change after applying. Places are changed on the officials' pages, "
                "some working days ahead."
            )
        ]

        import_schools(content=places(kk=8, ru=4).replace("№ 12".encode(), "№ 13".encode()), at=AFTER)

        gymnasium.refresh_from_db()
        assert gymnasium.name_kk == "№ 13 мектеп-гимназия"

    def test_after_the_opening_no_new_intake(self, gymnasium: School) -> None:
        other = places(kk=5).replace(b"990140999995", b"010240999986")

        with pytest.raises(ImportRefused):
            import_schools(content=other, at=AFTER)

        assert School.objects.count() == 1

    def test_while_the_campaign_is_open_a_school_stays_in_its_district(self, gymnasium: School) -> None:
        import_districts(content=CITY_DISTRICTS_FILE.read_bytes())

        with pytest.raises(ImportRefused) as refused:
            import_schools(content=places().replace(b"751110000", b"751210000"), at=AFTER)

        assert "its district can change only after" in reasons(refused)[0]

    def test_a_dry_run_writes_nothing(self, gymnasium: School) -> None:
        report = import_schools(content=places(kk=20, ru=4), at=BEFORE, dry_run=True)

        assert [str(c) for c in report.changes] == [
            "~ 990140999995 № 12 мектеп-гимназия (places_kk: «8» → «20»)"
        ]
        assert Intake.objects.get(language="kk").slots == "TTTOTTTO"

    @pytest.mark.parametrize(
        ("number", "reason"),
        [
            ("990140999996", "There is a mistake in this BIN: its digits do not fit together."),
            ("9901409999951", "A BIN has 12 digits; 13 were typed."),
            ("9901409999AB", "A BIN is made of digits only."),
            ("10240999986", "The leading zeros are lost: 010240999986 was meant? Format the column as text"),
        ],
    )
    def test_a_wrong_bin_is_named(
        self, almaly: District, campaign: Campaign, number: str, reason: str
    ) -> None:
        with pytest.raises(ImportRefused) as refused:
            import_schools(content=places().replace(b"990140999995", number.encode()), at=BEFORE)

        assert reasons(refused)[0].startswith(f"Line 2, bin: {reason}")

    def test_a_workbook_that_lost_the_leading_zero(self, almaly: District) -> None:
        content = workbook(
            ["bin", "district_kato", "name_kk", "name_ru", "name_en", "address_kk", "address_ru"],
            [10240999986, "751110000", "№ 1 мектеп", "Школа № 1", "School 1", "Абай, 1", "Абая, 1"],
        )

        with pytest.raises(ImportRefused) as refused:
            import_schools(content=content, at=BEFORE)

        assert "010240999986 was meant?" in reasons(refused)[0]

    def test_wrong_district_phone_and_places(self, almaly: District, campaign: Campaign) -> None:
        content = places(kk="many", ru=2001).replace(b"751110000", b"751910000").replace(b"+7 727", b"call")

        with pytest.raises(ImportRefused) as refused:
            import_schools(content=content, at=BEFORE)

        assert reasons(refused) == [
            "Line 2, district_kato: There is no district 751910000. Import the districts first.",
            "Line 2, help_line: This is not a telephone number.",
            "Line 2, places_kk: A whole number from 0 to 2000 is needed.",
            "Line 2, places_ru: A whole number from 0 to 2000 is needed.",
        ]

    def test_places_need_a_campaign(self, almaly: District) -> None:
        with pytest.raises(NoCampaignYet):
            import_schools(content=places(kk=1), at=BEFORE)
        with pytest.raises(NoCampaign, match="2031"):
            import_schools(content=places(kk=1), at=BEFORE, year=2031)

    def test_without_places_no_campaign_is_needed(self, almaly: District) -> None:
        content = places().replace(b",places_kk,places_ru", b"").replace(b",,\n", b"\n")

        import_schools(content=content, at=BEFORE)

        assert School.objects.count() == 1
        assert not Intake.objects.exists()


class TestTerritories:
    def test_a_stretch_is_found_by_both_names_of_its_street(self, gymnasium: School) -> None:
        import_territories(content=(TERRITORIES + ABAY).encode(), at=BEFORE)

        stretch = Territory.objects.get()
        assert stretch.street_keys == [street_key("Абай"), street_key("Абая")]
        assert (stretch.first_house, stretch.last_house, stretch.parity) == (1, 99, "odd")

    def test_empty_houses_and_side_mean_the_whole_street(self, gymnasium: School) -> None:
        import_territories(content=(TERRITORIES + ABAY.replace("1,99,odd", ",,")).encode(), at=BEFORE)

        stretch = Territory.objects.get()
        assert (stretch.first_house, stretch.last_house, stretch.parity) == (1, 9999, "all")

    @pytest.mark.parametrize("side", ["even", "жұп", "чётные", "EVEN"])
    def test_the_side_in_three_languages(self, gymnasium: School, side: str) -> None:
        import_territories(content=(TERRITORIES + ABAY.replace("odd", side)).encode(), at=BEFORE)

        assert Territory.objects.get().parity == "even"

    def test_a_named_school_gets_exactly_what_the_file_gives_it(self, gymnasium: School) -> None:
        second = ABAY.replace("odd", "even")
        import_territories(content=(TERRITORIES + ABAY + second).encode(), at=BEFORE)

        third = ABAY.replace("1,99,odd", "101,199,all")
        report = import_territories(content=(TERRITORIES + second + third).encode(), at=BEFORE)

        assert (report.count(Verb.ADDED), report.count(Verb.REMOVED), report.unchanged) == (1, 1, 1)
        assert set(Territory.objects.values_list("first_house", "parity")) == {(1, "even"), (101, "all")}

    def test_a_dry_run_writes_nothing(self, gymnasium: School) -> None:
        report = import_territories(content=(TERRITORIES + ABAY).encode(), at=BEFORE, dry_run=True)

        assert [str(c) for c in report.changes] == ["+ 990140999995 751110000 Абай даңғылы 1–99 odd"]
        assert not Territory.objects.exists()

    def test_after_the_opening_they_are_frozen(self, gymnasium: School) -> None:
        import_territories(content=(TERRITORIES + ABAY).encode(), at=BEFORE)

        unchanged = import_territories(content=(TERRITORIES + ABAY).encode(), at=AFTER)
        with pytest.raises(ImportRefused) as refused:
            import_territories(content=(TERRITORIES + ABAY.replace("1,99", "1,199")).encode(), at=AFTER)

        assert unchanged.changes == []
        assert "places and territories are frozen" in reasons(refused)[0]
        assert Territory.objects.get().last_house == 99

    def test_wrong_lines_are_named(self, gymnasium: School) -> None:
        content = TERRITORIES + ABAY
        content += ABAY.replace("1,99", "99,1")
        content += ABAY.replace("odd", "left")
        content += ABAY.replace("990140999995", "010240999986")
        content += ABAY.replace("751110000", "751910000")
        content += ABAY.replace("1,99", "0,12А")
        content += ABAY.replace("Абай даңғылы", "—")
        content += ABAY
        content += ABAY.replace("1,99", "4,4")

        with pytest.raises(ImportRefused) as refused:
            import_territories(content=content.encode(), at=BEFORE)

        assert reasons(refused) == [
            "Line 3, first_house: The houses run backwards: from 99 to 1.",
            "Line 4, parity: One of: all, even, odd.",
            "Line 5, bin: There is no school 010240999986. Import the schools first.",
            "Line 6, district_kato: There is no district 751910000. Import the districts first.",
            "Line 7, first_house: A house number from 1 to 9999 is needed, digits only.",
            "Line 7, last_house: A house number from 1 to 9999 is needed, digits only.",
            "Line 8, street_kk: There is no name of a street here.",
            "Line 9: The same stands in line 2 already.",
            "Line 10, parity: No house lies in this range: check it and the side of the street.",
        ]
        assert not Territory.objects.exists()

    def test_there_must_be_a_campaign(self, almaly: District) -> None:
        with pytest.raises(NoCampaignYet):
            import_territories(content=(TERRITORIES + ABAY).encode(), at=BEFORE)


class TestClock:
    def test_the_clock_decides_whether_places_are_frozen(
        self, tmp_path: Path, gymnasium: School, clock_at
    ) -> None:
        file = tmp_path / "schools.csv"
        file.write_bytes(places(kk=9, ru=4))
        clock_at(AFTER)
        with pytest.raises(CommandError, match="frozen"):
            call_command("import_schools", str(file), "--campaign", "2027")

        clock_at(BEFORE)
        call_command("import_schools", str(file), "--campaign", "2027")

        assert Intake.objects.get(language="kk").capacity == 9
