"""The same door for a set of rows: a few SQL statements, however many rows there are (DESIGN §4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, String, and_, case, func, literal, not_, or_, select, true, update
from sqlalchemy.orm import Session

from app.audit.services import in_batch, record_many
from app.core import clock
from app.core.actor import SYSTEM, Actor
from app.workflow import catalogue
from app.workflow.definition import Definition, Transition
from app.workflow.engine import (
    column_values,
    joined,
    missing_reason,
    not_permitted,
    other_effects,
    permitted,
    refusal,
    wrong_state,
)
from app.workflow.registry import Act, Unmet, conditions
from app.workflow.stateful import ENGINE


@dataclass(frozen=True, slots=True)
class Refusals:
    """How many rows one reason holds back, and (from `explain_many`) which."""

    unmet: Unmet
    count: int
    ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class BulkOutcome:
    """What became of a set: `moved` and `refused` rows, and why. A row may be held back by several reasons."""

    model: type[Any]
    moved: int
    refused: int
    reasons: tuple[Refusals, ...]
    batch: str

    @property
    def rows(self) -> ColumnElement[bool]:
        """The SQL criterion of the moved rows, for a further statement."""
        return in_batch(self.model, self.batch)

    def moved_ids(self, session: Session) -> list[int]:
        """The ids of the moved rows, read when somebody asks."""
        return list(session.scalars(select(self.model.id).where(self.rows).order_by(self.model.id)))


def apply_many(
    model: type[Any],
    transition: str,
    where: ColumnElement[bool],
    *,
    actor: Actor,
    session: Session,
    reason: str | None = None,
    data: Mapping[str, Any] | None = None,
    note: Mapping[str, Any] | None = None,
) -> BulkOutcome:
    """Take `transition` on every row of `model` that meets `where` and may take it; the others are counted by reason.

    `data` are other columns to set (values or SQL expressions), `note` goes to each audit line. Three statements and
    those of the effects. Without the permission, or without the reason asked for, nothing is done and it raises.
    """
    definition = catalogue.ready(model.__workflow__)
    move = definition.transition(transition)
    unmet = [] if permitted(move, actor) else [not_permitted(move)]
    if move.ask and not (reason or "").strip():
        unmet.append(missing_reason())
    if unmet:
        raise refusal(move, unmet)
    with joined(session) as work:
        work.flush()
        act = Act(work, definition, move, actor, reason, clock.now(), dict(data or {}))
        batch, moved = _take_all(model, act, and_(where, may_take(model, move)), note)
        # Counted afterwards: what costs is to judge the conditions, and few rows are left to judge.
        refused, reasons = _count(work, model, definition, move, and_(where, not_(in_batch(model, batch))))
    return BulkOutcome(model, moved, refused, reasons, batch)


def explain_many(
    model: type[Any], transition: str, where: ColumnElement[bool], *, actor: Actor, session: Session
) -> list[Refusals]:
    """Which rows would be held back and why, in one statement; empty when all may go."""
    definition = catalogue.ready(model.__workflow__)
    move = definition.transition(transition)
    if not permitted(move, actor):
        ids = tuple(session.scalars(select(model.id).where(where).order_by(model.id)))
        return [Refusals(not_permitted(move), len(ids), ids)] if ids else []
    hurdles = _hurdles(model, definition, move)
    held = or_(*(hurdle for _, hurdle in hurdles))
    statement = select(model.id, *(hurdle for _, hurdle in hurdles)).where(where, held).order_by(model.id)
    rows = session.execute(statement).all()
    found = []
    for position, (unmet, _) in enumerate(hurdles, start=1):
        ids = tuple(row[0] for row in rows if row[position])
        if ids:
            found.append(Refusals(unmet, len(ids), ids))
    return found


def follow_many(
    model: type[Any], where: ColumnElement[bool], *, session: Session, actor: Actor = SYSTEM
) -> dict[str, int]:
    """Take the automatic transitions whose moment has come, each once, in the order of the file: moved by name."""
    definition = catalogue.ready(model.__workflow__)
    moved = {}
    with joined(session) as work:
        work.flush()
        for move in (t for t in definition.transitions.values() if t.auto):
            act = Act(work, definition, move, actor, None, clock.now())
            _, moved[move.name] = _take_all(model, act, and_(where, may_take(model, move)), None)
    return moved


def record_creation_many(
    model: type[Any],
    where: ColumnElement[bool],
    *,
    actor: Actor,
    session: Session,
    note: Mapping[str, Any] | None = None,
) -> int:
    """The first history line of every row that meets `where`, just inserted in bulk; how many there are."""
    action = f"{model.__workflow__}.create"
    with joined(session) as work:
        _, count = record_many(
            work, action, model, where, actor=actor, new_state=model.state, data=dict(note or {}) or None
        )
    return count


def may_take(model: type[Any], move: Transition) -> ColumnElement[bool]:
    """True of the rows that may take the transition: `explain` with an empty answer, in SQL."""
    met = [conditions[use.name].clause(model, **use.parameters) for use in move.requires]
    unless = [conditions[use.name].clause(model, **use.parameters) for use in move.unless]
    return and_(model.state.in_(move.sources), *met, not_(and_(*unless)) if unless else true())


def _hurdles(model: type[Any], definition: Definition, move: Transition) -> list[tuple[Unmet, ColumnElement[bool]]]:
    """Each reason with the SQL that says a row has it. As in `explain`, conditions count in the right state only."""
    there = model.state.in_(move.sources)
    hurdles = [(wrong_state(definition, move), not_(there))]
    for use in move.requires:
        entry = conditions[use.name]
        unmet = Unmet(use.name, entry.words(**use.parameters), None, entry.lifted_by)
        hurdles.append((unmet, and_(there, not_(entry.clause(model, **use.parameters)))))
    return hurdles


def _count(
    session: Session, model: type[Any], definition: Definition, move: Transition, where: ColumnElement[bool]
) -> tuple[int, tuple[Refusals, ...]]:
    hurdles = _hurdles(model, definition, move)
    sums = [func.coalesce(func.sum(case((hurdle, 1), else_=0)), 0) for _, hurdle in hurdles]
    left, *counts = session.execute(select(func.count(model.id), *sums).where(where)).one()
    pairs = zip(hurdles, counts, strict=True)
    return left, tuple(Refusals(unmet, count) for (unmet, _), count in pairs if count)


def _take_all(
    model: type[Any], act: Act, chosen: ColumnElement[bool], note: Mapping[str, Any] | None
) -> tuple[str, int]:
    """Audit lines first: they lock the rows and remember each old state; the UPDATE then takes exactly those rows."""
    goal = _goal(model, act.transition)
    batch, count = record_many(
        act.session,
        f"{act.definition.name}.{act.transition.name}",
        model,
        chosen,
        actor=act.actor,
        old_state=model.state,
        new_state=goal,
        data=dict(note or {}) or None,
        personal={"reason": act.reason.strip()} if act.reason else None,
    )
    if not count:
        return batch, 0
    values = column_values(model, act) | {"state": goal, "version": model.version + 1}
    rows = in_batch(model, batch)
    statement = update(model).where(rows).values(values)
    act.session.execute(statement, execution_options={ENGINE: True, "synchronize_session": False})
    for entry, use in other_effects(act):
        assert entry.many is not None
        entry.many(model, rows, act, **use.parameters)
    _forget(act.session, model)
    return batch, count


def _goal(model: type[Any], move: Transition) -> ColumnElement[str]:
    if len(move.targets) == 1:
        return literal(move.targets[0], String)
    return case(dict(move.moves), value=model.state)


def _forget(session: Session, model: type[Any]) -> None:
    """Objects read before are read again at their next use."""
    for obj in list(session.identity_map.values()):
        if isinstance(obj, model):
            session.expire(obj)
