"""Programme elements of a class: every booklet gets them, adaptations stay, nothing is overwritten unseen."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from app.audit.models import AuditLine
from app.booklets.class_elements import (
    MOST_ELEMENTS,
    Place,
    class_levels,
    class_lists,
    merged,
    other_lists,
    write_class_elements,
)
from app.booklets.entry import CHANGE
from app.booklets.line_elements import ListChanged
from app.booklets.making import make_booklets
from app.booklets.models import Attainment, AttainmentElement, Booklet
from app.booklets.pupil_elements import adapted_pupils, pupil_list, write_pupil_elements
from app.core.actor import SYSTEM, Actor
from app.core.db import admin_db
from app.core.errors import BadInput, Conflict, Forbidden, NotFound
from app.core.scope import school_scope
from app.core.uow import unit_of_work
from app.curriculum.models import CurriculumElement, TeachingItem, TeachingService
from app.schools.models import Division, GradeLevel, School
from app.workflow import engine
from tests.booklets.factories import fill, make_class
from tests.booklets.staffroom import someone
from tests.factories import World, add, make_pupil
from tests.statements import statements


@pytest.fixture
def school(world: World) -> Iterator[School]:
    """A collège, in its scope, on both databases."""
    with school_scope(world.a), unit_of_work() as session:
        yield session.get_one(School, world.a)


@pytest.fixture
def head(school: School) -> Actor:
    return someone(school, "head")


def place_of(division: Division, booklets: list[Booklet], level_code: str = "") -> Place:
    return Place(division.id, 1, 3, booklets[0].attainments[0].item_id, level_code)


def texts_on(booklet: Booklet, item_id: int) -> list[str]:
    """The elements of one line, in order."""
    found = (
        select(CurriculumElement.text)
        .join(AttainmentElement, AttainmentElement.element_id == CurriculumElement.id)
        .join(Attainment, Attainment.id == AttainmentElement.attainment_id)
        .where(Attainment.booklet_id == booklet.id, Attainment.item_id == item_id)
        .order_by(AttainmentElement.position)
    )
    return list(admin_db.session.scalars(found))


def base_of(place: Place) -> str:
    found = class_lists(place).get(place.level_code)
    return found.key if found else ""


def lock(booklet: Booklet) -> None:
    fill(booklet)
    admin_db.session.expire_all()
    engine.follow(booklet)
    engine.apply(booklet, "lock", actor=SYSTEM)


@pytest.mark.row("M030", "M033")
def test_every_booklet_of_the_class_gets_the_list_in_order(school: School, head: Actor) -> None:
    division, booklets = make_class(school)
    place = place_of(division, booklets)
    written = write_class_elements(place, ["Lire", "Écrire", " Lire ", ""], "", actor=head)
    assert (written.changed, written.sealed, written.own) == (3, 0, 0)
    assert [texts_on(b, place.item_id) for b in booklets] == [["Lire", "Écrire"]] * 3
    write_class_elements(place, ["Écrire", "Lire", "Dire"], base_of(place), actor=head)
    assert [texts_on(b, place.item_id) for b in booklets] == [["Écrire", "Lire", "Dire"]] * 3
    assert class_lists(place)[""].texts == ("Écrire", "Lire", "Dire")
    write_class_elements(place, [], base_of(place), actor=head)
    assert [texts_on(b, place.item_id) for b in booklets] == [[]] * 3
    other = booklets[0].attainments[1].item_id
    assert texts_on(booklets[0], other) == []


def test_each_change_is_in_the_history_of_its_booklet(school: School, head: Actor) -> None:
    division, booklets = make_class(school, pupils=2)
    place = place_of(division, booklets)
    write_class_elements(place, ["Lire"], "", actor=head)
    write_class_elements(place, ["Lire", "Écrire"], base_of(place), actor=head)
    lines = admin_db.session.scalars(
        select(AuditLine).where(AuditLine.action == CHANGE, AuditLine.subject_id == booklets[0].id)).all()  # fmt: skip
    assert [line.personal for line in lines] == [{"before": "", "after": "Lire"},
                                                 {"before": "Lire", "after": "Lire\nÉcrire"}]  # fmt: skip
    assert lines[0].data == {"place": f"line-{booklets[0].attainments[0].id}-elements", "item": "Français"}
    assert lines[0].actor_name == head.name


@pytest.mark.row("M033")
@pytest.mark.parametrize(("text", "length"), [
    ("é" * 300, 300), ("e\u0301" * 300, 300), ("a\r\nb", 3), ("🙂" * 300, 300), ("القراءة", 7), ("x" * 299 + " ", 299),
])  # fmt: skip
def test_texts_up_to_the_limit_are_kept_whole(school: School, head: Actor, text: str, length: int) -> None:
    division, booklets = make_class(school, pupils=1)
    place = place_of(division, booklets)
    write_class_elements(place, [text], "", actor=head)
    [kept] = texts_on(booklets[0], place.item_id)
    assert len(kept) == length and "\r" not in kept


@pytest.mark.row("M033")
@pytest.mark.parametrize("texts", [["é" * 301], ["Lire", "🙂" * 301], [f"Élément {n}" for n in range(31)]])
def test_what_is_too_long_is_refused_whole(school: School, head: Actor, texts: list[str]) -> None:
    assert MOST_ELEMENTS == 30
    division, booklets = make_class(school, pupils=1)
    with pytest.raises(BadInput) as refusal:
        write_class_elements(place_of(division, booklets), texts, "", actor=head)
    assert "caractères" in refusal.value.message or "éléments" in refusal.value.message
    assert texts_on(booklets[0], booklets[0].attainments[0].item_id) == []


def test_a_locked_booklet_stays_and_is_counted(school: School, head: Actor) -> None:
    division, booklets = make_class(school)
    place = place_of(division, booklets)
    lock(booklets[0])
    before = texts_on(booklets[0], place.item_id)
    written = write_class_elements(place, ["Débattre"], "", actor=head)
    assert (written.changed, written.sealed) == (2, 1)
    assert texts_on(booklets[0], place.item_id) == before
    engine.apply(booklets[0], "unlock", actor=SYSTEM, reason="Oubli")
    again = write_class_elements(place, ["Débattre", "Écouter"], base_of(place), actor=head)
    assert (again.changed, again.own) == (3, 1)
    assert texts_on(booklets[0], place.item_id) == ["Écouter", *before]


@pytest.mark.row("M032")
def test_two_who_write_see_both_lists(school: School, head: Actor) -> None:
    division, booklets = make_class(school, pupils=1)
    place = place_of(division, booklets)
    write_class_elements(place, ["Lire"], "", actor=head)
    with pytest.raises(ListChanged) as clash:
        write_class_elements(place, ["Écrire"], "", actor=head)
    assert clash.value.now == ["Lire"]
    assert texts_on(booklets[0], place.item_id) == ["Lire"]
    write_class_elements(place, ["Écrire"], clash.value.base, actor=head)
    assert texts_on(booklets[0], place.item_id) == ["Écrire"]
    replay = write_class_elements(place, ["Écrire"], "", actor=head)
    assert replay.changed == 0


@pytest.mark.row("M030")
def test_a_class_of_two_levels(school: School, head: Actor) -> None:
    division, booklets = make_class(school, pupils=2)
    fourth = add(GradeLevel(code="4E", label="4e", cycle=4, rank=8))
    fifth = add(GradeLevel(code="5E", label="5e", cycle=4, rank=7))
    booklets[0].grade_level_id, booklets[1].grade_level_id = fourth.id, fifth.id
    admin_db.session.flush()
    place = place_of(division, booklets)
    assert class_levels(place.term) == {"5E": "5e", "4E": "4e"}
    write_class_elements(place, ["Lire"], "", actor=head)
    only = place_of(division, booklets, "4E")
    assert write_class_elements(only, ["Argumenter"], "", actor=head).changed == 1
    assert [texts_on(b, place.item_id) for b in booklets] == [["Lire", "Argumenter"], ["Lire"]]
    write_class_elements(place, ["Dire"], base_of(place), actor=head)
    assert [texts_on(b, place.item_id) for b in booklets] == [["Dire", "Argumenter"], ["Dire"]]
    with pytest.raises(NotFound):
        write_class_elements(place_of(division, booklets, "3E"), ["Rien"], "", actor=head)


@pytest.mark.row("M030")
def test_a_pupil_who_arrives_later_gets_what_the_class_entered(school: School, head: Actor) -> None:
    division, booklets = make_class(school)
    for line in booklets[0].attainments:
        add(TeachingService(school_id=school.id, division_id=division.id, item_id=line.item_id, staff_id=None))
    place = place_of(division, booklets)
    write_class_elements(place, ["Lire", "Écrire"], "", actor=head)
    late = make_pupil(school, division)
    make_booklets(division.id, actor=SYSTEM)
    made = admin_db.session.scalars(select(Booklet).where(Booklet.pupil_id == late.id, Booklet.position == 1)).one()
    assert texts_on(made, place.item_id) == ["Lire", "Écrire"]


def test_a_pupil_s_adaptation_stays_when_the_class_changes(school: School, head: Actor) -> None:
    division, booklets = make_class(school)
    place = place_of(division, booklets)
    write_class_elements(place, ["Lire", "Écrire"], "", actor=head)
    line = booklets[0].attainments[0].id
    mine = pupil_list(line, actor=head)
    assert (mine.texts, mine.of_class, mine.refusal) == (("Lire", "Écrire"), ("Lire", "Écrire"), None)
    assert write_pupil_elements(line, ["Lire à voix haute", "Lire"], mine.key, actor=head)
    assert [(p.own, p.count) for p in adapted_pupils(place)] == [(True, 2), (False, 2), (False, 2)]
    written = write_class_elements(place, ["Dire", "Écrire"], base_of(place), actor=head)
    assert (written.changed, written.own) == (3, 1)
    assert texts_on(booklets[0], place.item_id) == ["Dire", "Lire à voix haute"]
    assert texts_on(booklets[1], place.item_id) == ["Dire", "Écrire"]
    with pytest.raises(ListChanged):
        write_pupil_elements(line, ["Autre"], mine.key, actor=head)


def test_what_becomes_of_a_list() -> None:
    """Elements by number: what a pupil has, the class's list before and after."""
    assert merged((), (), (1, 2)) == (1, 2)
    assert merged((1, 2), (1, 2), (2, 3)) == (2, 3)
    assert merged((1, 9), (1, 2), (2, 3, 1)) == (3, 1, 9)
    assert merged((9,), (1,), ()) == (9,)
    assert merged((1, 2), (1, 2), ()) == ()


def test_who_does_not_teach_the_subject_is_refused(school: School, head: Actor) -> None:
    division, booklets = make_class(school, pupils=1)
    place = place_of(division, booklets)
    item = admin_db.session.get_one(TeachingItem, place.item_id)
    teacher = someone(school, "teacher", "Belhaj", teaches=((division, item),))
    other = someone(school, "teacher", "Osei", teaches=((division, booklets[0].attainments[1].item),))
    write_class_elements(place, ["Lire"], "", actor=teacher)
    for stranger in (other, someone(school, "secretary")):
        with pytest.raises(Forbidden):
            write_class_elements(place, ["Écrire"], base_of(place), actor=stranger)
    line = booklets[0].attainments[0].id
    assert pupil_list(line, actor=other).refusal
    with pytest.raises(Forbidden):
        write_pupil_elements(line, ["Écrire"], "", actor=other)
    with pytest.raises(NotFound):
        pupil_list(line, actor=someone(school, "teacher", "Nulle part"))
    assert texts_on(booklets[0], place.item_id) == ["Lire"]


def test_a_locked_pupil_is_refused(school: School, head: Actor) -> None:
    _, [booklet] = make_class(school, pupils=1)
    lock(booklet)
    line = booklet.attainments[0].id
    assert pupil_list(line, actor=head).sealed
    with pytest.raises(Conflict):
        write_pupil_elements(line, ["Écrire"], pupil_list(line, actor=head).key, actor=head)


def test_draft_and_complete_follow(world: World) -> None:
    """École: the third complete area makes the booklet complete; without its elements it is a draft again."""
    with school_scope(world.ecole), unit_of_work() as session:
        school = session.get_one(School, world.ecole)
        head = someone(school, "head")
        division, [booklet] = make_class(school, pupils=1)
        fill(booklet)
        session.expire_all()
        engine.follow(booklet)
        assert booklet.state == "complete"
        places = [Place(division.id, 1, 3, line.item_id) for line in booklet.attainments if line.item.code == "MAT-RAC"]
        line = next(line for line in booklet.attainments if line.item_id == places[0].item_id)
        write_pupil_elements(line.id, [], pupil_list(line.id, actor=head).key, actor=head)
        assert booklet.state == "draft"
        write_class_elements(places[0], ["Calculer"], "", actor=head)
        assert booklet.state == "complete"


def test_lists_that_can_be_copied(school: School, head: Actor) -> None:
    division, booklets = make_class(school, pupils=1)
    place = place_of(division, booklets)
    write_class_elements(place, ["Lire", "Écrire"], "", actor=head)
    later = Place(division.id, 2, 3, place.item_id)
    assert [(o.label, o.texts) for o in other_lists(later)] == [("4C – Trimestre 1", ("Lire", "Écrire"))]
    assert other_lists(place) == []


def test_the_number_of_statements_does_not_grow(school: School, head: Actor) -> None:
    division, booklets = make_class(school, pupils=30)
    place = place_of(division, booklets)
    with statements() as sent:
        write_class_elements(place, [f"Élément {n}" for n in range(10)], "", actor=head)
    assert len(sent) <= 32, len(sent)


def test_another_school_s_class_does_not_exist(world: World) -> None:
    with school_scope(world.a), unit_of_work() as session:
        division, booklets = make_class(session.get_one(School, world.a), pupils=1)
        place, line = place_of(division, booklets), booklets[0].attainments[0].id
    with school_scope(world.b), unit_of_work() as session:
        head = someone(session.get_one(School, world.b), "head")
        with pytest.raises(NotFound):
            write_class_elements(place, ["Lire"], "", actor=head)
        with pytest.raises(NotFound):
            pupil_list(line, actor=head)
