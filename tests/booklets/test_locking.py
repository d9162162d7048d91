"""Locking and unlocking (M044, M045, M048): who may, what is refused and why, a whole school in constant SQL."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import insert, select

from app.audit.models import AuditLine
from app.booklets.locking import lock, may_lock, unlock
from app.booklets.models import Attainment, Booklet
from app.booklets.selection import Picked
from app.booklets.settings import let_teachers_lock
from app.core.actor import SYSTEM, Actor
from app.core.db import admin_db
from app.core.errors import Forbidden, TransitionRefused
from app.core.scope import school_scope
from app.core.uow import unit_of_work
from app.jobs import services as jobs
from app.jobs.models import JobLine
from app.jobs.storage import Storage, use_storage
from app.schools.models import DivisionStaff, School
from app.schools.people import Pupil
from app.security.services import create_user
from app.workflow import bulk
from tests.booklets.factories import fill, make_class
from tests.factories import World, add, make_staff
from tests.statements import statements

HEAD = Actor.person(1, "Odile Marchenoir", [("can_lock", "booklet"), ("can_unlock", "booklet")])
FIRST = Picked(1, 3)


@pytest.fixture
def school(world: World) -> Iterator[School]:
    """A collège, in its scope, in one unit of work."""
    with school_scope(world.a), unit_of_work() as session:
        yield session.get_one(School, world.a)


def states() -> list[str]:
    admin_db.session.expire_all()
    return list(admin_db.session.scalars(select(Booklet.state).order_by(Booklet.id)))


@pytest.mark.row("M044", "M045")
def test_what_is_complete_is_locked_and_the_others_say_what_they_lack(school: School) -> None:
    _, booklets = make_class(school)
    for booklet in booklets[:2]:
        fill(booklet)
    booklets[2].overall_comment = "Seul."
    outcome = lock(FIRST, actor=HEAD)
    assert outcome.done == 2 and states() == ["locked", "locked", "draft"]
    [refused] = outcome.refused
    assert refused.booklet_id == booklets[2].id and refused.division == "4C"
    said = [unmet.message for unmet in refused.reasons]
    assert "Français : positionnement ou moyenne, appréciation." in said and len(said) == 4
    assert lock(FIRST, actor=HEAD).done == 0, "those locked already are passed over"


@pytest.mark.row("M048")
def test_unlocking_asks_why_and_locking_again_works(school: School) -> None:
    _, [booklet] = make_class(school, pupils=1)
    fill(booklet)
    lock(FIRST, actor=HEAD)
    with pytest.raises(TransitionRefused), admin_db.session.begin_nested():
        unlock(FIRST, actor=HEAD, reason=" ")
    assert unlock(FIRST, actor=HEAD, reason="Une faute").done == 1 and states() == ["complete"]
    line = admin_db.session.scalars(select(AuditLine).where(AuditLine.action == "booklet.unlock")).one()
    assert line.personal == {"reason": "Une faute"} and line.actor_name == "Odile Marchenoir"
    assert lock(FIRST, actor=HEAD).done == 1
    with pytest.raises(TransitionRefused):
        unlock(FIRST, actor=Actor.person(2, "Un professeur", []), reason="x")


def test_a_class_a_level_or_ticked_booklets_only(school: School) -> None:
    one, first = make_class(school, pupils=2)
    other, second = make_class_like(school, "4D")
    for booklet in [*first, *second]:
        fill(booklet)
    assert lock(Picked(1, 3, one.id), actor=HEAD).done == 2
    assert lock(Picked(ids=(second[0].id,)), actor=HEAD).done == 1
    assert lock(Picked(2, 3), actor=HEAD).done == 0, "another period"
    assert lock(Picked(1, 3, level_id=987), actor=HEAD).done == 0, "another level"
    assert lock(Picked(1, 3, other.id), actor=HEAD).done == 1


def make_class_like(school: School, code: str) -> Any:
    """A second class with the items of the first."""
    from app.curriculum.models import TeachingItem
    from tests.booklets.factories import make_booklet, make_line
    from tests.factories import make_division, make_pupil

    division = make_division(school, code)
    items = list(admin_db.session.scalars(select(TeachingItem)))
    booklets = [make_booklet(school, make_pupil(school, division), division) for _ in range(2)]
    for booklet in booklets:
        for item in items:
            make_line(booklet, item)
    return division, booklets


def test_a_class_teacher_locks_the_own_class_only_when_the_head_allows_it(world: World) -> None:
    with school_scope(world.a), unit_of_work() as session:
        school = session.get_one(School, world.a)
        division, booklets = make_class(school, pupils=2)
        _, others = make_class_like(school, "4D")
        for booklet in [*booklets, *others]:
            fill(booklet)
        user = create_user(actor=SYSTEM, authority_id=world.authority, first_name="Noé", last_name="Vallon",
                           email="noe@example.org")
        staff = make_staff(school, user_id=user.id)
        add(DivisionStaff(school_id=school.id, division_id=division.id, staff_id=staff.id, is_class_teacher=True))
        teacher = Actor.person(user.id, "Noé Vallon", [("can_fill", "booklet")])
        with pytest.raises(Forbidden):
            lock(FIRST, actor=teacher)
        assert not may_lock(teacher, booklets[0])
        let_teachers_lock(True, actor=SYSTEM)
        assert may_lock(teacher, booklets[0]) and not may_lock(teacher, others[0])
        assert lock(FIRST, actor=teacher).done == 2
        assert sorted(states()) == ["draft", "draft", "locked", "locked"]
        with pytest.raises(TransitionRefused):
            unlock(FIRST, actor=teacher, reason="Une faute")


def many(school: School, count: int) -> None:
    """A class of `count` pupils, complete, written in bulk after the pattern of one."""
    division, [pattern] = make_class(school, pupils=1)
    fill(pattern)
    session = admin_db.session
    session.flush()
    row = {c.key: getattr(pattern, c.key) for c in Booklet.__table__.columns if c.key not in ("id", "state")}
    line = {c.key: getattr(pattern.attainments[0], c.key) for c in Attainment.__table__.columns if c.key != "id"}
    session.execute(insert(Pupil), [
        {"school_id": school.id, "source": "siecle", "source_id": f"m{n}", "last_name": f"ELEVE{n:04d}",
         "first_name": "Alix", "birth_date": pattern.birth_date} for n in range(count - 1)])  # fmt: skip
    ids = list(session.scalars(select(Pupil.id).where(Pupil.source_id.like("m%")).order_by(Pupil.id)))
    session.execute(insert(Booklet), [row | {"pupil_id": id, "last_name": f"ELEVE{n:04d}"} for n, id in enumerate(ids)])
    made = list(session.scalars(select(Booklet.id).where(Booklet.id != pattern.id)))
    items = [one.item_id for one in pattern.attainments]
    session.execute(insert(Attainment), [
        line | {"booklet_id": id, "item_id": item, "area_id": item} for id in made for item in items])  # fmt: skip


def test_815_booklets_of_which_31_are_incomplete(school: School) -> None:
    many(school, 815)
    session = admin_db.session
    short = list(session.scalars(select(Booklet.id).order_by(Booklet.id).limit(31)))
    for booklet in session.scalars(select(Booklet).where(Booklet.id.in_(short))):
        booklet.overall_comment = None
    session.flush()
    with statements() as sent:
        outcome = lock(FIRST, actor=HEAD)
    assert outcome.done == 784 and {one.booklet_id for one in outcome.refused} == set(short)
    assert all([u.code for u in one.reasons] == ["overall_comment_written"] for one in outcome.refused)
    assert len(sent) <= 20, "constant, however many booklets are locked or refused"
    with statements() as sent:
        assert unlock(FIRST, actor=HEAD, reason="Essai").done == 784
    assert len(sent) <= 8


def test_the_job_names_each_refused_pupil(world: World, tmp_path: Any) -> None:
    use_storage(Storage(tmp_path))
    with school_scope(world.a):
        with unit_of_work() as session:
            _, booklets = make_class(session.get_one(School, world.a))
            fill(booklets[0])
            fill(booklets[1])
            bulk.follow_many(Booklet, Booklet.school_id == world.a, session=session)
            name = booklets[2].shown_name
        params = FIRST.as_params()
        job = jobs.run_here(jobs.submit("booklets.lock", world.a, params, SYSTEM, "Verrouiller").id)
        assert job.state == "done" and job.result["done"] == 2
        assert [one["pupil"] for one in job.result["refused"]] == [name] and job.result["refused"][0]["reasons"]
        assert "Bilans verrouillés : 2." in job.message
        with unit_of_work() as session:
            assert name in session.scalars(select(JobLine.subject)).one()
        undone = jobs.run_here(jobs.submit("booklets.unlock", world.a, params | {"reason": "Essai"}, SYSTEM, "x").id)
        assert undone.result["done"] == 2
    use_storage(None)
