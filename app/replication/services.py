"""One replication: what happened on the portal comes back, then what changed in the schools goes out (M111)."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update

from app.access.continuity import carry_over
from app.core import clock
from app.core.db import admin_db
from app.core.scope import school_scope, system_scope
from app.core.uow import unit_of_work
from app.replication.booklets import facts_of
from app.replication.days import notice_the_day
from app.replication.events import read_events
from app.replication.faults import Faults
from app.replication.models import ReplicationMark, ReplicationState
from app.replication.orders import apply_commands
from app.replication.publication import Publication, publication
from app.replication.publish import published_schools, unknown_editions, write_publication
from app.schools.models import School


@dataclass(frozen=True, slots=True)
class Replicated:
    """What a replication did. `rows` written on the portal; `lag`: how many seconds the oldest change had waited."""

    rows: int
    schools: int
    events: int
    commands: int
    seconds: float
    lag: float


@dataclass(frozen=True, slots=True)
class _Due:
    """A school to compare, and the mark that will say it was."""

    school_id: int
    changed: int
    since: datetime | None


def replicate(full: bool = False) -> Replicated:
    """Bring the portal up to date. Only schools marked since the last run are compared, unless `full`.

    Repeatable at any moment: the portal's rows are compared, not remembered, and each mark is cleared after its
    school's rows are committed. A crash in between costs one comparison. An order or a school that fails keeps no
    other waiting: it is raised at the end, and taken up again by the next run.
    """
    start, faults = time.perf_counter(), Faults()
    events = read_events()
    commands = rows = 0
    with faults.aside("orders to the portal"):
        commands = apply_commands()
    notice_the_day()
    due = _all_schools() if full else _marked_schools()
    waited = [(clock.now() - school.since).total_seconds() for school in due if school.since]
    for school in due:
        with faults.aside(f"publication of school {school.school_id}"):
            rows += _publish(school)
    if full:
        rows += _forget_unknown_schools({school.school_id for school in due})
    _remember_the_run()
    faults.raise_all()
    seconds = round(time.perf_counter() - start, 3)
    return Replicated(rows, len(due), events, commands, seconds, round(max(waited, default=0.0), 1))


def _publish(due: _Due) -> int:
    with school_scope(due.school_id):
        carry_over()  # a service was opened, or an account confirmed, since the codes were made
        wanted = publication(admin_db.session(), due.school_id, clock.today())
        wanted.facts = facts_of(admin_db.session(), unknown_editions(due.school_id, wanted))
        admin_db.session.rollback()
    rows = write_publication(due.school_id, wanted)
    values = {"published": due.changed, "checked": due.changed, "published_at": clock.now()}
    with unit_of_work() as session:
        session.execute(update(ReplicationMark).where(ReplicationMark.school_id == due.school_id).values(values))
    return rows


def _marked_schools() -> list[_Due]:
    mark = ReplicationMark
    found = admin_db.session.execute(
        select(mark.school_id, mark.changed, mark.changed_at)
        .where(mark.changed != mark.published)
        .order_by(mark.school_id)
    ).all()
    admin_db.session.rollback()
    return [_Due(*row) for row in found]


def _all_schools() -> list[_Due]:
    mark = ReplicationMark
    with system_scope("a full replication compares every school"):
        found = admin_db.session.execute(
            select(School.id, mark.changed, mark.published, mark.changed_at)
            .outerjoin(mark, mark.school_id == School.id)
            .order_by(School.id)
        ).all()
        admin_db.session.rollback()
    return [_Due(id, changed or 0, at if changed != published else None) for id, changed, published, at in found]


def _forget_unknown_schools(known: set[int]) -> int:
    return sum(write_publication(school_id, Publication()) for school_id in published_schools() - known)


def _remember_the_run() -> None:
    with unit_of_work() as session:
        session.execute(update(ReplicationState).where(ReplicationState.id == 1).values(last_run_at=clock.now()))
