"""What the settings pages offer: the ENTs of the academy, the mailboxes of the school, the pairs of programme and class
with their due dates."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select

from app.core.db import admin_db
from app.core.scope import current_scope
from app.online.models import ContactAddress, Ent, MarksDueDate, OnlineService, OnlineSetting
from app.schools.models import Division, Programme, School
from app.schools.people import Enrolment


@dataclass(frozen=True, slots=True)
class Pair:
    """A programme taught in a class, and the days on which its marks are shown (M068)."""

    programme_id: int
    division_id: int
    programme: str
    division: str
    due_dates: tuple[date, ...] = ()

    @property
    def key(self) -> str:
        """« 3-12 », as forms send it."""
        return f"{self.programme_id}-{self.division_id}"

    @property
    def label(self) -> str:
        """« 3EME – 301 »."""
        return f"{self.programme} – {self.division}"


def ents() -> list[Ent]:
    """The ENTs of the school's academy (M065)."""
    scope = current_scope()
    academy = select(School.authority_id).where(School.id == (scope.id if scope else 0)).scalar_subquery()
    return list(admin_db.session.scalars(select(Ent).where(Ent.authority_id == academy).order_by(Ent.place, Ent.label)))


def known_emails() -> dict[str, str]:
    """The mailboxes of the school, each once, with what it is: the one of its card, then those added (M074)."""
    scope, session = current_scope(), admin_db.session
    card = session.scalar(select(School.email).where(School.id == (scope.id if scope else 0)))
    found = {card: "courriel de l'établissement"} if card else {}
    for row in session.scalars(select(ContactAddress).order_by(ContactAddress.label, ContactAddress.email)):
        found.setdefault(row.email, row.label)
    return found


def is_open(code: str) -> bool:
    """Whether the school opened a service."""
    return admin_db.session.scalar(select(OnlineService.state).where(OnlineService.code == code)) == "open"


def pairs() -> list[Pair]:
    """The pairs that pupils of the current year make, by programme then class, with their due dates."""
    dates: dict[tuple[int, int], list[date]] = defaultdict(list)
    for row in admin_db.session.scalars(select(MarksDueDate).order_by(MarksDueDate.due_on)):
        dates[row.programme_id, row.division_id].append(row.due_on)
    return [Pair(programme_id, division_id, programme, division, tuple(dates[programme_id, division_id]))
            for programme_id, division_id, programme, division in admin_db.session.execute(_pairs())]  # fmt: skip


def _pairs() -> Any:
    return (
        select(Enrolment.programme_id, Enrolment.division_id, Programme.label, Division.label)
        .join(Enrolment.programme)
        .join(Enrolment.division)
        .join(School, School.id == Enrolment.school_id)
        .where(Enrolment.school_year_id == School.school_year_id, Division.school_year_id == School.school_year_id)
        .distinct()
        .order_by(Programme.label, Division.label, Enrolment.programme_id, Enrolment.division_id)
    )


def contact_emails(setting: OnlineSetting) -> list[str]:
    """Where a family's message goes (M074): the chosen mailboxes that the school still has; none = no contact link."""
    if not setting.contact_active:
        return []
    known = known_emails()
    return [email for email in setting.contact_emails if email in known]
