"""A file as people send it, CSV or XLSX, to rows of text; what is no table is named, never guessed."""

import csv
import io
import unicodedata
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Final

from django.utils.translation import gettext_lazy as _

from .report import Fault, ImportRefused, Text, because

LARGEST_FILE: Final = 50 * 1024 * 1024
_LARGEST_UNPACKED: Final = 500 * 1024 * 1024
_XLSX: Final = b"PK\x03\x04"
_OLD_EXCEL: Final = b"\xd0\xcf\x11\xe0"
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")
_DELIMITERS: Final = ",;\t"

_NOT_UTF8 = _(
    "The file is not in UTF-8 (line {line}). In Excel choose “Save as”, then “CSV UTF-8”, or send the XLSX itself."
)
_FORMULA = _("A formula stands here. Put its value in the cell.")


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a format."""

    name: str
    is_required: bool = True
    """Whether the header must have it."""
    may_be_empty: bool = False
    most: int = 200
    """Letters at most: the size of what stores it."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; a column that the file lacks is an empty text."""

    line: int
    values: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.values.get(column, "")


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of a file whose cells were readable."""

    columns: frozenset[str]
    """Columns the header has."""
    rows: list[Row]
    faults: list[Fault]
    """Cells that were not readable; their rows are left out of `rows`."""
    notes: list[Fault]


_Cells = tuple[int, list[str], list[Fault]]
"""Line, texts of its cells, what is wrong with them (`column` is the cell's index as a text)."""


def read_table(content: bytes, *, columns: Sequence[Column]) -> Table:
    """
    Read a whole file and check each cell by its column; spaces around a text are forgiven.

    :raises ImportRefused: no table with these columns: empty, too large, of another kind or
        encoding; unknown, missing or repeated columns
    """
    if len(content) > LARGEST_FILE:
        raise ImportRefused(
            [Fault(because(_("The file is larger than {most} MB."), most=LARGEST_FILE >> 20))]
        )
    if not content.strip():
        raise ImportRefused([Fault(_("The file is empty."))])
    if content.startswith(_OLD_EXCEL):
        raise ImportRefused(
            [Fault(_("This is a workbook of an old Excel (.xls). Save it as .xlsx or as CSV UTF-8."))]
        )
    lines = _lines_of_xlsx(content) if content.startswith(_XLSX) else _lines_of_csv(content)
    header = next(lines, None)
    if header is None:
        raise ImportRefused([Fault(_("The file is empty."))])
    names = _names(header, columns)
    by_name = {column.name: column for column in columns}
    rows, faults, notes = [], [], []
    any_line = False
    for line, cells, unreadable in lines:
        any_line = True
        row, wrong, odd = _row(line, cells, unreadable, [by_name[name] for name in names])
        faults.extend(wrong)
        notes.extend(odd)
        if not wrong:
            rows.append(row)
    if not any_line:
        raise ImportRefused([Fault(_("There is a header and no line below it."))])
    return Table(columns=frozenset(names), rows=rows, faults=faults, notes=notes)


def _names(header: _Cells, columns: Sequence[Column]) -> list[str]:
    line, cells, unreadable = header
    names = [_tidy(cell).lower() for cell in cells]
    while names and not names[-1]:
        names.pop()
    faults = [Fault(fault.reason, line) for fault in unreadable]
    known = [column.name for column in columns]
    for name in dict.fromkeys(names):
        if name not in known:
            faults.append(
                Fault(
                    because(
                        _("There is no column “{name}”. Known: {known}."), name=name, known=", ".join(known)
                    ),
                    line,
                )
            )
        elif names.count(name) > 1:
            faults.append(Fault(because(_("The column “{name}” stands twice."), name=name), line))
    faults += [
        Fault(because(_("The column “{name}” is missing."), name=column.name), line)
        for column in columns
        if column.is_required and column.name not in names
    ]
    if faults:
        raise ImportRefused(faults)
    return names


def _row(
    line: int, cells: list[str], unreadable: list[Fault], columns: list[Column]
) -> tuple[Row, list[Fault], list[Fault]]:
    faults = [
        Fault(fault.reason, line, columns[int(fault.column)].name if int(fault.column) < len(columns) else "")
        for fault in unreadable
    ]
    while len(cells) > len(columns) and not cells[-1].strip():
        cells = cells[:-1]
    if len(cells) != len(columns):
        reason = because(
            _("{cells} cells, but the header has {columns}."), cells=len(cells), columns=len(columns)
        )
        return Row(line, {}), [*faults, Fault(reason, line)], []
    notes: list[Fault] = []
    values = {}
    bad = {fault.column for fault in faults}
    for column, cell in zip(columns, cells, strict=True):
        values[column.name] = value = _tidy(cell)
        if column.name in bad:
            continue
        wrong = _cell_fault(value, column)
        if wrong is not None:
            faults.append(Fault(wrong, line, column.name))
        elif word := _of_two_alphabets(value):
            odd = because(_("“{word}” mixes Latin and Cyrillic letters; taken as it stands."), word=word)
            notes.append(Fault(odd, line, column.name))
    return Row(line, values), faults, notes


def _cell_fault(value: str, column: Column) -> Text | None:
    if not value and not column.may_be_empty:
        return _("The cell is empty.")
    if len(value) > column.most:
        return because(_("{length} characters; {most} fit at most."), length=len(value), most=column.most)
    if any(unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Cn") for character in value):
        return _("There is a character here that cannot be seen. Delete this and type it again.")
    if "\ufffd" in value:
        return _("A letter was lost here: the file was saved in another encoding before.")
    return None


def _tidy(text: str) -> str:
    """Composed letters, single spaces, none around; a soft hyphen or a byte order mark is nobody's letter."""
    return " ".join(unicodedata.normalize("NFC", text.replace("\ufeff", "").replace("\u00ad", "")).split())


def _of_two_alphabets(text: str) -> str | None:
    for word in text.replace("-", " ").split():
        letters = [character for character in word if character.isalpha()]
        latin = sum("LATIN" in unicodedata.name(letter, "") for letter in letters)
        if 0 < latin < len(letters):
            return word
    return None


def _lines_of_csv(content: bytes) -> Iterator[_Cells]:
    if content.startswith(_UTF16):
        raise ImportRefused([Fault(because(_NOT_UTF8, line=1))])
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ImportRefused([Fault(because(_NOT_UTF8, line=line))]) from error
    if "\0" in text:
        raise ImportRefused([Fault(_("This is neither a CSV nor an XLSX file."))])
    first = text.lstrip().partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    begins = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield begins, cells, []
            begins = reader.line_num + 1
    except csv.Error as error:
        reason = _("The quotation marks do not fit together from here on.")
        raise ImportRefused([Fault(reason, begins)]) from error


def _lines_of_xlsx(content: bytes) -> Iterator[_Cells]:
    # A cost: a fifth of a second at the start of every process that never reads a workbook.
    from openpyxl import load_workbook

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            unpacked = sum(item.file_size for item in archive.infolist())
        fault = _("The workbook is too large when unpacked.") if unpacked > _LARGEST_UNPACKED else None
        read = []
        if fault is None:
            workbook = load_workbook(io.BytesIO(content), read_only=True, data_only=False, keep_links=False)
            sheet = next(sheet for sheet in workbook.worksheets if sheet.sheet_state == "visible")
            # The stored size of a sheet is often wrong, and rows would be lost with it.
            sheet.reset_dimensions()
            for number, row in enumerate(sheet.iter_rows(), start=1):
                read.append((number, [_text_of(cell.value, cell.data_type) for cell in row]))
            workbook.close()
    except Exception as error:
        # A broken workbook fails in a dozen ways inside its reader.
        reason = _("The XLSX file is damaged. Open it, save it again and send that one.")
        raise ImportRefused([Fault(reason)]) from error
    if fault is not None:
        raise ImportRefused([Fault(fault)])
    width: int | None = None
    for number, cells in read:
        if not any(text or reason for text, reason in cells):
            continue
        texts = [text for text, _reason in cells]
        while texts and not texts[-1] and cells[len(texts) - 1][1] is None:
            texts.pop()
        width = len(texts) if width is None else width
        # Excel does not store empty cells at the end of a row.
        texts += [""] * (width - len(texts))
        wrong = [
            Fault(reason, number, str(index))
            for index, (_text, reason) in enumerate(cells)
            if reason is not None
        ]
        yield number, texts, wrong


def _text_of(value: object, data_type: str) -> tuple[str, Text | None]:
    """The text of a cell, and why it cannot be one."""
    if value is None:
        return "", None
    reason: Text | None = None
    if data_type == "f" or (isinstance(value, str) and value.startswith("=")):
        reason = _FORMULA
    elif data_type == "e":
        reason = because(_("The cell holds an error of the workbook: {value}."), value=str(value))
    elif isinstance(value, bool):
        reason = _("A yes or no stands here; a text is needed.")
    elif isinstance(value, datetime | date | time):
        reason = _("The workbook made a date of this. Format the column as text and type it again.")
    elif isinstance(value, float) and not value.is_integer():
        reason = because(_("{value} is not a whole number."), value=str(value))
    if reason is not None:
        return "", reason
    return str(int(value) if isinstance(value, float) else value), None
