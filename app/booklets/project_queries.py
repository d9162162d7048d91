"""EPI and AP groups as their entry page shows them: who sees which, their teachers, their pupils, what is frozen."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import and_, case, func, or_, select, true

from app.booklets.base import in_place, teacher_name
from app.booklets.models import SEALED_STATES, Booklet, GroupPupil, GroupTeacher, Project, ProjectGroup, ProjectItem
from app.booklets.rights import Writer
from app.core.db import admin_db
from app.core.errors import NotFound
from app.curriculum.models import TeachingItem, TeachingService
from app.schools.models import Division, School
from app.schools.people import Staff


@dataclass(frozen=True, slots=True)
class Term:
    """A period in which booklets exist: « Trimestre 1 » of three."""

    position: int
    period_count: int
    label: str
    starts_on: date

    @property
    def key(self) -> str:
        """« 1/3 »."""
        return f"{self.position}/{self.period_count}"


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A group in the list. `locked` counts its pupils whose booklet is locked: one is enough to freeze it."""

    id: int
    title: str
    project: str
    theme: str | None
    period: str
    pupils: int
    commented: int
    locked: int
    has_comment: bool
    teachers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who teaches the subject in the school, or was chosen for the group when they did (M052)."""

    staff_id: int
    name: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Member:
    """A pupil of the group."""

    id: int
    booklet_id: int
    name: str
    division: str
    comment: str | None
    sealed: bool


def this_year() -> Any:
    """The school's current year."""
    return select(School.school_year_id).where(School.id == Project.school_id).scalar_subquery()


def seen(writer: Writer) -> Any:
    """Criterion on projects (M053): a teacher sees those of which they teach one subject at least, or a group; every
    other profile sees them all."""
    if writer.reads_every_class:
        return true()
    taught = select(ProjectItem.project_id).where(ProjectItem.item_id.in_({item for _, item in writer.services}))
    named = select(ProjectGroup.project_id).where(ProjectGroup.id.in_(writer.groups))
    return or_(Project.id.in_(taught), Project.id.in_(named))


def projects_seen(writer: Writer, kind: str) -> Sequence[Project]:
    """The EPI or AP declared this year that the person sees."""
    statement = select(Project).where(Project.kind == kind, Project.school_year_id == this_year(), seen(writer))
    return admin_db.session.scalars(statement.order_by(Project.title)).all()


def group_seen(writer: Writer, group_id: int) -> tuple[ProjectGroup, Project]:
    """A group with its project. Raises `NotFound` for one that does not exist or that the person does not see."""
    row = admin_db.session.execute(
        select(ProjectGroup, Project).join(Project, _same(Project.id, ProjectGroup.project_id, Project, ProjectGroup))
        .where(ProjectGroup.id == group_id, seen(writer))
    ).one_or_none()
    if row is None:
        raise NotFound("Ce groupe n'existe pas.")
    return row[0], row[1]


def _same(one: Any, other: Any, model: Any, second: Any) -> Any:
    return and_(one == other, model.school_id == second.school_id)


def groups_seen(writer: Writer, kind: str) -> list[GroupRow]:
    """The groups of this year's projects the person sees, with figures; three statements whatever their number."""
    figures = (
        select(GroupPupil.group_id, func.count(GroupPupil.id).label("pupils"),
               func.count(GroupPupil.comment).label("commented"),
               func.sum(case((Booklet.state.in_(SEALED_STATES), 1), else_=0)).label("locked"))
        .join(Booklet, _same(Booklet.id, GroupPupil.booklet_id, Booklet, GroupPupil))
        .group_by(GroupPupil.group_id).subquery()
    )  # fmt: skip
    rows = admin_db.session.execute(
        select(ProjectGroup, Project, figures.c.pupils, figures.c.commented, figures.c.locked)
        .join(Project, _same(Project.id, ProjectGroup.project_id, Project, ProjectGroup))
        .outerjoin(figures, figures.c.group_id == ProjectGroup.id)
        .where(Project.kind == kind, Project.school_year_id == this_year(), seen(writer))
        .order_by(Project.title, ProjectGroup.period_count, ProjectGroup.position, ProjectGroup.title)
    ).all()  # fmt: skip
    labels = {(term.position, term.period_count): term.label for term in terms()}
    teachers = teachers_of({group.id for group, *_ in rows})
    return [
        GroupRow(group.id, group.title, project.title, project.theme,
                 labels.get((group.position, group.period_count), f"{group.position}/{group.period_count}"),
                 pupils or 0, commented or 0, locked or 0, group.comment is not None, tuple(teachers[group.id]))
        for group, project, pupils, commented, locked in rows
    ]  # fmt: skip


def teachers_of(group_ids: Iterable[int]) -> dict[int, list[str]]:
    """The names of each group's teachers, each once."""
    name = func.coalesce(Staff.usage_name, Staff.last_name)
    rows = admin_db.session.execute(
        select(GroupTeacher.group_id, Staff.title, name)
        .join(Staff, _same(Staff.id, GroupTeacher.staff_id, Staff, GroupTeacher))
        .where(GroupTeacher.group_id.in_(group_ids)).order_by(name, Staff.first_name, Staff.id)
    )  # fmt: skip
    found: dict[int, list[str]] = defaultdict(list)
    for group_id, title, last_name in rows:
        if (shown := teacher_name(title, last_name)) not in found[group_id]:
            found[group_id].append(shown)
    return found


def terms() -> list[Term]:
    """The periods of this year for which the collège has booklets, in the order of the calendar."""
    rows = admin_db.session.execute(
        select(Booklet.position, Booklet.period_count, func.min(Booklet.period_label), func.min(Booklet.starts_on))
        .join(School, School.id == Booklet.school_id)
        .where(Booklet.model == "college", Booklet.school_year_id == School.school_year_id)
        .group_by(Booklet.position, Booklet.period_count)
    )
    return sorted((Term(*row) for row in rows), key=lambda term: (term.starts_on, term.period_count))


def term_label(group: ProjectGroup) -> str:
    """« Trimestre 1 »; the bare numbers when no booklet says it."""
    wanted = (group.position, group.period_count)
    return next((t.label for t in terms() if (t.position, t.period_count) == wanted), "{}/{}".format(*wanted))


def subjects_of(project_id: int, group_id: int | None) -> list[tuple[TeachingItem, list[Candidate]]]:
    """Each of the project's subjects with everybody who teaches it in the school (M052)."""
    session = admin_db.session
    items = session.scalars(
        select(TeachingItem).join(ProjectItem, _same(ProjectItem.item_id, TeachingItem.id, ProjectItem, TeachingItem))
        .where(ProjectItem.project_id == project_id).order_by(TeachingItem.position, TeachingItem.label)
    ).all()
    chosen = {(row.item_id, row.staff_id) for row in session.execute(
        select(GroupTeacher.item_id, GroupTeacher.staff_id).where(GroupTeacher.group_id == group_id))}
    people: dict[int, list[Candidate]] = defaultdict(list)
    for row in session.execute(_teaching([item.id for item in items], group_id)):
        name = teacher_name(row.title, f"{row.last_name} {row.first_name}")
        people[row.item_id].append(Candidate(row.id, name, (row.item_id, row.id) in chosen))
    return [(item, people[item.id]) for item in items]


def _teaching(items: Sequence[int], group_id: int | None) -> Any:
    name = func.coalesce(Staff.usage_name, Staff.last_name).label("last_name")
    columns = Staff.id, Staff.title, name, Staff.first_name
    teaching = (
        select(TeachingService.item_id, *columns)
        .join(Staff, _same(Staff.id, TeachingService.staff_id, Staff, TeachingService))
        .join(Division, _same(Division.id, TeachingService.division_id, Division, TeachingService))
        .join(School, School.id == Division.school_id)
        .where(TeachingService.item_id.in_(items), Division.school_year_id == School.school_year_id, in_place())
    )
    named = (
        select(GroupTeacher.item_id, *columns)
        .join(Staff, _same(Staff.id, GroupTeacher.staff_id, Staff, GroupTeacher))
        .where(GroupTeacher.group_id == group_id, GroupTeacher.item_id.in_(items))
    )
    both = teaching.union(named).subquery()
    return select(both).order_by(both.c.last_name, both.c.first_name, both.c.id)


def subjects_by_project(project_ids: Iterable[int]) -> dict[int, list[str]]:
    """The names of the subjects that take part in each project."""
    rows = admin_db.session.execute(
        select(ProjectItem.project_id, TeachingItem.short_label)
        .join(TeachingItem, _same(TeachingItem.id, ProjectItem.item_id, TeachingItem, ProjectItem))
        .where(ProjectItem.project_id.in_(list(project_ids)))
        .order_by(TeachingItem.position, TeachingItem.label)
    )  # fmt: skip
    found: dict[int, list[str]] = defaultdict(list)
    for project_id, label in rows:
        found[project_id].append(label)
    return found


def members_of(group_id: int) -> list[Member]:
    """The pupils of a group, by class and name."""
    rows = admin_db.session.execute(
        select(GroupPupil.id, GroupPupil.booklet_id, Booklet.last_name, Booklet.first_name, Booklet.division_label,
               GroupPupil.comment, Booklet.state)
        .join(Booklet, _same(Booklet.id, GroupPupil.booklet_id, Booklet, GroupPupil))
        .where(GroupPupil.group_id == group_id)
        .order_by(Booklet.division_label, Booklet.last_name, Booklet.first_name, GroupPupil.id)
    )  # fmt: skip
    return [Member(row.id, row.booklet_id, f"{row.last_name} {row.first_name}", row.division_label or "", row.comment,
                   row.state in SEALED_STATES) for row in rows]  # fmt: skip
