"""Tables that go on from page to page. A row is cut only when it must, between two lines, and its tail says so.

A row has parts one below the other (an area and its sub-areas) beside one text that spans them all (the comment).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from .ink import Line, height
from .sheet import LEFT, Flow, Sheet, total

PAD_X, PAD_Y = 3.2, 2.2
GRID = "0.72 0.76 0.82"
# A row up to this tall is not cut: it goes to the next page whole. A piece shorter than the second is not left alone.
WHOLE, ORPHAN = 160.0, 40.0
Mark = Callable[[Sheet, float, float, float], None]


@dataclass(slots=True)
class Part:
    """Cells side by side; `mark` draws what the last column holds: sheet, x, y, height."""

    cells: list[list[Line]]
    mark: Mark | None = None
    least: float = 0.0

    @property
    def height(self) -> float:
        return max(total(self.cells), self.least) + 2 * PAD_Y


@dataclass(slots=True)
class Row:
    """`again` heads what remains of a cut row on the next page."""

    parts: list[Part]
    span: list[Line] = field(default_factory=list)
    again: list[Line] = field(default_factory=list)

    @property
    def height(self) -> float:
        return max(sum(part.height for part in self.parts), height(self.span) + 2 * PAD_Y)


class Table:
    """Columns, the one of them that spans parts, and a head that every page repeats."""

    def __init__(
        self, flow: Flow, columns: Sequence[float], *, span: int,
        head: Callable[[Sheet, float], float] = lambda sheet, y: 0.0, inner: Sequence[float] = (),
    ) -> None:  # fmt: skip
        self.flow, self.columns, self.span, self.head = flow, list(columns), span, head
        self.inner = inner  # rules inside the last column
        self.edges = [LEFT + sum(self.columns[:n]) for n in range(len(self.columns) + 1)]

    def begin(self, least: float = 60.0) -> None:
        """Draw the head; `least` points of rows must have room below it."""
        self.flow.need(least)
        self.flow.y += self.head(self.flow.sheet, self.flow.y)

    def add(self, row: Row) -> None:
        """Draw a row, over several pages if it takes them."""
        rest: Row | None = row
        while rest is not None:
            if rest.height <= self.flow.room:
                self._draw(rest)
                return
            if self.flow.room > ORPHAN and rest.height > WHOLE:
                piece, rest = cut(rest, self.flow.room)
                self._draw(piece)
            self.flow.turn()
            self.flow.y += self.head(self.flow.sheet, self.flow.y)

    def _draw(self, row: Row) -> None:
        sheet, y, h = self.flow.sheet, self.flow.y, row.height
        self._lines(sheet, y, h)
        sheet.text(self.edges[self.span] + PAD_X, y + PAD_Y, row.span)
        at = y
        for number, part in enumerate(row.parts):
            tall = y + h - at if number == len(row.parts) - 1 else part.height
            self._part(sheet, part, at, tall)
            at += tall
            if number < len(row.parts) - 1:
                self._between(sheet, at)
        self.flow.y += h

    def _part(self, sheet: Sheet, part: Part, y: float, tall: float) -> None:
        for column, lines in zip(self._plain_columns(), part.cells, strict=False):
            sheet.text(self.edges[column] + PAD_X, y + PAD_Y, lines)
        if part.mark:
            part.mark(sheet, self.edges[-2], y, tall)

    def _plain_columns(self) -> list[int]:
        return [column for column in range(len(self.columns)) if column != self.span]

    def _lines(self, sheet: Sheet, y: float, h: float) -> None:
        for edge in [*self.edges, *(self.edges[-2] + step for step in self.inner)]:
            sheet.rule(edge, y, edge, y + h, GRID)
        sheet.rule(self.edges[0], y + h, self.edges[-1], y + h, GRID)

    def _between(self, sheet: Sheet, y: float) -> None:
        """Under a part: every column but the one that spans."""
        for column in self._plain_columns():
            sheet.rule(self.edges[column], y, self.edges[column + 1], y, GRID, 0.3)


def cut(row: Row, room: float) -> tuple[Row, Row | None]:
    """What fits in `room` and what is left (None when nothing is)."""
    taken, left, free = [], list(row.parts), room
    while left and left[0].height <= free:
        free -= left[0].height
        taken.append(left.pop(0))
    if left and (free > ORPHAN or not taken):
        first, second = _cut_part(left[0], free)
        taken.append(first)
        left[:1] = [second] if any(second.cells) else []
    span, after = _cut_lines(row.span, room)
    if not left and not after:
        return Row(taken, span), None
    parts = left or [Part([[] for _ in row.parts[0].cells])]
    parts[0] = Part([row.again or parts[0].cells[0], *parts[0].cells[1:]] if not parts[0].cells[0] else
                    parts[0].cells, parts[0].mark, parts[0].least)  # fmt: skip
    return Row(taken, span), Row(parts, after, row.again)


def _cut_part(part: Part, room: float) -> tuple[Part, Part]:
    heads, tails = zip(*(_cut_lines(lines, room) for lines in part.cells), strict=True)
    return Part(list(heads), part.mark), Part(list(tails))


def _cut_lines(lines: list[Line], room: float) -> tuple[list[Line], list[Line]]:
    free = room - 2 * PAD_Y
    for number, line in enumerate(lines):
        free -= line.style.leading
        if free < 0:
            return lines[:number], lines[number:]
    return lines, []
