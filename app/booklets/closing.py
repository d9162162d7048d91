"""The last day on which teachers fill the booklets of a class, and who may still do so afterwards, until when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import and_, delete, select

from app.audit.services import record
from app.booklets.models import EntryClosing, EntryReopening
from app.core.actor import Actor
from app.core.clock import today
from app.core.db import admin_db
from app.core.errors import BadInput, Forbidden, NotFound
from app.core.uow import unit_of_work
from app.schools.models import Division
from app.schools.people import Staff

Term = tuple[int, int]  # position, period count
FIRST, LAST = date(2000, 1, 1), date(2100, 1, 1)


@dataclass(frozen=True, slots=True)
class Reopening:
    """A teacher who may fill a class's booklets until a day, that day included."""

    id: int
    division: str
    name: str
    until: date

    @property
    def over(self) -> bool:
        """Whether it no longer opens anything."""
        return self.until < today()


def reopenings(term: Term) -> list[Reopening]:
    """Those of the period, the latest day first."""
    rows = admin_db.session.execute(
        select(EntryReopening.id, Division.label, Staff, EntryReopening.until)
        .join(Division, and_(Division.id == EntryReopening.division_id, Division.school_id == EntryReopening.school_id))
        .join(Staff, and_(Staff.id == EntryReopening.staff_id, Staff.school_id == EntryReopening.school_id))
        .where(_of(EntryReopening, term))
        .order_by(EntryReopening.until.desc(), Division.label, EntryReopening.id)
    )
    return [Reopening(row[0], row[1], str(row[2]), row[3]) for row in rows]


@unit_of_work()
def close_from(division_ids: Sequence[int], term: Term, day: date | None, *, actor: Actor) -> int:
    """The last day of entry for these classes, None = until they are locked; how many classes.

    Raises `Forbidden` but for the head, `BadInput` without a class or for a day out of reach, `NotFound`.
    """
    classes = _classes(division_ids, actor)
    if day is not None and not FIRST <= day <= LAST:
        raise BadInput("Cette date n'est pas possible.", hint="Écrivez par exemple 12/12/2026.")
    session = admin_db.session()
    session.execute(delete(EntryClosing).where(_of(EntryClosing, term), EntryClosing.division_id.in_(division_ids)),
                    execution_options={"synchronize_session": False})  # fmt: skip
    for division in classes:
        if day is not None:
            session.add(EntryClosing(school_id=division.school_id, division_id=division.id, position=term[0],
                                     period_count=term[1], closes_on=day))  # fmt: skip
        said = _said(term) | {"day": day.isoformat() if day else None}
        record(session, "entry.close", division, actor=actor, data=said)
    return len(classes)


@unit_of_work()
def reopen(division_ids: Sequence[int], term: Term, staff_id: int, until: date, *, actor: Actor) -> int:
    """Let one teacher fill these classes until a day, included; an earlier permission is replaced. How many classes.

    Raises `Forbidden` but for the head, `BadInput` without a class or for a day gone by, `NotFound`.
    """
    classes = _classes(division_ids, actor)
    session = admin_db.session()
    staff = session.scalars(select(Staff).where(Staff.id == staff_id)).one_or_none()
    if staff is None:
        raise NotFound("Cette personne n'existe pas dans l'établissement.")
    if not today() <= until <= LAST:
        raise BadInput("La saisie se rouvre jusqu'à aujourd'hui au moins.", hint="Choisissez une date à venir.")
    session.execute(delete(EntryReopening).where(_of(EntryReopening, term), EntryReopening.staff_id == staff_id,
                                                 EntryReopening.division_id.in_(division_ids)),
                    execution_options={"synchronize_session": False})  # fmt: skip
    for division in classes:
        session.add(EntryReopening(school_id=division.school_id, division_id=division.id, position=term[0],
                                   period_count=term[1], staff_id=staff_id, until=until))  # fmt: skip
        record(session, "entry.reopen", division, actor=actor, data=_said(term) | {"until": until.isoformat()},
               personal={"teacher": str(staff)})  # fmt: skip
    return len(classes)


@unit_of_work()
def end_reopening(reopening_id: int, *, actor: Actor) -> None:
    """Take it back. Raises `Forbidden` but for the head, `NotFound`."""
    _check(actor)
    session = admin_db.session()
    found = session.scalars(select(EntryReopening).where(EntryReopening.id == reopening_id)).one_or_none()
    if found is None:
        raise NotFound("Cette réouverture n'existe plus.")
    division = session.get_one(Division, found.division_id)
    record(session, "entry.end_reopening", division, actor=actor, data=_said((found.position, found.period_count)))
    session.delete(found)


def _check(actor: Actor) -> None:
    if not actor.can("can_edit", "period_desk"):
        raise Forbidden("Seule la direction ferme ou rouvre la saisie.")


def _classes(division_ids: Sequence[int], actor: Actor) -> list[Division]:
    _check(actor)
    if not division_ids:
        raise BadInput("Aucune classe n'est cochée.", hint="Cochez au moins une classe, puis recommencez.")
    found = list(admin_db.session.scalars(select(Division).where(Division.id.in_(division_ids))))
    if len(found) != len(set(division_ids)):
        raise NotFound("Une de ces classes n'existe pas.")
    return found


def _said(term: Term) -> dict[str, Any]:
    return {"position": term[0], "period_count": term[1]}


def _of(model: Any, term: Term) -> Any:
    return and_(model.position == term[0], model.period_count == term[1])
