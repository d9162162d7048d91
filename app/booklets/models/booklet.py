"""The booklet itself (bilan): one per pupil, year and period, or per pupil and cycle (DESIGN §7, Booklets)."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.db import AdminBase
from app.core.keys import school_fk, school_relation, school_unique
from app.core.scope import SchoolScoped
from app.core.types import UtcDateTime
from app.schools.models import Division, GradeLevel, SchoolYear
from app.schools.people import Pupil
from app.workflow.stateful import Stateful

MODELS = ("ecole", "college", "cycle")
OPEN_STATES = ("draft", "complete")
SEALED_STATES = ("locked", "edited")
SEALED = "state IN ('locked', 'edited')"


class Booklet(Stateful, SchoolScoped, AdminBase):
    """Bilan. `position` of `period_count` names the period (both 0 for the end of a cycle); `cycle` is the pupil's.

    What the pupil base says is copied here (`last_name` … `class_teachers`) and refreshed while the booklet is open
    (M017, M019). `scale` and `scale_max` are the positioning type it was made with. `areas_needed` and `life_needed`
    are the parameters in force where they differ from the workflow file. Texts are None when nothing is written.
    """

    __tablename__ = "booklet"
    __workflow__ = "booklet"
    __table_args__ = (
        school_unique(),
        UniqueConstraint("school_id", "pupil_id", "school_year_id", "position", "period_count", "cycle_end"),
        school_fk("pupil_id", "pupil"),
        school_fk("division_id", "division"),
        CheckConstraint("state IN ('draft', 'complete', 'locked', 'edited')", "state_known"),
        CheckConstraint("model IN ('ecole', 'college', 'cycle')", "model_known"),
        CheckConstraint("scale IN ('objectives', 'marks', 'letters')", "scale_known"),
        CheckConstraint(f"({SEALED}) = (locked_at IS NOT NULL)", "locked_at_if_locked"),
        CheckConstraint("(model = 'cycle') = (cycle_end > 0)", "cycle_end_if_cycle"),
        CheckConstraint("(model = 'cycle') = (position = 0)", "position_if_periodic"),
        CheckConstraint("position <= period_count", "position_within"),
        Index("ix_booklet_school_id_division_id_position", "school_id", "division_id", "position"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    pupil_id: Mapped[int]
    school_year_id: Mapped[int] = mapped_column(ForeignKey("school_year.id"))
    division_id: Mapped[int | None]
    grade_level_id: Mapped[int | None] = mapped_column(ForeignKey("grade_level.id"))
    model: Mapped[str] = mapped_column(String(10))
    cycle: Mapped[int]
    cycle_end: Mapped[int] = mapped_column(default=0)
    position: Mapped[int]
    period_count: Mapped[int]
    period_label: Mapped[str] = mapped_column(String(60))
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    scale: Mapped[str] = mapped_column(String(10), default="objectives")
    scale_max: Mapped[int] = mapped_column(default=20)
    areas_needed: Mapped[int | None]
    life_needed: Mapped[bool | None]

    last_name: Mapped[str] = mapped_column(String(100))
    first_name: Mapped[str] = mapped_column(String(100))
    first_names: Mapped[str] = mapped_column(String(310))
    birth_date: Mapped[date]
    sex: Mapped[str | None] = mapped_column(String(1))
    ine: Mapped[str | None] = mapped_column(String(11))
    division_label: Mapped[str | None] = mapped_column(String(50))
    level_label: Mapped[str | None] = mapped_column(String(40))
    class_teachers: Mapped[str | None] = mapped_column(String(300))

    overall_comment: Mapped[str | None] = mapped_column(String(1500))
    council_on: Mapped[date | None]
    absences_justified: Mapped[int | None]
    absences_unjustified: Mapped[int | None]
    lateness: Mapped[int | None]
    life_comment: Mapped[str | None] = mapped_column(String(600))
    complement_code: Mapped[str | None] = mapped_column(String(3))
    complement_level: Mapped[int | None]

    locked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    locked_by: Mapped[str | None] = mapped_column(String(200))
    edited_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    pupil: Mapped[Pupil] = school_relation("Booklet", "pupil_id", "Pupil")
    division: Mapped[Division | None] = school_relation("Booklet", "division_id", "Division")
    school_year: Mapped[SchoolYear] = relationship()
    grade_level: Mapped[GradeLevel | None] = relationship()

    @property
    def is_sealed(self) -> bool:
        """Locked or edited: nothing in it changes, the database sees to it too (M017)."""
        return self.state in SEALED_STATES

    @property
    def shown_name(self) -> str:
        """« NOM Prénom »."""
        return f"{self.last_name} {self.first_name}"

    def __str__(self) -> str:
        return f"{self.shown_name} – {self.period_label}"
