"""Lists of booklets for the people who read them, and the past of one (M040, M041, M043)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select

from app.audit.models import AuditLine
from app.booklets.models import Booklet, BookletEdition
from app.booklets.rights import Writer, readable_booklets
from app.core.db import admin_db
from app.core.errors import NotFound
from app.core.folding import fold, folded
from app.schools.models import School
from app.workflow.history import label_of

CHANGE = "booklet.change"


@dataclass(frozen=True, slots=True)
class Search:
    """What a list is narrowed to; a name is looked for in every class one reads."""

    position: int
    period_count: int
    division_id: int | None = None
    state: str = ""
    name: str = ""

    def where(self, writer: Writer) -> ColumnElement[bool]:
        """SQL: the booklets found, of this year and among those the person reads."""
        year = select(School.school_year_id).where(School.id == Booklet.school_id).scalar_subquery()
        found = [Booklet.school_year_id == year, Booklet.position == self.position,
                 Booklet.period_count == self.period_count, readable_booklets(writer)]  # fmt: skip
        if self.name:
            words = [or_(fold(Booklet.last_name).contains(word, autoescape=True),
                         fold(Booklet.first_name).contains(word, autoescape=True))
                     for word in folded(self.name).split()]  # fmt: skip
            found += words
        elif self.division_id is not None:
            found.append(Booklet.division_id == self.division_id)
        if self.state:
            found.append(Booklet.state == self.state)
        return and_(*found)


CLASS_ORDER = (Booklet.division_label, Booklet.last_name, Booklet.first_name, Booklet.id)


def count(where: ColumnElement[bool]) -> int:
    """How many there are."""
    return admin_db.session.scalar(select(func.count(Booklet.id)).where(where)) or 0


def page_of(where: ColumnElement[bool], first: int, size: int) -> list[int]:
    """The ids of one page of a list, in the order of classes and names."""
    return list(admin_db.session.scalars(select(Booklet.id).where(where).order_by(*CLASS_ORDER)
                                         .offset(first).limit(size)))


def readable(booklet_id: int, writer: Writer) -> Booklet:
    """The booklet, when the person reads it. Raises `NotFound`."""
    found = admin_db.session.scalars(
        select(Booklet).where(Booklet.id == booklet_id, readable_booklets(writer))).one_or_none()
    if found is None:
        raise NotFound("Ce bilan n'existe pas.")
    return found


def neighbours(booklet: Booklet, writer: Writer) -> tuple[int | None, int | None]:
    """The booklets before and after this one in the class and the period."""
    same = (Booklet.position == booklet.position, Booklet.period_count == booklet.period_count,
            Booklet.school_year_id == booklet.school_year_id, Booklet.cycle_end == booklet.cycle_end)
    of_class = Booklet.division_id == booklet.division_id
    ids = list(admin_db.session.scalars(
        select(Booklet.id).where(of_class, *same, readable_booklets(writer)).order_by(*CLASS_ORDER)))
    if booklet.id not in ids:
        return None, None
    at = ids.index(booklet.id)
    return (ids[at - 1] if at else None), (ids[at + 1] if at + 1 < len(ids) else None)


@dataclass(frozen=True, slots=True)
class PastAct:
    """One line of a booklet's history: a change (`place`, `before`, `after`) or a step of its life."""

    at: datetime
    who: str
    action: str
    sentence: Any
    subject: str
    place: str
    before: str
    after: str
    reason: str

    @property
    def field(self) -> str:
        """« comment », the last part of a cell's name; « group » when the pupil joined or left one."""
        return "group" if self.place.startswith("group-") else self.place.rpartition("-")[2]


def past(booklet: Booklet, limit: int = 500) -> list[PastAct]:
    """What happened to it, latest first: who, when, before, after."""
    lines = admin_db.session.scalars(
        select(AuditLine)
        .where(AuditLine.subject_type == Booklet.__tablename__, AuditLine.subject_id == booklet.id)
        .order_by(AuditLine.id.desc()).limit(limit)
    )  # fmt: skip
    return [_act(line) for line in lines]


def _act(line: AuditLine) -> PastAct:
    data, personal = line.data or {}, line.personal or {}
    return PastAct(line.at, line.actor_name, line.action, label_of(line.action), str(data.get("item", "")),
                   str(data.get("place", "")), str(personal.get("before") or ""), str(personal.get("after") or ""),
                   str(personal.get("reason") or ""))  # fmt: skip


def editions_of(booklet: Booklet) -> Sequence[BookletEdition]:
    """Every edition, latest first."""
    return admin_db.session.scalars(
        select(BookletEdition).where(BookletEdition.booklet_id == booklet.id).order_by(BookletEdition.id.desc())).all()
