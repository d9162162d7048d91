"""Half-days of absence in a spreadsheet: a line for each half-day of a pupil, who is found by identifier. A line that
is taken away changes nothing; one without a day is there to be filled in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import IO, Any, NamedTuple

from sqlalchemy import select

from app.audit.services import record
from app.booklets.cells import Cell
from app.booklets.entry import Change
from app.core.actor import Actor
from app.core.db import admin_db
from app.core.errors import BadInput, Conflict
from app.core.uow import unit_of_work
from app.exchange.roundtrip.applying import SomethingChanged
from app.exchange.roundtrip.columns import IDENTIFIER, PeopleSheet, SheetField
from app.exchange.roundtrip.columns import shown as written
from app.exchange.roundtrip.comparing import CellChange, PersonChange, Plan
from app.exchange.roundtrip.lines import PersonLine, ReadSheet, Remark, read_sheet
from app.exchange.spreadsheets import SheetColumn, write_sheet
from app.online.absence_entry import (
    TICKS,
    half_days,
    is_school,
    may_enter,
    pupils_in,
    read_reason,
    save_absences,
    school_day,
    store_new,
)
from app.online.absences import HALVES, Absence
from app.schools.people import Pupil
from app.schools.period_dates import shown
from app.schools.period_queries import current_year

NAME = "Élève"
YES = {"1": "Oui", "0": "Non"}
NEW = {"noted": "1", "filed": "0", "legitimate": "0", "reason": None}
SHEET = PeopleSheet(
    "absence", Pupil, "Absences",
    (SheetField("day", "Jour", "date"), SheetField("half", "Demi-journée", words=HALVES),
     *(SheetField(name, title, words=YES) for name, title in TICKS.items()), SheetField("reason", "Motif")),
    (NAME,), repeats=True,
)  # fmt: skip
Key = tuple[int, date, str]


class _Known(NamedTuple):
    """A half-day that is stored: its id and its values as the sheet reads them."""

    id: int
    values: dict[str, Any]


def write_absences(out: IO[bytes], division_id: int) -> int:
    """The half-days of a class's pupils in the school year, and an empty line for whoever has none."""
    year = current_year(admin_db.session())
    lines = half_days(division_id, year.starts_on, year.ends_on)
    columns = [SheetColumn(IDENTIFIER, "number"), SheetColumn(NAME, width=32),
               *(SheetColumn(field.title, field.kind, 18) for field in SHEET.fields)]  # fmt: skip
    rows: list[list[Any]] = []
    for pupil_id, name in pupils_in(division_id):
        own = sorted((line for line in lines if line.pupil_id == pupil_id), key=lambda line: (line.day, line.half))
        rows += [[pupil_id, name, line.day, HALVES[line.half], *_ticked(line.values), line.values.reason]
                 for line in own]  # fmt: skip
        if not own:
            rows.append([pupil_id, name, *(None for _ in SHEET.fields)])
    return write_sheet(out, SHEET.title, columns, rows)


def _ticked(values: Any) -> list[str]:
    return [YES[str(int(getattr(values, name)))] for name in TICKS]


def read_absences(path: Path) -> ReadSheet:
    """The lines of the file. Raises `BadInput`."""
    return read_sheet(SHEET, path, path.name)


def plan_absences(read: ReadSheet) -> Plan:
    """What the file would add and change, line by line."""
    ids = {line.id for line in read.lines if line.id is not None}
    names = {pupil.id: pupil.shown_name for pupil in admin_db.session.scalars(select(Pupil).where(Pupil.id.in_(ids)))}
    known = _known(names)
    plan, met = Plan(remarks=list(read.remarks)), set[Key]()
    for line in read.lines:
        if line.id is not None and line.values.get("day") is None:
            plan.unchanged += 1
            continue
        try:
            key = _key(line, names, met)
            values = {name: value for name, value in line.values.items() if name in NEW}
            values |= {"reason": read_reason(values["reason"])} if "reason" in values else {}
        except BadInput as error:
            plan.remarks.append(Remark(line.line, error.sentence()))
            continue
        _compare(line, key, values, known.get(key), names[key[0]], plan)
    plan.remarks.sort(key=lambda remark: remark.line)
    return plan


def _key(line: PersonLine, names: Mapping[int, str], met: set[Key]) -> Key:
    """The pupil, day and half of a line. Raises `BadInput` for those that are not possible, or come twice."""
    if line.id not in names:
        raise BadInput("L'identifiant manque." if line.id is None else
                       f"Personne n'a l'identifiant {line.id} dans cet établissement.")  # fmt: skip
    day, half = school_day(line.values["day"].isoformat(), "Jour"), line.values.get("half")
    if half is None:
        raise BadInput("Demi-journée : écrivez « Matin » ou « Après-midi ».")
    if not is_school(day, half):
        raise BadInput(f"Jour : il n'y a pas classe le {shown(day)} ({HALVES[half].lower()}).")
    key = (line.id or 0, day, half)
    if key in met:
        raise BadInput("Cette demi-journée figure sur une autre ligne.")
    met.add(key)
    return key


def _known(names: Mapping[int, str]) -> dict[Key, _Known]:
    columns = (Absence.id, Absence.pupil_id, Absence.day, Absence.half, Absence.reason,
               *(getattr(Absence, name) for name in TICKS))  # fmt: skip
    rows = admin_db.session.execute(select(*columns).where(Absence.pupil_id.in_(names)))
    return {(row.pupil_id, row.day, row.half): _Known(row.id, {"reason": row.reason} | {
        name: str(int(getattr(row, name))) for name in TICKS}) for row in rows}  # fmt: skip


def _compare(line: PersonLine, key: Key, values: dict[str, Any], known: _Known | None, who: str, plan: Plan) -> None:
    """A tick whose cell is empty stays as it is, or as new half-days are."""
    stated = {name: value for name, value in values.items() if value is not None or name == "reason"}
    before = known.values if known else {"day": None, "half": None} | dict.fromkeys(NEW)
    after = stated if known else {"day": key[1], "half": key[2]} | NEW | stated
    changed = {name: value for name, value in after.items() if value != before[name]}
    if not changed:
        plan.unchanged += 1
        return
    place = f"{who} – {shown(key[1])} {HALVES[key[2]].lower()}"
    cells = tuple(CellChange(field.name, field.title, written(field, before[field.name]),
                             written(field, changed[field.name])) for field in SHEET.fields if field.name in changed)
    plan.changes.append(PersonChange(line.line, known.id if known else None, place, cells,
                                     changed | {"pupil_id": key[0]}, False, known))  # fmt: skip


@unit_of_work()
def apply_absences(read: ReadSheet, *, seen: str, school_id: int, actor: Actor) -> int:
    """Write exactly the plan whose fingerprint was `seen`, all or nothing; how many half-days. Raises
    `SomethingChanged`, `Forbidden`."""
    may_enter(actor)
    plan = plan_absences(read)
    if plan.fingerprint != seen:
        raise SomethingChanged()
    session = admin_db.session()
    new = [_row(change.values) | {"school_id": school_id} for change in plan.changes if change.id is None]
    if new and len(store_new(session, new, actor, school_id)) != len(new):
        raise SomethingChanged()
    cells = [Change(Cell("absence", change.id, name), value, change.row.values[name]) for change in plan.changes
             if change.id is not None for name, value in change.values.items() if name in NEW]  # fmt: skip
    if any(not outcome.kept for outcome in save_absences(cells, actor=actor)):
        raise Conflict("Une absence a changé depuis l'aperçu : rien n'a été enregistré.")
    if plan.changes:
        counts = plan.counts
        facts = {name: counts[name] for name in ("changed", "made", "left_out")}
        record(session, "absence.spreadsheet", actor=actor, school_id=school_id, data=facts)
    return len(plan.changes)


def _row(values: dict[str, Any]) -> dict[str, Any]:
    return {"reason": None} | values | {name: values[name] == "1" for name in TICKS}
