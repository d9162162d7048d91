"""The shipped levels as rows."""

from __future__ import annotations

from sqlalchemy import insert, select

from app.core.uow import unit_of_work
from app.curriculum.reference import levels
from app.schools.models import GradeLevel


def ensure_grade_levels() -> None:
    """Write the shipped levels that are not there yet; what an academy renamed stays."""
    with unit_of_work() as session:
        known = session.execute(select(GradeLevel.code, GradeLevel.rank)).all()
        codes, ranks = {row.code for row in known}, {row.rank for row in known}
        missing = [lv._asdict() for lv in levels().values() if lv.code not in codes and lv.rank not in ranks]
        if missing:
            session.execute(insert(GradeLevel), missing)
