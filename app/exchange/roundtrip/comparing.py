"""What a sheet would change: cell by cell, old and new; and the lines that are left out, with the reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, NamedTuple

from sqlalchemy import Select, select

from app.core.db import admin_db
from app.core.folding import folded
from app.exchange.roundtrip.columns import PeopleSheet, shown
from app.exchange.roundtrip.lines import PersonLine, ReadSheet, Remark

# (all values of a person, the columns to judge) → sentences; the generated form's own validators.
Judge = Callable[[Mapping[str, Any], set[str]], list[str]]


class CellChange(NamedTuple):
    """One cell: its heading, what is stored and what the sheet says, as both are written."""

    name: str
    title: str
    old: Any
    new: Any


class PersonChange(NamedTuple):
    """What one line does to `row`; `id` None makes somebody new. `sourced`: a synchronisation knows this person too."""

    line: int
    id: int | None
    who: str
    cells: tuple[CellChange, ...]
    values: dict[str, Any]
    sourced: bool
    row: Any


@dataclass(slots=True)
class Plan:
    """The whole of it. `fingerprint` says whether a plan made later is still the one that was looked at."""

    changes: list[PersonChange] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    unchanged: int = 0

    @property
    def counts(self) -> Counter[str]:
        """People changed and made, cells, lines left out."""
        return Counter(
            changed=sum(change.id is not None for change in self.changes),
            made=sum(change.id is None for change in self.changes),
            cells=sum(len(change.cells) for change in self.changes),
            left_out=len({remark.line for remark in self.remarks if remark.blocks}),
            sourced=sum(change.sourced for change in self.changes),
        )

    @property
    def fingerprint(self) -> str:
        """Changes when anything that would be written, or what it replaces, changes."""
        said = repr([(change.id, change.line, change.cells) for change in self.changes])
        return sha256(said.encode()).hexdigest()


def people_of(sheet: PeopleSheet, narrow: Any = None) -> Select[Any]:
    """The people of the school that the sheet is about, in the order of names."""
    model: Any = sheet.model
    statement = select(model).order_by(model.last_name, model.first_name, model.id)
    return statement if narrow is None else statement.where(narrow)


def make_plan(
    sheet: PeopleSheet, read: ReadSheet, judge: Judge, *, narrow: Any = None, may_add: bool = False, lock: bool = False
) -> Plan:
    """Compare with the school as it is now; with `lock` its rows stay as they are until the transaction ends."""
    statement = people_of(sheet, narrow)
    known = {row.id: row for row in admin_db.session.scalars(statement.with_for_update() if lock else statement)}
    plan = Plan(remarks=list(read.remarks))
    taken = {_likeness(sheet, {name: getattr(row, name) for name in sheet.same_by}) for row in known.values()}
    for line in read.lines:
        fault = _fault_of(line, sheet, known, taken, may_add=may_add)
        if fault:
            plan.remarks.append(Remark(line.line, fault))
            continue
        _compare(line, sheet, known.get(line.id or 0), judge, plan)
    plan.remarks.sort(key=lambda remark: remark.line)
    return plan


def _fault_of(
    line: PersonLine, sheet: PeopleSheet, known: dict[int, Any], taken: set[tuple[str, ...]], *, may_add: bool
) -> str:
    """Why a line cannot be used as a whole; a new person that can be is taken note of, for the lines below."""
    if line.id is not None:
        return "" if line.id in known else f"Personne n'a l'identifiant {line.id} dans cet établissement."
    if not may_add:
        return "L'identifiant manque, et votre rôle ne permet pas d'ajouter quelqu'un."
    likeness = _likeness(sheet, line.values)
    if likeness in taken:
        return "Cette personne existe déjà : reprenez son identifiant, ou retirez la ligne."
    taken.add(likeness)
    return ""


def _likeness(sheet: PeopleSheet, values: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(folded(str(values.get(name) or "")) for name in sheet.same_by)


def _compare(line: PersonLine, sheet: PeopleSheet, row: Any, judge: Judge, plan: Plan) -> None:
    before = {column.name: getattr(row, column.name) if row is not None else None for column in sheet.fields}
    changed = {name: value for name, value in line.values.items() if value != before[name]}
    if row is not None and not changed:
        plan.unchanged += 1
        return
    judged = set(changed) if row is not None else set(before)
    faults = judge(before | changed, judged)
    if faults:
        plan.remarks.extend(Remark(line.line, fault) for fault in faults)
        return
    cells = tuple(
        CellChange(column.name, column.title, shown(column, before[column.name]), shown(column, changed[column.name]))
        for column in sheet.fields if column.name in changed
    )  # fmt: skip
    after = before | changed
    who = " ".join(str(part) for part in (after["usage_name"] or after["last_name"], after["first_name"]) if part)
    sourced = row is not None and row.source != "manual"
    plan.changes.append(PersonChange(line.line, line.id, who, cells, changed, sourced, row))
