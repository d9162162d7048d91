"""Pupils, guardians and staff. Each belongs to one school, unique by source and source id, without year (DESIGN §6)."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, event, inspect, text
from sqlalchemy.orm import Mapped, Mapper, mapped_column, relationship

from app.core.db import AdminBase
from app.core.keys import school_fk, school_relation, school_unique
from app.core.scope import SchoolScoped
from app.schools.models import Division, GradeLevel, Programme, SchoolYear


class FromSource:
    """Where a person came from. `source` is siecle, onde, sts or manual; `digest` is the hash of the record last
    applied, by which a synchronisation sees that nothing changed: none = nothing applied, or closed since; empty =
    changed here since."""

    source: Mapped[str] = mapped_column(String(10), default="manual")
    source_id: Mapped[str] = mapped_column(String(80))
    digest: Mapped[str | None] = mapped_column(String(64))


@event.listens_for(FromSource, "before_update", propagate=True)
def _changed_here(mapper: Mapper[Any], _connection: Any, person: FromSource) -> None:
    """What a person changed on screen no longer equals the record last applied: the next synchronisation compares."""
    changed = {column.key for column in mapper.column_attrs if inspect(person).attrs[column.key].history.has_changes()}
    if person.digest is not None and changed - {"digest", "user_id", "refused_email", "returned_address"}:
        person.digest = ""


class Pupil(FromSource, SchoolScoped, AdminBase):
    """Élève. The names shown are the usage name when there is one."""

    __tablename__ = "pupil"
    __table_args__ = (
        school_unique(),
        UniqueConstraint("school_id", "source", "source_id"),
        Index("ix_pupil_school_id_last_name", "school_id", "last_name"),
        Index("ix_pupil_ine", "ine"),
        CheckConstraint("sex IN ('M', 'F')", "sex_known"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    ine: Mapped[str | None] = mapped_column(String(11))
    last_name: Mapped[str] = mapped_column(String(100))
    usage_name: Mapped[str | None] = mapped_column(String(100))
    first_name: Mapped[str] = mapped_column(String(100))
    first_name2: Mapped[str | None] = mapped_column(String(100))
    first_name3: Mapped[str | None] = mapped_column(String(100))
    birth_date: Mapped[date]
    sex: Mapped[str | None] = mapped_column(String(1))

    @property
    def shown_name(self) -> str:
        """« NOM Prénom »."""
        return f"{self.usage_name or self.last_name} {self.first_name}"

    def __str__(self) -> str:
        return self.shown_name


class Enrolment(SchoolScoped, AdminBase):
    """A pupil's year in the school. `ends_on` empty or in the future = present; the pupil without division is
    « sans division ». A pupil who left keeps the row, closed."""

    __tablename__ = "enrolment"
    __table_args__ = (
        UniqueConstraint("school_id", "pupil_id", "school_year_id"),
        school_fk("pupil_id", "pupil"),
        school_fk("division_id", "division"),
        school_fk("programme_id", "programme"),
        Index("ix_enrolment_school_id_division_id", "school_id", "division_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    pupil_id: Mapped[int]
    school_year_id: Mapped[int] = mapped_column(ForeignKey("school_year.id"))
    division_id: Mapped[int | None]
    programme_id: Mapped[int | None]
    grade_level_id: Mapped[int | None] = mapped_column(ForeignKey("grade_level.id"))
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]

    pupil: Mapped[Pupil] = school_relation("Enrolment", "pupil_id", "Pupil", backref="enrolments")
    division: Mapped[Division | None] = school_relation("Enrolment", "division_id", "Division", backref="enrolments")
    programme: Mapped[Programme | None] = school_relation("Enrolment", "programme_id", "Programme")
    school_year: Mapped[SchoolYear] = relationship()
    grade_level: Mapped[GradeLevel | None] = relationship()


class Guardian(FromSource, SchoolScoped, AdminBase):
    """Responsable: a person of one school, with one postal address and one e-mail. `refused_email` and
    `returned_address` remember what did not reach them, until the address changes."""

    __tablename__ = "guardian"
    __table_args__ = (
        school_unique(),
        UniqueConstraint("school_id", "source", "source_id"),
        Index("ix_guardian_school_id_last_name", "school_id", "last_name"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str | None] = mapped_column(String(5))
    last_name: Mapped[str] = mapped_column(String(100))
    usage_name: Mapped[str | None] = mapped_column(String(100))
    first_name: Mapped[str | None] = mapped_column(String(100))
    email: Mapped[str | None] = mapped_column(String(254))
    phone_home: Mapped[str | None] = mapped_column(String(20))
    phone_mobile: Mapped[str | None] = mapped_column(String(20))
    phone_work: Mapped[str | None] = mapped_column(String(20))
    address1: Mapped[str | None] = mapped_column(String(80))
    address2: Mapped[str | None] = mapped_column(String(80))
    address3: Mapped[str | None] = mapped_column(String(80))
    address4: Mapped[str | None] = mapped_column(String(80))
    postal_code: Mapped[str | None] = mapped_column(String(10))
    city: Mapped[str | None] = mapped_column(String(60))
    country: Mapped[str | None] = mapped_column(String(40))
    refused_email: Mapped[str | None] = mapped_column(String(254))
    returned_address: Mapped[str | None] = mapped_column(String(500))

    @property
    def mailable(self) -> str | None:
        """The e-mail address, unless a server refused this very one."""
        return self.email if self.email != self.refused_email else None

    @property
    def postable(self) -> list[str]:
        """The postal lines, unless a letter came back from this very address."""
        lines = self.address_lines
        return lines if "\n".join(lines) != self.returned_address else []

    @property
    def shown_name(self) -> str:
        """« Mme NOM Prénom »."""
        names = (self.title_label, self.usage_name or self.last_name, self.first_name)
        return " ".join(name for name in names if name)

    @property
    def title_label(self) -> str:
        """« M. » or « Mme », empty when unknown."""
        return {"M.": "M.", "M": "M.", "MME": "Mme"}.get((self.title or "").upper(), "")

    @property
    def address_lines(self) -> list[str]:
        """The postal lines under the name, without empty ones; empty when no letter can be posted."""
        town = " ".join(part for part in (self.postal_code, self.city) if part)
        lines = [self.address1, self.address2, self.address3, self.address4]
        if not town or not any(lines):
            return []
        return [line for line in [*lines, town, self.country] if line]

    def __str__(self) -> str:
        return self.shown_name


class GuardianLink(SchoolScoped, AdminBase):
    """Guardian–pupil link. `rank` 1 or 2 = légal 1, légal 2; NULL = in charge or contact. A link that ended keeps
    its row; links from ONDE get their rank by order of appearance and are `certified` by the directeur (FORMATS §7)."""

    __tablename__ = "guardian_link"
    __table_args__ = (
        UniqueConstraint("school_id", "guardian_id", "pupil_id"),
        school_fk("guardian_id", "guardian"),
        school_fk("pupil_id", "pupil"),
        CheckConstraint("rank IN (1, 2)", "rank_legal"),
        Index(
            "uq_guardian_link_rank",
            "school_id",
            "pupil_id",
            "rank",
            unique=True,
            postgresql_where=text("rank IS NOT NULL AND ended_on IS NULL"),
            sqlite_where=text("rank IS NOT NULL AND ended_on IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    guardian_id: Mapped[int]
    pupil_id: Mapped[int]
    rank: Mapped[int | None]
    level: Mapped[int | None]
    kinship: Mapped[str | None] = mapped_column(String(2))
    certified: Mapped[bool] = mapped_column(default=True)
    ended_on: Mapped[date | None]

    guardian: Mapped[Guardian] = school_relation("GuardianLink", "guardian_id", "Guardian", backref="links")
    pupil: Mapped[Pupil] = school_relation("GuardianLink", "pupil_id", "Pupil", backref="links")


class Staff(FromSource, SchoolScoped, AdminBase):
    """Personnel of a school; `user_id` points at the sign-in of the same person, when there is one."""

    __tablename__ = "staff"
    __table_args__ = (
        school_unique(),
        UniqueConstraint("school_id", "source", "source_id"),
        UniqueConstraint("school_id", "user_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"))
    title: Mapped[str | None] = mapped_column(String(5))
    last_name: Mapped[str] = mapped_column(String(100))
    usage_name: Mapped[str | None] = mapped_column(String(100))
    first_name: Mapped[str | None] = mapped_column(String(100))
    birth_date: Mapped[date | None]
    function: Mapped[str | None] = mapped_column(String(20))
    email: Mapped[str | None] = mapped_column(String(254))
    ended_on: Mapped[date | None]

    user: Mapped[Any] = relationship("User", viewonly=True)

    def __str__(self) -> str:
        return " ".join(part for part in (self.usage_name or self.last_name, self.first_name) if part)
