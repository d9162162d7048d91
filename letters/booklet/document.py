"""One booklet: front, back, foot of every page. Two pages when its texts are of the usual length."""

from __future__ import annotations

from ..book import Book
from ..booklet_types import PrintedBooklet
from .back import family, masteries, overall, projects
from .front import attainments
from .heading import foot, ghost, header
from .sheet import Flow


def draw(printed: PrintedBooklet, book: Book) -> None:
    """Add the booklet's pages to the book."""
    flow, facts = Flow(book), printed.booklet
    header(flow, printed)
    if facts.model == "cycle":
        masteries(flow, facts)
    else:
        attainments(flow, facts)
        _turn_over(flow)
        projects(flow, facts)
    overall(flow, facts)
    family(flow, printed)
    for number, sheet in enumerate(flow.sheets, start=1):
        foot(sheet, printed, number, len(flow.sheets))
        if printed.stamp is None:
            drawn, sheet.operators = sheet.operators, []
            ghost(sheet)
            sheet.operators += drawn
        book.add(sheet.operators)


def _turn_over(flow: Flow) -> None:
    """The back is the other side of the sheet; a front of several pages is followed where it ends."""
    if len(flow.sheets) == 1:
        flow.turn()
    else:
        flow.y += 8
