"""Writing the trail: one line per act, in the act's own transaction (DESIGN §7). Reading it is `app.workflow.history`.

Every database has its own trail, a mapped subclass of `AuditLineMixin`; the line goes to the trail that lives with
the subject, so that act and line are committed together.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any

from sqlalchemy import JSON, ColumnElement, String, insert, literal, null, select
from sqlalchemy.orm import Session

from app.audit.mixins import AuditLineMixin
from app.core import clock
from app.core.actor import Actor
from app.core.types import UtcDateTime


def trail_of(model: type[Any]) -> type[Any]:
    """The trail that lives in the same database as `model`."""
    for trail in AuditLineMixin.__subclasses__():
        if trail.metadata is model.metadata:  # type: ignore[attr-defined]
            return trail
    raise LookupError(f"no trail beside {model.__name__}: declare a subclass of AuditLineMixin with its base")


def subject_type(model: type[Any]) -> str:
    """How the trail names a kind of thing: its table, in which `subject_id` is unique."""
    return str(model.__tablename__)


def record(
    session: Session,
    action: str,
    subject: Any = None,
    *,
    actor: Actor,
    school_id: int | None = None,
    old_state: str | None = None,
    new_state: str | None = None,
    data: dict[str, Any] | None = None,
    personal: dict[str, Any] | None = None,
    trail: type[Any] | None = None,
) -> None:
    """Add one line. `data` holds nothing personal; what is goes to `personal`, which can be erased later.

    Without a subject (a sign-in, an export) the line goes to the admin's trail unless `trail` says otherwise.
    """
    if subject is not None and subject.id is None:
        session.flush()
    trail = trail or (trail_of(type(subject)) if subject is not None else _admin_trail())
    line = {
        "at": clock.now(),
        "action": action,
        "subject_type": subject_type(type(subject)) if subject is not None else "",
        "subject_id": subject.id if subject is not None else None,
        "actor_id": actor.user_id,
        "actor_name": actor.name,
        "old_state": old_state,
        "new_state": new_state,
        "data": data,
    }
    session.add(trail(**line, **_where_it_belongs(trail, school_id or getattr(subject, "school_id", None), personal)))


def record_many(
    session: Session,
    action: str,
    model: type[Any],
    where: ColumnElement[bool],
    *,
    actor: Actor,
    old_state: ColumnElement[str] | None = None,
    new_state: ColumnElement[str] | None = None,
    data: dict[str, Any] | None = None,
    personal: dict[str, Any] | None = None,
) -> tuple[str, int]:
    """One line for each row of `model` that meets `where`, in one INSERT … SELECT that locks those rows too.

    Returns the batch that the lines share and how many they are; `in_batch` names the rows again.
    """
    trail, batch = trail_of(model), secrets.token_hex(16)
    columns: dict[str, Any] = {
        "at": literal(clock.now(), UtcDateTime),
        "action": literal(action, String),
        "subject_type": literal(subject_type(model), String),
        "subject_id": model.id,
        "actor_id": literal(actor.user_id) if actor.user_id is not None else null(),
        "actor_name": literal(actor.name, String),
        "old_state": old_state if old_state is not None else null(),
        "new_state": new_state if new_state is not None else null(),
        "data": _json(data),
        "batch": literal(batch, String),
        **_where_it_belongs(trail, getattr(model, "school_id", null()), _json(personal)),
    }
    rows = select(*columns.values()).where(where).order_by(model.id).with_for_update(of=model)
    statement = insert(trail).from_select(list(columns), rows, include_defaults=False)
    result: Any = session.execute(statement, execution_options={"preserve_rowcount": True})
    return batch, result.rowcount


def record_each(
    session: Session,
    action: str,
    model: type[Any],
    lines: Sequence[tuple[int, dict[str, Any] | None, dict[str, Any] | None]],
    *,
    actor: Actor,
    school_id: int,
) -> None:
    """One line for each (id of a row of `model`, data, personal), which differ from row to row: one INSERT."""
    trail = trail_of(model)
    common = {"at": clock.now(), "action": action, "subject_type": subject_type(model), "actor_id": actor.user_id,
              "actor_name": actor.name}  # fmt: skip
    rows = [
        common | {"subject_id": subject_id, "data": data} | _where_it_belongs(trail, school_id, personal)
        for subject_id, data, personal in lines
    ]
    session.execute(insert(trail), rows)


def _admin_trail() -> type[Any]:
    from app.audit.models import AuditLine  # the portal never comes here: it has no admin tables

    return AuditLine


def in_batch(model: type[Any], batch: str) -> ColumnElement[bool]:
    """The rows of `model` that a bulk act recorded under `batch`."""
    trail = trail_of(model)
    return model.id.in_(select(trail.subject_id).where(trail.batch == batch))


def _json(value: dict[str, Any] | None) -> ColumnElement[Any]:
    return literal(value, JSON) if value else null()


def _where_it_belongs(trail: type[Any], school: Any, personal: Any) -> dict[str, Any]:
    """The columns that the admin's trail has and the portal's has not."""
    found = {"school_id": school} if hasattr(trail, "school_id") else {}
    return found | ({"personal": personal} if hasattr(trail, "personal") else {})
