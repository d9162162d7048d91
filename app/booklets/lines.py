"""The lines of booklets: which subjects or areas each one has, with their teachers and what the class remembers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from app.booklets.base import class_staff, in_place, teacher_name, together
from app.booklets.models import Attainment, Booklet, ClassExemption
from app.curriculum.models import TeachingItem, TeachingService
from app.schools.people import Staff


class Taught(NamedTuple):
    """What a class (or a cycle) is taught; `area_id` is the item itself or the area it is a part of."""

    item_id: int
    area_id: int
    teachers: str | None = None


class Teaching:
    """What the booklets of some classes hold: the services of a collège, the areas of the pupil's cycle of an école."""

    def __init__(self, session: Session, division_ids: Sequence[int]) -> None:
        self._staff = {division: together(name for name, _ in people)
                       for division, people in class_staff(session, division_ids).items()}  # fmt: skip
        self._services = _services(session, division_ids)
        self._areas = _areas(session)

    def of(self, booklet: Any) -> list[Taught]:
        """The lines that a booklet of this class, model and cycle should have."""
        services = self._services.get(booklet.division_id, {})
        if booklet.model == "college":
            return list(services.values())
        if booklet.model != "ecole":
            return []
        everybody = self._staff.get(booklet.division_id)
        return [area._replace(teachers=self._teachers_of(area, services) or everybody)
                for area in self._areas.get(booklet.cycle, ())]  # fmt: skip

    def _teachers_of(self, area: Taught, services: dict[int, Taught]) -> str | None:
        named = services.get(area.item_id) or services.get(area.area_id)
        return named.teachers if named else None


def _services(session: Session, division_ids: Sequence[int]) -> dict[int, dict[int, Taught]]:
    name = func.coalesce(Staff.usage_name, Staff.last_name)
    rows = session.execute(
        select(TeachingService.division_id, TeachingItem.id, func.coalesce(TeachingItem.parent_id, TeachingItem.id),
               Staff.title, name)
        .join(TeachingService.item)
        .outerjoin(Staff, (Staff.id == TeachingService.staff_id) & (Staff.school_id == TeachingService.school_id)
                   & in_place())
        .where(TeachingService.division_id.in_(division_ids), ~TeachingItem.retired)
        .order_by(TeachingService.division_id, TeachingItem.position, TeachingItem.id, name, Staff.id)
    )  # fmt: skip
    people: dict[tuple[int, int, int], list[str]] = defaultdict(list)
    for division_id, item_id, area_id, title, last_name in rows:
        known = people[division_id, item_id, area_id]
        if last_name:
            known.append(teacher_name(title, last_name))
    found: dict[int, dict[int, Taught]] = defaultdict(dict)
    for (division_id, item_id, area_id), names in people.items():
        found[division_id][item_id] = Taught(item_id, area_id, together(names))
    return found


def _areas(session: Session) -> dict[int, list[Taught]]:
    rows = session.execute(
        select(TeachingItem.cycle, TeachingItem.id, func.coalesce(TeachingItem.parent_id, TeachingItem.id))
        .where(TeachingItem.kind == "area", ~TeachingItem.retired)
        .order_by(TeachingItem.position, TeachingItem.id)
    )
    found: dict[int, list[Taught]] = defaultdict(list)
    for cycle, item_id, area_id in rows:
        found[cycle].append(Taught(item_id, area_id))
    return found


def exemptions(session: Session, division_ids: Sequence[int]) -> dict[tuple[int, int, int, int], str]:
    """Why a subject is not assessed in a class and period, by (class, position, count, item)."""
    place = (ClassExemption.division_id, ClassExemption.position, ClassExemption.period_count, ClassExemption.item_id)
    rows = session.execute(select(*place, ClassExemption.reason).where(ClassExemption.division_id.in_(division_ids)))
    return {(row[0], row[1], row[2], row[3]): row[4] for row in rows}


def add_lines(session: Session, booklets: Sequence[Any], division_ids: Sequence[int]) -> list[int]:
    """The missing lines of these open booklets (rows with id, school, class, model, cycle and period); the ids of the
    new ones. A subject that the head marked « not assessed » for the class comes with its reason."""
    if not booklets:
        return []
    teaching, excused = Teaching(session, division_ids), exemptions(session, division_ids)
    mine = select(Attainment.booklet_id, Attainment.item_id)
    mine = mine.where(Attainment.booklet_id.in_([booklet.id for booklet in booklets]))
    known = {(row.booklet_id, row.item_id) for row in session.execute(mine)}
    rows = [_line(booklet, taught, excused) for booklet in booklets for taught in teaching.of(booklet)
            if (booklet.id, taught.item_id) not in known]  # fmt: skip
    if not rows:
        return []
    # RETURNING makes one statement of a thousand rows; without it PostgreSQL gets one message for each.
    return list(session.scalars(insert(Attainment).returning(Attainment.id), rows))


def _line(booklet: Any, taught: Taught, excused: dict[tuple[int, int, int, int], str]) -> dict[str, Any]:
    place = (booklet.division_id, booklet.position, booklet.period_count, taught.item_id)
    return {"school_id": booklet.school_id, "booklet_id": booklet.id, **taught._asdict(),
            "not_assessed": excused.get(place)}  # fmt: skip


BOOKLET_ROW = (
    Booklet.id, Booklet.school_id, Booklet.pupil_id, Booklet.division_id, Booklet.model, Booklet.cycle,
    Booklet.position, Booklet.period_count, Booklet.state,
)  # fmt: skip
