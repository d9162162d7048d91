"""What families point out as wrong on their record card: the secretary corrects it at its source, then ticks it off
(M141). The portal changes nothing of the school's data."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select

from app.access.models import CardError
from app.audit.services import record
from app.core import clock
from app.core.actor import Actor
from app.core.db import admin_db
from app.core.errors import NotFound
from app.core.uow import unit_of_work


def card_errors(*, handled: bool, limit: int, offset: int) -> list[CardError]:
    """Those of the school that wait, the oldest first; or those that are done, the latest first."""
    done = CardError.handled_at.is_not(None) if handled else CardError.handled_at.is_(None)
    order: Any = CardError.handled_at.desc() if handled else CardError.told_at
    wanted = select(CardError).where(done).order_by(order, CardError.id).limit(limit).offset(offset)
    return list(admin_db.session.scalars(wanted))


def count_errors() -> tuple[int, int]:
    """How many wait, how many are done."""
    row = admin_db.session.execute(select(func.count(CardError.id), func.count(CardError.handled_at))).one()
    return row[0] - row[1], row[1]


@unit_of_work()
def set_handled(error_id: int, handled: bool, *, actor: Actor) -> None:
    """Tick a line off, or take it up again. Raises `NotFound`."""
    session = admin_db.session()
    error = session.scalar(select(CardError).where(CardError.id == error_id))
    if error is None:
        raise NotFound("Ce signalement n'existe pas.")
    if (error.handled_at is not None) == handled:
        return
    error.handled_at = clock.now() if handled else None
    error.handled_by = actor.name[:150] if handled else None
    record(session, "card_error.handle" if handled else "card_error.reopen", error, actor=actor)
