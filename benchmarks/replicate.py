"""replicate: one school in full, then 20 changes, against the bare insertion of the same rows (COPY on PostgreSQL)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import delete, insert, select, update

from app.access.queries import Selection
from app.access.services import create_codes
from app.core import clock
from app.core.actor import SYSTEM
from app.core.db import admin_db, portal_db
from app.core.scope import school_scope, system_scope
from app.core.uow import unit_of_work
from app.online.services import move_services
from app.portal.models import PublishedCode, PublishedPupil, PublishedSchool
from app.replication.publication import Publication, publication
from app.replication.services import replicate
from app.schools.models import School
from app.schools.people import Pupil
from benchmarks.common import KINDS, databases, line, timed
from tests.factories import build_world, make_division, make_guardian, make_pupil

PUPILS = 812
TABLES = (PublishedSchool, PublishedPupil, PublishedCode)


def bench_replicate() -> Iterator[dict[str, Any]]:
    """Two lines per kind of database."""
    for kind in KINDS:
        with databases(kind):
            school_id = _fill()
            rows: list[int] = []
            replicate()
            wanted = _published(school_id)
            changes = min(timed(lambda n=n: rows.append(_change(school_id, n))) for n in range(3))  # noqa: B023
            full = min(_from_nothing(lambda: rows.append(replicate(full=True).rows)) for _ in range(3))  # noqa: B023
            floor = min(_from_nothing(lambda: _floor(wanted)) for _ in range(3))  # noqa: B023
        yield line("replicate", f"un établissement entier, {rows[-1]} lignes, {kind}", full, floor)
        few = f"20 changements, {rows[0]} lignes, {kind} (plancher : l'établissement entier)"
        yield line("replicate", few, changes, floor)


def _fill() -> int:
    world = build_world()
    with system_scope("bench"), unit_of_work() as session:
        school = session.get_one(School, world.a)
        division = make_division(school, "4C")
        for _ in range(PUPILS):
            pupil = make_pupil(school, division)
            make_guardian(school, pupil)
            make_guardian(school, pupil, rank=2)
    with school_scope(world.a):
        move_services(["booklets", "marks"], "open", actor=SYSTEM)
        create_codes(Selection(), actor=SYSTEM)
    admin_db.session.remove()
    return world.a


def _from_nothing(work: Callable[[], Any]) -> float:
    _empty()
    return timed(work)


def _change(school_id: int, turn: int) -> int:
    with school_scope(school_id), unit_of_work() as session:
        chosen = session.scalars(select(Pupil.id).limit(20)).all()
        session.execute(update(Pupil).where(Pupil.id.in_(chosen)).values(first_name=f"Changée{turn}"))
    admin_db.session.remove()
    return replicate().rows


def _published(school_id: int) -> Publication:
    with school_scope(school_id):
        return publication(admin_db.session(), school_id, clock.today())


def _empty() -> None:
    with system_scope("bench"), unit_of_work(portal_db) as session:
        for model in reversed(TABLES):
            session.execute(delete(model))
    portal_db.session.remove()


def _floor(wanted: Publication) -> None:
    parts = ([wanted.school], list(wanted.pupils.values()), list(wanted.codes.values()))
    with portal_db.engine.begin() as connection:
        for model, rows in zip(TABLES, parts, strict=True):
            if portal_db.is_sqlite:
                connection.execute(insert(model.__table__), rows)
            else:
                _copy(connection, model.__tablename__, rows)


def _copy(connection: Any, table: str, rows: list[dict[str, Any]]) -> None:
    names = list(rows[0])
    with connection.connection.cursor() as cursor, cursor.copy(f"COPY {table} ({', '.join(names)}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row([json.dumps(v) if isinstance(v, list) else v for v in row.values()])


