"""What a school teaches: the areas of an école, the subjects of a collège, from the shipped lists."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from app.core.db import admin_db
from app.core.uow import unit_of_work
from app.curriculum.lists import SubjectLabel, areas, subject_label, subjects
from app.curriculum.models import TeachingItem
from app.schools.models import School

STEP = 10  # between two positions, so that a school can put its own in between


@unit_of_work()
def ensure_items() -> int:
    """Give the current school what it lacks: every area of cycles 2 and 3 to an école, the usual subjects to a
    collège. What a school renamed, moved or retired stays as it is. Returns how many were added."""
    session = admin_db.session()
    school = session.execute(select(School.id, School.kind)).one()
    if school.kind == "ecole":
        return _areas(session, school.id)
    usual = (subject for subject in subjects().values() if subject.use == "usual")
    return add_subjects(session, school.id, ((subject.code, "S") for subject in usual))


def add_subjects(session: Session, school_id: int, wanted: Iterable[tuple[str, str]]) -> int:
    """Add the missing subjects of a collège, by code and election mode; how many there were."""
    known = {(row.code, row.election) for row in session.execute(select(TeachingItem.code, TeachingItem.election).where(
        TeachingItem.school_id == school_id, TeachingItem.kind == "subject"))}  # fmt: skip
    missing = sorted(set(wanted) - known)
    rows = [_subject(school_id, subject_label(code), election) for code, election in missing]
    if rows:
        session.execute(insert(TeachingItem), rows)
    return len(rows)


def _subject(school_id: int, subject: SubjectLabel, election: str) -> dict[str, Any]:
    listed = list(subjects())
    at = listed.index(subject.code) if subject.known else len(listed)
    return {"school_id": school_id, "kind": "subject", "code": subject.code, "election": election,
            "label": subject.label, "short_label": subject.short_label, "position": at * STEP,
            "retired": subject.use == "none"}  # fmt: skip


def _areas(session: Session, school_id: int) -> int:
    """Areas first, then their parts, which name them."""
    mine = select(TeachingItem.cycle, TeachingItem.code, TeachingItem.id)
    mine = mine.where(TeachingItem.school_id == school_id, TeachingItem.kind == "area")
    added = 0
    for parts in (False, True):
        known = {(row.cycle, row.code): row.id for row in session.execute(mine)}
        rows = [
            {"school_id": school_id, "kind": "area", "cycle": area.cycle, "code": area.code, "label": area.label,
             "short_label": area.short_label, "position": at * STEP, "parent_id": known.get((area.cycle, area.parent))}
            for at, area in enumerate(areas(), start=1)
            if bool(area.parent) is parts and (area.cycle, area.code) not in known
        ]  # fmt: skip
        if rows:
            session.execute(insert(TeachingItem), rows)
        added += len(rows)
    return added
