"""The second page: projects, pathways, schemes; the overall comment; the talk with the family."""

from __future__ import annotations

from collections.abc import Iterable

from ..booklet_types import BookletFacts, BookletLife, BookletMastery, BookletProject, LabelledText, PrintedBooklet
from ..faces import TEXT
from .front import HEAD_FILL, columns_head
from .heading import band, short_date
from .ink import BLUE, BODY, DARK, LABEL, READ, SMALL, STRONG, Line, Style, block, height
from .sheet import FULL, LEFT, MM, Flow, Sheet
from .table import GRID, Mark, Part, Row, Table
from .words import words

SIDE = 52 * MM
OVERALL = Style(TEXT, 9.2, 11.8, DARK)
SECTION = Style(STRONG.font, 7.8, 12.0, DARK)
GAP, SIGN = 8.0, 30 * MM
STEP = 17 * MM


def projects(flow: Flow, facts: BookletFacts) -> None:
    """EPI, AP, pathways, schemes: each with its heading, left out when there is none."""
    said = words()
    rows = {
        "epi": [_project(project) for project in facts.kind_of_project("epi")],
        "ap": [_project(project) for project in facts.kind_of_project("ap")],
        "pathways": [_labelled(text) for text in facts.pathways],
        "schemes": [_labelled(text) for text in facts.schemes],
    }
    for name, found in rows.items():
        if found:
            _section(flow, said[name], found)


def _section(flow: Flow, title: str, rows: Iterable[Row]) -> None:
    columns = (SIDE, FULL - SIDE)

    def head(sheet: Sheet, y: float) -> float:
        sheet.fill(LEFT, y, FULL, SECTION.leading + 2, HEAD_FILL)
        sheet.text(LEFT + 4, y + 1, [Line(SECTION, title)])
        return SECTION.leading + 2

    table = Table(flow, columns, span=1, head=head)
    table.begin(55)
    for row in rows:
        table.add(row)
    flow.y += GAP


def _project(project: BookletProject) -> Row:
    room, said = SIDE - 7, words()
    label = block(project.title, STRONG, room)
    side = list(label)
    if project.theme:
        side += block(f"{said['theme']} : {project.theme}", SMALL, room)
    for names in (project.subjects, project.teachers):
        side += block(", ".join(names), SMALL, room)
    texts = (project.description, project.group_comment, project.comment)
    own = [line for text in texts for line in block(text, READ, FULL - SIDE - 7)]
    return Row([Part([side])], own, again=[*label, *block(said["continued"], SMALL, room)])


def _labelled(text: LabelledText) -> Row:
    label = block(text.label, STRONG, SIDE - 7)
    return Row([Part([label])], block(text.text, READ, FULL - SIDE - 7),
               again=[*label, *block(words()["continued"], SMALL, SIDE - 7)])  # fmt: skip


def overall(flow: Flow, facts: BookletFacts) -> None:
    """The green band with the overall comment, or the synthesis of the cycle."""
    said = words()
    band(flow, "green", said["overall_band"], least=90, under=said["overall"][facts.model])
    text = block(facts.overall_comment, OVERALL, FULL - 14) or [Line(OVERALL, " ")] * 4
    while text:
        fits = max(1, int((flow.room - 8) // OVERALL.leading))
        now, text = text[:fits], text[fits:]
        tall = max(height(now) + 8, 30.0)
        flow.sheet.frame(LEFT, flow.y, FULL, tall, GRID)
        flow.sheet.text(LEFT + 7, flow.y + 4, now)
        flow.y += tall
        if text:
            flow.turn()
    flow.y += GAP


def masteries(flow: Flow, facts: BookletFacts) -> None:
    """End of cycle: the eight components and how far each is mastered."""
    said = words()
    band(flow, "blue", f"{said['mastery_band']} {facts.cycle}", least=160)
    columns = (FULL - 4 * STEP, 4 * STEP)
    names, figures = (said["component"],), (said["mastery"], said["masteries"])
    table = Table(flow, (0.0, *columns), span=0, inner=[STEP, 2 * STEP, 3 * STEP],
                  head=lambda sheet, y: columns_head(sheet, y, names, figures, columns, turned=False))  # fmt: skip
    table.begin()
    for mastery in facts.masteries:
        table.add(Row([Part([block(mastery.label, READ, columns[0] - 8)], _level(mastery), 13.0)]))
    flow.y += GAP
    if facts.complement:
        level = said["complement_levels"].get(str(facts.complement.level), "")
        text = LabelledText(facts.complement.code, facts.complement.label, level or None)
        _section(flow, said["complement"], [_labelled(text)])


def _level(mastery: BookletMastery) -> Mark:
    def draw(sheet: Sheet, x: float, y: float, h: float) -> None:
        if mastery.level:
            sheet.disc(x + (mastery.level - 0.5) * STEP, y + h / 2, 3.0, BLUE)
            return
        sheet.fill(x + 0.5, y + 0.6, 4 * STEP - 1, h - 1.2, "1 1 1")
        sheet.text(x, y + (h - LABEL.leading) / 2, [Line(LABEL, words()["exempt"])], centre=4 * STEP)

    return draw


def family(flow: Flow, printed: PrintedBooklet) -> None:
    """The orange band: school life, then who signs and who has seen."""
    facts, said = printed.booklet, words()
    band(flow, "orange", said["family_band"], least=SIGN + 70)
    if facts.life:
        _life(flow, facts.life)
    flow.need(SIGN + 4)
    half, y, sheet = FULL / 2, flow.y, flow.sheet
    for x in (LEFT, LEFT + half):
        sheet.frame(x, y, half, SIGN, GRID)
    sheet.text(LEFT + 5, y + 3, _signature(facts, printed, half - 10))
    sheet.text(LEFT + half + 5, y + 3, [Line(STRONG, said["visa"]), Line(BODY, f"{said['visa_date']} :"),
                                        Line(BODY, f"{said['visa_signature']} :")])  # fmt: skip
    flow.y += SIGN


def _signature(facts: BookletFacts, printed: PrintedBooklet, room: float) -> list[Line]:
    said, stamp = words(), printed.stamp
    when = short_date(stamp.issued_on) if stamp else ":"
    lines = [Line(STRONG, said["signed"]), Line(BODY, f"{said['signed_on']} {when}")]
    return lines + block(facts.school.head_title, BODY, room) + block(facts.school.head_name, STRONG, room)


def _life(flow: Flow, life: BookletLife) -> None:
    said = words()
    counts = ((said["justified"], life.justified), (said["unjustified"], life.unjustified),
              (said["lateness"], life.lateness))  # fmt: skip
    lines = [Line(READ, f"{label} : {said['none'] if count is None else count}") for label, count in counts]
    comment = block(life.comment, READ, FULL - SIDE - 7)
    table = Table(flow, (SIDE, FULL - SIDE), span=1)
    table.add(Row([Part([block(said["life"], STRONG, SIDE - 7)])], lines + comment))
