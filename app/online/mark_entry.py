"""Entering marks: each is a cell « mark-<test>-<pupil> », judged like the cells of booklets (`app.booklets.entry`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

from sqlalchemy import case, delete, insert, literal, select, update
from sqlalchemy.orm import Session

from app.audit.services import record_each
from app.booklets.cells import Cell
from app.booklets.entry import Change, Outcome, judge, signed
from app.core.actor import Actor
from app.core.db import admin_db
from app.core.errors import BadInput
from app.core.folding import folded
from app.core.texts import decimal_in
from app.core.uow import unit_of_work
from app.curriculum.models import TeachingItem
from app.online.gradebook import members_of, shown_mark
from app.online.marking import Marker, marker_of
from app.online.papers import SPECIALS, Mark, TestPaper

CHANGE = "test_paper.mark"
GONE = "Ce contrôle ou cet élève n'est plus là : rechargez la page."
_WORDS = {"abs": "ABS", "absent": "ABS", "absente": "ABS", "nnot": "N.NOT", "nn": "N.NOT", "nonnote": "N.NOT",
          "dis": "DIS", "disp": "DIS", "dispense": "DIS", "dispensee": "DIS"}  # fmt: skip
_WRITTEN = {"synchronize_session": False}


@dataclass(slots=True)
class _Place:
    """A pupil's place in a test, as it is and as it becomes; values are shown ones."""

    paper: Any
    pupil_id: int
    mark_id: int | None = None
    before: str = ""
    value: str = ""


def mark_cell(test_id: int, pupil_id: int) -> Cell:
    """The cell of a pupil's mark."""
    return Cell("mark", test_id, str(pupil_id))


def read_mark(text: Any, out_of: Decimal) -> str:
    """« 12,5 », « ABS », « N.NOT », « DIS » or nothing, as it is shown. Raises `BadInput`: what is possible."""
    typed = "" if text is None else str(text).strip()
    if not typed:
        return ""
    if special := _WORDS.get("".join(letter for letter in folded(typed) if letter not in " ./-")):
        return special
    number = decimal_in(typed, out_of)
    if number is None:
        raise BadInput(f"Note : un nombre de 0 à {shown_mark(out_of, None)}, avec deux décimales au plus (12,5), "
                       f"ou {', '.join(SPECIALS)}.")  # fmt: skip
    return shown_mark(number, None)


@unit_of_work()
def save_marks(changes: Sequence[Change], *, actor: Actor) -> list[Outcome]:
    """Write each mark or say why not, in the order given; as `save_cells`, a constant number of statements."""
    session = admin_db.session()
    session.flush()
    if not changes:
        return []
    marker, places = marker_of(actor), _places(session, changes)
    outcomes = [_judge(change, places.get(change.cell), marker) for change in changes]
    moved = {cell: place for cell, place in places.items() if place.value != place.before}
    _write(session, list(moved.values()))
    if moved:
        lines = [(place.paper.id, {"place": cell.name}, {"before": place.before, "after": place.value})
                 for cell, place in moved.items()]  # fmt: skip
        school_id = next(iter(moved.values())).paper.school_id
        record_each(session, CHANGE, TestPaper, lines, actor=actor, school_id=school_id)
    return signed(outcomes, lambda cell: cell.id, CHANGE, TestPaper)


def _judge(change: Change, place: _Place | None, marker: Marker) -> Outcome:
    cell = change.cell
    if place is None:
        return Outcome(cell, "refused", message=GONE)
    paper = place.paper
    why = marker.refusal(paper.division_id, paper.group_id, paper.item_id, paper.parent_id or 0)
    outcome = judge(change, place.value, refusal=why, read=partial(read_mark, out_of=paper.out_of))
    if outcome.state == "saved":
        place.value = outcome.value
    return outcome


def _places(session: Session, changes: Sequence[Change]) -> dict[Cell, _Place]:
    """The places that exist: of a test of the year, for a pupil of its class or group, or who has a mark. The tests are
    locked first, in the order of ids."""
    wanted = {change.cell: pair for change in changes if (pair := _pair(change.cell)) is not None}
    papers = {row.id: row for row in session.execute(_locked({test for test, _ in wanted.values()}))}
    members = members_of(papers.values())
    marks = {(row.test_id, row.pupil_id): row for row in session.execute(
        select(Mark.id, Mark.test_id, Mark.pupil_id, Mark.value, Mark.special).where(Mark.test_id.in_(papers)))}
    found = {}
    for cell, (test_id, pupil_id) in wanted.items():
        row = marks.get((test_id, pupil_id))
        if row is not None:
            value = shown_mark(row.value, row.special)
            found[cell] = _Place(papers[test_id], pupil_id, row.id, value, value)
        elif pupil_id in members.get(test_id, ()):
            found[cell] = _Place(papers[test_id], pupil_id)
    return found


def _pair(cell: Cell) -> tuple[int, int] | None:
    known = cell.kind == "mark" and cell.field.isascii() and cell.field.isdigit() and len(cell.field) < 10
    return (cell.id, int(cell.field)) if known else None


def _locked(ids: set[int]) -> Any:
    columns = (TestPaper.id, TestPaper.school_id, TestPaper.division_id, TestPaper.group_id, TestPaper.item_id,
               TestPaper.out_of, TeachingItem.parent_id)  # fmt: skip
    return (select(*columns).join(TestPaper.item).where(TestPaper.id.in_(ids)).order_by(TestPaper.id)
            .with_for_update(of=TestPaper))  # fmt: skip


def _write(session: Session, moved: list[_Place]) -> None:
    """One DELETE, one UPDATE and one INSERT at most."""
    gone = [place.mark_id for place in moved if place.mark_id and not place.value]
    if gone:
        session.execute(delete(Mark).where(Mark.id.in_(gone)), execution_options=_WRITTEN)
    changed = {place.mark_id: columns_of(place.value) for place in moved if place.mark_id and place.value}
    if changed:
        values = {name: case({id: literal(row[name], getattr(Mark, name).type) for id, row in changed.items()},
                             value=Mark.id) for name in ("value", "special")}  # fmt: skip
        session.execute(update(Mark).where(Mark.id.in_(changed)).values(values), execution_options=_WRITTEN)
    new = [{"school_id": place.paper.school_id, "test_id": place.paper.id, "pupil_id": place.pupil_id,
            **columns_of(place.value)} for place in moved if place.mark_id is None]  # fmt: skip
    if new:
        session.execute(insert(Mark), new)


def columns_of(shown: str) -> dict[str, Any]:
    """The two columns of a mark that is shown so."""
    if shown in SPECIALS:
        return {"value": None, "special": shown}
    return {"value": Decimal(shown.replace(",", ".")), "special": None}


@unit_of_work()
def fill_test(test_id: int, value: str, bases: dict[int, str], *, actor: Actor, only_empty: bool) -> list[Outcome]:
    """One value for every pupil the page showed (`bases`: pupil → what it showed), or for those without a mark."""
    changes = [Change(mark_cell(test_id, pupil), value, base) for pupil, base in bases.items()
               if not (only_empty and base)]  # fmt: skip
    return save_marks(changes, actor=actor)


def marks_now(test_ids: Sequence[int], pupil_ids: Sequence[int]) -> dict[tuple[int, int], str]:
    """(test, pupil) → what is stored, for the spreadsheet."""
    rows = admin_db.session.execute(
        select(Mark.test_id, Mark.pupil_id, Mark.value, Mark.special)
        .where(Mark.test_id.in_(test_ids), Mark.pupil_id.in_(pupil_ids)))
    return {(row.test_id, row.pupil_id): shown_mark(row.value, row.special) for row in rows}
