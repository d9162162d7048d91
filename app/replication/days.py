"""Dates that have come: an enrolment or a link that ends, booklets or marks published by their date, change what is
visible though nobody wrote."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlalchemy import select

from app.booklets.models import BookletPublication
from app.core import clock
from app.core.db import admin_db
from app.core.scope import system_scope
from app.core.uow import unit_of_work
from app.online.forecast import REPLICATION
from app.online.models import MarksDueDate
from app.online.papers import TestPaper
from app.replication.events import the_state
from app.replication.marks import touch_school
from app.replication.models import ReplicationState
from app.schools.people import Enrolment, GuardianLink

AT_ONCE = timedelta(0)
# Model, its day, and how long after that day what is visible changes.
DATES: tuple[tuple[Any, Any, timedelta], ...] = (
    (Enrolment, Enrolment.ends_on, AT_ONCE), (GuardianLink, GuardianLink.ended_on, AT_ONCE),
    (BookletPublication, BookletPublication.publish_on, AT_ONCE), (TestPaper, TestPaper.publish_on, REPLICATION),
    (MarksDueDate, MarksDueDate.due_on, AT_ONCE),
)  # fmt: skip


def notice_the_day() -> None:
    """Mark the schools where something began or ended by its date, once a day; any other call reads one row."""
    today = clock.today()
    last_day = admin_db.session.scalar(select(ReplicationState.last_day))
    admin_db.session.rollback()
    if last_day is not None and last_day >= today:
        return
    with system_scope("dates that have come, in every school"), unit_of_work() as session:
        state = the_state(session)
        for school_id in _come_between(state.last_day or date.min, today):
            touch_school(session, school_id)
        state.last_day = today


def _come_between(last: date, today: date) -> set[int]:
    found: set[int] = set()
    for model, day, later in DATES:
        begin = max(last, date.min + later) - later
        come = select(model.school_id).where(day > begin, day <= today - later).distinct()
        found |= set(admin_db.session.scalars(come))
    return found
