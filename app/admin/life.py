"""What the page of a thing with a workflow says of its life: what happened to it, what may follow, and what stands in
the way (C02). Read from the trail and from the engine, the same for every entity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import current_app, url_for

from app.admin.columns import States, plain
from app.core.db import AdminBase, admin_db
from app.security.manager import current_actor
from app.workflow import engine
from app.workflow.history import Entry, history
from app.workflow.registry import Unmet
from app.workflow.stateful import Stateful


@dataclass(frozen=True, slots=True)
class Past:
    """One act, ready to be shown."""

    at: str
    sentence: str
    state: Any
    who: str
    reason: str


@dataclass(frozen=True, slots=True)
class Hurdle:
    """One thing in the way: what, who can lift it, and the page of the record that blocks."""

    text: str
    lifted_by: str
    href: str | None


@dataclass(frozen=True, slots=True)
class Next:
    """An action this person may ask for from here; greyed as long as there are hurdles."""

    name: str
    label: str
    hurdles: list[Hurdle]


@dataclass(frozen=True, slots=True)
class Life:
    """The whole card."""

    state: Any
    past: list[Past]
    following: list[Next]
    workflow_url: str | None


def life_of(item: Any, page_of: Any) -> Life | None:
    """The life of a row, newest act first; None for what has no workflow. `page_of` gives the address of a record."""
    if not isinstance(item, Stateful):
        return None
    states = States(item.__workflow__)
    return Life(
        state=states.badge(item.state),
        past=[_past(entry, states) for entry in reversed(history(item))],
        following=[_next(choice, item, page_of) for choice in engine.available(item, current_actor())],
        workflow_url=workflow_url(item.__workflow__),
    )


def workflow_url(name: str) -> str | None:
    """The page of a workflow, for whoever may open it."""
    if not current_app.appbuilder.sm.has_access("can_show", "workflow"):  # type: ignore[attr-defined]
        return None
    return url_for("WorkflowsPage.show", name=name)


def _past(entry: Entry, states: States) -> Past:
    state = states.badge(entry.new_state) if entry.new_state and entry.new_state in states else ""
    return Past(plain(entry.at), entry.sentence(), state, entry.actor_name, entry.reason or "")


def _next(choice: engine.Choice, item: Any, page_of: Any) -> Next:
    move = choice.transition
    return Next(move.name, str(move.label), [_hurdle(unmet, item, page_of) for unmet in choice.unmet])


def _hurdle(unmet: Unmet, item: Any, page_of: Any) -> Hurdle:
    return Hurdle(unmet.message, str(unmet.lifted_by), _record_page(unmet.record, item, page_of))


def _record_page(record: tuple[str, int] | None, item: Any, page_of: Any) -> str | None:
    """The page of the record that blocks, unless it is the one being read."""
    if record is None or record == (item.__tablename__, item.id):
        return None
    models = (mapper.class_ for mapper in AdminBase.registry.mappers)
    model = next((m for m in models if getattr(m, "__tablename__", "") == record[0]), None)
    found = admin_db.session.get(model, record[1]) if model is not None else None
    href: str | None = page_of(found) if found is not None else None
    return href
