"""Writing into booklets: every road (class grids, one pupil's page, AP groups, imports of a column) comes through here.

A cell is saved when it still holds what the person saw; when somebody else wrote meanwhile both texts are kept and the
person chooses. A refused cell says why. Draft and complete follow in the same unit of work.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from app.audit.models import AuditLine
from app.audit.services import record_each, subject_type
from app.booklets.cell_store import Held, read_held, write_changed
from app.booklets.cells import Cell, read_base, read_value, shown
from app.booklets.models import Attainment, Booklet
from app.booklets.rights import Writer, writer_of
from app.core.actor import Actor
from app.core.clock import PARIS
from app.core.db import admin_db
from app.core.errors import BadInput
from app.core.uow import unit_of_work
from app.workflow import bulk

CHANGE = "booklet.change"
GONE = "Cette case n'existe plus : le bilan a été refait. Rechargez la page."
SEALED = "Ce bilan est verrouillé : il ne change plus. La direction peut le déverrouiller."


@dataclass(frozen=True, slots=True)
class Change:
    """What somebody wants in a cell (as typed), and what they saw there before."""

    cell: Cell
    value: Any
    base: Any


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a change. `state` is saved, unchanged, clash or refused; `value` what the cell holds now (nothing
    for who may not write there); for a clash `by` and `at` say who wrote it and when; `message` is French."""

    cell: Cell
    state: str
    value: Any = None
    by: str = ""
    at: datetime | None = None
    message: str = ""

    @property
    def kept(self) -> bool:
        """Whether the cell holds what the person wanted."""
        return self.state in ("saved", "unchanged")

    @property
    def shown(self) -> str:
        """Its value as a field shows it."""
        return shown(self.value)


@unit_of_work()
def save_cells(changes: Sequence[Change], *, actor: Actor) -> list[Outcome]:
    """Write each change or say why not, in the order given; a number of statements that does not grow with them.

    A replay (same value again) is « unchanged ». Raises nothing for a cell: all others are saved.
    """
    session = admin_db.session()
    session.flush()
    if not changes:
        return []
    writer = writer_of(actor, with_groups=any(change.cell.kind == "member" for change in changes))
    held = read_held(session, (change.cell for change in changes))
    first = {cell: place.value for cell, place in held.items()}
    lines: list[tuple[int, dict[str, Any], dict[str, Any]]] = []
    outcomes = [_judge(change, held.get(change.cell), writer, lines) for change in changes]
    changed = {cell: (first[cell], place.value, place) for cell, place in held.items() if place.value != first[cell]}
    write_changed(session, changed)
    if lines:
        school_id = next(iter(held.values())).booklet.school_id
        record_each(session, CHANGE, Booklet, lines, actor=actor, school_id=school_id)
        touched = {booklet_id for booklet_id, _, _ in lines}
        bulk.follow_many(Booklet, Booklet.id.in_(touched), session=session)
        session.expire_all()
    return _with_authors(outcomes, held)


def judge(
    change: Change, held: Any, *, refusal: str | None, read: Callable[[Any], Any],
    seen: Callable[[Any], Any] | None = None, sealed: str = "",
) -> Outcome:  # fmt: skip
    """What becomes of one change to a cell that holds `held`, whatever is behind the cell (a booklet, a mark, an
    absence): `refusal` says why the person may not write there, `read` understands what is typed and `seen` what the
    page showed before, `sealed` says why nobody may change it any more."""
    cell = change.cell
    if refusal:
        return Outcome(cell, "refused", message=refusal)
    try:
        value = read(change.value)
    except BadInput as error:
        return Outcome(cell, "refused", held, message=error.sentence())
    if value == held:
        return Outcome(cell, "unchanged", value)
    if sealed:
        return Outcome(cell, "refused", held, message=sealed)
    try:
        unmoved = (seen or read)(change.base) == held
    except BadInput:  # something that can never be stored: the person is asked
        unmoved = False
    return Outcome(cell, "saved", value) if unmoved else Outcome(cell, "clash", held)


def _judge(change: Change, held: Held | None, writer: Writer, lines: list[Any]) -> Outcome:
    """One change against the cell as it is; the cell then holds the new value."""
    cell = change.cell
    if held is None:
        return Outcome(cell, "refused", message=GONE)
    facts = held.facts
    outcome = judge(change, held.value, refusal=writer.refusal(held.target),
                    read=lambda text: read_value(cell, text, facts), seen=lambda text: read_base(cell, text, facts),
                    sealed=SEALED if held.sealed else "")  # fmt: skip
    if outcome.state == "saved":
        about = {"place": cell.name} | ({"item": facts.item} if facts.item else {})
        lines.append((held.booklet.id, about, {"before": shown(held.value), "after": shown(outcome.value)}))
        held.value = outcome.value
    return outcome


def _with_authors(outcomes: list[Outcome], held: dict[Cell, Held]) -> list[Outcome]:
    """Clashes say who wrote the other text and when, from the trail."""
    return signed(outcomes, lambda cell: held[cell].booklet.id)


def signed(
    outcomes: list[Outcome], subject: Callable[[Cell], int], action: str = CHANGE, kind: type[Any] = Booklet
) -> list[Outcome]:
    """The outcomes; clashes with who wrote last, from the trail of `kind`'s rows, of which `subject` gives the id."""
    clashes = [outcome.cell for outcome in outcomes if outcome.state == "clash"]
    if not clashes:
        return outcomes
    authors = last_changes(((subject(cell), cell) for cell in clashes), action, kind)
    return [_signed(outcome, authors.get(outcome.cell)) if outcome.state == "clash" else outcome
            for outcome in outcomes]  # fmt: skip


def _signed(outcome: Outcome, author: tuple[str, datetime] | None) -> Outcome:
    if author is None:
        return Outcome(outcome.cell, "clash", outcome.value, message="Cette case a changé depuis que vous la voyez.")
    by, at = author
    message = f"{by} a écrit ici le {at.astimezone(PARIS):%d/%m/%Y à %H:%M}."
    return Outcome(outcome.cell, "clash", outcome.value, by, at, message)


def last_changes(
    cells: Iterable[tuple[int, Cell]], action: str = CHANGE, kind: type[Any] = Booklet
) -> dict[Cell, tuple[str, datetime]]:
    """Who last changed each of these cells (given with its booklet, or the row of `kind` that its lines are about),
    and when; in one statement."""
    named = {cell.name: (booklet_id, cell) for booklet_id, cell in cells}
    place = AuditLine.data["place"].as_string()
    rows = admin_db.session.execute(
        select(place, AuditLine.actor_name, AuditLine.at)
        .where(AuditLine.subject_type == subject_type(kind), AuditLine.action == action,
               AuditLine.subject_id.in_({booklet_id for booklet_id, _ in named.values()}), place.in_(named))
        .order_by(AuditLine.id)
    )  # fmt: skip
    return {named[row[0]][1]: (row.actor_name, row.at) for row in rows}


@unit_of_work()
def fill_class(
    division_id: int, position: int, period_count: int, item_id: int, field: str, value: Any, *, actor: Actor,
    only_empty: bool = False,
) -> list[Outcome]:  # fmt: skip
    """One value for a whole column (M036): every pupil of the class who follows the subject in this period, or only
    those whose cell is empty. What was there before is in the history."""
    column = getattr(Attainment, field)
    statement = (
        select(Attainment.id, column)
        .join(Booklet, Booklet.id == Attainment.booklet_id)
        .where(Booklet.division_id == division_id, Booklet.position == position,
               Booklet.period_count == period_count, Attainment.item_id == item_id, Attainment.followed)
        .order_by(Attainment.id)
    )  # fmt: skip
    rows = admin_db.session.execute(statement.where(column.is_(None)) if only_empty else statement).all()
    changes = [Change(Cell("line", row[0], field), value, row[1]) for row in rows]
    return save_cells(changes, actor=actor)
