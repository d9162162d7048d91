"""The gate: another school's row does not exist, and no scope is an error (DESIGN §6)."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import delete, func, insert, literal, select, union_all, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload
from sqlalchemy.sql import visitors

from app.access.statistics import _of_classes
from app.access.statistics_rows import Rows
from app.core.db import admin_db
from app.core.scope import ScopeMissing, _elements, academy_scope, school_scope, system_scope
from app.core.uow import unit_of_work
from app.schools.models import School
from app.schools.people import Enrolment, Guardian, GuardianLink, Pupil
from tests.factories import World

session = admin_db.session


def test_reading_without_a_scope_raises(world: World) -> None:
    with pytest.raises(ScopeMissing, match="pupil"):
        session.scalars(select(Pupil)).all()


@pytest.mark.parametrize(
    "statement",
    [
        select(func.count()).select_from(Pupil),
        select(func.count()).select_from(select(Pupil.id).subquery()),
        select(func.count(Pupil.id)),
    ],
)
def test_counts_see_one_school(world: World, statement: object) -> None:
    with school_scope(world.a):
        assert session.scalar(statement) == 3


def test_every_way_of_reading_sees_one_school(world: World) -> None:
    foreign = world.of[world.b]["pupils"][0]
    with school_scope(world.a):
        assert session.get(Pupil, foreign) is None
        assert session.query(Pupil).count() == 3
        assert foreign not in session.scalars(select(Pupil.id)).all()
        loaded = session.scalars(select(Enrolment).options(joinedload(Enrolment.pupil))).all()
        assert {e.pupil.school_id for e in loaded} == {world.a}
        assert session.scalars(select(School.id)).all() == [world.a]


def test_bulk_statements_reach_one_school(world: World) -> None:
    with school_scope(world.a), unit_of_work():
        assert session.execute(update(Pupil).values(first_name="Z")).rowcount == 3
        copy = insert(Guardian).from_select(
            ["school_id", "source", "source_id", "last_name"],
            select(Pupil.school_id, Pupil.source, literal("copy") + Pupil.source_id, Pupil.last_name),
        )
        session.execute(copy)
        assert session.execute(delete(GuardianLink)).rowcount == 4
    with school_scope(world.b):
        assert session.scalars(select(Pupil).where(Pupil.first_name == "Z")).all() == []
        assert session.scalars(select(Guardian.id).where(Guardian.source_id.like("copy%"))).all() == []


@pytest.mark.parametrize("make", [lambda t: select(t), lambda t: update(t).values(id=1), lambda t: delete(t)])
def test_core_statements_on_scoped_tables_raise(world: World, make: object) -> None:
    with school_scope(world.a), pytest.raises(ScopeMissing, match="Core"):
        session.execute(make(Pupil.__table__))


def test_writing_into_another_school_raises(world: World) -> None:
    with school_scope(world.a):
        session.add(Pupil(school_id=world.b, source_id="q", last_name="N", first_name="F", birth_date=date(2014, 1, 1)))
        with pytest.raises(ScopeMissing):
            session.flush()
        session.rollback()
        with pytest.raises(ScopeMissing):
            session.execute(insert(Guardian), [{"school_id": world.b, "source_id": "k", "last_name": "L"}])


def test_a_new_row_takes_the_school_of_the_scope(world: World) -> None:
    with school_scope(world.a), unit_of_work():
        pupil = Pupil(source_id="q", last_name="N", first_name="F", birth_date=date(2014, 1, 1))
        session.add(pupil)
        session.flush()
        assert pupil.school_id == world.a


def test_an_academy_sees_its_schools_only(world: World) -> None:
    with academy_scope(world.authority):
        assert session.query(Pupil).count() == 6
    with academy_scope(world.authority + 1):
        assert session.query(Pupil).count() == 0
        assert session.scalars(select(School)).all() == []


def test_the_database_refuses_a_link_into_another_school(world: World) -> None:
    """The composite key holds even where no scope does (SECURITY_TRAPS 21)."""
    mine, theirs = world.of[world.a], world.of[world.b]
    with system_scope("tries to cross"), pytest.raises(IntegrityError), unit_of_work():
        session.add(GuardianLink(school_id=world.a, guardian_id=mine["other"], pupil_id=theirs["pupils"][0], rank=2))
        session.flush()


def test_what_is_deep_inside_is_seen_however_often_it_is_named(world: World) -> None:
    """The gate walks each element once: a bare table in a common table expression named twice is still found, and
    nothing is found that a walk through every path does not find."""
    bare = select(Guardian.__table__.c.id, literal(1).label("one")).cte("people")
    twice = union_all(select(bare.c.id), select(bare.c.one)).subquery("twice")
    with school_scope(world.a), pytest.raises(ScopeMissing):
        admin_db.session.execute(select(School.id).join(twice, twice.c.id == School.id))
    for statement in (_of_classes(Rows("guardian", (), date(2026, 11, 25))), select(twice.c.id)):
        every_path = list(visitors.iterate(statement))  # kept: an identity lasts as long as its element
        once = list(_elements(statement))
        assert {_name(element) for element in once} == {_name(element) for element in every_path}
        assert len(once) < len(every_path)


def _name(element: object) -> tuple[str, str]:
    return type(element).__name__, str(getattr(element, "name", ""))
