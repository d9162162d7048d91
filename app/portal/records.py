"""What is published of marks and absences (M126–M130): a pupil's rows reach the accounts whose valid codes open the
pupil, and nobody else."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, ForeignKey, Numeric, String, select
from sqlalchemy.orm import Mapped, mapped_column, relationship, with_loader_criteria

from app.core.db import PortalBase
from app.core.scope import Scope, Scoped, scope_rule
from app.portal.models import Published, PublishedPupil, of_opened_pupils, opened_pupils


class PublishedDivision(Published, PortalBase, Scoped):
    """What a class's pages need: its school year, its periods (M127) and its teaching team (M128). `periods` are
    position, label, first and last day; `team` are subject, teachers and whether they are its principal teachers."""

    __tablename__ = "published_division"

    school_id: Mapped[int] = mapped_column(ForeignKey("published_school.id"), index=True)
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    periods: Mapped[list[Any]] = mapped_column(JSON)
    team: Mapped[list[Any]] = mapped_column(JSON)


class PublishedTest(Published, PortalBase, Scoped):
    """A test that families may see, with the class's average, lowest and highest mark where enough pupils have one."""

    __tablename__ = "published_test"

    school_id: Mapped[int] = mapped_column(ForeignKey("published_school.id"), index=True)
    subject: Mapped[str] = mapped_column(String(100))
    place: Mapped[int]
    title: Mapped[str] = mapped_column(String(60))
    taken_on: Mapped[date]
    position: Mapped[int | None]
    out_of: Mapped[Decimal] = mapped_column(Numeric(5, 2))
    coefficient: Mapped[Decimal] = mapped_column(Numeric(4, 2))
    average: Mapped[Decimal | None] = mapped_column(Numeric(5, 2))
    lowest: Mapped[Decimal | None] = mapped_column(Numeric(5, 2))
    highest: Mapped[Decimal | None] = mapped_column(Numeric(5, 2))


class PublishedMark(Published, PortalBase, Scoped):
    """A pupil's mark, or the word that stands for it (ABS, N.NOT, DIS)."""

    __tablename__ = "published_mark"

    school_id: Mapped[int] = mapped_column(ForeignKey("published_school.id"), index=True)
    pupil_id: Mapped[int] = mapped_column(ForeignKey("published_pupil.id"), index=True)
    test_id: Mapped[int] = mapped_column(ForeignKey("published_test.id"), index=True)
    value: Mapped[Decimal | None] = mapped_column(Numeric(5, 2))
    special: Mapped[str | None] = mapped_column(String(5))

    test: Mapped[PublishedTest] = relationship()


class PublishedAbsence(Published, PortalBase, Scoped):
    """A half-day of absence that counts for families (M130): no reason, only when."""

    __tablename__ = "published_absence"

    school_id: Mapped[int] = mapped_column(ForeignKey("published_school.id"), index=True)
    pupil_id: Mapped[int] = mapped_column(ForeignKey("published_pupil.id"), index=True)
    day: Mapped[date]
    half: Mapped[str] = mapped_column(String(2))


@scope_rule(PublishedMark)
def _marks_of_valid_codes(scope: Scope) -> Any:
    return of_opened_pupils(PublishedMark, scope)


@scope_rule(PublishedTest)
def _tests_of_valid_codes(scope: Scope) -> Any:
    marks = PublishedMark.__table__.c
    sat = select(marks.test_id).where(marks.pupil_id.in_(opened_pupils(scope)))
    return with_loader_criteria(PublishedTest, PublishedTest.id.in_(sat), include_aliases=True)


@scope_rule(PublishedAbsence)
def _absences_of_valid_codes(scope: Scope) -> Any:
    return of_opened_pupils(PublishedAbsence, scope)


@scope_rule(PublishedDivision)
def _classes_of_valid_codes(scope: Scope) -> Any:
    pupils = PublishedPupil.__table__.c
    theirs = select(pupils.division_id).where(pupils.id.in_(opened_pupils(scope)))
    return with_loader_criteria(PublishedDivision, PublishedDivision.id.in_(theirs), include_aliases=True)
