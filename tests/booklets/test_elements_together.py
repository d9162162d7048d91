"""Programme elements written by two people at the very same moment, each with a connection of their own."""

from __future__ import annotations

from threading import Barrier

from sqlalchemy import func, select

from app.booklets.class_elements import Place, class_lists, write_class_elements
from app.booklets.line_elements import ListChanged
from app.booklets.models import AttainmentElement
from app.core.actor import Actor
from app.core.db import admin_db
from app.core.scope import school_scope
from app.core.uow import unit_of_work
from app.curriculum.models import CurriculumElement
from app.schools.models import School
from tests.booklets.factories import make_booklet, make_class, make_line
from tests.booklets.staffroom import someone
from tests.booklets.test_entry_together import together
from tests.factories import World, make_division, make_pupil

TEXTS = [f"Élément {n}" for n in range(8)]


def classes(world: World) -> tuple[list[Place], list[Actor]]:
    """The same subject in two classes, and two heads."""
    with school_scope(world.a), unit_of_work() as session:
        school = session.get_one(School, world.a)
        division, booklets = make_class(school)
        item = booklets[0].attainments[0].item
        other = make_division(school, "4D")
        make_line(make_booklet(school, make_pupil(school, other), other), item)
        places = [Place(division.id, 1, 3, item.id), Place(other.id, 1, 3, item.id)]
        return places, [someone(school, "head", name) for name in ("Marchenoir", "Vallon")]


def test_two_classes_get_the_same_new_elements_at_once(world: World) -> None:
    """Both begin before either ends, in opposite orders: each wording is there once, nobody is refused."""
    places, heads = classes(world)
    admin_db.session.remove()
    start = Barrier(2)

    def write(which: int) -> None:
        with school_scope(world.a):
            start.wait(30)
            write_class_elements(places[which], TEXTS[:: 1 - 2 * which], "", actor=heads[which])

    assert together(lambda: write(0), lambda: write(1)) == []
    with school_scope(world.a):
        assert admin_db.session.scalar(select(func.count(CurriculumElement.id))) == len(TEXTS)
        assert [class_lists(place)[""].texts for place in places] == [tuple(TEXTS), tuple(reversed(TEXTS))]
    admin_db.session.remove()


def test_of_two_lists_for_one_class_the_second_is_asked(world: World) -> None:
    """One is stored, the other person sees it; every booklet holds exactly the list that is stored."""
    places, heads = classes(world)
    admin_db.session.remove()
    start = Barrier(2)

    def write(which: int) -> None:
        with school_scope(world.a):
            start.wait(30)
            write_class_elements(places[0], TEXTS[which * 4 : which * 4 + 4], "", actor=heads[which])

    [refused] = together(lambda: write(0), lambda: write(1))
    assert isinstance(refused, ListChanged)
    with school_scope(world.a):
        kept = class_lists(places[0])[""]
        assert refused.now == list(kept.texts)
        held = select(AttainmentElement.element_id, func.count(AttainmentElement.id))
        found = admin_db.session.execute(held.group_by(AttainmentElement.element_id)).all()
        assert {row[0]: row[1] for row in found} == dict.fromkeys(kept.ids, 3)
    admin_db.session.remove()
