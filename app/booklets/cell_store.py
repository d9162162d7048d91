"""Where cells are kept: read under the lock of their booklets, and written in one statement for each table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, case, delete, insert, literal, or_, select, tuple_, update
from sqlalchemy.orm import Session

from app.booklets.cells import BOOKLET, LINE, Cell, Facts
from app.booklets.models import Attainment, BaseMastery, Booklet, GroupPupil, Pathway, PositioningType
from app.booklets.rights import Target, Term
from app.core.errors import Conflict
from app.curriculum.models import TeachingItem

# Kinds whose row exists already, and those whose row comes and goes with its value: model, key, value.
STANDING: Mapping[str, Any] = {"line": Attainment, "booklet": Booklet, "member": GroupPupil}
COMING: Mapping[str, tuple[Any, str, str]] = {
    "mastery": (BaseMastery, "component", "level"), "pathway": (Pathway, "code", "text"),
}  # fmt: skip
FILLED = ("id", "state", "school_id", "model", "division_id", "position", "period_count", "scale", "scale_max",
          "grade_level_id", "last_name", "first_name")  # fmt: skip
WRITTEN = {"synchronize_session": False}


@dataclass(slots=True)
class Held:
    """A cell as it is: its booklet, the facts and the place that rules are about, and its value."""

    booklet: Any
    target: Target
    facts: Facts
    value: Any

    @property
    def sealed(self) -> bool:
        """Whether its booklet is locked or edited."""
        return self.booklet.state in ("locked", "edited")


def read_held(session: Session, cells: Iterable[Cell]) -> dict[Cell, Held]:
    """Every cell that exists here. Its booklet is locked first, in the order of ids, so that two people who save the
    same class wait for each other, and somebody who locks it waits for both or they for him."""
    cells = list(dict.fromkeys(cells))
    ids = {kind: [cell.id for cell in cells if cell.kind == kind] for kind in {cell.kind for cell in cells}}
    booklets = {row.id: row for row in session.execute(_locked(ids))}
    letters = _letters(session) if any(cell.field == "letter" for cell in cells) else {}
    held: dict[Cell, Held] = {}
    for kind, of_kind in ids.items():
        wanted = [cell for cell in cells if cell.kind == kind]
        held |= _READERS[kind](session, wanted, of_kind, booklets, letters)
    return held


def _locked(ids: Mapping[str, Sequence[int]]) -> Any:
    direct = [key for kind in ("booklet", "mastery", "pathway") for key in ids.get(kind, ())]
    through = [Booklet.id.in_(select(model.booklet_id).where(model.id.in_(ids[kind])))
               for kind, model in (("line", Attainment), ("member", GroupPupil)) if kind in ids]  # fmt: skip
    columns = [getattr(Booklet, name) for name in (*FILLED, *BOOKLET)]
    where = or_(Booklet.id.in_(direct), *through) if direct else or_(*through)
    return select(*columns).where(where).order_by(Booklet.id).with_for_update(of=Booklet)


def _letters(session: Session) -> dict[int, tuple[str, ...]]:
    """The letters of each level of the school."""
    rows = session.execute(select(PositioningType.grade_level_id, PositioningType.letters))
    return {row.grade_level_id: tuple(row.letters.split()) for row in rows}


DEFAULT_LETTERS = ("A", "B", "C", "D")


def _facts(booklet: Any, letters: Mapping[int, tuple[str, ...]], *, for_all: bool = True, item: str = "") -> Facts:
    known = letters.get(booklet.grade_level_id, DEFAULT_LETTERS)
    return Facts(booklet.model, booklet.scale, booklet.scale_max, known, for_all, item)


def term_of(booklet: Any) -> Term:
    """The class and period a booklet is of."""
    return booklet.division_id, booklet.position, booklet.period_count


def _read_lines(session: Session, cells: list[Cell], ids: list[int], booklets: Any, letters: Any) -> dict[Cell, Held]:
    columns = [getattr(Attainment, name) for name in ("id", "booklet_id", "item_id", "area_id", *LINE)]
    rows = session.execute(
        select(*columns, TeachingItem.label, TeachingItem.election)
        .join(TeachingItem, and_(TeachingItem.id == Attainment.item_id, TeachingItem.school_id == Attainment.school_id))
        .where(Attainment.id.in_(ids))
    )
    lines = {row.id: row for row in rows}
    found = {}
    for cell in cells:
        line = lines.get(cell.id)
        if line is None or cell.field not in LINE:
            continue
        booklet = booklets[line.booklet_id]
        target = Target("line", cell.field, term_of(booklet), line.item_id, line.area_id)
        facts = _facts(booklet, letters, for_all=line.election not in ("O", "F"), item=line.label)
        found[cell] = Held(booklet, target, facts, getattr(line, cell.field))
    return found


def _read_booklets(_session: Session, cells: list[Cell], _ids: Any, booklets: Any, letters: Any) -> dict[Cell, Held]:
    found = {}
    for cell in cells:
        booklet = booklets.get(cell.id)
        if booklet is not None and cell.field in BOOKLET:
            target = Target("booklet", cell.field, term_of(booklet))
            found[cell] = Held(booklet, target, _facts(booklet, letters), getattr(booklet, cell.field))
    return found


def _read_coming(session: Session, cells: list[Cell], ids: list[int], booklets: Any, letters: Any) -> dict[Cell, Held]:
    model, key, value = COMING[cells[0].kind]
    columns = model.booklet_id, getattr(model, key), getattr(model, value)
    known = {(row[0], row[1]): row[2] for row in session.execute(select(*columns).where(model.booklet_id.in_(ids)))}
    found = {}
    for cell in cells:
        booklet = booklets.get(cell.id)
        if booklet is not None:
            target = Target(cell.kind, cell.field, term_of(booklet))
            found[cell] = Held(booklet, target, _facts(booklet, letters), known.get((cell.id, cell.field)))
    return found


def _read_members(session: Session, cells: list[Cell], ids: list[int], booklets: Any, letters: Any) -> dict[Cell, Held]:
    columns = GroupPupil.id, GroupPupil.booklet_id, GroupPupil.group_id, GroupPupil.comment
    members = {row.id: row for row in session.execute(select(*columns).where(GroupPupil.id.in_(ids)))}
    found = {}
    for cell in cells:
        member = members.get(cell.id)
        if member is not None and cell.field == "comment":
            booklet = booklets[member.booklet_id]
            target = Target("member", "comment", term_of(booklet), group_id=member.group_id)
            found[cell] = Held(booklet, target, _facts(booklet, letters), member.comment)
    return found


_READERS = {"line": _read_lines, "booklet": _read_booklets, "mastery": _read_coming, "pathway": _read_coming,
            "member": _read_members}  # fmt: skip

Changed = Mapping[Cell, tuple[Any, Any, Held]]  # before, after, where


def write_changed(session: Session, changed: Changed) -> None:
    """Store what changed: one UPDATE for each table with its own rows, a DELETE and an INSERT for the others. Raises
    `Conflict` when a cell is no longer what was read: something wrote there without the lock."""
    for kind, model in STANDING.items():
        if cells := {cell: change for cell, change in changed.items() if cell.kind == kind}:
            _update(session, model, cells)
    for kind in COMING:
        if cells := {cell: change for cell, change in changed.items() if cell.kind == kind}:
            _replace(session, kind, cells)


def _update(session: Session, model: Any, cells: Changed) -> None:
    values, unmoved = {}, []
    for field in dict.fromkeys(cell.field for cell in cells):
        column = getattr(model, field)
        pairs = [(cell.id, change) for cell, change in cells.items() if cell.field == field]
        old = {key: literal(change[0], column.type) for key, change in pairs}
        new = {key: literal(change[1], column.type) for key, change in pairs}
        values[field] = case(new, value=model.id, else_=column)
        unmoved.append(column.is_not_distinct_from(case(old, value=model.id, else_=column)))
    ids = {cell.id for cell in cells}
    statement = update(model).where(model.id.in_(ids), *unmoved).values(values)
    done: Any = session.execute(statement, execution_options=WRITTEN)
    if done.rowcount != len(ids):
        raise Conflict("Ces bilans viennent de changer : rien n'a été enregistré.", hint="Enregistrez de nouveau.")


def _replace(session: Session, kind: str, cells: Changed) -> None:
    model, key, value = COMING[kind]
    keys = [(cell.id, cell.field) for cell, change in cells.items() if change[0] is not None]
    if keys:
        gone = delete(model).where(tuple_(model.booklet_id, getattr(model, key)).in_(keys))
        session.execute(gone, execution_options=WRITTEN)
    rows = [{"school_id": held.booklet.school_id, "booklet_id": cell.id, key: cell.field, value: after}
            for cell, (_before, after, held) in cells.items() if after is not None]  # fmt: skip
    if rows:
        session.execute(insert(model), rows)
