"""The EPI and AP of booklets as facts: the group's collective comment and the pupil's own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from app.booklets.models import GroupPupil, GroupTeacher, Project, ProjectGroup, ProjectItem
from app.curriculum.models import TeachingItem
from app.curriculum.reference import EPI_THEMES
from app.schools.people import Staff
from letters.booklet_types import BookletProject

_GROUP = (
    GroupPupil.booklet_id, GroupPupil.comment, ProjectGroup.id, ProjectGroup.comment.label("group_comment"),
    Project.id.label("project_id"), Project.kind, Project.title, Project.theme, Project.description,
)  # fmt: skip
TITLES = {"M.": "M.", "M": "M.", "MME": "Mme"}


def projects_of(session: Session, ids: Sequence[int]) -> dict[int, tuple[BookletProject, ...]]:
    """By booklet: EPI by theme and title, then AP by title. Three statements whatever the number of booklets."""
    taken = (
        select(*_GROUP)
        .join(ProjectGroup, and_(ProjectGroup.id == GroupPupil.group_id,
                                 ProjectGroup.school_id == GroupPupil.school_id))
        .join(Project, and_(Project.id == ProjectGroup.project_id, Project.school_id == ProjectGroup.school_id))
        .where(GroupPupil.booklet_id.in_(ids))
        .order_by(Project.kind.desc(), Project.theme, Project.title, ProjectGroup.title, ProjectGroup.id)
    )  # fmt: skip
    rows = session.execute(taken).all()
    if not rows:
        return {}
    subjects = _subjects(session, {row.project_id for row in rows})
    teachers = _teachers(session, {row.id for row in rows})
    found: dict[int, list[BookletProject]] = defaultdict(list)
    for row in rows:
        found[row.booklet_id].append(_project(row, subjects[row.project_id], teachers[row.id]))
    return {booklet_id: tuple(projects) for booklet_id, projects in found.items()}


def _project(row: Any, subjects: Iterable[str], teachers: Iterable[str]) -> BookletProject:
    return BookletProject(
        kind=row.kind, title=row.title, theme=EPI_THEMES.get(row.theme, row.theme), subjects=tuple(subjects),
        teachers=tuple(teachers), description=row.description, group_comment=row.group_comment, comment=row.comment,
    )  # fmt: skip


def _subjects(session: Session, project_ids: Iterable[int]) -> dict[int, list[str]]:
    items = (
        select(ProjectItem.project_id, TeachingItem.label)
        .join(TeachingItem, and_(TeachingItem.id == ProjectItem.item_id,
                                 TeachingItem.school_id == ProjectItem.school_id))
        .where(ProjectItem.project_id.in_(project_ids))
        .order_by(TeachingItem.position, TeachingItem.label, TeachingItem.id)
    )  # fmt: skip
    found: dict[int, list[str]] = defaultdict(list)
    for row in session.execute(items):
        found[row.project_id].append(row.label)
    return found


def _teachers(session: Session, group_ids: Iterable[int]) -> dict[int, list[str]]:
    people = (
        select(GroupTeacher.group_id, Staff.title, Staff.last_name, Staff.usage_name)
        .join(Staff, and_(Staff.id == GroupTeacher.staff_id, Staff.school_id == GroupTeacher.school_id))
        .where(GroupTeacher.group_id.in_(group_ids))
        .order_by(Staff.last_name, Staff.first_name, Staff.id)
    )  # fmt: skip
    found: dict[int, list[str]] = defaultdict(list)
    for row in session.execute(people):
        title = TITLES.get((row.title or "").upper())
        name = " ".join(part for part in (title, row.usage_name or row.last_name) if part)
        if name not in found[row.group_id]:
            found[row.group_id].append(name)
    return found
