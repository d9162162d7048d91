"""Educational pathways of a class: carried to every booklet, a pupil's own text stays, limits, clashes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from app.booklets.cells import Cell
from app.booklets.class_pathways import (
    PathwaysChanged,
    class_pathways,
    pathways_of_school,
    pupil_pathways,
    write_class_pathways,
)
from app.booklets.entry import Change, save_cells
from app.booklets.making import make_booklets
from app.booklets.models import Booklet, Pathway
from app.core.actor import SYSTEM, Actor
from app.core.db import admin_db
from app.core.errors import BadInput, Forbidden, NotFound
from app.core.scope import school_scope
from app.core.uow import unit_of_work
from app.schools.models import School
from tests.booklets.factories import make_class
from tests.booklets.staffroom import someone
from tests.booklets.test_class_elements import lock
from tests.factories import World, make_pupil
from tests.statements import statements

CITIZEN, HEALTH = "Élection des délégués.", "Les gestes qui sauvent."


@pytest.fixture
def school(world: World) -> Iterator[School]:
    """A collège, in its scope, on both databases."""
    with school_scope(world.a), unit_of_work() as session:
        yield session.get_one(School, world.a)


@pytest.fixture
def head(school: School) -> Actor:
    return someone(school, "head")


def stored(booklet: Booklet) -> dict[str, str]:
    rows = admin_db.session.execute(select(Pathway.code, Pathway.text).where(Pathway.booklet_id == booklet.id))
    return {row.code: row.text for row in rows}


@pytest.mark.row("M037")
def test_three_in_an_ecole_and_one_more_in_a_college(world: World) -> None:
    with school_scope(world.ecole):
        assert list(pathways_of_school().values()) == [
            "Parcours citoyen", "Parcours d'éducation artistique et culturelle",
            "Parcours éducatif de santé"]  # fmt: skip
    with school_scope(world.a):
        assert list(pathways_of_school().values())[3:] == ["Parcours avenir"]


@pytest.mark.row("M030", "M037")
def test_every_booklet_gets_the_texts_and_a_late_one_too(school: School, head: Actor) -> None:
    division, booklets = make_class(school)
    term = (division.id, 1, 3)
    written = write_class_pathways(term, {"PAR_CIT": CITIZEN, "PAR_SAN": HEALTH, "PAR_ART": " "}, {}, actor=head)
    assert (written.changed, written.sealed, written.own) == (3, 0, 0)
    assert [stored(b) for b in booklets] == [{"PAR_CIT": CITIZEN, "PAR_SAN": HEALTH}] * 3
    late = make_pupil(school, division)
    make_booklets(division.id, actor=SYSTEM)
    made = admin_db.session.scalars(select(Booklet).where(Booklet.pupil_id == late.id, Booklet.position == 1)).one()
    assert stored(made) == {"PAR_CIT": CITIZEN, "PAR_SAN": HEALTH}
    write_class_pathways(term, {"PAR_CIT": ""}, {"PAR_CIT": CITIZEN}, actor=head)
    assert [stored(b) for b in (*booklets, made)] == [{"PAR_SAN": HEALTH}] * 4


def test_a_pupil_s_own_text_and_a_locked_booklet_stay(school: School, head: Actor) -> None:
    division, booklets = make_class(school)
    term = (division.id, 1, 3)
    write_class_pathways(term, {"PAR_CIT": CITIZEN}, {}, actor=head)
    save_cells([Change(Cell("pathway", booklets[0].id, "PAR_CIT"), "Délégué de la classe.", CITIZEN)], actor=head)
    lock(booklets[1])
    assert [p.own for p in pupil_pathways(term)] == [{"PAR_CIT"}, set(), set()]
    written = write_class_pathways(term, {"PAR_CIT": "Visite de la mairie."}, {"PAR_CIT": CITIZEN}, actor=head)
    assert (written.changed, written.sealed, written.own) == (1, 1, 1)
    assert [stored(b)["PAR_CIT"] for b in booklets] == ["Délégué de la classe.", CITIZEN, "Visite de la mairie."]


@pytest.mark.row("M038")
@pytest.mark.parametrize(("text", "length"), [("é" * 600, 600), ("e\u0301" * 600, 600), ("🙂" * 600, 600),
                                              ("a\r\n" * 200 + "b", 401), ("مسار المواطن", 12)])  # fmt: skip
def test_texts_up_to_the_limit(school: School, head: Actor, text: str, length: int) -> None:
    division, [booklet] = make_class(school, pupils=1)
    write_class_pathways((division.id, 1, 3), {"PAR_AVN": text}, {}, actor=head)
    assert len(stored(booklet)["PAR_AVN"]) == length


@pytest.mark.row("M038")
def test_over_the_limit_nothing_is_written(school: School, head: Actor) -> None:
    division, [booklet] = make_class(school, pupils=1)
    with pytest.raises(BadInput, match="601 caractères"):
        write_class_pathways((division.id, 1, 3), {"PAR_CIT": CITIZEN, "PAR_SAN": "é" * 601}, {}, actor=head)
    assert stored(booklet) == {}


def test_two_who_write_see_both_texts(school: School, head: Actor) -> None:
    division, [booklet] = make_class(school, pupils=1)
    term = (division.id, 1, 3)
    write_class_pathways(term, {"PAR_CIT": CITIZEN}, {"PAR_CIT": ""}, actor=head)
    with pytest.raises(PathwaysChanged) as clash:
        write_class_pathways(term, {"PAR_CIT": "Autre.", "PAR_SAN": HEALTH}, {"PAR_CIT": ""}, actor=head)
    assert clash.value.now == {"PAR_CIT": CITIZEN}
    assert class_pathways(term) == stored(booklet) == {"PAR_CIT": CITIZEN}


def test_who_may_write(school: School, head: Actor, world: World) -> None:
    division, booklets = make_class(school, pupils=1)
    term = (division.id, 1, 3)
    write_class_pathways(term, {"PAR_CIT": CITIZEN}, {}, actor=someone(school, "teacher", "Fauvel", leads=division))
    teacher = someone(school, "teacher", "Belhaj", teaches=((division, booklets[0].attainments[0].item),))
    with pytest.raises(Forbidden):
        write_class_pathways(term, {"PAR_CIT": "Autre."}, {"PAR_CIT": CITIZEN}, actor=teacher)
    with school_scope(world.b), pytest.raises(NotFound):
        write_class_pathways(term, {"PAR_CIT": "Autre."}, {}, actor=head)


def test_parcours_avenir_is_not_in_an_ecole(world: World) -> None:
    with school_scope(world.ecole), unit_of_work() as session:
        school = session.get_one(School, world.ecole)
        division, _ = make_class(school, pupils=1)
        with pytest.raises(BadInput):
            write_class_pathways((division.id, 1, 3), {"PAR_AVN": "Stage."}, {}, actor=someone(school, "head"))


def test_the_number_of_statements_does_not_grow(school: School, head: Actor) -> None:
    division, _ = make_class(school, pupils=30)
    texts = dict.fromkeys(("PAR_CIT", "PAR_ART", "PAR_SAN", "PAR_AVN"), CITIZEN)
    with statements() as sent:
        write_class_pathways((division.id, 1, 3), texts, {}, actor=head)
    assert len(sent) <= 22, len(sent)
