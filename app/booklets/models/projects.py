"""EPI (interdisciplinary projects) and AP (personalised support): declared first (M012), then groups are filled."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.booklets.models.booklet import Booklet
from app.booklets.models.content import COMMENT_LENGTH
from app.core.db import AdminBase
from app.core.keys import school_fk, school_relation, school_unique
from app.core.scope import SchoolScoped
from app.curriculum.models import TeachingItem
from app.schools.people import Staff

TITLE_LENGTH = 150


class Project(SchoolScoped, AdminBase):
    """An EPI (with its national theme, at least two subjects) or an AP (at least one), of one school year."""

    __tablename__ = "project"
    __table_args__ = (
        school_unique(),
        UniqueConstraint("school_id", "school_year_id", "kind", "title"),
        CheckConstraint("kind IN ('epi', 'ap')", "kind_known"),
        CheckConstraint("(kind = 'epi') = (theme IS NOT NULL)", "theme_if_epi"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    school_year_id: Mapped[int] = mapped_column(ForeignKey("school_year.id"))
    kind: Mapped[str] = mapped_column(String(3))
    theme: Mapped[str | None] = mapped_column(String(50))
    title: Mapped[str] = mapped_column(String(TITLE_LENGTH))
    description: Mapped[str | None] = mapped_column(String(COMMENT_LENGTH))

    def __str__(self) -> str:
        return self.title


class ProjectItem(SchoolScoped, AdminBase):
    """A subject that takes part."""

    __tablename__ = "project_item"
    __table_args__ = (
        UniqueConstraint("school_id", "project_id", "item_id"),
        school_fk("project_id", "project", ondelete="CASCADE"),
        school_fk("item_id", "teaching_item"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int]
    item_id: Mapped[int]

    project: Mapped[Project] = school_relation("ProjectItem", "project_id", "Project", backref="items")
    item: Mapped[TeachingItem] = school_relation("ProjectItem", "item_id", "TeachingItem")


class ProjectGroup(SchoolScoped, AdminBase):
    """A group that does a project in one period (M054), with the collective comment (M051)."""

    __tablename__ = "project_group"
    __table_args__ = (
        school_unique(),
        UniqueConstraint("school_id", "project_id", "title", "position", "period_count"),
        school_fk("project_id", "project"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int]
    title: Mapped[str] = mapped_column(String(TITLE_LENGTH))
    position: Mapped[int]
    period_count: Mapped[int]
    comment: Mapped[str | None] = mapped_column(String(COMMENT_LENGTH))

    project: Mapped[Project] = school_relation("ProjectGroup", "project_id", "Project", backref="groups")

    def __str__(self) -> str:
        return self.title


class GroupTeacher(SchoolScoped, AdminBase):
    """Who teaches which of the project's subjects to the group (M052)."""

    __tablename__ = "group_teacher"
    __table_args__ = (
        UniqueConstraint("school_id", "group_id", "item_id", "staff_id"),
        school_fk("group_id", "project_group", ondelete="CASCADE"),
        school_fk("item_id", "teaching_item"),
        school_fk("staff_id", "staff"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    group_id: Mapped[int]
    item_id: Mapped[int]
    staff_id: Mapped[int]

    group: Mapped[ProjectGroup] = school_relation("GroupTeacher", "group_id", "ProjectGroup", backref="teachers")
    staff: Mapped[Staff] = school_relation("GroupTeacher", "staff_id", "Staff")
    item: Mapped[TeachingItem] = school_relation("GroupTeacher", "item_id", "TeachingItem")


class GroupPupil(SchoolScoped, AdminBase):
    """A pupil of the group, by the booklet of the period, with the individual comment."""

    __tablename__ = "group_pupil"
    __table_args__ = (
        UniqueConstraint("school_id", "group_id", "booklet_id"),
        school_fk("group_id", "project_group", ondelete="CASCADE"),
        school_fk("booklet_id", "booklet", ondelete="CASCADE"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    group_id: Mapped[int]
    booklet_id: Mapped[int]
    comment: Mapped[str | None] = mapped_column(String(COMMENT_LENGTH))

    group: Mapped[ProjectGroup] = school_relation("GroupPupil", "group_id", "ProjectGroup", backref="pupils")
    booklet: Mapped[Booklet] = school_relation("GroupPupil", "booklet_id", "Booklet", backref="groups")
