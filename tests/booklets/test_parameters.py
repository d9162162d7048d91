"""The workflow's parameters on screen (C08): the nearest wins, the academy may lock, open booklets follow."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.booklets.models import Booklet
from app.booklets.parameters import Given, apply_parameters, from_file, resolve, rows_here, set_parameter
from app.core.actor import SYSTEM, Actor
from app.core.db import admin_db
from app.core.errors import BadInput, Conflict, Forbidden, NotFound
from app.core.scope import academy_scope, school_scope
from app.core.uow import unit_of_work
from app.schools.models import GradeLevel, School
from app.workflow import engine
from tests.booklets.factories import fill, make_class
from tests.factories import World


def force(name: str, level: int | None = None) -> tuple[int, str, bool]:
    """The value in force in the current scope."""
    found = resolve(rows_here(admin_db.session()), name, level)
    return found.value, found.origin, found.locked


def test_the_nearest_wins(world: World) -> None:
    with school_scope(world.a):
        level = admin_db.session.scalars(select(GradeLevel.id)).first()
        assert force("areas_needed") == (from_file("areas_needed"), "file", False) == (3, "file", False)
        assert force("life_needed") == (1, "file", False)
    with academy_scope(world.authority):
        set_parameter("areas_needed", None, Given(4), actor=SYSTEM)
        set_parameter("areas_needed", level, Given(5), actor=SYSTEM)
    with school_scope(world.a):
        assert (force("areas_needed"), force("areas_needed", level)) == ((4, "academy", False), (5, "academy", False))
        set_parameter("areas_needed", None, Given(2, locked=True), actor=SYSTEM)
        assert (force("areas_needed"), force("areas_needed", level)) == ((2, "school", False), (2, "school", False))
        set_parameter("areas_needed", level, Given(1), actor=SYSTEM)
        assert force("areas_needed", level) == (1, "school", False)
    with school_scope(world.b):
        assert force("areas_needed") == (4, "academy", False)
    with academy_scope(world.authority):
        set_parameter("areas_needed", None, Given(6, locked=True), actor=SYSTEM)
    with school_scope(world.a):
        assert (force("areas_needed"), force("areas_needed", level)) == ((6, "academy", True), (5, "academy", True))
        with pytest.raises(Conflict, match="L'académie a fixé"):
            set_parameter("areas_needed", None, Given(1), actor=SYSTEM)
    with academy_scope(world.authority):
        set_parameter("areas_needed", None, Given(None), actor=SYSTEM)
    with school_scope(world.a):
        assert force("areas_needed") == (2, "school", False)


def test_open_booklets_follow_and_locked_ones_do_not(world: World) -> None:
    """School life no longer asked: the drafts that lacked only that are complete; asked again: drafts again."""
    with school_scope(world.a):
        with unit_of_work() as session:
            _, booklets = make_class(session.get_one(School, world.a))
            for booklet in booklets:
                fill(booklet)
            for booklet in booklets[1:]:
                booklet.lateness = None
        with unit_of_work() as session:
            session.expire_all()
            engine.follow(booklets[0])
            engine.apply(booklets[0], "lock", actor=SYSTEM)
        assert states() == ["draft", "draft", "locked"]
        set_parameter("life_needed", None, Given(0), actor=SYSTEM)
        assert states() == ["complete", "complete", "locked"]
        assert {b.life_needed for b in admin_db.session.scalars(select(Booklet)) if b.state == "locked"} == {None}
        set_parameter("life_needed", None, Given(None), actor=SYSTEM)
        assert states() == ["draft", "draft", "locked"]
    with academy_scope(world.authority):
        set_parameter("life_needed", None, Given(0, locked=True), actor=SYSTEM)
    with school_scope(world.a):
        assert states() == ["draft", "draft", "locked"], "the job has not passed yet"
        apply_parameters(actor=SYSTEM)
        assert states() == ["complete", "complete", "locked"]


def states() -> list[str]:
    """Of every booklet here."""
    admin_db.session.expire_all()
    return sorted(admin_db.session.scalars(select(Booklet.state)))


def test_refused(world: World) -> None:
    with school_scope(world.a):
        for name, value in (("areas_needed", 13), ("areas_needed", -1), ("life_needed", 2), ("state", 1)):
            with pytest.raises(BadInput):
                set_parameter(name, None, Given(value), actor=SYSTEM)
        with pytest.raises(NotFound):
            set_parameter("areas_needed", 987654, Given(3), actor=SYSTEM)
        with pytest.raises(Forbidden):
            set_parameter("areas_needed", None, Given(3), actor=Actor("user", 1, "Alix", frozenset()))
        assert force("areas_needed") == (3, "file", False)
