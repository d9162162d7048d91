"""The top of the first page, the bands between sections, and what stands at the foot of every page."""

from __future__ import annotations

from datetime import date

from .. import qr
from ..booklet_types import BookletFacts, BookletSchool, PrintedBooklet, Stamp
from ..faces import BOLD, TEXT
from .ink import BLUE, BODY, DARK, LABEL, SMALL, SOFT, WHITE, Line, Style, block, height, width
from .sheet import BOTTOM, FULL, LEFT, MM, PAGE_HEIGHT, PAGE_WIDTH, RIGHT, TOP, Flow, Sheet
from .words import words

TINT = "0.94 0.96 0.99"
BANDS = {"blue": "0.11 0.33 0.6", "green": "0.14 0.42 0.25", "orange": "0.65 0.3 0.04"}
BAND, UNDER = Style(BOLD, 9.4, 14.5, WHITE), Style(BOLD, 7.4, 10.0, DARK)
TITLE, NAME = Style(BOLD, 15, 19, "0.09 0.14 0.24"), Style(BOLD, 9.6, 12, DARK)
ACADEMY, SCHOOL = Style(BOLD, 7.6, 10, BLUE), Style(BOLD, 10.4, 13, DARK)
FOOT, GHOST = Style(TEXT, 6.2, 7.8, SOFT), Style(BOLD, 104, 104, "0.9 0.9 0.92")
QR_SIDE, SCHOOL_WIDTH = 17 * MM, 88 * MM


def short_date(day: date) -> str:
    """« 05/12/2026 »."""
    return day.strftime("%d/%m/%Y")


def header(flow: Flow, printed: PrintedBooklet) -> None:
    """Authority and school on the left, title and ruler in the middle, the symbol on the right; the box below."""
    facts, sheet = printed.booklet, flow.sheet
    left = letterhead(sheet, facts.school)
    _title(sheet, facts)
    if printed.stamp:
        symbol(sheet, RIGHT - QR_SIDE, TOP, printed.stamp)
    flow.y = TOP + max(left, QR_SIDE + 12, 58) + 6
    _box(flow, facts)


def letterhead(sheet: Sheet, school: BookletSchool) -> float:
    """Academy, school, how to reach it; its height."""
    room = SCHOOL_WIDTH - 10
    reach = ", ".join(part for part in (f"Tél. {school.phone}" if school.phone else None, school.email) if part)
    lines = block(school.academy, ACADEMY, room) + block(school.name, SCHOOL, room)
    for text in (*school.address, reach):
        lines += block(text, SMALL, room)
    sheet.fill(LEFT, TOP, 2.6, height(lines), BLUE)
    sheet.text(LEFT + 8, TOP, lines)
    return height(lines)


def _title(sheet: Sheet, facts: BookletFacts) -> None:
    x = LEFT + SCHOOL_WIDTH
    room = RIGHT - QR_SIDE - 10 - x
    said = words()
    sheet.text(x, TOP - 3, [Line(TITLE, said["title"][facts.model])])
    sheet.text(x, TOP + 19, [Line(ACADEMY, f"{said['cycle']} {facts.cycle}")])
    ruler(sheet, x, TOP + 33, min(room, 62 * MM), facts)


def ruler(sheet: Sheet, x: float, y: float, room: float, facts: BookletFacts) -> None:
    """The levels of the cycle, the pupil's one filled."""
    levels = facts.levels or ((facts.level,) if facts.level else ())
    if not levels:
        return
    step = room / len(levels)
    for number, level in enumerate(levels):
        here = level == facts.level
        if here:
            sheet.fill(x + number * step, y, step, 15, BLUE)
        style = Style(BOLD if here else TEXT, 8, 15, WHITE if here else DARK)
        sheet.text(x + number * step, y, [Line(style, level)], centre=step)
        sheet.frame(x + number * step, y, step, 15, BLUE)


def symbol(sheet: Sheet, x: float, y: float, stamp: Stamp) -> None:
    """The QR of the page that confirms the document, its number below."""
    drawn = qr.inline_image(*qr.modules(stamp.check_url))
    sheet.operators.append(f"q {QR_SIDE:.2f} 0 0 {QR_SIDE:.2f} {x:.2f} {PAGE_HEIGHT - y - QR_SIDE:.2f} cm {drawn} Q\n")
    text = f"n° {stamp.number}"
    sheet.text(RIGHT, y + QR_SIDE + 2, [Line(FOOT, text)], right=0.01)


def _box(flow: Flow, facts: BookletFacts) -> None:
    """Year and period, pupil, birth date, class teacher, class, council."""
    sheet, y, said, third = flow.sheet, flow.y, words(), FULL / 3
    none = said["none"]
    council = f"{said['council']} {short_date(facts.council_on)}" if facts.council_on else None
    columns = [
        [(said["pupil"], facts.pupil.name, NAME), (said["born"], short_date(facts.pupil.birth_date), BODY)],
        [(said["class"], facts.division or none, NAME),
         (said["class_teachers"][facts.model], facts.class_teachers or none, BODY)],
        [(f"{said['year']} {facts.year}", facts.period, NAME), (None, council, BODY)],
    ]
    cells = [_facts_column(column, third - 14) for column in columns]
    tall = max(height(lines) for lines in cells) + 9
    sheet.fill(LEFT, y, FULL, tall, TINT)
    sheet.frame(LEFT, y, FULL, tall, BLUE)
    for number, lines in enumerate(cells):
        sheet.text(LEFT + number * third + 7, y + 4.5, lines)
        if number:
            sheet.rule(LEFT + number * third, y + 5, LEFT + number * third, y + tall - 5, "0.7 0.78 0.88")
    flow.y = y + tall + 7


def _facts_column(column: list[tuple[str | None, str | None, Style]], room: float) -> list[Line]:
    lines: list[Line] = []
    for label, value, style in column:
        lines += block(label, LABEL, room) + block(value, style, room)
    return lines


def band(flow: Flow, colour: str, text: str, *, least: float = 70.0, under: str | None = None) -> None:
    """A coloured band over what follows; `least` points of it must have room on the same page."""
    flow.need(least)
    flow.sheet.fill(LEFT, flow.y, FULL, BAND.leading, BANDS[colour])
    flow.sheet.text(LEFT + 5, flow.y, [Line(BAND, text)])
    flow.y += BAND.leading
    if under:
        flow.sheet.text(LEFT + 2, flow.y + 2, [Line(UNDER, under)])
        flow.y += UNDER.leading + 3


def foot(sheet: Sheet, printed: PrintedBooklet, number: int, count: int) -> None:
    """Whose page it is, of how many, and by what the document is known."""
    said, facts, stamp = words(), printed.booklet, printed.stamp
    y = BOTTOM + 6
    sheet.rule(LEFT, y, RIGHT, y, "0.7 0.78 0.88")
    whose = " · ".join(part for part in (facts.pupil.name, facts.division, facts.period, facts.year) if part)
    known = said["draft_note"]
    if stamp:
        print_of = f"{said['digest']} {stamp.digest[:16]}"
        known = f"{said['number']} {stamp.number} {said['issued']} {short_date(stamp.issued_on)} · {print_of}"
    room = FULL - 60
    lines = block(whose, FOOT, room)[:1] + [Line(FOOT, known)]
    if stamp:
        lines += block(f"{said['check']} : {stamp.check_url}", FOOT, FULL)[:1]
    sheet.text(LEFT, y + 2, lines)
    page = f"{said['page']} {number}/{count}"
    sheet.text(RIGHT - width(FOOT.font, page) * FOOT.size, y + 2, [Line(FOOT, page)])


def ghost(sheet: Sheet) -> None:
    """BROUILLON across the page, under everything else."""
    text = words()["draft"]
    long = width(GHOST.font, text) * GHOST.size
    turn = (0.5, 0.866, -0.866, 0.5)
    x, y = PAGE_WIDTH / 2 - long / 2 * turn[0] + 36, PAGE_HEIGHT / 2 + long / 2 * turn[1]
    sheet.turned(x, y, " ".join(f"{n}" for n in turn), Line(GHOST, text))
