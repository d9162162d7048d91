"""Spreadsheets out: written row by row in flat memory, typed, and without a single formula.

Text from people that begins with « = » would otherwise run as a formula on the reader's machine.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import IO, Any

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, Cell, WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import IllegalCharacterError

from app.core.clock import PARIS

MIMETYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_ROWS = 1_048_575  # a sheet of Excel, without its header
FORMATS = {"date": "dd/mm/yyyy", "moment": "dd/mm/yyyy hh:mm", "number": "0", "text": "General", "tick": "General"}
WIDTHS = {"date": 13, "moment": 18, "number": 12, "tick": 10}


@dataclass(frozen=True, slots=True)
class SheetColumn:
    """A column: its heading and its kind (text, number, date, moment, tick)."""

    title: str
    kind: str = "text"
    width: int = 24


class SheetWriter:
    """One worksheet of a workbook: heading row frozen and filtered, then rows."""

    def __init__(self, book: Workbook, title: str, columns: Sequence[SheetColumn]) -> None:
        self.sheet = book.create_sheet(title[:31])
        self.columns = columns
        self.rows = 0
        self._lay_out()
        self._cells = [self._cell(column.kind) for column in columns]

    def _lay_out(self) -> None:
        for number, column in enumerate(self.columns, start=1):
            letter = get_column_letter(number)
            self.sheet.column_dimensions[letter].width = WIDTHS.get(column.kind, column.width)
        self.sheet.freeze_panes = "A2"
        self.sheet.append([self._heading(column.title) for column in self.columns])

    def _heading(self, title: str) -> Cell:
        cell = WriteOnlyCell(self.sheet, title)
        cell.data_type = "s"
        cell.font = Font(bold=True, color="FFFFFFFF")
        cell.fill = PatternFill("solid", fgColor="FF2F54C5")
        cell.alignment = Alignment(vertical="center")
        return cell

    def _cell(self, kind: str) -> Cell:
        cell = WriteOnlyCell(self.sheet)
        if kind in ("date", "moment"):
            cell.number_format = FORMATS[kind]
        return cell

    def append(self, values: Iterable[Any]) -> None:
        """Write one row. A cell object is filled again for each row: it is written at once."""
        for cell, value in zip(self._cells, values, strict=True):
            _fill(cell, value)
        self.sheet.append(self._cells)
        self.rows += 1

    def close(self) -> None:
        """Say how far the filter buttons reach."""
        last = get_column_letter(max(1, len(self.columns)))
        self.sheet.auto_filter.ref = f"A1:{last}{self.rows + 1}"


def _fill(cell: Cell, value: Any) -> None:
    if isinstance(value, str):
        try:
            cell.value = value
        except IllegalCharacterError:  # a character no spreadsheet may hold
            cell.value = ILLEGAL_CHARACTERS_RE.sub("", value)
        cell.data_type = "s"  # never a formula, never an error code
    elif isinstance(value, datetime):
        cell.value = value.astimezone(PARIS).replace(tzinfo=None)
    elif value is None or isinstance(value, int | float | date):
        cell.value = value
    else:
        _fill(cell, str(value))


def write_sheet(out: IO[bytes], title: str, columns: Sequence[SheetColumn], rows: Iterable[Iterable[Any]]) -> int:
    """Write a workbook of one sheet; answers the number of rows."""
    book = Workbook(write_only=True)
    sheet = SheetWriter(book, title, columns)
    for count, values in enumerate(rows):
        if count == MOST_ROWS:
            break
        sheet.append(values)
    sheet.close()
    book.save(out)
    return sheet.rows
