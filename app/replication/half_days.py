"""Which half-days of absence families see (M130), and how they reach the school life office."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from app.core.folding import folded
from app.online.absences import Absence, counts
from app.online.models import ContactAddress
from app.schools.models import School, SchoolYear

SERVICE = "absences"
OFFICE = "vie scolaire"  # in the label of the office's own mailbox


def absence_rows(session: Session, services: Collection[str], pupil_ids: Collection[int]) -> dict[int, dict[str, Any]]:
    """The half-days of the school's year to publish, by id; the digest is their content. Nothing while the service is
    closed."""
    if SERVICE not in services:
        return {}
    rows = session.execute(_counted().with_only_columns(
        Absence.id, Absence.school_id, Absence.pupil_id, Absence.day, Absence.half))  # fmt: skip
    return {row.id: {**row._mapping, "digest": f"{row.day}-{row.half}"} for row in rows if row.pupil_id in pupil_ids}


def countable(session: Session, services: Collection[str]) -> set[int]:
    """The ids of the half-days that may be seen: what is no longer here is withdrawn within the minute."""
    return set(session.scalars(_counted().with_only_columns(Absence.id))) if SERVICE in services else set()


def _counted() -> Any:
    return (
        select(Absence)
        .join(School, School.id == Absence.school_id)
        .join(SchoolYear, SchoolYear.id == School.school_year_id)
        .where(counts(), and_(Absence.day >= SchoolYear.starts_on, Absence.day <= SchoolYear.ends_on))
    )


def school_life(session: Session, school: Any, services: Collection[str]) -> dict[str, str] | None:
    """The card « Contacter la vie scolaire »: its own mailbox where the school named one, else the school's."""
    if SERVICE not in services:
        return None
    boxes = session.execute(select(ContactAddress.label, ContactAddress.email).order_by(ContactAddress.id))
    own = next((email for label, email in boxes if OFFICE in folded(label)), None)
    card = {"email": own or school.email, "phone": school.phone, "fax": school.fax}
    return {name: value for name, value in card.items() if value}
