"""Which schools changed since they were last published, so that a replication compares those and no other.

Every transaction of the admin database that writes a watched table leaves a mark on the schools of its scope, whoever
writes and however (ORM, set-based, Core): the statements themselves are looked at. A system scope marks all schools.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from sqlalchemy import Connection, Engine, case, column, event, literal, select, table, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.core import clock
from app.core.db import admin_db
from app.core.scope import Scope, current_scope
from app.core.types import UtcDateTime
from app.replication.models import ReplicationMark

WATCHED = frozenset({
    "authority", "school", "division", "pupil", "enrolment", "guardian", "guardian_link", "activation_code",
    "access_refusal", "pupil_refusal", "online_service", "online_setting", "academic_service", "contact_address",
    "booklet_edition", "booklet_publication", "test_paper", "mark", "absence", "marks_due_date", "division_scheme",
    "period", "division_staff", "staff", "teaching_service", "teaching_item",
})  # fmt: skip
_WRITE = re.compile(r'\s*(?:INSERT\s+(?:OR\s+\w+\s+)?INTO|UPDATE|DELETE\s+FROM)\s+"?(\w+)', re.IGNORECASE)
_TOUCHED = "replication_touched"
_EVERYTHING = Scope("system", reason="all schools")
_silent: ContextVar[bool] = ContextVar("replication_silent", default=False)
_marks = ReplicationMark.__table__
_school = table("school", column("id"), column("authority_id"))


@contextmanager
def unmarked() -> Iterator[None]:
    """What is written inside came from the portal: it is no news to it."""
    token = _silent.set(True)
    try:
        yield
    finally:
        _silent.reset(token)


def touch_school(session: Session, school_id: int) -> None:
    """Mark one school by hand (for what no statement shows, such as a date that has come)."""
    session.connection().info.setdefault(_TOUCHED, set()).add(Scope("school", school_id))


@event.listens_for(Engine, "before_cursor_execute")
def _notice(conn: Connection, _cursor: Any, statement: str, *_rest: Any) -> None:
    if conn.engine is not admin_db._engine or _silent.get():
        return
    found = _WRITE.match(statement)
    if found and found[1] in WATCHED:
        conn.info.setdefault(_TOUCHED, set()).add(_scope_now())


def _scope_now() -> Scope:
    scope = current_scope()
    return scope if scope and scope.kind in ("school", "academy") else _EVERYTHING


@event.listens_for(Engine, "rollback")
def _forget(conn: Connection) -> None:
    conn.info.pop(_TOUCHED, None)


@event.listens_for(Engine, "commit")
def _write_marks(conn: Connection) -> None:
    """In the transaction that wrote: a change and its mark are seen together, or not at all."""
    touched: set[Scope] = conn.info.pop(_TOUCHED, set())
    if _EVERYTHING in touched:
        touched = {_EVERYTHING}
    for scope in sorted(touched, key=lambda s: (s.kind, s.id)):
        _mark(conn, scope)


def _mark(conn: Connection, scope: Scope) -> None:
    moment = literal(clock.now(), UtcDateTime)
    dialect: Any = sqlite if conn.dialect.name == "sqlite" else postgresql
    new = select(_school.c.id, literal(0), literal(0), literal(0), moment).where(_chosen(scope))
    names = ["school_id", "changed", "published", "checked", "changed_at"]
    conn.execute(dialect.insert(_marks).from_select(names, new).on_conflict_do_nothing())
    clean = _marks.c.changed == _marks.c.published
    conn.execute(
        update(_marks)
        .where(_marks.c.school_id.in_(select(_school.c.id).where(_chosen(scope))))
        .values(changed=_marks.c.changed + 1, changed_at=case((clean, moment), else_=_marks.c.changed_at))
    )


def _chosen(scope: Scope) -> Any:
    if scope.kind == "school":
        return _school.c.id == scope.id
    if scope.kind == "academy":
        return _school.c.authority_id == scope.id
    return literal(True)
