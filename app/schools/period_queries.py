"""Periodicities as pages show them: with their classes, and the classes that have none (M009, M010)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from app.core.db import admin_db
from app.core.errors import BadInput
from app.core.scope import current_scope
from app.schools.models import Division, GradeLevel, School, SchoolYear
from app.schools.period_dates import PRESETS, Term, preset_terms
from app.schools.periods import DivisionScheme, Period, PeriodScheme

NURSERY = 1  # the classes of the maternelle (cycle 1) have no booklet and no periodicity


@dataclass(frozen=True, slots=True)
class ClassRow:
    """A class of the current year and the periodicity it has, if any."""

    id: int
    label: str
    level_id: int | None
    level: str
    scheme_id: int | None
    scheme: str | None


@dataclass(frozen=True, slots=True)
class SchemeView:
    """A periodicity to show. A shipped one that nobody has used has no row: it shows the dates it would get, or the
    `problem` that the school year makes."""

    id: int | None
    label: str
    preset: str
    terms: tuple[Term, ...] = ()
    classes: tuple[str, ...] = ()
    problem: str | None = None


def current_year(session: Session) -> SchoolYear:
    """The school year of the current school. Raises `BadInput` outside a school."""
    scope = current_scope()
    if scope is None or scope.kind != "school":
        raise BadInput("Choisissez d'abord un établissement.")
    statement = select(SchoolYear).join(School, School.school_year_id == SchoolYear.id).where(School.id == scope.id)
    return session.scalars(statement).one()


def has_booklets() -> Any:
    """Criterion: classes of the school's current year that have booklets (all but the maternelle's)."""
    cycle = select(GradeLevel.cycle).where(GradeLevel.id == Division.grade_level_id).correlate(Division)
    year = select(School.school_year_id).where(School.id == Division.school_id).correlate(Division)
    return and_(Division.school_year_id == year.scalar_subquery(),
                func.coalesce(cycle.scalar_subquery(), 0) != NURSERY)  # fmt: skip


def classes() -> list[ClassRow]:
    """Every class that has booklets, with its present periodicity (M009); by level, then label."""
    link, scheme = DivisionScheme, PeriodScheme
    statement = (
        select(Division.id, Division.label, Division.grade_level_id, GradeLevel.label, scheme.id, scheme.label)
        .outerjoin(Division.grade_level)
        .outerjoin(link, and_(link.division_id == Division.id, link.school_id == Division.school_id))
        .outerjoin(scheme, and_(scheme.id == link.scheme_id, scheme.school_id == link.school_id))
        .where(has_booklets())
        .order_by(func.coalesce(GradeLevel.rank, 1000), Division.label, Division.id)
    )
    rows = admin_db.session.execute(statement).all()
    return [ClassRow(row[0], row[1], row[2], row[3] or "", row[4], row[5]) for row in rows]


def undefined() -> Any:
    """Criterion: classes that have booklets and no periodicity."""
    theirs = select(DivisionScheme.id).where(DivisionScheme.division_id == Division.id).correlate(Division).exists()
    return and_(has_booklets(), ~theirs)


def any_class_follows() -> Any:
    """SQL: whether some class of the school follows a periodicity of its current year."""
    statement = (
        select(DivisionScheme.id).join(DivisionScheme.scheme).join(School, School.id == PeriodScheme.school_id)
        .where(PeriodScheme.school_year_id == School.school_year_id)
    )  # fmt: skip
    return statement.exists()


def undefined_classes() -> tuple[list[str], bool]:
    """The labels of the classes without a periodicity (M010), and whether no class at all has one (M006)."""
    statement = select(Division.label, any_class_follows()).where(undefined()).order_by(Division.label)
    rows = admin_db.session.execute(statement).all()
    return [label for label, _ in rows], bool(rows) and not rows[0][1]


def schemes() -> list[SchemeView]:
    """One's own periodicities by label, then the shipped ones, with their periods and classes."""
    session = admin_db.session()
    year = current_year(session)
    mine = PeriodScheme.school_year_id == year.id
    rows = session.scalars(select(PeriodScheme).where(mine).order_by(PeriodScheme.label, PeriodScheme.id)).all()
    terms: dict[int, list[Term]] = defaultdict(list)
    for period in session.scalars(select(Period).join(Period.scheme).where(mine).order_by(Period.position)):
        terms[period.scheme_id].append(Term(period.label, period.starts_on, period.ends_on))
    followers: dict[int | None, list[str]] = defaultdict(list)
    for row in classes():
        followers[row.scheme_id].append(row.label)
    found = [SchemeView(row.id, row.label, row.preset, tuple(terms[row.id]), tuple(followers[row.id])) for row in rows]
    own, used = [view for view in found if not view.preset], {view.preset: view for view in found if view.preset}
    return own + [used.get(preset) or _unused(preset, year) for preset in PRESETS]


def _unused(preset: str, year: SchoolYear) -> SchemeView:
    label = PRESETS[preset][0]
    try:
        return SchemeView(None, label, preset, tuple(preset_terms(preset, year)))
    except BadInput as error:
        return SchemeView(None, label, preset, problem=error.sentence())
