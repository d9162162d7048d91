"""What the school already holds, read once per kind: identifiers and digests, never whole rows."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from app.core.clock import today
from app.exchange.sync.checks import SchoolFacts
from app.schools.models import Division
from app.schools.people import Enrolment, Guardian, Pupil, Staff


class KnownPupil(NamedTuple):
    """Digest last applied, present division, and whether the enrolment of the year is open."""

    digest: str | None
    division: str | None
    active: bool


def pupils(session: Session, school: SchoolFacts, source: str) -> dict[str, KnownPupil]:
    """Every pupil of that source, by source identifier."""
    rows = session.execute(
        select(Pupil.source_id, Pupil.digest, Division.code, Enrolment.id, Enrolment.ends_on)
        .outerjoin(Enrolment, and_(Enrolment.pupil_id == Pupil.id, Enrolment.school_year_id == school.school_year_id))
        .outerjoin(Division, Division.id == Enrolment.division_id)
        .where(Pupil.school_id == school.id, Pupil.source == source)
    )
    day = today()
    return {
        key: KnownPupil(digest, division, enrolment is not None and (ends_on is None or ends_on > day))
        for key, digest, division, enrolment, ends_on in rows
    }


def guardians(session: Session, school: SchoolFacts, source: str) -> dict[str, str | None]:
    """Digest of every guardian of that source."""
    rows = session.execute(
        select(Guardian.source_id, Guardian.digest).where(Guardian.school_id == school.id, Guardian.source == source)
    )
    return dict(rows.all())  # type: ignore[arg-type]


def staff(session: Session, school: SchoolFacts, source: str) -> dict[str, tuple[str | None, bool]]:
    """Digest of every member of staff of that source, and whether still in place."""
    rows = session.execute(
        select(Staff.source_id, Staff.digest, Staff.ended_on).where(
            Staff.school_id == school.id, Staff.source == source
        )
    )
    return {key: (digest, ended_on is None) for key, digest, ended_on in rows}


def division_labels(session: Session, school: SchoolFacts) -> dict[str, str]:
    """Label of every division of the year, by code."""
    rows = session.execute(
        select(Division.code, Division.label).where(
            Division.school_id == school.id, Division.school_year_id == school.school_year_id
        )
    )
    return dict(rows.all())  # type: ignore[arg-type]


def is_active() -> ColumnElement[bool]:
    """An enrolment that is open today."""
    return or_(Enrolment.ends_on.is_(None), Enrolment.ends_on > today())
