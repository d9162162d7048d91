"""Which booklets families may read: the edition in force of an edited booklet, from the day of its publication.

The school's service « booklets » must be open, and the pupil opened by somebody's code (`publication.py`). Editions
themselves are known to the portal by number and date whoever may read them: a printed booklet can be checked (M046).
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from app.booklets.models import Booklet, BookletEdition, BookletPublication, in_force
from app.core.clock import PARIS
from app.schools.models import SchoolYear

SERVICE = "booklets"
CHUNK = 500
_ROW = (
    Booklet.id, BookletEdition.school_id, Booklet.pupil_id, BookletEdition.id.label("edition_id"),
    BookletEdition.number, BookletEdition.token, BookletEdition.issued_at, SchoolYear.first_year, Booklet.position,
    Booklet.period_label, Booklet.level_label,
)  # fmt: skip


def _readable(today: date) -> Any:
    of_its_class = and_(
        BookletPublication.school_id == Booklet.school_id, BookletPublication.division_id == Booklet.division_id,
        BookletPublication.position == Booklet.position, BookletPublication.period_count == Booklet.period_count,
    )  # fmt: skip
    return (
        select(Booklet)
        .join(BookletEdition, and_(BookletEdition.booklet_id == Booklet.id,
                                   BookletEdition.school_id == Booklet.school_id))
        .join(SchoolYear, SchoolYear.id == Booklet.school_year_id)
        .outerjoin(BookletPublication, of_its_class)
        .where(Booklet.state == "edited", in_force())
        .where(or_(BookletPublication.publish_on.is_(None), BookletPublication.publish_on <= today))
    )  # fmt: skip


def readable_editions(session: Session, today: date, services: Collection[str]) -> dict[int, int]:
    """Booklet → edition, of what may be read in the school of the scope; nothing while the service is closed."""
    if SERVICE not in services:
        return {}
    rows = session.execute(_readable(today).with_only_columns(Booklet.id, BookletEdition.id.label("edition_id")))
    return {row.id: row.edition_id for row in rows}


def booklet_rows(
    session: Session, today: date, services: Collection[str], pupil_ids: Collection[int]
) -> dict[int, dict[str, Any]]:
    """The rows to publish, without what the documents say: that is read for the changed ones only."""
    if SERVICE not in services:
        return {}
    found = session.execute(_readable(today).with_only_columns(*_ROW))
    return {row.id: _row(row) for row in found if row.pupil_id in pupil_ids}


def _row(row: Any) -> dict[str, Any]:
    return {"id": row.id, "school_id": row.school_id, "pupil_id": row.pupil_id, "edition_id": row.edition_id,
            "number": row.number, "token": row.token, "issued_on": row.issued_at.astimezone(PARIS).date(),
            "first_year": row.first_year, "position": row.position, "title": row.period_label,
            "level": row.level_label}  # fmt: skip


def facts_of(session: Session, edition_ids: Collection[int]) -> dict[int, dict[str, Any]]:
    """What these editions say, by edition."""
    found: dict[int, dict[str, Any]] = {}
    ids = sorted(edition_ids)
    for start in range(0, len(ids), CHUNK):
        chunk = select(BookletEdition.id, BookletEdition.facts).where(BookletEdition.id.in_(ids[start:start + CHUNK]))
        found |= {row.id: row.facts for row in session.execute(chunk)}
    return found


def edition_rows(session: Session) -> dict[int, dict[str, Any]]:
    """Every edition of the school as the page of verification shows it: no word about the pupil."""
    columns = (BookletEdition.id, BookletEdition.school_id, BookletEdition.token, BookletEdition.number,
               BookletEdition.issued_at, BookletEdition.replaced_at, BookletEdition.withdrawn_at)  # fmt: skip
    return {row.id: {"id": row.id, "school_id": row.school_id, "token": row.token, "number": row.number,
                     "issued_on": row.issued_at.astimezone(PARIS).date(), "standing": _standing(row)}
            for row in session.execute(select(*columns))}  # fmt: skip


def _standing(row: Any) -> str:
    if row.replaced_at is not None:
        return "replaced"
    return "in_force" if row.withdrawn_at is None else "withdrawn"
