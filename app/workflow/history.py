"""What became of an object, from the trail; the sentence is made when it is read, in the reader's language."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, object_session

from app.audit.services import subject_type, trail_of
from app.core.errors import NotFound
from app.workflow import catalogue
from app.workflow.labels import Label


@dataclass(frozen=True, slots=True)
class Entry:
    """One act on one object."""

    at: datetime
    action: str
    actor_name: str
    old_state: str | None
    new_state: str | None
    reason: str | None
    data: dict[str, Any]

    def sentence(self, locale: str | None = None) -> str:
        """« Code invalidé », as the workflow's file says it; an act of no workflow keeps its stable name."""
        label = label_of(self.action)
        return label.text(locale) if label else self.action


def history(obj: Any, *, session: Session | None = None) -> list[Entry]:
    """Every act on an object, oldest first (M094: creation, use, invalidation with their dates)."""
    session = session or object_session(obj)
    if session is None:
        raise ValueError("the object belongs to no session")
    trail = trail_of(type(obj))
    lines = select(trail).where(trail.subject_type == subject_type(type(obj)), trail.subject_id == obj.id)
    return [_entry(line) for line in session.scalars(lines.order_by(trail.at, trail.id))]


def label_of(action: str) -> Label | None:
    """The words of `workflow.transition`, from the workflow's file."""
    workflow, _, name = action.partition(".")
    try:
        definition = catalogue.definition(workflow)
        return definition.created if name == "create" else definition.transition(name).done
    except NotFound:  # an act of no workflow, or a transition that the file no longer has
        return None


def _entry(line: Any) -> Entry:
    personal = getattr(line, "personal", None) or {}
    return Entry(
        line.at, line.action, line.actor_name, line.old_state, line.new_state, personal.get("reason"), line.data or {}
    )
