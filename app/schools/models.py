"""Authorities, schools and what a school year is made of. People are in `app.schools.people`."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship, with_loader_criteria

from app.core.db import AdminBase
from app.core.keys import school_fk, school_relation, school_unique
from app.core.scope import SchoolScoped, Scope, Scoped, ScopeMissing, scope_rule
from app.replication import marks  # noqa: F401 - from here on, changes that the portal may show are noticed


class Authority(AdminBase):
    """Académie. `portal_secret`: what families choose to sign in with (M116): a pass-phrase, or the six to ten digits
    of the on-screen keypad with three questions (`keypad`); `portal_message` stands on the sign-in page (M121)."""

    __tablename__ = "authority"
    __table_args__ = (CheckConstraint("portal_secret IN ('passphrase', 'keypad')", "portal_secret_known"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(2), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    portal_url: Mapped[str | None] = mapped_column(String(200))
    dpo_email: Mapped[str | None] = mapped_column(String(254))
    portal_secret: Mapped[str] = mapped_column(String(10), default="passphrase", server_default="passphrase")
    portal_message: Mapped[str | None] = mapped_column(Text)

    def __str__(self) -> str:
        return self.name


class SchoolYear(AdminBase):
    """A school year of an authority; `first_year` is the year of September, as SIECLE's ANNEE_SCOLAIRE."""

    __tablename__ = "school_year"
    __table_args__ = (
        UniqueConstraint("authority_id", "first_year"),
        CheckConstraint("starts_on < ends_on", "dates_in_order"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    authority_id: Mapped[int] = mapped_column(ForeignKey("authority.id"))
    first_year: Mapped[int]
    starts_on: Mapped[date]
    ends_on: Mapped[date]

    authority: Mapped[Authority] = relationship()

    @property
    def label(self) -> str:
        """« 2026-2027 »."""
        return f"{self.first_year}-{self.first_year + 1}"

    def __str__(self) -> str:
        return self.label


class GradeLevel(AdminBase):
    """Niveau: CP to 3e, with its cycle; `rank` orders them. Shipped list (app/curriculum/data)."""

    __tablename__ = "grade_level"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(10), unique=True)
    label: Mapped[str] = mapped_column(String(40))
    cycle: Mapped[int]
    rank: Mapped[int] = mapped_column(unique=True)

    def __str__(self) -> str:
        return self.label


class School(AdminBase, Scoped):
    """Établissement. `kind` is college or ecole."""

    __tablename__ = "school"
    __table_args__ = (
        UniqueConstraint("authority_id", "id"),  # what a grant of a role points at
        CheckConstraint("kind IN ('college', 'ecole')", "kind_known"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    authority_id: Mapped[int] = mapped_column(ForeignKey("authority.id"), index=True)
    school_year_id: Mapped[int] = mapped_column(ForeignKey("school_year.id"))
    uai: Mapped[str] = mapped_column(String(8), unique=True)
    kind: Mapped[str] = mapped_column(String(10))
    name: Mapped[str] = mapped_column(String(100))
    address1: Mapped[str | None] = mapped_column(String(38))
    address2: Mapped[str | None] = mapped_column(String(38))
    postal_code: Mapped[str | None] = mapped_column(String(5))
    city: Mapped[str | None] = mapped_column(String(32))
    phone: Mapped[str | None] = mapped_column(String(20))
    fax: Mapped[str | None] = mapped_column(String(20))
    email: Mapped[str | None] = mapped_column(String(254))
    head_title: Mapped[str | None] = mapped_column(String(60))
    head_name: Mapped[str | None] = mapped_column(String(100))

    authority: Mapped[Authority] = relationship()
    school_year: Mapped[SchoolYear] = relationship()

    def __str__(self) -> str:
        return f"{self.uai} - {self.name}"


@scope_rule(School)
def _own_school(scope: Scope) -> Any:
    key = scope.id
    if scope.kind == "school":
        return with_loader_criteria(School, lambda cls: cls.id == key, include_aliases=True)
    if scope.kind == "academy":
        return with_loader_criteria(School, lambda cls: cls.authority_id == key, include_aliases=True)
    raise ScopeMissing(f"a {scope.kind} scope does not reach schools")


class Programme(SchoolScoped, AdminBase):
    """Formation (MEF) taught in a school. Labels come from the shipped list; unknown codes are kept as « inconnu »."""

    __tablename__ = "programme"
    __table_args__ = (school_unique(), UniqueConstraint("school_id", "mef_code"))

    id: Mapped[int] = mapped_column(primary_key=True)
    mef_code: Mapped[str] = mapped_column(String(11))
    label: Mapped[str] = mapped_column(String(60))
    grade_level_id: Mapped[int | None] = mapped_column(ForeignKey("grade_level.id"))

    grade_level: Mapped[GradeLevel | None] = relationship()

    def __str__(self) -> str:
        return self.label


class Division(SchoolScoped, AdminBase):
    """Classe (division) of one school year. `code` is SIECLE's CODE_STRUCTURE or ONDE's class identifier."""

    __tablename__ = "division"
    __table_args__ = (school_unique(), UniqueConstraint("school_id", "school_year_id", "code"))

    id: Mapped[int] = mapped_column(primary_key=True)
    school_year_id: Mapped[int] = mapped_column(ForeignKey("school_year.id"))
    code: Mapped[str] = mapped_column(String(20))
    label: Mapped[str] = mapped_column(String(50))
    grade_level_id: Mapped[int | None] = mapped_column(ForeignKey("grade_level.id"))

    school_year: Mapped[SchoolYear] = relationship()
    grade_level: Mapped[GradeLevel | None] = relationship()

    def __str__(self) -> str:
        return self.label


class DivisionStaff(SchoolScoped, AdminBase):
    """Who teaches or leads a class. The class-teacher role follows from `is_class_teacher` and is never granted."""

    __tablename__ = "division_staff"
    __table_args__ = (
        UniqueConstraint("school_id", "division_id", "staff_id"),
        school_fk("division_id", "division"),
        school_fk("staff_id", "staff"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    division_id: Mapped[int]
    staff_id: Mapped[int]
    is_class_teacher: Mapped[bool] = mapped_column(default=False)

    division: Mapped[Division] = school_relation("DivisionStaff", "division_id", "Division")
    staff: Mapped[Any] = school_relation("DivisionStaff", "staff_id", "Staff")
