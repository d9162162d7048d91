"""Periodicities (M007–M010): how a school year is cut, and which classes follow which cut."""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.db import AdminBase
from app.core.keys import school_fk, school_relation, school_unique
from app.core.scope import SchoolScoped
from app.schools.models import Division, SchoolYear


class PeriodScheme(SchoolScoped, AdminBase):
    """Périodicité of one school year. `preset` is semester or trimester for the shipped ones, empty for one's own."""

    __tablename__ = "period_scheme"
    __table_args__ = (
        school_unique(),
        UniqueConstraint("school_id", "school_year_id", "label"),
        CheckConstraint("preset IN ('', 'semester', 'trimester')", "preset_known"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    school_year_id: Mapped[int] = mapped_column(ForeignKey("school_year.id"))
    label: Mapped[str] = mapped_column(String(60))
    preset: Mapped[str] = mapped_column(String(10), default="")

    school_year: Mapped[SchoolYear] = relationship()
    periods: Mapped[list[Period]] = relationship(
        "Period", viewonly=True, order_by="Period.position",
        primaryjoin="and_(PeriodScheme.id == foreign(Period.scheme_id), Period.school_id == PeriodScheme.school_id)")

    def __str__(self) -> str:
        return self.label


class Period(SchoolScoped, AdminBase):
    """One period of a scheme: `position` from 1, both dates included."""

    __tablename__ = "period"
    __table_args__ = (
        school_unique(),
        UniqueConstraint("school_id", "scheme_id", "position"),
        school_fk("scheme_id", "period_scheme", ondelete="CASCADE"),
        CheckConstraint("starts_on <= ends_on", "dates_in_order"),
        CheckConstraint("position BETWEEN 1 AND 12", "position_known"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    scheme_id: Mapped[int]
    position: Mapped[int]
    label: Mapped[str] = mapped_column(String(60))
    starts_on: Mapped[date]
    ends_on: Mapped[date]

    scheme: Mapped[PeriodScheme] = school_relation("Period", "scheme_id", "PeriodScheme")

    def __str__(self) -> str:
        return self.label


class DivisionScheme(SchoolScoped, AdminBase):
    """The one periodicity of a class (M009): associating it again moves it."""

    __tablename__ = "division_scheme"
    __table_args__ = (
        UniqueConstraint("school_id", "division_id"),
        school_fk("division_id", "division", ondelete="CASCADE"),
        school_fk("scheme_id", "period_scheme"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    division_id: Mapped[int]
    scheme_id: Mapped[int]

    division: Mapped[Division] = school_relation("DivisionScheme", "division_id", "Division", backref="scheme_link")
    scheme: Mapped[PeriodScheme] = school_relation("DivisionScheme", "scheme_id", "PeriodScheme", backref="classes")
