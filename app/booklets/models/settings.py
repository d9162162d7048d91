"""What a school chooses for its booklets (M004, M011), and the workflow's parameters where somebody changed them."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.db import AdminBase
from app.core.scope import SchoolScoped
from app.schools.models import Authority, GradeLevel, School


class BookletSettings(SchoolScoped, AdminBase):
    """One row per school. `import_mode`: manual (Saisie manuelle), sconet (Depuis Sconet_Notes), software (Depuis un
    autre logiciel). `teachers_lock`: class teachers may lock their own class."""

    __tablename__ = "booklet_settings"
    __table_args__ = (
        UniqueConstraint("school_id"),
        CheckConstraint("import_mode IN ('manual', 'sconet', 'software')", "import_mode_known"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    import_mode: Mapped[str] = mapped_column(String(10), default="manual")
    teachers_lock: Mapped[bool] = mapped_column(default=False)


class PositioningType(SchoolScoped, AdminBase):
    """How attainments of a level are expressed (M011): the four objectives unless a row says otherwise. `scale_max` is
    the marks' scale, `letters` the letters from the best to the lowest, separated by spaces."""

    __tablename__ = "positioning_type"
    __table_args__ = (
        UniqueConstraint("school_id", "grade_level_id"),
        CheckConstraint("scale IN ('objectives', 'marks', 'letters')", "scale_known"),
        CheckConstraint("scale_max BETWEEN 1 AND 100", "scale_max_known"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    grade_level_id: Mapped[int] = mapped_column(ForeignKey("grade_level.id"))
    scale: Mapped[str] = mapped_column(String(10), default="objectives")
    scale_max: Mapped[int] = mapped_column(default=20)
    letters: Mapped[str] = mapped_column(String(40), default="A B C D")

    grade_level: Mapped[GradeLevel] = relationship()


class WorkflowParameter(AdminBase):
    """A parameter of the booklet's workflow set on screen (C08). The nearest wins: school and level, school, academy
    and level, academy, then the file; a value that the academy `locked` is everybody's below it."""

    __tablename__ = "workflow_parameter"
    __table_args__ = (
        UniqueConstraint("authority_id", "school_id", "grade_level_id", "name"),
        CheckConstraint("name IN ('areas_needed', 'life_needed')", "name_known"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    authority_id: Mapped[int] = mapped_column(ForeignKey("authority.id"))
    school_id: Mapped[int | None] = mapped_column(ForeignKey("school.id"))
    grade_level_id: Mapped[int | None] = mapped_column(ForeignKey("grade_level.id"))
    name: Mapped[str] = mapped_column(String(30))
    value: Mapped[int]
    locked: Mapped[bool] = mapped_column(default=False)

    authority: Mapped[Authority] = relationship()
    school: Mapped[School | None] = relationship()
    grade_level: Mapped[GradeLevel | None] = relationship()
