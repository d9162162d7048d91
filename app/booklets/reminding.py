"""Reminding teachers by e-mail of what they have left to fill in: whom, and who was reminded already today."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from app.booklets.desk import Person, Term, by_person, left
from app.core.clock import PARIS, today
from app.core.db import admin_db
from app.jobs.models import MailOutbox

MAIL_KIND = "booklets.reminder"


@dataclass(frozen=True, slots=True)
class Late:
    """A teacher with something left to fill in, and when they were last reminded of this period."""

    person: Person
    reminded_at: datetime | None

    @property
    def reminded_today(self) -> bool:
        """Whether another reminder would be the second of the day."""
        return self.reminded_at is not None and self.reminded_at.astimezone(PARIS).date() == today()


def late(term: Term) -> list[Late]:
    """Who has something left, in the order of the alphabet."""
    return with_reminders(by_person(left(term)), term)


def with_reminders(people: Sequence[Person], term: Term) -> list[Late]:
    """The same people with the moment of their last reminder; one statement."""
    refs = {ref_of(person.staff_id, term): person.staff_id for person in people}
    rows = admin_db.session.execute(
        select(MailOutbox.ref, func.max(MailOutbox.created_at))
        .where(MailOutbox.kind == MAIL_KIND, MailOutbox.status != "failed", MailOutbox.ref.in_(refs))
        .group_by(MailOutbox.ref)
    )
    last = {refs[ref]: at for ref, at in rows if ref}
    return [Late(person, last.get(person.staff_id)) for person in people]


def ref_of(staff_id: int, term: Term) -> str:
    """How a reminder's mail names its teacher and period."""
    return f"{staff_id}/{term[0]}/{term[1]}"


def read_ref(ref: str) -> tuple[int, Term]:
    """The teacher and the period of a reminder's mail."""
    staff_id, position, count = map(int, ref.split("/"))
    return staff_id, (position, count)
