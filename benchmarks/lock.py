"""lock: 815 booklets of which 31 are incomplete, against one UPDATE … WHERE and one INSERT … SELECT of the trail."""

from __future__ import annotations

import time
from typing import Any

from sqlalchemy import insert, literal, select, update

from app.audit.models import AuditLine
from app.booklets.locking import lock
from app.booklets.models import Attainment, Booklet
from app.booklets.selection import Picked
from app.core import clock
from app.core.actor import SYSTEM
from app.core.db import admin_db, refresh_statistics
from app.core.scope import school_scope
from app.core.types import UtcDateTime
from app.core.uow import unit_of_work
from app.curriculum.models import TeachingItem
from app.schools.models import School
from app.workflow import bulk
from benchmarks.booklets import invent
from benchmarks.common import KINDS, databases, line, timed
from tests.booklets.factories import make_booklet, make_line
from tests.factories import build_world, make_pupil
from tests.statements import statements

INCOMPLETE = 31


def bench_lock() -> list[dict[str, Any]]:
    """One line per kind of database; SQL statements are counted."""
    return [_on(kind) for kind in KINDS]


def _on(kind: str) -> dict[str, Any]:
    with databases(kind):
        world = build_world()
        with school_scope(world.a):
            with unit_of_work() as session:
                school = session.get_one(School, world.a)
                ids = invent(school)
                _warm(school)
                session.execute(update(Booklet).where(Booklet.id.in_(ids[:INCOMPLETE])).values(overall_comment=None))
                refresh_statistics(session, Booklet, Attainment)
                bulk.follow_many(Booklet, Booklet.id.in_(ids), session=session)
            lock(Picked(2, 3), actor=SYSTEM)
            floor = timed(_floor)
            with statements() as sent:
                start = time.perf_counter()
                outcome = lock(Picked(1, 3), actor=SYSTEM)
                seconds = time.perf_counter() - start
    work = f"{outcome.done} bilans verrouillés, {len(outcome.refused)} expliqués, {kind}, {len(sent)} requêtes SQL"
    return line("lock", work, seconds, floor)


def _warm(school: School) -> None:
    """One booklet to lock and one to refuse: a process builds the SQL of the conditions once."""
    item = admin_db.session().scalars(select(TeachingItem).limit(1)).one()
    for comment in ("Bien.", None):
        booklet = make_booklet(school, make_pupil(school), position=2, overall_comment=comment, lateness=0,
                               absences_justified=0, absences_unjustified=0)  # fmt: skip
        make_line(booklet, item, positioning=3, comment="Bien.")


def _floor() -> None:
    """The bare SQL on the same rows, taken back."""
    chosen = (Booklet.position == 1, Booklet.state == "complete")
    trail = select(
        literal(clock.now(), UtcDateTime), literal("booklet.lock"), literal("booklet"), Booklet.id, Booklet.school_id,
        Booklet.state, literal("locked"), literal(""),
    ).where(*chosen)  # fmt: skip
    columns = ["at", "action", "subject_type", "subject_id", "school_id", "old_state", "new_state", "actor_name"]
    moved = update(Booklet).where(*chosen).values(state="locked", locked_at=clock.now(), version=Booklet.version + 1)
    with admin_db.engine.connect() as connection:
        connection.execute(insert(AuditLine).from_select(columns, trail))
        connection.execute(moved)
        connection.rollback()
