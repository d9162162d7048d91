"""The one door: a state changes here and nowhere else (DESIGN §4). Sets of rows pass through `app.workflow.bulk`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import CursorResult, update
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.orm import Session, object_session

from app.audit.services import record
from app.core import clock
from app.core.actor import SYSTEM, Actor
from app.core.errors import Forbidden, NotFound, TransitionRefused
from app.core.uow import unit_of_work
from app.workflow import catalogue
from app.workflow.definition import HOLDER, Definition, Transition, Use, permission_pairs
from app.workflow.labels import Label
from app.workflow.registry import NOBODY, Act, ColumnEffect, Effect, Unmet, conditions, effects, record_of
from app.workflow.stateful import ENGINE

ADMINISTRATOR = Label("l'administrateur de l'académie", "the academy administrator")


class TransitionForbidden(TransitionRefused, Forbidden):
    """The actor may not do this, whatever the object (403)."""

    code = "forbidden"
    status = 403


@dataclass(frozen=True, slots=True)
class Moved:
    """A transition that took place."""

    transition: str
    old_state: str
    new_state: str


@dataclass(frozen=True, slots=True)
class Choice:
    """A transition the actor may ask for from here, and what stands against it: nothing, or the reasons it is grey."""

    transition: Transition
    unmet: tuple[Unmet, ...]


def apply(
    obj: Any,
    transition: str,
    *,
    actor: Actor,
    reason: str | None = None,
    session: Session | None = None,
    version: int | None = None,
    note: Mapping[str, Any] | None = None,
    **data: Any,
) -> Moved:
    """Take `transition` on one object, or raise `TransitionRefused` with everything that stands against it.

    `data` are other columns set in the same UPDATE; `note` goes to the audit line (nothing personal); `version` is
    the one the person's form was drawn with. Joins the caller's unit of work, or is one by itself.
    """
    definition = catalogue.ready(obj.__workflow__)
    move = definition.transition(transition)
    with joined(session or object_session(obj)) as work:
        _lock(work, obj)
        unmet = explain(obj, transition, actor) + _unmet_by_the_form(obj, move, reason, version)
        if unmet:
            raise refusal(move, unmet)
        return _take(obj, Act(work, definition, move, actor, reason, clock.now(), data), note)


def explain(obj: Any, transition: str, actor: Actor) -> list[Unmet]:
    """Everything that stands against a transition: permission, state, then conditions. Empty when it is possible."""
    definition = catalogue.ready(obj.__workflow__)
    move = definition.transition(transition)
    unmet = [] if permitted(move, actor) else [not_permitted(move)]
    if obj.state not in move.moves:
        return [*unmet, wrong_state(definition, move, obj)]
    return unmet + unmet_conditions(obj, move.requires)


def available(obj: Any, actor: Actor) -> list[Choice]:
    """The transitions that leave the present state and that the actor may ask for, in the order of the file."""
    definition = catalogue.ready(obj.__workflow__)
    moves = [t for t in definition.transitions.values() if obj.state in t.moves and not t.auto]
    return [Choice(t, tuple(unmet_conditions(obj, t.requires))) for t in moves if permitted(t, actor)]


def follow(obj: Any, *, actor: Actor = SYSTEM, session: Session | None = None) -> list[Moved]:
    """Take the automatic transitions whose moment the data have brought, until none is left."""
    definition = catalogue.ready(obj.__workflow__)
    moved: list[Moved] = []
    with joined(session or object_session(obj)) as work:
        _lock(work, obj)
        for _ in definition.states:
            move = next((t for t in definition.transitions.values() if _is_due(obj, t)), None)
            if move is None:
                break
            moved.append(_take(obj, Act(work, definition, move, actor, None, clock.now()), None))
    return moved


def record_creation(
    obj: Any, *, actor: Actor, session: Session | None = None, note: Mapping[str, Any] | None = None
) -> None:
    """The first line of an object's history; whoever makes one calls this in the same unit of work."""
    action, details = f"{obj.__workflow__}.create", dict(note or {}) or None
    with joined(session or object_session(obj)) as work:
        record(work, action, obj, actor=actor, new_state=obj.state, data=details)


def permitted(transition: Transition, actor: Actor) -> bool:
    """Whether the actor may ask for it. The system may everything; an automatic transition is nobody else's."""
    if actor.kind == "system":
        return True
    if HOLDER in transition.allowed and actor.kind == "account":
        return True
    return any(actor.can(*pair) for pair in permission_pairs(transition.allowed))


def not_permitted(transition: Transition) -> Unmet:
    """The refusal for want of a permission."""
    label = Label("Votre rôle ne permet pas cette action.", "Your role does not allow this.")
    return Unmet("permission", label, None, ADMINISTRATOR)


def wrong_state(definition: Definition, transition: Transition, obj: Any = None) -> Unmet:
    """The refusal because of the present state, which is named when one object is asked about."""
    wanted = [definition.states[name].label for name in transition.sources]
    fr, en = ", ".join(w.fr for w in wanted), ", ".join(w.en for w in wanted)
    label = Label(f"Possible seulement dans l'état : {fr}.", f"Only possible in the state: {en}.")
    if obj is not None:
        now = definition.states[obj.state].label
        label = Label(f"L'état est « {now.fr} ». {label.fr}", f"The state is “{now.en}”. {label.en}")
    return Unmet("state", label, record_of(obj), NOBODY)


def refusal(transition: Transition, unmet: list[Unmet]) -> TransitionRefused:
    """The error to raise: a `TransitionForbidden` when the permission is among what is missing."""
    kind = TransitionForbidden if any(u.code == "permission" for u in unmet) else TransitionRefused
    reasons = " ; ".join(u.label.fr.rstrip(" .") for u in unmet)
    return kind(transition.name, unmet, f"Action « {transition.label.fr} » refusée : {reasons}.")


def unmet_conditions(obj: Any, uses: tuple[Use, ...]) -> list[Unmet]:
    """What the conditions of a transition find missing on an object."""
    return [unmet for use in uses for unmet in conditions[use.name](obj, **use.parameters)]


def column_values(model: type[Any], act: Act) -> dict[str, Any]:
    """The caller's columns and those of the column effects, for the UPDATE. Two values for one column are a bug."""
    values = dict(act.values)
    if values.keys() & {"state", "version"}:
        raise ValueError("state and version are the engine's")
    for use in (*act.definition.always, *act.transition.then):
        entry = effects[use.name]
        if isinstance(entry, ColumnEffect):
            more = entry.values(model, act, **use.parameters)
            if values.keys() & more.keys():
                raise ValueError(f"{use.name} sets columns that are already set: {values.keys() & more.keys()}")
            values |= more
    return values


def other_effects(act: Act) -> Iterator[tuple[Effect, Use]]:
    """The effects that do more than set columns, in the order of the file."""
    for use in (*act.definition.always, *act.transition.then):
        entry = effects[use.name]
        if isinstance(entry, Effect):
            yield entry, use


@contextmanager
def joined(session: Session | None) -> Iterator[Session]:
    """The unit of work of the session's database, joined or opened. A session of no database of ours is its owner's."""
    if session is None:
        raise ValueError("the object belongs to no session")
    database = session.info.get("database")
    if database is None or database.session() is not session:
        yield session
        return
    with unit_of_work(database) as work:
        yield work


def _lock(session: Session, obj: Any) -> None:
    """Read the row again, locked where the database can; on SQLite the UPDATE of `_take` counts instead."""
    session.flush()
    try:
        session.refresh(obj, with_for_update={"of": type(obj)})  # a joined load may bring rows not to lock
    except InvalidRequestError as error:
        raise NotFound() from error  # deleted meanwhile, or outside the scope


def _unmet_by_the_form(obj: Any, move: Transition, reason: str | None, version: int | None) -> list[Unmet]:
    unmet = []
    if move.ask and not (reason or "").strip():
        unmet.append(missing_reason())
    if version is not None and version != obj.version:
        label = Label("Quelqu'un l'a modifié entre-temps. Rechargez la page.", "Somebody changed it. Reload the page.")
        unmet.append(Unmet("stale", label, record_of(obj)))
    return unmet


def missing_reason() -> Unmet:
    """The refusal of an act that asks for a reason and got none."""
    return Unmet("reason", Label("Indiquez un motif.", "Give a reason."))


def _is_due(obj: Any, move: Transition) -> bool:
    if not move.auto or obj.state not in move.moves or unmet_conditions(obj, move.requires):
        return False
    return not move.unless or bool(unmet_conditions(obj, move.unless))


def _take(obj: Any, act: Act, note: Mapping[str, Any] | None) -> Moved:
    model, old = type(obj), obj.state
    new = act.transition.moves[old]
    values = column_values(model, act) | {"state": new, "version": model.version + 1}
    statement = update(model).where(model.id == obj.id, model.state == old, model.version == obj.version).values(values)
    result = act.session.execute(statement, execution_options={ENGINE: True, "synchronize_session": False})
    assert isinstance(result, CursorResult)
    if result.rowcount != 1:
        raise refusal(act.transition, [wrong_state(act.definition, act.transition)])
    act.session.refresh(obj)
    personal = {"reason": act.reason.strip()} if act.reason else None
    action = f"{act.definition.name}.{act.transition.name}"
    details = dict(note or {}) or None
    record(act.session, action, obj, actor=act.actor, old_state=old, new_state=new, data=details, personal=personal)
    for entry, use in other_effects(act):
        entry.one(obj, act, **use.parameters)
    return Moved(act.transition.name, old, new)
