"""What the pupil base says of the pupils of some classes, in the words of their booklets (M018, M019)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from app.booklets.models import PositioningType
from app.core.clock import today
from app.schools.models import Division, DivisionStaff, GradeLevel, Programme, School
from app.schools.people import Enrolment, Pupil, Staff

TEACHERS_LENGTH = 300
NURSERY = 1  # cycle 1 (maternelle) has no booklet of this kind
USUAL_CYCLE = {"college": 4, "ecole": 2}  # when the pupil's level is not known
ENDS_A_CYCLE = {"CE2": 2, "6E": 3, "6E SEGPA": 3, "3E": 4, "3E SEGPA": 4}


def teacher_name(title: str | None, name: str) -> str:
    """« Mme FAUVEL »."""
    shown = {"M": "M. ", "M.": "M. ", "MME": "Mme ", "MLLE": "Mme "}.get((title or "").upper(), "")
    return shown + name


def together(names: Iterable[str]) -> str | None:
    """Names on one line, each once; those that do not fit are left out."""
    line = ""
    for name in dict.fromkeys(names):
        longer = f"{line}, {name}" if line else name
        if len(longer) <= TEACHERS_LENGTH:
            line = longer
    return line or None


def in_place() -> Any:
    """The staff who have not left."""
    return or_(Staff.ended_on.is_(None), Staff.ended_on > today())


def class_staff(session: Session, division_ids: Sequence[int]) -> dict[int, list[tuple[str, bool]]]:
    """Who is assigned to each class: name, whether class teacher; in the order of the alphabet."""
    name = func.coalesce(Staff.usage_name, Staff.last_name)
    rows = session.execute(
        select(DivisionStaff.division_id, Staff.title, name, DivisionStaff.is_class_teacher)
        .join(DivisionStaff.staff)
        .where(DivisionStaff.division_id.in_(division_ids), in_place())
        .order_by(name, Staff.first_name, Staff.id)
    )
    found: dict[int, list[tuple[str, bool]]] = defaultdict(list)
    for division_id, title, last_name, leads in rows:
        found[division_id].append((teacher_name(title, last_name), leads))
    return found


def class_teachers(staff: Iterable[tuple[str, bool]]) -> str | None:
    """The class teachers of one class, as its booklets show them."""
    return together(name for name, leads in staff if leads)


def enrolled(session: Session, *where: Any) -> Sequence[Any]:
    """The pupils of the year whose enrolment meets `where` (on Enrolment, Division), with class, level and type of
    positioning. Pupils of the maternelle are left out."""
    level = func.coalesce(Enrolment.grade_level_id, Programme.grade_level_id, Division.grade_level_id)
    statement = (
        select(
            Pupil.id.label("pupil_id"), func.coalesce(Pupil.usage_name, Pupil.last_name).label("last_name"),
            Pupil.first_name, Pupil.first_name2, Pupil.first_name3, Pupil.birth_date, Pupil.sex, Pupil.ine,
            Enrolment.starts_on, Enrolment.ends_on, Division.id.label("division_id"),
            Division.label.label("division_label"), Division.school_year_id, GradeLevel.id.label("grade_level_id"),
            GradeLevel.code.label("level_code"), GradeLevel.label.label("level_label"), GradeLevel.cycle,
            School.kind, School.id.label("school_id"), PositioningType.scale, PositioningType.scale_max,
        )
        .select_from(Enrolment)
        .join(Enrolment.pupil)
        .join(Division, and_(Division.id == Enrolment.division_id, Division.school_id == Enrolment.school_id,
                             Division.school_year_id == Enrolment.school_year_id))
        .join(School, School.id == Division.school_id)
        .outerjoin(Enrolment.programme)
        .outerjoin(GradeLevel, GradeLevel.id == level)
        .outerjoin(PositioningType, and_(PositioningType.grade_level_id == level,
                                         PositioningType.school_id == Enrolment.school_id))
        .where(*where, func.coalesce(GradeLevel.cycle, 0) != NURSERY)
        .order_by(Division.id, Pupil.last_name, Pupil.first_name, Pupil.id)
    )  # fmt: skip
    return session.execute(statement).all()


def copied(row: Any, teachers: str | None) -> dict[str, Any]:
    """The columns of a booklet that follow the pupil base while it is open: exactly these (M018, M019)."""
    first_names = " ".join(name for name in (row.first_name, row.first_name2, row.first_name3) if name)
    return {
        "division_id": row.division_id, "division_label": row.division_label, "last_name": row.last_name,
        "first_name": row.first_name, "first_names": first_names, "birth_date": row.birth_date, "sex": row.sex,
        "ine": row.ine, "class_teachers": teachers,
    }  # fmt: skip


def made_with(row: Any) -> dict[str, Any]:
    """The columns that are fixed when the booklet is made: whose it is, level, cycle and scale."""
    return {
        "school_id": row.school_id, "pupil_id": row.pupil_id, "school_year_id": row.school_year_id,
        "grade_level_id": row.grade_level_id, "level_label": row.level_label,
        "cycle": row.cycle or USUAL_CYCLE[row.kind], "scale": row.scale or "objectives",
        "scale_max": row.scale_max or 20,
    }  # fmt: skip
