"""The marks of a class or group in a spreadsheet: a line for each pupil, a column for each test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from app.audit.services import record
from app.booklets.entry import Change
from app.core.actor import Actor
from app.core.db import admin_db
from app.core.errors import BadInput, Conflict
from app.core.uow import unit_of_work
from app.exchange.roundtrip.applying import SomethingChanged
from app.exchange.roundtrip.columns import IDENTIFIER, PeopleSheet, SheetField
from app.exchange.roundtrip.comparing import CellChange, PersonChange, Plan
from app.exchange.roundtrip.lines import PersonLine, ReadSheet, Remark, read_sheet
from app.exchange.spreadsheets import SheetColumn, write_sheet
from app.online.gradebook import names_of
from app.online.mark_entry import mark_cell, marks_now, read_mark, save_marks
from app.online.papers import TestPaper
from app.schools.people import Pupil
from app.schools.period_dates import shown

NAME = "Élève"


def sheet_of(papers: Sequence[TestPaper]) -> PeopleSheet:
    """A column for each test; its number tells two tests of one name apart."""
    fields = tuple(SheetField(str(paper.id), f"{paper.title} – {shown(paper.taken_on)} (n° {paper.id})", "mark")
                   for paper in papers)  # fmt: skip
    return PeopleSheet("mark", Pupil, "Notes", fields, (NAME,))


def write_marks(out: IO[bytes], papers: Sequence[TestPaper]) -> int:
    """Write every pupil of the tests; returns how many."""
    sheet, names = sheet_of(papers), names_of(papers)
    stored = marks_now([paper.id for paper in papers], list(names))
    columns = [SheetColumn(IDENTIFIER, "number"), SheetColumn(NAME, width=32),
               *(SheetColumn(field.title, "number", 28) for field in sheet.fields)]  # fmt: skip
    rows = ([pupil_id, name, *(_written(stored.get((paper.id, pupil_id), "")) for paper in papers)]
            for pupil_id, name in names.items())  # fmt: skip
    return write_sheet(out, sheet.title, columns, rows)


def _written(value: str) -> Any:
    """A number as a number, a word as it is."""
    try:
        return float(value.replace(",", "."))
    except ValueError:
        return value or None


def read_marks(papers: Sequence[TestPaper], path: Path) -> ReadSheet:
    """The lines of the file. Raises `BadInput`."""
    return read_sheet(sheet_of(papers), path, path.name)


def plan_marks(papers: Sequence[TestPaper], read: ReadSheet) -> Plan:
    """What the file would change, mark by mark; a mark that cannot be is told and leaves its line out."""
    sheet, names = sheet_of(papers), names_of(papers)
    stored = marks_now([paper.id for paper in papers], list(names))
    out_of = {str(paper.id): paper.out_of for paper in papers}
    plan = Plan(remarks=list(read.remarks))
    for line in read.lines:
        if line.id not in names:
            plan.remarks.append(Remark(line.line, _unknown(line)))
            continue
        try:
            wanted = {name: read_mark(value, out_of[name]) for name, value in line.values.items()}
        except BadInput as error:
            plan.remarks.append(Remark(line.line, error.sentence()))
            continue
        _compare(line, sheet, wanted, stored, names[line.id], plan)
    plan.remarks.sort(key=lambda remark: remark.line)
    return plan


def _unknown(line: PersonLine) -> str:
    if line.id is None:
        return "L'identifiant manque : reprenez celui de l'export."
    return f"L'élève {line.id} n'est pas de cette classe ou de ce groupe."


def _compare(
    line: PersonLine, sheet: PeopleSheet, wanted: dict[str, str], stored: Mapping[tuple[int, int], str], who: str,
    plan: Plan,
) -> None:  # fmt: skip
    assert line.id is not None
    before = {name: stored.get((int(name), line.id), "") for name in wanted}
    changed = {name: value for name, value in wanted.items() if value != before[name]}
    if not changed:
        plan.unchanged += 1
        return
    cells = tuple(CellChange(name, sheet.title_of(name), before[name] or None, value or None)
                  for name, value in changed.items())  # fmt: skip
    plan.changes.append(PersonChange(line.line, line.id, who, cells, changed, False, None))


@unit_of_work()
def apply_marks(papers: Sequence[TestPaper], read: ReadSheet, *, seen: str, school_id: int, actor: Actor) -> int:
    """Write exactly the plan whose fingerprint was `seen`, through the entry of marks: who may not enter one of them
    writes none. How many marks. Raises `SomethingChanged`, `Conflict`."""
    plan = plan_marks(papers, read)
    if plan.fingerprint != seen:
        raise SomethingChanged()
    changes = [Change(mark_cell(int(cell.name), change.id or 0), cell.new, cell.old)
               for change in plan.changes for cell in change.cells]  # fmt: skip
    if left := [outcome for outcome in save_marks(changes, actor=actor) if not outcome.kept]:
        raise Conflict(left[0].message or "Une note a changé depuis l'aperçu : rien n'a été enregistré.")
    if changes:
        facts = {"marks": len(changes), "left_out": plan.counts["left_out"]}
        record(admin_db.session(), "mark.spreadsheet", actor=actor, school_id=school_id, data=facts)
    return len(changes)
