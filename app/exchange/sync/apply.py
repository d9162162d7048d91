"""Bringing the staged differences in: one short transaction of set-based statements, the same on both databases.

Every statement names its school besides the gate's own criterion, and goes through the mapped classes. Here the order
of things, divisions and pupils; guardians and staff are next door.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import and_, insert, literal, or_, select, update
from sqlalchemy.orm import Session

from app.core.clock import today
from app.curriculum.reference import programme_label
from app.exchange.models import (
    CLOSE,
    PUT,
    StagedDivision,
    StagedGuardian,
    StagedLink,
    StagedPlacement,
    StagedPupil,
    StagedService,
    StagedStaff,
)
from app.exchange.sync.apply_people import apply_guardians, apply_staff
from app.exchange.sync.batch import Batch, joined_by_hash, upsert_people
from app.exchange.sync.teaching import apply_services
from app.schools.models import Division, GradeLevel, Programme
from app.schools.people import Enrolment, GuardianLink, Pupil

PUPIL = (
    "ine", "last_name", "usage_name", "first_name", "first_name2", "first_name3", "birth_date", "sex", "digest",
)  # fmt: skip


def apply_batch(batch: Batch) -> None:
    """What is staged, in the order the keys need. The caller owns the transaction."""
    steps: tuple[tuple[Any, set[Any]], ...] = (
        (_divisions, {StagedDivision}),
        (_pupils, {StagedPupil, StagedPlacement}),
        (apply_guardians, {StagedGuardian, StagedLink}),
        (apply_staff, {StagedStaff}),
        (apply_services, {StagedService}),
    )
    with joined_by_hash(batch):
        for step, models in steps:
            if batch.written & {model.__tablename__ for model in models}:
                step(batch)
    batch.analyze(Enrolment, GuardianLink)


def _programmes(batch: Batch) -> None:
    """New programmes, with the label of the shipped list."""
    school = batch.school.id
    codes = set(batch.session.scalars(select(StagedPupil.mef_code).where(batch.of(StagedPupil, PUT)).distinct()))
    known = set(batch.session.scalars(select(Programme.mef_code).where(Programme.school_id == school)))
    levels = _levels(batch.session)
    rows = []
    for code in sorted(code for code in codes - known if code):
        found = programme_label(code)
        level = levels.get(found.level or "")
        rows.append({"school_id": school, "mef_code": code, "label": found.label, "grade_level_id": level})
    if rows:
        batch.session.execute(insert(Programme), rows)


def _levels(session: Session) -> dict[str, int]:
    return dict(session.execute(select(GradeLevel.code, GradeLevel.id)).all())  # type: ignore[arg-type]


def _divisions(batch: Batch) -> None:
    """New divisions, and the labels that changed. A file that knows only codes changes no label."""
    school, levels = batch.school, _levels(batch.session)
    mine = (Division.school_id == school.id, Division.school_year_id == school.school_year_id)
    known = {row.code: row for row in batch.session.execute(select(*_DIVISION).where(*mine))}
    wanted: dict[str, dict[str, Any]] = {}
    for row in batch.session.execute(select(*_STAGED_DIVISION).where(batch.of(StagedDivision))):
        values = wanted.setdefault(row.code, {})
        values |= {"label": row.label} if row.label else {}
        values |= {"grade_level_id": levels[row.level]} if row.level in levels else {}
    fresh = []
    for code, values in wanted.items():
        if code not in known:
            year = {"school_id": school.id, "school_year_id": school.school_year_id, "code": code}
            fresh.append(year | {"label": code, "grade_level_id": None} | values)
        elif any(getattr(known[code], name) != value for name, value in values.items()):
            batch.run(update(Division).where(*mine, Division.code == code).values(values))
    if fresh:
        batch.session.execute(insert(Division), fresh)


_DIVISION = (Division.code, Division.label, Division.grade_level_id)
_STAGED_DIVISION = (StagedDivision.code, StagedDivision.label, StagedDivision.level)


def _pupils(batch: Batch) -> None:
    _programmes(batch)
    upsert_people(batch, Pupil, StagedPupil, PUPIL, batch.source)
    batch.analyze(Pupil)
    _enrolments(batch)
    _departures(batch)


def _enrolments(batch: Batch) -> None:
    """The year of each staged pupil; then the divisions, which may change alone."""
    year = batch.school.school_year_id
    columns = {
        "school_id": StagedPupil.school_id,
        "pupil_id": Pupil.id,
        "school_year_id": literal(year),
        "programme_id": Programme.id,
        "grade_level_id": GradeLevel.id,
        "starts_on": StagedPupil.starts_on,
        "ends_on": StagedPupil.ends_on,
    }
    rows = (
        select(*columns.values())
        .select_from(StagedPupil)
        .join(Pupil, batch.people(Pupil, StagedPupil.source_id))
        .outerjoin(Programme, and_(Programme.school_id == batch.school.id, Programme.mef_code == StagedPupil.mef_code))
        .outerjoin(GradeLevel, GradeLevel.code == StagedPupil.level)
        .where(batch.of(StagedPupil, PUT))
    )
    changed = ("programme_id", "grade_level_id", "starts_on", "ends_on")
    batch.upsert(Enrolment, columns, rows, ("school_id", "pupil_id", "school_year_id"), changed)
    moved = (
        update(Enrolment)
        .where(
            Enrolment.school_id == batch.school.id,
            Enrolment.school_year_id == year,
            Pupil.id == Enrolment.pupil_id,
            batch.people(Pupil, StagedPlacement.source_id),
            batch.of(StagedPlacement),
        )
        .values(division_id=_division_id(batch, StagedPlacement.division_code))
    )
    batch.run(moved)


def _division_id(batch: Batch, code: Any) -> Any:
    return (
        select(Division.id)
        .where(
            Division.school_id == batch.school.id,
            Division.school_year_id == batch.school.school_year_id,
            Division.code == code,
        )
        .scalar_subquery()
    )


def _departures(batch: Batch) -> None:
    """Enrolments of pupils the file no longer names end today; without digest they would be taken up again."""
    absent = select(StagedPupil.source_id).where(batch.of(StagedPupil, CLOSE))
    of_source = and_(Pupil.school_id == batch.school.id, Pupil.source == batch.source)
    gone = select(Pupil.id).where(of_source, Pupil.source_id.in_(absent))
    open_now = or_(Enrolment.ends_on.is_(None), Enrolment.ends_on > today())
    mine = (Enrolment.school_id == batch.school.id, Enrolment.school_year_id == batch.school.school_year_id)
    batch.run(update(Enrolment).where(*mine, Enrolment.pupil_id.in_(gone), open_now).values(ends_on=today()))
    batch.run(update(Pupil).where(of_source, Pupil.source_id.in_(absent)).values(digest=None))
