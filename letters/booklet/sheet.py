"""A page being drawn, and the pages of one document following each other. Points, from the top left corner."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reportlab.lib.pagesizes import A4

from ..book import Book
from .ink import Line, Style, height, runs, width

MM = 72 / 25.4
PAGE_WIDTH, PAGE_HEIGHT = A4
LEFT, RIGHT, TOP, BOTTOM = 10 * MM, PAGE_WIDTH - 10 * MM, 10 * MM, PAGE_HEIGHT - 15 * MM
FULL = RIGHT - LEFT
ROUND = 0.5523  # of a quarter circle as a Bézier curve


class Sheet:
    """One page: a list of PDF operators."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.operators: list[str] = []

    def fill(self, x: float, y: float, w: float, h: float, colour: str) -> None:
        """A filled rectangle."""
        self.operators.append(f"{colour} rg {x:.2f} {PAGE_HEIGHT - y - h:.2f} {w:.2f} {h:.2f} re f\n")

    def frame(self, x: float, y: float, w: float, h: float, colour: str, line: float = 0.6) -> None:
        """The outline of a rectangle."""
        box = f"{x:.2f} {PAGE_HEIGHT - y - h:.2f} {w:.2f} {h:.2f}"
        self.operators.append(f"{colour} RG {line} w {box} re S\n")

    def rule(self, x1: float, y1: float, x2: float, y2: float, colour: str, line: float = 0.5) -> None:
        """A straight line."""
        ends = f"{x1:.2f} {PAGE_HEIGHT - y1:.2f} m {x2:.2f} {PAGE_HEIGHT - y2:.2f} l"
        self.operators.append(f"{colour} RG {line} w {ends} S\n")

    def disc(self, x: float, y: float, radius: float, colour: str) -> None:
        """A filled circle around a point."""
        y, r, k = PAGE_HEIGHT - y, radius, radius * ROUND
        self.operators.append(
            f"{colour} rg {x - r:.2f} {y:.2f} m "
            f"{x - r:.2f} {y + k:.2f} {x - k:.2f} {y + r:.2f} {x:.2f} {y + r:.2f} c "
            f"{x + k:.2f} {y + r:.2f} {x + r:.2f} {y + k:.2f} {x + r:.2f} {y:.2f} c "
            f"{x + r:.2f} {y - k:.2f} {x + k:.2f} {y - r:.2f} {x:.2f} {y - r:.2f} c "
            f"{x - k:.2f} {y - r:.2f} {x - r:.2f} {y - k:.2f} {x - r:.2f} {y:.2f} c f\n"
        )

    def text(self, x: float, y: float, lines: Sequence[Line], *, centre: float = 0.0, right: float = 0.0) -> None:
        """Lines from `y` down: at `x`, or in the middle of `centre` points, or ending `right` points further."""
        if not lines:
            return
        drawn, colour = ["BT"], ""
        for style, text in lines:
            if style.colour != colour:
                colour = style.colour
                drawn.append(f" {colour} rg")
            at = x
            if centre or right:
                at += (centre / 2 if centre else right) - width(style.font, text) * style.size / (2 if centre else 1)
            base = PAGE_HEIGHT - y - style.leading / 2 - style.size * 0.36
            drawn.append(f" 1 0 0 1 {at:.2f} {base:.2f} Tm {self.shown(style, text)}")
            y += style.leading
        drawn.append("ET\n")
        self.operators.append("".join(drawn))

    def turned(self, x: float, y: float, matrix: str, line: Line) -> None:
        """One line turned by the four numbers of `matrix`, its base starting at a point."""
        style, text = line
        at = f"{matrix} {x:.2f} {PAGE_HEIGHT - y:.2f}"
        self.operators.append(f"BT {style.colour} rg {at} Tm {self.shown(style, text)}ET\n")

    def shown(self, style: Style, text: str) -> str:
        """The operators of a text, in as many fonts as it takes."""
        size = f"{style.size:g}"
        return "".join(self.book.shown(font, size, part) for font, part in runs(style.font, text))


class Flow:
    """Where the next thing goes."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.sheets: list[Sheet] = []
        self.y = 0.0
        self.turn()

    @property
    def sheet(self) -> Sheet:
        """The page being drawn."""
        return self.sheets[-1]

    @property
    def room(self) -> float:
        """What is left of it."""
        return BOTTOM - self.y

    def turn(self) -> None:
        """Begin another page."""
        self.sheets.append(Sheet(self.book))
        self.y = TOP

    def need(self, points: float) -> None:
        """Begin another page unless so much is left."""
        if self.room < points and self.y > TOP:
            self.turn()


def total(blocks: Iterable[list[Line]]) -> float:
    """The height of the tallest."""
    return max((height(lines) for lines in blocks), default=0.0)
