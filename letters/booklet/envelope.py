"""The sheet with a household's address, for the window of a DL envelope (x 100–200 mm, y 45–80 mm once folded)."""

from __future__ import annotations

from ..book import Book
from ..booklet_types import Envelope
from ..faces import BOLD, TEXT
from .heading import letterhead
from .ink import BODY, SMALL, Line, Style, block
from .sheet import MM, TOP, Flow
from .words import words

ADDRESS, ADDRESSEE = Style(TEXT, 10, 12.8, "0 0 0"), Style(BOLD, 10, 12.8, "0 0 0")
WINDOW_X, WINDOW_Y, WINDOW = 105 * MM, 48 * MM, 90 * MM
FOLDS = (99 * MM, 198 * MM)


def draw(envelope: Envelope, book: Book) -> None:
    """Add the sheet."""
    sheet = Flow(book).sheet
    letterhead(sheet, envelope.school)
    address = block(envelope.guardian.full_name, ADDRESSEE, WINDOW)
    for line in envelope.guardian.address:
        address += block(line, ADDRESS, WINDOW)
    sheet.text(WINDOW_X, WINDOW_Y, address)
    contents = [Line(SMALL, f"{words()['envelope']} :")]
    for name in envelope.contents:
        contents += block(name, BODY, WINDOW - 20 * MM)
    sheet.text(18 * MM, TOP + 38 * MM, contents)
    for y in FOLDS:
        sheet.rule(4 * MM, y, 8 * MM, y, "0.6 0.65 0.7")
    book.add(sheet.operators)
