"""What a class remembers of its collective entry (M030), so that a pupil who arrives later gets it too; deadlines."""

from __future__ import annotations

from datetime import date

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.booklets.models.content import COMMENT_LENGTH
from app.core.db import AdminBase
from app.core.keys import school_fk, school_relation
from app.core.scope import SchoolScoped
from app.curriculum.models import CurriculumElement


class _OfAPeriod:
    """A class in one period of its count."""

    id: Mapped[int] = mapped_column(primary_key=True)
    division_id: Mapped[int]
    position: Mapped[int]
    period_count: Mapped[int]


class ClassElement(_OfAPeriod, SchoolScoped, AdminBase):
    """A programme element entered for a class, subject or area, and period; `level_code` when only for one level of a
    class of several."""

    __tablename__ = "class_element"
    __table_args__ = (
        UniqueConstraint("school_id", "division_id", "position", "period_count", "item_id", "level_code", "element_id"),
        school_fk("division_id", "division"),
        school_fk("item_id", "teaching_item"),
        school_fk("element_id", "curriculum_element"),
    )

    item_id: Mapped[int]
    level_code: Mapped[str] = mapped_column(String(10), default="")
    element_id: Mapped[int]
    rank: Mapped[int] = mapped_column(default=0)

    element: Mapped[CurriculumElement] = school_relation("ClassElement", "element_id", "CurriculumElement")


class ClassPathway(_OfAPeriod, SchoolScoped, AdminBase):
    """The text of an educational pathway entered for a class (M037)."""

    __tablename__ = "class_pathway"
    __table_args__ = (
        UniqueConstraint("school_id", "division_id", "position", "period_count", "code"),
        school_fk("division_id", "division"),
    )

    code: Mapped[str] = mapped_column(String(7))
    text: Mapped[str] = mapped_column(String(COMMENT_LENGTH))


class ClassExemption(_OfAPeriod, SchoolScoped, AdminBase):
    """A subject that the head marked « not assessed » for a class, and why: an unreplaced teacher blocks nobody."""

    __tablename__ = "class_exemption"
    __table_args__ = (
        UniqueConstraint("school_id", "division_id", "position", "period_count", "item_id"),
        school_fk("division_id", "division"),
        school_fk("item_id", "teaching_item"),
    )

    item_id: Mapped[int]
    reason: Mapped[str] = mapped_column(String(100))


class EntryClosing(_OfAPeriod, SchoolScoped, AdminBase):
    """The last day on which teachers fill the booklets of a class; none = no limit but the lock."""

    __tablename__ = "entry_closing"
    __table_args__ = (
        UniqueConstraint("school_id", "division_id", "position", "period_count"),
        school_fk("division_id", "division"),
    )

    closes_on: Mapped[date]


class EntryReopening(_OfAPeriod, SchoolScoped, AdminBase):
    """One member of staff may still fill the class's booklets until a date."""

    __tablename__ = "entry_reopening"
    __table_args__ = (
        UniqueConstraint("school_id", "division_id", "position", "period_count", "staff_id"),
        school_fk("division_id", "division"),
        school_fk("staff_id", "staff"),
    )

    staff_id: Mapped[int]
    until: Mapped[date]


class Phrase(SchoolScoped, AdminBase):
    """A sentence of a person's own phrase bank. `item_code` when it is for one subject or area."""

    __tablename__ = "phrase"
    __table_args__ = (UniqueConstraint("school_id", "user_id", "text"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id"))
    item_code: Mapped[str] = mapped_column(String(10), default="")
    text: Mapped[str] = mapped_column(String(COMMENT_LENGTH))
