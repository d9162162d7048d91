"""Positioning types, level by level, before entry (M011)."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.booklets.models import Booklet
from app.booklets.positioning import level_types, set_type
from app.core.actor import SYSTEM, Actor
from app.core.db import admin_db
from app.core.errors import BadInput, Conflict, Forbidden, NotFound
from app.core.scope import school_scope
from app.core.uow import unit_of_work
from app.curriculum.reference import OBJECTIVES
from app.curriculum.services import ensure_grade_levels
from app.schools.models import GradeLevel, School
from tests.booklets.factories import make_class
from tests.factories import World


@pytest.fixture
def levels(world: World) -> dict[str, int]:
    """Level code → id, all the shipped ones."""
    with school_scope(world.a):
        ensure_grade_levels()
        return {row.code: row.id for row in admin_db.session.execute(select(GradeLevel.code, GradeLevel.id))}


def said(world: World, school: int) -> dict[str, str]:
    """Level → its type in words."""
    with school_scope(school):
        return {one.level.code: one.said for one in level_types() if one.level.code != "6EME"}  # the world's own


@pytest.mark.row("M011")
def test_four_objectives_until_somebody_chooses(world: World, levels: dict[str, int]) -> None:
    assert list(OBJECTIVES.values()) == ["Non atteints", "Partiellement atteints", "Atteints", "Dépassés"]
    assert list(said(world, world.ecole)) == ["CP", "CE1", "CE2", "CM1", "CM2"]
    assert set(said(world, world.ecole).values()) == {"Objectifs d'apprentissage"}
    assert {"5E", "4E", "3E"} <= set(said(world, world.a)) and "CM2" not in said(world, world.a)
    with school_scope(world.a):
        set_type(levels["4E"], "marks", "20", "", actor=SYSTEM)
        set_type(levels["3E"], "letters", "", "A, B,C", actor=SYSTEM)
        set_type(levels["4E"], "marks", "10", "", actor=SYSTEM)
    assert (said(world, world.a)["4E"], said(world, world.a)["3E"]) == ("Notes sur 10", "Lettres A, B, C")
    assert said(world, world.b)["4E"] == "Objectifs d'apprentissage"


@pytest.mark.row("M011")
def test_open_booklets_follow_until_they_hold_a_value(world: World, levels: dict[str, int]) -> None:
    with school_scope(world.a):
        with unit_of_work() as session:
            make_class(session.get_one(School, world.a), grade_level_id=levels["4E"])
        set_type(levels["4E"], "marks", "40", "", actor=SYSTEM)
        admin_db.session.expire_all()
        found = admin_db.session.scalars(select(Booklet)).all()
        assert {(one.scale, one.scale_max) for one in found} == {("marks", 40)}
        with unit_of_work():
            found[0].attainments[0].average = 12
        for scale in ("objectives", "letters"):
            with pytest.raises(Conflict, match="4e : 1 bilans ont déjà"):
                set_type(levels["4E"], scale, "", "A B", actor=SYSTEM)
        set_type(levels["4E"], "marks", "40", "", actor=SYSTEM)  # the same again changes nothing
    assert said(world, world.a)["4E"] == "Notes sur 40"


@pytest.mark.parametrize(
    ("scale", "scale_max", "letters"),
    [("stars", "", ""), ("marks", "0", ""), ("marks", "101", ""), ("marks", "²", ""), ("marks", "12,5", ""),
     ("marks", "", ""), ("letters", "", ""), ("letters", "", "A"), ("letters", "", "A A"), ("letters", "", "ABCDE F"),
     ("letters", "", " ".join(f"A{n}" for n in range(30)))],
)  # fmt: skip
def test_bad_choices(world: World, levels: dict[str, int], scale: str, scale_max: str, letters: str) -> None:
    with school_scope(world.a), pytest.raises(BadInput):
        set_type(levels["4E"], scale, scale_max, letters, actor=SYSTEM)
    assert said(world, world.a)["4E"] == "Objectifs d'apprentissage"


@pytest.mark.row("M011")
def test_an_ecole_has_the_objectives_only(world: World, levels: dict[str, int]) -> None:
    with school_scope(world.ecole):
        for scale in ("marks", "letters"):
            with pytest.raises(BadInput, match="quatre niveaux"):
                set_type(levels["CP"], scale, "20", "A B", actor=SYSTEM)
        with pytest.raises(NotFound):
            set_type(levels["4E"], "objectives", "", "", actor=SYSTEM)
    with school_scope(world.a), pytest.raises(Forbidden):
        set_type(levels["4E"], "marks", "20", "", actor=Actor("user", 1, "Alix", frozenset()))
