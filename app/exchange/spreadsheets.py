"""Spreadsheets out: written row by row in flat memory, typed, and without a single formula.

Text from people that begins with « = » would otherwise run as a formula on the reader's machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import IO, Any

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, Cell, WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from app.core.clock import PARIS

MIMETYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_ROWS = 1_048_575  # a sheet of Excel, without its header
RISKY = ("=", "#")  # how formulas and error codes begin
FORMATS = {"date": "dd/mm/yyyy", "moment": "dd/mm/yyyy hh:mm", "code": "@", "percent": 'General"\u00a0%"'}
WIDTHS = {"date": 13, "moment": 18, "number": 12, "tick": 10, "code": 16, "percent": 14}


@dataclass(frozen=True, slots=True)
class SheetColumn:
    """A column: its heading and its kind (text, number, date, moment, tick; percent = 37.93 shown « 37,93 % »; code =
    digits that are no number, such as a postcode: the column is marked as text, so that what is typed below keeps its
    zeros)."""

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
        self._ready = [self._maker(column.kind) for column in columns]

    def _lay_out(self) -> None:
        for number, column in enumerate(self.columns, start=1):
            letter = get_column_letter(number)
            self.sheet.column_dimensions[letter].width = WIDTHS.get(column.kind, column.width)
            if column.kind == "code":
                self.sheet.column_dimensions[letter].number_format = FORMATS["code"]
        self.sheet.freeze_panes = "A2"
        self.sheet.append([self._heading(column) for column in self.columns])

    def _heading(self, column: SheetColumn) -> Cell:
        cell = WriteOnlyCell(self.sheet, column.title)
        cell.data_type = "s"
        cell.font = Font(bold=True, color="FFFFFFFF")
        cell.fill = PatternFill("solid", fgColor="FF2F54C5")
        narrow = WIDTHS.get(column.kind, column.width)
        cell.alignment = Alignment(vertical="center", wrap_text=len(column.title) > narrow + 6)
        return cell

    def append(self, values: Iterable[Any]) -> None:
        """Write one row."""
        self.sheet.append([ready(value) for ready, value in zip(self._ready, values, strict=True)])
        self.rows += 1

    def _maker(self, kind: str) -> Callable[[Any], Any]:
        """What makes a value of this column ready. Cells are written at once, so one object serves every row."""
        guarded, dated = WriteOnlyCell(self.sheet), WriteOnlyCell(self.sheet)
        guarded.number_format = dated.number_format = FORMATS.get(kind, "General")

        def text(value: str) -> Any:
            if not value.isprintable():
                value = ILLEGAL_CHARACTERS_RE.sub("", value)
            if value[:1] not in RISKY and kind != "code":
                return value
            guarded.value = value
            guarded.data_type = "s"  # never a formula, never an error code
            return guarded

        def ready(value: Any) -> Any:
            if isinstance(value, str):
                return text(value)
            if isinstance(value, datetime):
                value = value.astimezone(PARIS).replace(tzinfo=None)
            if isinstance(value, date) or (kind == "percent" and value is not None):
                dated.value = value
                return dated
            return value if value is None or isinstance(value, int | float | Decimal) else text(str(value))

        return ready

    def close(self) -> None:
        """Say how far the filter buttons reach."""
        last = get_column_letter(max(1, len(self.columns)))
        self.sheet.auto_filter.ref = f"A1:{last}{self.rows + 1}"


def write_sheet(out: IO[bytes], title: str, columns: Sequence[SheetColumn], rows: Iterable[Iterable[Any]]) -> int:
    """Write a workbook of one sheet; answers the number of rows."""
    return write_book(out, [(title, columns, rows)])


def write_book(out: IO[bytes], sheets: Iterable[tuple[str, Sequence[SheetColumn], Iterable[Iterable[Any]]]]) -> int:
    """Write a workbook of several sheets, one after the other; answers the number of rows."""
    book, total = Workbook(write_only=True), 0
    for title, columns, rows in sheets:
        sheet = SheetWriter(book, title, columns)
        for count, values in enumerate(rows):
            if count == MOST_ROWS:
                break
            sheet.append(values)
        sheet.close()
        total += sheet.rows
    book.save(out)
    return total
