"""The booklet workflow's parameters as set on screen (C08): the nearest wins, an academy may lock a value, and a change
reaches draft and complete booklets only (DESIGN §4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Boolean, Integer, case, cast, delete, literal, null, or_, select, update
from sqlalchemy.orm import Session

from app.audit.services import record
from app.booklets.models import OPEN_STATES, Booklet, WorkflowParameter
from app.core.actor import Actor
from app.core.db import admin_db
from app.core.errors import BadInput, Conflict, Forbidden, NotFound
from app.core.scope import current_scope
from app.core.uow import unit_of_work
from app.schools.models import Authority, GradeLevel, School
from app.workflow import bulk
from app.workflow.catalogue import definition

# Name → the condition of the file and its parameter, least and most.
PARAMETERS = {
    "areas_needed": ("areas_complete", "minimum", 0, 12),
    "life_needed": ("school_life_entered", "required", 0, 1),
}


@dataclass(frozen=True, slots=True)
class InForce:
    """A value, where it comes from (file, academy, school) and whether the academy locked it."""

    value: int
    origin: str
    locked: bool = False


@dataclass(frozen=True, slots=True)
class Given:
    """What a place says itself: None = nothing, the next place decides."""

    value: int | None
    locked: bool = False


def from_file(name: str) -> int:
    """The value of `workflows/booklet.yaml`."""
    condition, parameter, _least, _most = PARAMETERS[name]
    use = next(use for use in definition("booklet").transition("complete").requires if use.name == condition)
    return int(use.parameters[parameter])


def _place(session: Session) -> tuple[int, int | None]:
    """Authority and school of the current scope."""
    scope = current_scope()
    if scope is not None and scope.kind == "school":
        return session.scalars(select(School.authority_id).where(School.id == scope.id)).one(), scope.id
    if scope is not None and scope.kind == "academy":
        return scope.id, None
    raise BadInput("Choisissez d'abord un établissement ou une académie.")


def rows_here(session: Session) -> Sequence[WorkflowParameter]:
    """What the academy and the current school (if any) say."""
    authority, school = _place(session)
    own = or_(WorkflowParameter.school_id.is_(None), WorkflowParameter.school_id == (school or 0))
    return session.scalars(select(WorkflowParameter).where(WorkflowParameter.authority_id == authority, own)).all()


def resolve(rows: Sequence[WorkflowParameter], name: str, level_id: int | None) -> InForce:
    """School and level, school, academy and level, academy, file: the first that says something; what the academy
    locked stands before all."""
    found = {(row.school_id is not None, row.grade_level_id): row for row in rows if row.name == name}
    general, nearest = found.get((False, None)), found.get((False, level_id))
    academy = nearest or general
    locked = bool((general and general.locked) or (nearest and nearest.locked))
    school = found.get((True, level_id)) or found.get((True, None))
    if school is not None and not (academy and locked):
        return InForce(school.value, "school")
    return InForce(academy.value, "academy", locked) if academy else InForce(from_file(name), "file")


@unit_of_work()
def set_parameter(name: str, level_id: int | None, given: Given, *, actor: Actor) -> None:
    """Say (or, with None, no longer say) a value for the current school or academy, for a level or all of them. In a
    school its open booklets follow at once; an academy's schools follow by the job `booklets.parameters`.

    Raises `BadInput` for a name or value that does not exist, `Conflict` for a value that the academy locked.
    """
    if not actor.can("can_edit", "workflow_parameter"):
        raise Forbidden()
    session = admin_db.session()
    authority, school = _place(session)
    _check(session, name, level_id, given, school)
    session.scalars(select(Authority.id).where(Authority.id == authority).with_for_update()).one()
    same = (WorkflowParameter.authority_id == authority, WorkflowParameter.school_id.is_not_distinct_from(school),
            WorkflowParameter.grade_level_id.is_not_distinct_from(level_id),
            WorkflowParameter.name == name)  # fmt: skip
    session.execute(delete(WorkflowParameter).where(*same), execution_options={"synchronize_session": False})
    if given.value is not None:
        session.add(WorkflowParameter(authority_id=authority, school_id=school, grade_level_id=level_id, name=name,
                                      value=given.value, locked=given.locked and school is None))  # fmt: skip
    session.flush()
    session.expire_all()
    record(session, "workflow_parameter.edit", None, actor=actor, school_id=school,
           data={"name": name, "level": level_id, "value": given.value, "locked": given.locked})  # fmt: skip
    if school is not None:
        apply_parameters(actor=actor)


def _check(session: Session, name: str, level_id: int | None, given: Given, school: int | None) -> None:
    if name not in PARAMETERS:
        raise BadInput("Ce paramètre n'existe pas.")
    _condition, _parameter, least, most = PARAMETERS[name]
    if given.value is not None and not least <= given.value <= most:
        raise BadInput(f"La valeur va de {least} à {most}.")
    if level_id is not None and session.get(GradeLevel, level_id) is None:
        raise NotFound("Ce niveau n'existe pas.")
    if school is not None and resolve(rows_here(session), name, level_id).locked:
        raise Conflict("L'académie a fixé cette valeur pour tous ses établissements.")


@unit_of_work()
def apply_parameters(*, actor: Actor) -> None:
    """Write the parameters in force on the current school's open booklets, which become complete or draft again by
    themselves. Locked ones keep what they were locked with."""
    session = admin_db.session()
    is_open = Booklet.state.in_(OPEN_STATES)
    _write(session, is_open, rows_here(session))
    bulk.follow_many(Booklet, is_open, session=session, actor=actor)


def write_parameters(session: Session, where: Any) -> None:
    """The parameters in force on booklets just made; nothing to do where only the file speaks."""
    if rows := rows_here(session):
        _write(session, where, rows)


def _write(session: Session, where: Any, rows: Sequence[WorkflowParameter]) -> None:
    values: Mapping[str, Any] = {
        "areas_needed": _column(rows, "areas_needed", Integer), "life_needed": _column(rows, "life_needed", Boolean)}
    differs = or_(*(getattr(Booklet, name).is_distinct_from(value) for name, value in values.items()))
    changed = update(Booklet).where(where, differs).values(values)
    session.execute(changed, execution_options={"synchronize_session": False})


def _column(rows: Sequence[WorkflowParameter], name: str, type_: Any) -> Any:
    """SQL: what a booklet's column holds, by its level; NULL where the file's value is in force."""
    levels = {row.grade_level_id for row in rows if row.name == name and row.grade_level_id is not None}

    def held(level_id: int | None) -> Any:
        found = resolve(rows, name, level_id)
        shown = bool(found.value) if type_ is Boolean else found.value
        return cast(null(), type_) if found.origin == "file" else literal(shown, type_)

    if not levels:
        return held(None)
    return case(*((Booklet.grade_level_id == level_id, held(level_id)) for level_id in sorted(levels)),
                else_=held(None))  # fmt: skip
