"""A child's half-days of absence, and how to reach the school life office (M129, M130). In the account's scope."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select

from app.core.db import portal_db
from app.portal.models import PublishedPupil, PublishedSchool
from app.portal.records import PublishedAbsence


def absent_days(pupil_id: int) -> list[date]:
    """The day of each half-day that counts."""
    return list(portal_db.session.scalars(
        select(PublishedAbsence.day).where(PublishedAbsence.pupil_id == pupil_id).order_by(PublishedAbsence.day)))


def school_life_of(pupil_id: int) -> dict[str, str]:
    """The office's e-mail, phone and fax, those that the school has."""
    found: dict[str, str] | None = portal_db.session.scalar(
        select(PublishedSchool.school_life)
        .join(PublishedPupil, PublishedPupil.school_id == PublishedSchool.id)
        .where(PublishedPupil.id == pupil_id)
    )
    return found or {}
