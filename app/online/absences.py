"""Half-days of absence (M129, M130): families see those that were noted, filed, and for which the CPE ticked « motif
légitime »."""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, ColumnElement, Index, String, UniqueConstraint, and_
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import AdminBase
from app.core.keys import school_fk, school_relation
from app.core.scope import SchoolScoped
from app.schools.people import Pupil

HALVES = {"am": "Matin", "pm": "Après-midi"}
REASON_LENGTH = 100


class Absence(SchoolScoped, AdminBase):
    """One half-day of one pupil: announced, then `noted` (constatée), `filed` (classée), `legitimate` (motif légitime).
    The reason stays in the school."""

    __tablename__ = "absence"
    __table_args__ = (
        UniqueConstraint("school_id", "pupil_id", "day", "half"),
        school_fk("pupil_id", "pupil"),
        CheckConstraint("half IN ('am', 'pm')", "half_known"),
        Index("ix_absence_school_id_day", "school_id", "day"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    pupil_id: Mapped[int]
    day: Mapped[date]
    half: Mapped[str] = mapped_column(String(2))
    noted: Mapped[bool] = mapped_column(default=True)
    filed: Mapped[bool] = mapped_column(default=False)
    legitimate: Mapped[bool] = mapped_column(default=False)
    reason: Mapped[str | None] = mapped_column(String(REASON_LENGTH))

    pupil: Mapped[Pupil] = school_relation("Absence", "pupil_id", "Pupil")

    def __str__(self) -> str:
        return f"{self.day:%d/%m/%Y} ({HALVES[self.half].lower()})"


def counts() -> ColumnElement[bool]:
    """Criterion: the half-days that families see (M130)."""
    return and_(Absence.noted, Absence.filed, Absence.legitimate)
