"""The sheet on top of a pile that replaces earlier booklets."""

from __future__ import annotations

from ..book import Book
from ..booklet_types import Change, ChangeSheet
from .front import columns_head
from .heading import TITLE, letterhead, short_date
from .ink import BODY, READ, SMALL, STRONG, Line, block
from .sheet import FULL, LEFT, MM, TOP, Flow
from .table import Part, Row, Table
from .words import words

COLUMNS = (58 * MM, 42 * MM, FULL - 100 * MM)


def draw(sheet: ChangeSheet, book: Book) -> None:
    """Add the sheet, of several pages when there are many."""
    flow, said = Flow(book), words()
    flow.y = TOP + letterhead(flow.sheet, sheet.school) + 18
    flow.sheet.text(LEFT, flow.y, [Line(TITLE, said["changes"]), Line(READ, short_date(sheet.issued_on))])
    flow.y += 36
    note = block(said["changes_note"], READ, FULL)
    flow.sheet.text(LEFT, flow.y, note)
    flow.y += len(note) * READ.leading + 6
    names = (said["changes_pupil"], said["changes_numbers"])
    table = Table(flow, COLUMNS, span=2, head=lambda page, y: columns_head(
        page, y, names, (said["changes_what"], []), COLUMNS, turned=False))  # fmt: skip
    table.begin()
    for change in sheet.changes:
        table.add(_row(change))
    for page in flow.sheets:
        book.add(page.operators)


def _row(change: Change) -> Row:
    room = COLUMNS[0] - 7
    pupil = block(change.pupil, STRONG, room) + block(change.division, SMALL, room)
    numbers = [Line(BODY, change.old_number), Line(STRONG, change.new_number)]
    what = [line for text in change.changes for line in block(f"– {text}", BODY, COLUMNS[2] - 7)]
    return Row([Part([pupil, numbers])], what, again=pupil)
