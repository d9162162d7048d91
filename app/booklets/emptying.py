"""What may go because nothing was entered in it. Whatever somebody wrote stays."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import String, and_, delete, exists, or_, select, type_coerce
from sqlalchemy.orm import Session

from app.audit.services import record_many
from app.booklets.models import (
    Attainment,
    AttainmentElement,
    BaseMastery,
    Booklet,
    BookletEdition,
    BookletFault,
    GroupPupil,
    Pathway,
)
from app.core.actor import Actor

UNSYNCED = {"synchronize_session": False}
_WRITTEN = (
    Booklet.overall_comment, Booklet.council_on, Booklet.absences_justified, Booklet.absences_unjustified,
    Booklet.lateness, Booklet.life_comment, Booklet.complement_code, Booklet.complement_level,
)  # fmt: skip
_HELD = (Pathway, BaseMastery, GroupPupil, BookletEdition, BookletFault)


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
    held = (exists(select(model.id).where(model.booklet_id == Booklet.id).correlate(Booklet)) for model in _HELD)
    lines = exists(select(Attainment.id).where(Attainment.booklet_id == Booklet.id, written_on()).correlate(Booklet))
    untouched = and_(*(column.is_(None) for column in _WRITTEN), ~lines, *(~one for one in held))
    ids = set(session.scalars(select(Booklet.id).where(Booklet.id.in_(list(booklet_ids)), untouched)))
    if ids:
        record_many(session, "booklet.remove", Booklet, Booklet.id.in_(ids), actor=actor,
                    old_state=type_coerce(Booklet.state, String))  # fmt: skip
        session.execute(delete(Booklet).where(Booklet.id.in_(ids)), execution_options=UNSYNCED)
    return ids
