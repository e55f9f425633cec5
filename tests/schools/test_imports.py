"""Districts, schools and territories from files: all of a file or nothing, each wrong line by its reason."""

import io
from datetime import datetime
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import translation
from openpyxl import Workbook

from schools.models import (
    District,
    Region,
)
from schools.services.imports import (
    CITY_DISTRICTS_FILE,
    ImportRefused,
    Verb,
    add_missing_regions,
    import_districts,
)

pytestmark = pytest.mark.django_db

DISTRICTS = "kato,region_kato,name_en,name_kk,name_ru\n"
ALMALY = "751110000,750000000,Almaly,Алмалы ауданы,Алмалинский район\n"


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


@pytest.fixture
def almaly() -> District:
    import_districts(content=(DISTRICTS + ALMALY).encode())
    return District.objects.get(kato="751110000")


def reasons(refused: pytest.ExceptionInfo[ImportRefused]) -> list[str]:
    return [str(fault) for fault in refused.value.faults]


def workbook(*rows: list[object]) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


class TestDistricts:
    def test_the_cities_districts_come_whole_with_their_regions(self) -> None:
        report = import_districts(content=CITY_DISTRICTS_FILE.read_bytes())

        assert report.count(Verb.ADDED) == District.objects.count() == 18
        assert Region.objects.count() == 20
        assert str(District.objects.get(kato="711210000").region.name_ru) == "город Астана"

    def test_again_changes_nothing(self) -> None:
        import_districts(content=CITY_DISTRICTS_FILE.read_bytes())

        report = import_districts(content=CITY_DISTRICTS_FILE.read_bytes())

        assert (report.changes, report.unchanged) == ([], 18)

    def test_a_new_name_is_shown_with_the_old_one(self, almaly: District) -> None:
        report = import_districts(
            content=(DISTRICTS + ALMALY.replace("Алмалы ауданы", "Алма ауданы")).encode()
        )

        almaly.refresh_from_db()
        assert almaly.name_kk == "Алма ауданы"
        assert [str(c) for c in report.changes] == [
            "~ 751110000 Алма ауданы (name_kk: «Алмалы ауданы» → «Алма ауданы»)"
        ]

    def test_a_file_without_help_lines_leaves_them(self) -> None:
        import_districts(content=CITY_DISTRICTS_FILE.read_bytes())

        import_districts(content=(DISTRICTS + ALMALY).encode())

        assert District.objects.get(kato="751110000").help_line == "+7 727 000 01 11"

    def test_a_dry_run_writes_nothing(self) -> None:
        report = import_districts(content=(DISTRICTS + ALMALY).encode(), dry_run=True)

        assert report.count(Verb.ADDED) == 1
        assert "nothing was written" in str(report.summary)
        assert not District.objects.exists()
        assert not Region.objects.exists()

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
    @pytest.mark.parametrize("delimiter", [",", ";", "\t"])
    @pytest.mark.parametrize("newline", ["\n", "\r\n"])
    def test_csv_as_programs_write_it(self, encoding: str, delimiter: str, newline: str) -> None:
        text = (DISTRICTS + ALMALY).replace(",", delimiter).replace("\n", newline)

        import_districts(content=text.encode(encoding))

        assert District.objects.get().name_kk == "Алмалы ауданы"

    def test_xlsx(self) -> None:
        import_districts(
            content=workbook(
                ["kato", "region_kato", "name_en", "name_kk", "name_ru", "help_line"],
                [751110000, 750000000.0, "Almaly", "Алмалы ауданы", "Алмалинский район"],
            )
        )

        assert District.objects.get().region_id == "750000000"

    def test_letters_of_two_alphabets_in_one_word_are_noted_and_taken(self) -> None:
        report = import_districts(content=(DISTRICTS + ALMALY.replace("Алмал", "Aлмал")).encode())

        assert District.objects.count() == 1
        assert len(report.notes) == 2
        assert str(report.notes[0]) == (
            "Line 2, name_kk: “Aлмалы” mixes Latin and Cyrillic letters; taken as it stands."
        )

    def test_all_wrong_lines_are_named_and_none_is_stored(self) -> None:
        content = DISTRICTS + ALMALY
        content += "75111000,750000000,A,А,А\n"
        content += "751210000,760000000,A,А,А\n"
        content += "631210000,750000000,A,А,А\n"
        content += "751310000,750000000,A,,А\n"
        content += ALMALY
        content += "751410000,750000000,A,А\n"
        content += f"751510000,750000000,A,{'А' * 121},А\n"

        with pytest.raises(ImportRefused) as refused:
            import_districts(content=content.encode())

        assert reasons(refused) == [
            "Line 3, kato: A KATO code has nine digits.",
            "Line 4, region_kato: There is no region 760000000.",
            (
                "Line 5, kato: District 631210000 does not lie in region 750000000: "
                "the first two digits are the region's."
            ),
            "Line 6, name_kk: The cell is empty.",
            "Line 7: The same stands in line 2 already.",
            "Line 8: 4 cells, but the header has 5.",
            "Line 9, name_kk: 121 characters; 120 fit at most.",
        ]
        assert not District.objects.exists()

    def test_a_line_is_counted_as_an_editor_counts_it(self) -> None:
        content = DISTRICTS + '\n751110000,750000000,"Al\nmaly",А,А\n1,750000000,A,А,А\n'

        with pytest.raises(ImportRefused) as refused:
            import_districts(content=content.encode())

        assert reasons(refused) == ["Line 5, kato: A KATO code has nine digits."]


class TestFilesThatAreNoTable:
    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            (b"", "The file is empty."),
            (b" \n\n ", "The file is empty."),
            (DISTRICTS.encode(), "There is a header and no line below it."),
            ((DISTRICTS + ALMALY).encode("cp1251"), "The file is not in UTF-8 (line 2)."),
            ((DISTRICTS + ALMALY).encode("utf-16"), "The file is not in UTF-8 (line 1)."),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512), "This is a workbook of an old Excel (.xls)."),
            (b"PK\x03\x04 no workbook at all", "The XLSX file is damaged."),
            (b"kato,\0", "This is neither a CSV nor an XLSX file."),
            (DISTRICTS.encode() + b'751110000,"A,b\n', "Line 2: The quotation marks do not fit together"),
            (b"kato,name\n1,2\n", "Line 1: There is no column “name”. Known: kato, region_kato"),
            (b"kato,region_kato,name_en,name_kk\n1,2,3,4\n", "Line 1: The column “name_ru” is missing."),
            (b"kato,kato\n1,2\n", "Line 1: The column “kato” stands twice."),
        ],
    )
    def test_the_reason_is_said(self, content: bytes, reason: str) -> None:
        with pytest.raises(ImportRefused) as refused:
            import_districts(content=content)

        assert any(text.startswith(reason) for text in reasons(refused)), reasons(refused)

    def test_an_archive_that_is_no_workbook(self) -> None:
        import zipfile

        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("a.txt", "a")

        with pytest.raises(ImportRefused) as refused:
            import_districts(content=file.getvalue())

        assert reasons(refused)[0].startswith("The XLSX file is damaged.")

    def test_invisible_and_lost_letters(self) -> None:
        content = DISTRICTS + "751110000,750000000,A\u202eb,А\ufffd,А\n"

        with pytest.raises(ImportRefused) as refused:
            import_districts(content=content.encode())

        assert [text.split(":")[0] for text in reasons(refused)] == ["Line 2, name_en", "Line 2, name_kk"]

    def test_a_formula_in_the_header(self) -> None:
        with pytest.raises(ImportRefused) as refused:
            import_districts(content=workbook(["=A2", "kato"], [1, 2]))

        assert reasons(refused)[0] == "Line 1: A formula stands here. Put its value in the cell."

    def test_a_workbook_row_that_is_too_long(self) -> None:
        head = ["kato", "region_kato", "name_en", "name_kk", "name_ru"]

        with pytest.raises(ImportRefused) as refused:
            import_districts(content=workbook(head, ["751110000", "750000000", "A", "А", "А", "А"]))

        assert reasons(refused) == ["Line 2: 6 cells, but the header has 5."]

    def test_the_reasons_are_said_in_the_language_of_the_reader(self) -> None:
        """The sentences are made when they are shown, not when the file is read."""
        with pytest.raises(ImportRefused) as refused:
            import_districts(content=b"")

        with translation.override("en"):
            assert str(refused.value.faults[0]) == "The file is empty."
        assert refused.value.faults[0].reason.__class__ is not str

    def test_formulas_dates_and_errors_in_a_workbook(self) -> None:
        head = ["kato", "region_kato", "name_en", "name_kk", "name_ru"]
        content = workbook(
            head,
            ["=1+1", "750000000", "A", "А", "А"],
            ["751110000", datetime(2027, 1, 1), "A", "А", "А"],
            ["751110000", 7.5, "A", "А", True],
        )

        with pytest.raises(ImportRefused) as refused:
            import_districts(content=content)

        assert reasons(refused) == [
            "Line 2, kato: A formula stands here. Put its value in the cell.",
            (
                "Line 3, region_kato: The workbook made a date of this. "
                "Format the column as text and type it again."
            ),
            "Line 4, region_kato: 7.5 is not a whole number.",
            "Line 4, name_ru: A yes or no stands here; a text is needed.",
        ]


class TestCommands:
    def test_the_diff_is_printed(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        file = tmp_path / "districts.csv"
        file.write_text(DISTRICTS + ALMALY)

        call_command("import_districts", str(file))

        assert capsys.readouterr().out == (
            "+ 751110000 Алмалы ауданы\nAdded: 1, changed: 0, removed: 0, unchanged: 0.\n"
        )

    def test_exit_1_with_the_list_on_standard_error(self, tmp_path: Path) -> None:
        file = tmp_path / "districts.csv"
        file.write_text(DISTRICTS + "1,750000000,A,А,А\n2,750000000,A,А,А\n")

        with pytest.raises(CommandError) as error:
            call_command("import_districts", str(file))

        assert error.value.returncode == 1
        assert str(error.value) == (
            "Line 2, kato: A KATO code has nine digits.\nLine 3, kato: A KATO code has nine digits.\n"
            "Nothing was imported."
        )

    def test_a_missing_file_is_one_sentence(self, tmp_path: Path) -> None:
        with pytest.raises(CommandError, match="No such file"):
            call_command("import_schools", str(tmp_path / "none.csv"))


def test_stored_names_of_regions_stay(almaly: District) -> None:
    Region.objects.filter(kato="100000000").delete()
    Region.objects.filter(kato="110000000").update(name_en="Mine")

    assert add_missing_regions() == 1
    assert Region.objects.get(kato="110000000").name_en == "Mine"
