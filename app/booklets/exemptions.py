"""A subject marked « not assessed » for a class and a period, with its reason: one teacher who was not replaced blocks
nobody's booklet. Pupils who come later get it with their booklet (`app.booklets.lines`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, case, delete, func, or_, select, update

from app.audit.services import record, record_each
from app.booklets.cells import REASON_LENGTH, Cell
from app.booklets.entry import CHANGE
from app.booklets.models import OPEN_STATES, Attainment, Booklet, ClassExemption
from app.booklets.workflow import assessed
from app.core.actor import Actor
from app.core.db import admin_db
from app.core.errors import BadInput, Forbidden, NotFound
from app.core.texts import clean_text
from app.core.uow import unit_of_work
from app.curriculum.models import TeachingItem
from app.schools.models import Division
from app.workflow import bulk

Term = tuple[int, int, int]  # class, position, period count


@dataclass(frozen=True, slots=True)
class TaughtItem:
    """A subject of a class in one period: how many pupils follow it, how many are assessed or said not to be, and the
    reason when the head exempted the class."""

    id: int
    label: str
    teachers: str
    pupils: int
    assessed: int
    not_assessed: int
    reason: str | None

    @property
    def waiting(self) -> int:
        """Pupils of whom nothing is said yet."""
        return self.pupils - self.assessed - self.not_assessed


def exempted(division_id: int, position: int, period_count: int) -> dict[int, str]:
    """subject → reason, for who fills in the class: teachers see why nothing is asked of them."""
    statement = select(ClassExemption.item_id, ClassExemption.reason).where(_term(ClassExemption, (
        division_id, position, period_count)))  # fmt: skip
    return {row.item_id: row.reason for row in admin_db.session.execute(statement)}


def taught_items(division_id: int, position: int, period_count: int) -> list[TaughtItem]:
    """The subjects in the class's booklets of the period, with figures; two statements."""
    term = (division_id, position, period_count)
    known = assessed(Attainment)
    rows = admin_db.session.execute(
        select(TeachingItem.id, TeachingItem.label, func.max(Attainment.teachers), func.count(Attainment.id),
               func.sum(case((known, 1), else_=0)),
               func.sum(case((and_(~known, Attainment.not_assessed.is_not(None)), 1), else_=0)))
        .join(Attainment, and_(Attainment.item_id == TeachingItem.id, Attainment.school_id == TeachingItem.school_id))
        .join(Attainment.booklet)
        .where(_term(Booklet, term), Attainment.followed)
        .group_by(TeachingItem.id, TeachingItem.label, TeachingItem.position)
        .order_by(TeachingItem.position, TeachingItem.label)
    )  # fmt: skip
    reasons = exempted(*term)
    return [TaughtItem(key, label, teachers or "", pupils, done or 0, said or 0, reasons.get(key))
            for key, label, teachers, pupils, done, said in rows]  # fmt: skip


@unit_of_work()
def exempt(division_id: int, position: int, period_count: int, item_id: int, reason: str, *, actor: Actor) -> int:
    """Mark a subject « not assessed » on every open booklet of the class that has no assessment in it; how many.

    Another reason replaces the first. Raises `Forbidden` but for the head, `NotFound`, `BadInput` without a reason.
    """
    term = (division_id, position, period_count)
    item, why = _asked(term, item_id, actor), clean_text(reason, REASON_LENGTH, "Motif")
    if why is None:
        raise BadInput("Donnez un motif.", hint="Par exemple « Professeur non remplacé ».")
    session = admin_db.session()
    kept = session.scalars(select(ClassExemption).where(_term(ClassExemption, term), _of(item_id))).one_or_none()
    before = kept.reason if kept else None
    if kept is None:
        kept = ClassExemption(school_id=item.school_id, division_id=division_id, position=position,
                              period_count=period_count, item_id=item_id, reason=why)  # fmt: skip
        session.add(kept)
    kept.reason = why
    record(session, "class_exemption.set", kept, actor=actor, data={"item": item.label},
           personal={"before": before or "", "after": why})  # fmt: skip
    same = Attainment.not_assessed == before if before else Attainment.not_assessed.is_(None)
    return _write(term, item, or_(Attainment.not_assessed.is_(None), same), why, actor)


@unit_of_work()
def undo_exemption(division_id: int, position: int, period_count: int, item_id: int, *, actor: Actor) -> int:
    """The subject is assessed again: the reason leaves every open booklet that got it so; how many. Raises `Forbidden`
    but for the head, `NotFound` where there is none."""
    term = (division_id, position, period_count)
    item = _asked(term, item_id, actor)
    session = admin_db.session()
    kept = session.scalars(select(ClassExemption).where(_term(ClassExemption, term), _of(item_id))).one_or_none()
    if kept is None:
        raise NotFound("Cette discipline n'est pas marquée « non évaluée » pour cette classe.")
    reason = kept.reason
    record(session, "class_exemption.end", kept, actor=actor, data={"item": item.label},
           personal={"before": reason, "after": ""})  # fmt: skip
    session.flush()
    session.execute(delete(ClassExemption).where(ClassExemption.id == kept.id))
    return _write(term, item, Attainment.not_assessed == reason, None, actor)


def _asked(term: Term, item_id: int, actor: Actor) -> Any:
    if not actor.can("can_edit", "period_desk"):
        raise Forbidden("Seule la direction marque une discipline « non évaluée » pour une classe.")
    there = (
        select(TeachingItem).join(Attainment, and_(Attainment.item_id == TeachingItem.id,
                                                   Attainment.school_id == TeachingItem.school_id))
        .join(Attainment.booklet).where(_term(Booklet, term), TeachingItem.id == item_id).limit(1)
    )  # fmt: skip
    admin_db.session.scalars(select(Division.id).where(Division.id == term[0]).with_for_update()).one_or_none()
    item = admin_db.session.scalars(there).one_or_none()
    if item is None:
        raise NotFound("Cette discipline n'est pas dans les bilans de cette classe pour cette période.")
    return item


def _write(term: Term, item: TeachingItem, which: Any, reason: str | None, actor: Actor) -> int:
    """Say it, or no longer, on the open lines without assessment; booklets are locked first, in the order of ids."""
    session = admin_db.session()
    locked = select(Booklet.id, Booklet.state).where(_term(Booklet, term)).order_by(Booklet.id)
    open_ids = [row.id for row in session.execute(locked.with_for_update(of=Booklet)) if row.state in OPEN_STATES]
    lines = session.execute(
        select(Attainment.id, Attainment.booklet_id, Attainment.not_assessed)
        .where(Attainment.booklet_id.in_(open_ids), Attainment.item_id == item.id, Attainment.followed,
               ~assessed(Attainment), which, Attainment.not_assessed.is_distinct_from(reason))
    ).all()  # fmt: skip
    ids = [line.id for line in lines]
    session.execute(update(Attainment).where(Attainment.id.in_(ids)).values(not_assessed=reason),
                    execution_options={"synchronize_session": False})  # fmt: skip
    if lines:
        record_each(session, CHANGE, Booklet, _told(lines, item.label, reason or ""), actor=actor,
                    school_id=item.school_id)  # fmt: skip
        touched = {line.booklet_id for line in lines}
        bulk.follow_many(Booklet, Booklet.id.in_(touched), session=session)
    session.expire_all()
    return len(lines)


def _told(lines: Sequence[Any], item: str, after: str) -> list[Any]:
    return [(line.booklet_id, {"place": Cell("line", line.id, "not_assessed").name, "item": item},
             {"before": line.not_assessed or "", "after": after}) for line in lines]  # fmt: skip


def _term(model: Any, term: Term) -> Any:
    return and_(model.division_id == term[0], model.position == term[1], model.period_count == term[2])


def _of(item_id: int) -> Any:
    return ClassExemption.item_id == item_id
