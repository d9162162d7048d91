"""Eight slips on an A4 page. Each folds in two along its middle line: the code is inside, the name outside."""

from __future__ import annotations

from ..book import Book
from ..booklet.ink import DARK, SOFT, Line, Style, block
from ..booklet.sheet import MM, Flow, Sheet
from ..faces import BOLD, CODE, TEXT
from ..types import PupilSlip, PupilSlips
from ..wording import bare_address, long_date

COLUMNS, ROWS = 2, 4
WIDTH, HEIGHT = 105 * MM, 74.25 * MM
MARGIN = 9 * MM
NAME, LABEL = Style(BOLD, 11, 13.5, DARK), Style(TEXT, 8, 10, SOFT)
TEXT_STYLE, CODE_STYLE = Style(TEXT, 8, 10.4, DARK), Style(CODE, 13, 18, DARK)
PALE = "0.6 0.65 0.7"


def draw(page: PupilSlips, book: Book) -> None:
    """Add one page."""
    sheet = Flow(book).sheet
    for n, slip in enumerate(page.slips):
        column, row = n % COLUMNS, n // COLUMNS
        left, top = column * WIDTH, row * HEIGHT
        _outside(sheet, page, slip, left + MARGIN, top + 7 * MM)
        sheet.rule(left + 4 * MM, top + HEIGHT / 2, left + WIDTH - 4 * MM, top + HEIGHT / 2, PALE)
        _inside(sheet, page, slip, left + MARGIN, top + HEIGHT / 2 + 3 * MM)
    for column in range(1, COLUMNS):
        sheet.rule(column * WIDTH, 0, column * WIDTH, ROWS * HEIGHT, PALE)
    for row in range(1, ROWS):
        sheet.rule(0, row * HEIGHT, COLUMNS * WIDTH, row * HEIGHT, PALE)
    book.add(sheet.operators)


def _outside(sheet: Sheet, page: PupilSlips, slip: PupilSlip, x: float, y: float) -> None:
    room = WIDTH - 2 * MARGIN
    lines = [*block(slip.name, NAME, room), Line(LABEL, f"Classe : {slip.division}"),
             *block(page.school.name, LABEL, room)]  # fmt: skip
    sheet.text(x, y, lines)


def _inside(sheet: Sheet, page: PupilSlips, slip: PupilSlip, x: float, y: float) -> None:
    room = WIDTH - 2 * MARGIN
    where = f"Dès le {long_date(page.starts_on)}, sur {bare_address(page.portal.url)}"
    lines = [Line(CODE_STYLE, slip.code or "code déjà utilisé"), *block(where, TEXT_STYLE, room),
             *block("Saisissez ce code, votre prénom et votre date de naissance. Il vous est personnel : ne le "
                    "communiquez à personne.", TEXT_STYLE, room)]  # fmt: skip
    sheet.text(x, y, lines)
