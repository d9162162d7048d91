"""What the pages of marks and absences say of a pupil's class: year, periods, teaching team (M127, M128)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from app.booklets.base import in_place, teacher_name
from app.curriculum.models import TeachingItem, TeachingService
from app.schools.models import Division, DivisionStaff, SchoolYear
from app.schools.people import Staff
from app.schools.periods import DivisionScheme, Period

NEED_PERIODS = {"marks", "absences"}
_NAME = func.coalesce(Staff.usage_name, Staff.last_name)


def division_rows(session: Session, services: Collection[str], ids: Collection[int]) -> dict[int, dict[str, Any]]:
    """The rows of these classes; none while neither marks nor absences are open."""
    if not NEED_PERIODS & set(services):
        return {}
    periods = _periods(session)
    team = _team(session) if "marks" in services else {}
    rows = session.execute(
        select(Division.id, Division.school_id, SchoolYear.starts_on, SchoolYear.ends_on)
        .join(SchoolYear, SchoolYear.id == Division.school_year_id)
    )
    return {row.id: {**row._mapping, "periods": periods.get(row.id, []), "team": team.get(row.id, [])}
            for row in rows if row.id in ids}  # fmt: skip


def _periods(session: Session) -> dict[int, list[list[Any]]]:
    rows = session.execute(
        select(DivisionScheme.division_id, Period.position, Period.label, Period.starts_on, Period.ends_on)
        .join(Period, and_(Period.scheme_id == DivisionScheme.scheme_id, Period.school_id == DivisionScheme.school_id))
        .order_by(Period.position)
    )
    found: dict[int, list[list[Any]]] = defaultdict(list)
    for row in rows:
        found[row.division_id].append([row.position, row.label, row.starts_on.isoformat(), row.ends_on.isoformat()])
    return found


def _team(session: Session) -> dict[int, list[list[Any]]]:
    """Class → subject, teachers, whether principal; principal teachers of no subject come with an empty one."""
    led = _principals(session)
    found: dict[int, list[list[Any]]] = defaultdict(list)
    named: set[tuple[int, int]] = set()
    for row in session.execute(_services()):
        named.add((row.division_id, row.staff_id))
        principal = row.staff_id in led.get(row.division_id, {})
        found[row.division_id].append([row.label, teacher_name(row.title, row.name), principal])
    for division_id, staff in led.items():
        found[division_id] += [["", name, True] for id, name in staff.items() if (division_id, id) not in named]
    return found


def _services() -> Any:
    return (
        select(TeachingService.division_id, TeachingService.staff_id, TeachingItem.label, Staff.title,
               _NAME.label("name"))
        .join(TeachingItem, and_(TeachingItem.id == TeachingService.item_id,
                                 TeachingItem.school_id == TeachingService.school_id))
        .join(Staff, and_(Staff.id == TeachingService.staff_id, Staff.school_id == TeachingService.school_id))
        .where(in_place())
        .order_by(TeachingItem.position, TeachingItem.label, _NAME, Staff.id)
    )  # fmt: skip


def _principals(session: Session) -> dict[int, dict[int, str]]:
    rows = session.execute(
        select(DivisionStaff.division_id, DivisionStaff.staff_id, Staff.title, _NAME.label("name"))
        .join(DivisionStaff.staff)
        .where(DivisionStaff.is_class_teacher, in_place())
        .order_by(_NAME, Staff.id)
    )
    found: dict[int, dict[int, str]] = defaultdict(dict)
    for row in rows:
        found[row.division_id][row.staff_id] = teacher_name(row.title, row.name)
    return found
