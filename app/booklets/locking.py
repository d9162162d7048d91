"""Locking and unlocking booklets (M044, M045, M048): one, a class, a level or the school, in a few SQL statements."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, and_, func, not_, or_, select, true

from app.booklets.missing import missing, with_content
from app.booklets.models import OPEN_STATES, SEALED_STATES, Attainment, Booklet
from app.booklets.rights import writer_of
from app.booklets.selection import Picked
from app.booklets.settings import booklet_settings
from app.core.actor import Actor
from app.core.db import admin_db
from app.core.errors import Forbidden
from app.core.uow import unit_of_work
from app.schools.models import School
from app.workflow import bulk, catalogue
from app.workflow.registry import Unmet, conditions

LOCK = ("can_lock", "booklet")


@dataclass(frozen=True, slots=True)
class Refused:
    """A booklet that could not be locked, and everything that stands against it."""

    booklet_id: int
    pupil: str
    division: str
    reasons: tuple[Unmet, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many booklets moved, and those that did not."""

    done: int
    refused: tuple[Refused, ...] = ()


@unit_of_work()
def lock(chosen: Picked, *, actor: Actor) -> Outcome:
    """Lock what is complete; the others are named with what they lack. Those locked already are passed over.

    A class teacher locks their own class, where the head allows it. Raises `Forbidden`.
    """
    locker, within = _locker(actor)
    session = admin_db.session()
    session.flush()
    wanted = and_(chosen.where, within, Booklet.state.in_(OPEN_STATES))
    # A parameter may have changed what complete means: before, for the drafts; after, for what could not be locked.
    bulk.follow_many(Booklet, and_(wanted, Booklet.state == "draft"), session=session)
    moved = bulk.apply_many(Booklet, "lock", wanted, actor=locker, session=session).moved
    bulk.follow_many(Booklet, wanted, session=session)
    session.expire_all()
    return Outcome(moved, tuple(_refused(booklet) for booklet in with_content(wanted)))


def _refused(booklet: Booklet) -> Refused:
    return Refused(booklet.id, booklet.shown_name, booklet.division_label or "", tuple(missing(booklet)))


def foreseen(chosen: Picked, *, actor: Actor) -> Outcome:
    """What `lock` would do, without doing it: two statements and those of what is missing. Raises `Forbidden`."""
    _, within = _locker(actor)
    wanted = and_(chosen.where, within, Booklet.state.in_(OPEN_STATES))
    uses = catalogue.ready("booklet").transition("lock").requires
    met = and_(*(conditions[use.name].clause(Booklet, **use.parameters) for use in uses))
    count = admin_db.session.scalar(select(func.count(Booklet.id)).where(wanted, met)) or 0
    return Outcome(count, tuple(_refused(booklet) for booklet in with_content(wanted, not_(met))))


@unit_of_work()
def unlock(chosen: Picked, *, actor: Actor, reason: str) -> Outcome:
    """Unlock for the reason given: back to complete, the edition withdrawn. Raises `TransitionRefused` without the
    right or without a reason."""
    session = admin_db.session()
    wanted = and_(chosen.where, Booklet.state.in_(SEALED_STATES))
    moved = bulk.apply_many(Booklet, "unlock", wanted, actor=actor, session=session, reason=reason).moved
    session.expire_all()
    return Outcome(moved)


def sealed_with(item_id: int) -> int:
    """How many locked booklets of this year, or locked and never issued, have a line of this subject: they print its
    words and its place."""
    year = select(School.school_year_id).where(School.id == Booklet.school_id).scalar_subquery()
    on_them = and_(Attainment.booklet_id == Booklet.id, Attainment.school_id == Booklet.school_id)
    frozen = and_(Booklet.state.in_(SEALED_STATES), or_(Booklet.school_year_id == year, Booklet.state == "locked"))
    statement = select(func.count(Attainment.id)).join(Booklet, on_them).where(Attainment.item_id == item_id, frozen)
    return admin_db.session.scalar(statement) or 0


def may_lock(actor: Actor, booklet: Booklet) -> bool:
    """Whether this person may lock that booklet, be it complete or not."""
    if actor.can(*LOCK):
        return True
    return booklet_settings().teachers_lock and writer_of(actor).leads(booklet.division_id)


def _locker(actor: Actor) -> tuple[Actor, ColumnElement[bool]]:
    """Who acts, on which booklets: whoever holds the right, on all; a class teacher, on the classes led."""
    if actor.can(*LOCK):
        return actor, true()
    writer = writer_of(actor)
    led: Any = writer.assigned if writer.ecole else writer.led
    if not (booklet_settings().teachers_lock and led):
        raise Forbidden("Votre rôle ne permet pas de verrouiller les bilans.")
    return replace(actor, permissions=actor.permissions | {LOCK}), Booklet.division_id.in_(led)
