"""Removing what may go because nothing was entered in it. Whatever somebody wrote stays."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import String, delete, exists, or_, select, type_coerce
from sqlalchemy.orm import Session

from app.audit.services import record_many
from app.booklets.emptiness import is_written
from app.booklets.models import Attainment, AttainmentElement, Booklet
from app.core.actor import Actor

UNSYNCED = {"synchronize_session": False}


def written_on() -> Any:
    """Whether something was entered on a line, in SQL: an assessment, a comment, a programme element. A subject
    marked « not assessed » for a whole class is nothing of the pupil's own."""
    line = Attainment
    elements = exists(select(AttainmentElement.id).where(AttainmentElement.attainment_id == line.id).correlate(line))
    return or_(line.positioning.is_not(None), line.average.is_not(None), line.letter.is_not(None),
               line.comment.is_not(None), elements)  # fmt: skip


def drop_empty_lines(session: Session, line_ids: Iterable[int]) -> set[int]:
    """Remove those of these lines on which nothing was entered; which they were."""
    empty = select(Attainment.id).where(Attainment.id.in_(list(line_ids)), ~written_on())
    ids = set(session.scalars(empty))
    if ids:
        session.execute(delete(Attainment).where(Attainment.id.in_(ids)), execution_options=UNSYNCED)
    return ids


def drop_empty_booklets(session: Session, booklet_ids: Iterable[int], *, actor: Actor) -> set[int]:
    """Remove those of these open booklets in which nothing was entered, with a line of history; which they were."""
    ids = set(session.scalars(select(Booklet.id).where(Booklet.id.in_(list(booklet_ids)), ~is_written())))
    if ids:
        record_many(session, "booklet.drop", Booklet, Booklet.id.in_(ids), actor=actor,
                    old_state=type_coerce(Booklet.state, String))  # fmt: skip
        session.execute(delete(Booklet).where(Booklet.id.in_(ids)), execution_options=UNSYNCED)
    return ids
