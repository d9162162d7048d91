"""Dates that have come: an enrolment or a link that ends by its date changes what is visible, though nobody wrote."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select

from app.core import clock
from app.core.db import admin_db
from app.core.scope import system_scope
from app.core.uow import unit_of_work
from app.replication.events import the_state
from app.replication.marks import touch_school
from app.replication.models import ReplicationState
from app.schools.people import Enrolment, GuardianLink


def notice_the_day() -> None:
    """Mark the schools where something ended by its date, once a day; any other call costs one read of one row."""
    today = clock.today()
    last_day = admin_db.session.scalar(select(ReplicationState.last_day))
    admin_db.session.rollback()
    if last_day is not None and last_day >= today:
        return
    with system_scope("dates that have come, in every school"), unit_of_work() as session:
        state = the_state(session)
        for school_id in _ended_between(state.last_day or date.min, today):
            touch_school(session, school_id)
        state.last_day = today


def _ended_between(last: date, today: date) -> set[int]:
    found: set[int] = set()
    for model, ends in ((Enrolment, Enrolment.ends_on), (GuardianLink, GuardianLink.ended_on)):
        ended = select(model.school_id).where(ends > last, ends <= today).distinct()
        found |= set(admin_db.session.scalars(ended))
    return found
