"""Test papers and their marks (M126–M128): a test of a class or of an EPI/AP group, in a subject and a period."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.booklets.models import ProjectGroup
from app.core.db import AdminBase
from app.core.keys import school_fk, school_relation, school_unique
from app.core.scope import SchoolScoped
from app.curriculum.models import TeachingItem
from app.schools.models import Division, SchoolYear
from app.schools.people import Pupil

TITLE_LENGTH = 60
HIGHEST_OUT_OF, HIGHEST_COEFFICIENT = 100, 20
SPECIALS = {"ABS": "Absent", "N.NOT": "Non noté", "DIS": "Dispensé"}  # M127


class TestPaper(SchoolScoped, AdminBase):
    """Contrôle. `position` of `period_count` names the period, as booklets do. `publish_on` is the day from which its
    teacher publishes it, None while « publier » is not ticked: when families see it follows from the school's settings
    (`app.online.forecast`)."""

    __test__ = False  # it is no test of ours
    __tablename__ = "test_paper"
    __table_args__ = (
        school_unique(),
        school_fk("division_id", "division"),
        school_fk("group_id", "project_group"),
        school_fk("item_id", "teaching_item"),
        CheckConstraint("(division_id IS NULL) <> (group_id IS NULL)", "class_or_group"),
        CheckConstraint("out_of > 0 AND coefficient >= 0", "numbers_known"),
        CheckConstraint("position BETWEEN 1 AND period_count", "position_within"),
        Index("ix_test_paper_school_id_division_id", "school_id", "division_id"),
        Index("ix_test_paper_school_id_group_id", "school_id", "group_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    school_year_id: Mapped[int] = mapped_column(ForeignKey("school_year.id"))
    division_id: Mapped[int | None]
    group_id: Mapped[int | None]
    item_id: Mapped[int]
    position: Mapped[int]
    period_count: Mapped[int]
    title: Mapped[str] = mapped_column(String(TITLE_LENGTH))
    taken_on: Mapped[date]
    out_of: Mapped[Decimal] = mapped_column(Numeric(5, 2), default=Decimal(20))
    coefficient: Mapped[Decimal] = mapped_column(Numeric(4, 2), default=Decimal(1))
    publish_on: Mapped[date | None]

    division: Mapped[Division | None] = school_relation("TestPaper", "division_id", "Division")
    group: Mapped[ProjectGroup | None] = school_relation("TestPaper", "group_id", "ProjectGroup")
    item: Mapped[TeachingItem] = school_relation("TestPaper", "item_id", "TeachingItem")
    school_year: Mapped[SchoolYear] = relationship()

    def __str__(self) -> str:
        return self.title


class Mark(SchoolScoped, AdminBase):
    """Note: a number out of the test's `out_of`, or why there is none (ABS, N.NOT, DIS)."""

    __tablename__ = "mark"
    __table_args__ = (
        UniqueConstraint("school_id", "test_id", "pupil_id"),
        school_fk("test_id", "test_paper", ondelete="CASCADE"),
        school_fk("pupil_id", "pupil"),
        CheckConstraint("(value IS NULL) <> (special IS NULL)", "value_or_special"),
        CheckConstraint("value >= 0", "value_positive"),
        CheckConstraint("special IN ('ABS', 'N.NOT', 'DIS')", "special_known"),
        Index("ix_mark_school_id_pupil_id", "school_id", "pupil_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    test_id: Mapped[int]
    pupil_id: Mapped[int]
    value: Mapped[Decimal | None] = mapped_column(Numeric(5, 2))
    special: Mapped[str | None] = mapped_column(String(5))

    test: Mapped[TestPaper] = school_relation("Mark", "test_id", "TestPaper")
    pupil: Mapped[Pupil] = school_relation("Mark", "pupil_id", "Pupil")
