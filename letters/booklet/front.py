"""The first page: what the pupil has learnt, subject by subject or area by area; or the components of the base."""

from __future__ import annotations

from collections.abc import Iterable

from ..booklet_types import BookletFacts, BookletLine
from ..faces import BOLD
from .heading import band
from .ink import BLUE, BODY, DARK, LABEL, SMALL, STRONG, Line, Style, block
from .sheet import FULL, LEFT, MM, Flow, Sheet
from .table import GRID, Mark, Part, Row, Table
from .words import words

HEAD_FILL = "0.87 0.91 0.96"
HEAD = Style(BOLD, 6.6, 7.8, DARK)
FIGURE = Style(BOLD, 8.4, 10.0, DARK)
UNIT = Style(BOLD, 6.4, 7.2, DARK)
SIDE, STEP = 4.6, 8 * MM
TURNED = "0 1 -1 0"  # upwards
DOT = 2.7


def attainments(flow: Flow, facts: BookletFacts) -> None:
    """The blue band and its table."""
    band(flow, "blue", words()["attainments"], least=120)
    last = {"objectives": 4 * STEP, "marks": 2 * 13 * MM, "letters": 20 * MM}[facts.scale]
    label = 36 * MM
    rest = FULL - label - last
    columns = (label, rest * 0.48, rest * 0.52, last)
    inner = [last / n * k for n, k in _steps(facts.scale)]
    table = Table(flow, columns, span=2, head=lambda sheet, y: _head(sheet, y, facts, columns), inner=inner)
    table.begin()
    for area in _areas(facts.lines):
        table.add(_row(area, facts, columns))


def _steps(scale: str) -> list[tuple[int, int]]:
    return {"objectives": [(4, 1), (4, 2), (4, 3)], "marks": [(2, 1)], "letters": []}[scale]


def _areas(lines: Iterable[BookletLine]) -> Iterable[list[BookletLine]]:
    """A subject alone; an area with its sub-areas."""
    area: list[BookletLine] = []
    for line in lines:
        if line.depth == 0 and area:
            yield area
            area = []
        area.append(line)
    if area:
        yield area


def _row(area: list[BookletLine], facts: BookletFacts, columns: tuple[float, ...]) -> Row:
    head, room = area[0], columns[0] - 7
    label = block(head.label, STRONG, room)
    comment = [line for part in area for line in _comment(part, head, columns[2] - 7)]
    parts = [_part(line, label if line is head else block(line.label, BODY, room), facts, columns) for line in area]
    parts[0].cells[0] += block(head.teachers, SMALL, room)
    return Row(parts, comment, again=[*label, *block(words()["continued"], SMALL, room)])


def _comment(line: BookletLine, head: BookletLine, room: float) -> list[Line]:
    text = line.comment if line is head or not line.comment else f"{line.label} : {line.comment}"
    return block(text, BODY, room)


def _part(line: BookletLine, label: list[Line], facts: BookletFacts, columns: tuple[float, ...]) -> Part:
    room = columns[1] - 7
    elements = [line for text in line.elements for line in _bullet(text, room)]
    mark, least = _mark(line, facts.scale, columns[3])
    return Part([label, elements], mark, least)


def _bullet(text: str, room: float) -> list[Line]:
    return block(f"– {text}", BODY, room)


def _mark(line: BookletLine, scale: str, room: float) -> tuple[Mark | None, float]:
    """What the last column shows, and the least height it needs."""
    if line.not_assessed:
        lines = block(words()["not_assessed"], LABEL, room - 4) + block(line.not_assessed, SMALL, room - 4)

        def say(sheet: Sheet, x: float, y: float, h: float) -> None:
            sheet.fill(x + 0.5, y + 0.6, room - 1, h - 1.2, "1 1 1")
            tall = sum(one.style.leading for one in lines)
            sheet.text(x, y + max(2.0, (h - tall) / 2), lines, centre=room)

        return say, sum(one.style.leading for one in lines)
    if scale == "objectives":
        return (_dot(line.positioning, room / 4) if line.positioning else None), 8.0
    texts = [line.average, line.class_average] if scale == "marks" else [line.letter]
    return _figures([text or "" for text in texts], room / len(texts)), 8.0


def _dot(level: int, step: float) -> Mark:
    def draw(sheet: Sheet, x: float, y: float, h: float) -> None:
        sheet.disc(x + (level - 0.5) * step, y + h / 2, DOT, BLUE)

    return draw


def _figures(texts: list[str], step: float) -> Mark:
    def draw(sheet: Sheet, x: float, y: float, h: float) -> None:
        for number, text in enumerate(texts):
            style = FIGURE if number == 0 else Style(BODY.font, 8.0, 10.0, DARK)
            sheet.text(x + number * step, y + (h - 10) / 2, [Line(style, text)] if text else [], centre=step)

    return draw


def _head(sheet: Sheet, y: float, facts: BookletFacts, columns: tuple[float, ...]) -> float:
    """The head of the table: names of the columns, the last one with its own."""
    said = words()
    label = said["item"]["ecole" if facts.model == "ecole" else "college"]
    figures = {"marks": (f"{said['averages']} {facts.scale_max}", said["average"]),
               "letters": (said["letter"], [])}.get(facts.scale, (said["objectives"], said["objective"]))  # fmt: skip
    names = (label, said["elements"], said["comment"])
    return columns_head(sheet, y, names, figures, columns, turned=facts.scale == "objectives")


def columns_head(
    sheet: Sheet, y: float, names: Iterable[str], figures: tuple[str, list[str]], columns: tuple[float, ...], *,
    turned: bool,
) -> float:  # fmt: skip
    """Draws the head and returns its height; the last column has a name over those of its steps."""
    title, steps = figures
    over = block(title, UNIT, columns[-1] - 2)
    top = sum(line.style.leading for line in over) + 2
    tall = top + (56.0 if turned else 11.0 if steps else 6.0)
    sheet.fill(LEFT, y, FULL, tall, HEAD_FILL)
    x = LEFT
    for name, room in zip(names, columns, strict=False):
        lines = block(name, HEAD, room - 8)
        sheet.text(x, y + (tall - sum(line.style.leading for line in lines)) / 2, lines, centre=room)
        x += room
        sheet.rule(x, y, x, y + tall, GRID)
    sheet.text(x, y + 1, over, centre=columns[-1])
    if steps:
        _steps_head(sheet, x, y + top, tall - top, steps, columns[-1] / len(steps), turned)
    sheet.frame(LEFT, y, FULL, tall, GRID)
    return tall


def _steps_head(
    sheet: Sheet, x: float, y: float, tall: float, steps: list[str], step: float, turned: bool
) -> None:  # fmt: skip
    sheet.rule(x, y, x + step * len(steps), y, GRID, 0.3)
    for number, text in enumerate(steps):
        left = x + number * step
        if number:
            sheet.rule(left, y, left, y + tall, GRID, 0.3)
        if not turned:
            sheet.text(left, y + (tall - UNIT.leading) / 2, [Line(UNIT, text)], centre=step)
            continue
        lines = block(text, UNIT, tall - 4)
        middle = left + step / 2 - (len(lines) - 1) * UNIT.leading / 2 + UNIT.size * 0.36
        for row, line in enumerate(lines):
            sheet.turned(middle + row * UNIT.leading, y + tall - 2.5, TURNED, line)
