"""Tests and marks: who enters what, what a mark may be, clashes, groups, what is refused (M126–M128)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from app.audit.models import AuditLine
from app.booklets.entry import Change, Outcome
from app.booklets.models import Booklet, GroupPupil, GroupTeacher, Project, ProjectGroup, ProjectItem
from app.booklets.projects import delete_group
from app.core.actor import Actor
from app.core.db import admin_db
from app.core.errors import BadInput, Conflict, Forbidden, NotFound
from app.core.scope import school_scope
from app.core.uow import unit_of_work
from app.curriculum.models import TeachingItem
from app.online.gradebook import forecasts, lines_of, paper_seen, papers_of
from app.online.mark_entry import CHANGE, fill_test, mark_cell, save_marks
from app.online.marking import MarksChosen, choose_marks, marker_of
from app.online.models import MarksDueDate, OnlineSetting
from app.online.paper_entry import add_paper, change_paper, remove_paper
from app.online.papers import Mark, TestPaper
from app.schools.models import Division, School
from app.schools.people import Enrolment, Staff
from tests.booklets.factories import make_class
from tests.booklets.staffroom import someone
from tests.factories import World, add, make_programme, make_pupil
from tests.online.gradebook import give, make_paper
from tests.statements import statements

pytestmark = pytest.mark.row("M126")
TYPED = {"title": " Dictée  n° 3 ", "taken_on": "05/10/2026", "out_of": "20", "coefficient": "0,5"}


@dataclass
class Lesson:
    """A class of four pupils, its first subject, and the teacher of it."""

    school: School
    division: Division
    item: TeachingItem
    other: TeachingItem
    pupils: list[int]
    teacher: Actor
    booklets: list[Booklet]

    def choose(self, actor: Actor | None = None, **asked: str) -> MarksChosen:
        wanted = {"set": f"d{self.division.id}", "period": "1-3", "item": str(self.item.id)} | asked
        return choose_marks(marker_of(actor or self.teacher), wanted)


@pytest.fixture
def lesson(world: World) -> Iterator[Lesson]:
    with school_scope(world.a), unit_of_work() as session:
        school = session.get_one(School, world.a)
        division, booklets = make_class(school, pupils=4)
        first, second, *_ = (line.item for line in booklets[0].attainments)
        teacher = someone(school, "teacher", "Belhaj", teaches=((division, first),))
        yield Lesson(school, division, first, second, [b.pupil_id for b in booklets], teacher, booklets)


def say(paper: TestPaper, pupil: int, value: Any, base: Any = "", *, actor: Actor) -> Outcome:
    [outcome] = save_marks([Change(mark_cell(paper.id, pupil), value, base)], actor=actor)
    return outcome


def stored(paper: TestPaper) -> dict[int, Any]:
    rows = select(Mark.pupil_id, Mark.value, Mark.special).where(Mark.test_id == paper.id)
    return {row.pupil_id: row.special or row.value for row in admin_db.session.execute(rows)}


def test_a_teacher_adds_a_test_and_its_marks(lesson: Lesson) -> None:
    paper = add_paper(lesson.choose(), TYPED | {"publish": "1", "publish_on": "2026-10-12"}, actor=lesson.teacher)
    assert (paper.title, paper.coefficient, paper.publish_on) == ("Dictée n° 3", Decimal("0.5"), date(2026, 10, 12))
    assert (paper.division_id, paper.position, paper.period_count) == (lesson.division.id, 1, 3)
    a, b, c, d = lesson.pupils
    said = {a: "12,5", b: "abs", c: "7.25", d: "n.not"}
    found = save_marks([Change(mark_cell(paper.id, p), v, "") for p, v in said.items()], actor=lesson.teacher)
    assert [o.state for o in found] == ["saved"] * 4
    assert stored(paper) == {a: Decimal("12.5"), b: "ABS", c: Decimal("7.25"), d: "N.NOT"}
    assert {line.pupil_id: line.value for line in lines_of(paper)} == {a: "12,5", b: "ABS", c: "7,25", d: "N.NOT"}
    again = {a: "dis", b: "", c: "8", d: "0"}
    bases = {line.pupil_id: line.value for line in lines_of(paper)}
    save_marks([Change(mark_cell(paper.id, p), v, bases[p]) for p, v in again.items()], actor=lesson.teacher)
    assert stored(paper) == {a: "DIS", c: Decimal(8), d: Decimal(0)}
    [line] = papers_of(lesson.choose())
    assert (line.entered, line.average) == (3, Decimal("4.00"))
    lines = admin_db.session.scalars(select(AuditLine).where(AuditLine.action == CHANGE)).all()
    assert len(lines) == 8 and {line.subject_id for line in lines} == {paper.id}


@pytest.mark.row("M127")
@pytest.mark.parametrize(("typed", "state"), [
    ("20", "saved"), ("0", "saved"), ("20,01", "refused"), ("-1", "refused"), ("12,555", "refused"),
    ("douze", "refused"), ("Absent", "saved"), ("N. NOT", "saved"), ("disp", "saved"), ("NaN", "refused"),
    (" 7,5 ", "saved"), ("", "unchanged"), ("=1+1", "refused"),
])  # fmt: skip
def test_what_a_mark_may_be(lesson: Lesson, typed: str, state: str) -> None:
    paper = make_paper(lesson.division, lesson.item)
    found = say(paper, lesson.pupils[0], typed, actor=lesson.teacher)
    assert found.state == state
    assert state != "refused" or "de 0 à 20" in found.message and "N.NOT" in found.message


def test_a_replay_is_unchanged_and_two_people_are_asked(lesson: Lesson) -> None:
    paper, pupil = make_paper(lesson.division, lesson.item), lesson.pupils[0]
    head = someone(lesson.school, "head")
    assert say(paper, pupil, "12", actor=lesson.teacher).state == "saved"
    assert say(paper, pupil, "12,00", actor=lesson.teacher).state == "unchanged"
    found = say(paper, pupil, "15", "", actor=head)
    assert (found.state, found.shown, found.by) == ("clash", "12", "Camille Belhaj")
    assert say(paper, pupil, "15", "12", actor=head).state == "saved"


@pytest.mark.row("C05")
def test_only_who_teaches_it_enters_marks(lesson: Lesson, world: World) -> None:
    paper, pupil = make_paper(lesson.division, lesson.item), lesson.pupils[0]
    stranger = someone(lesson.school, "teacher", "Fauvel", teaches=((lesson.division, lesson.other),))
    for role in ("secretary", "cpe", "librarian"):
        assert "ne permet pas" in say(paper, pupil, "12", actor=someone(lesson.school, role)).message
    leader = someone(lesson.school, "teacher", "Ozanne", leads=lesson.division)
    for actor in (stranger, leader):
        assert "enseignants de la discipline" in say(paper, pupil, "12", actor=actor).message
        with pytest.raises(NotFound):
            paper_seen(marker_of(actor), paper.id)
        with pytest.raises(NotFound):
            change_paper(paper.id, TYPED, actor=actor)
        with pytest.raises(NotFound):
            remove_paper(paper.id, actor=actor)
    with pytest.raises(Forbidden):
        add_paper(lesson.choose(), TYPED, actor=stranger)
    assert [item.id for item in lesson.choose(stranger).items] == [lesson.other.id], "one's own subjects"
    assert lesson.choose(someone(lesson.school, "teacher", "Sans")).sets == []
    head = lesson.choose(someone(lesson.school, "head", "Marchenoir"))
    assert len(head.sets) >= 3 and head.item is not None and head.item.id == lesson.item.id
    assert stored(paper) == {}


def test_cells_that_do_not_exist_are_refused(lesson: Lesson, world: World) -> None:
    paper = make_paper(lesson.division, lesson.item)
    elsewhere = world.of[world.a]["pupils"][0]
    for test, pupil in ((paper.id, elsewhere), (paper.id + 99, lesson.pupils[0]), (paper.id, 10**8)):
        [found] = save_marks([Change(mark_cell(test, pupil), "12", "")], actor=lesson.teacher)
        assert (found.state, "rechargez" in found.message) == ("refused", True)


def test_another_schools_tests_do_not_exist(lesson: Lesson, world: World) -> None:
    paper, pupil = make_paper(lesson.division, lesson.item), lesson.pupils[0]
    admin_db.session.flush()
    with school_scope(world.b):
        head = someone(admin_db.session.get_one(School, world.b), "head", "ailleurs")
        assert say(paper, pupil, "12", actor=head).state == "refused"
        with pytest.raises(NotFound):
            remove_paper(paper.id, actor=head)


def test_a_pupil_who_left_keeps_the_marks(lesson: Lesson) -> None:
    paper, pupil = make_paper(lesson.division, lesson.item), lesson.pupils[0]
    give(paper, (pupil, 12))
    for enrolment in admin_db.session.scalars(select(Enrolment).where(Enrolment.pupil_id.in_(lesson.pupils[:2]))):
        enrolment.ends_on = date(2026, 10, 30)
    assert [line.pupil_id for line in lines_of(paper)] == [pupil, *lesson.pupils[2:]]
    assert say(paper, pupil, "13", "12", actor=lesson.teacher).state == "saved"
    assert say(paper, lesson.pupils[1], "13", actor=lesson.teacher).state == "refused"


def test_one_value_for_all(lesson: Lesson) -> None:
    paper = make_paper(lesson.division, lesson.item)
    give(paper, (lesson.pupils[0], 12))
    bases = {line.pupil_id: line.value for line in lines_of(paper)}
    fill_test(paper.id, "N.NOT", bases, actor=lesson.teacher, only_empty=True)
    assert list(stored(paper).values()).count("N.NOT") == 3
    left = fill_test(paper.id, "10", bases, actor=lesson.teacher, only_empty=False)
    assert [o.state for o in left].count("clash") == 3, "what the page showed before is no longer there"


@pytest.mark.parametrize(("field", "value", "said"), [
    ("title", "  ", "Contrôle"), ("title", "x" * 61, "Contrôle"), ("taken_on", "31/02/2027", "Date"),
    ("taken_on", "2025-10-05", "Date"), ("out_of", "0", "Noté sur"), ("out_of", "101", "Noté sur"),
    ("coefficient", "21", "Coefficient"), ("coefficient", "", "Coefficient"), ("publish_on", "", "Publier"),
])  # fmt: skip
def test_a_wrong_field_is_named(lesson: Lesson, field: str, value: str, said: str) -> None:
    typed = TYPED | {"publish": "1", "publish_on": "12/10/2026"} | {field: value}
    with pytest.raises(BadInput) as told:
        add_paper(lesson.choose(), typed, actor=lesson.teacher)
    assert told.value.sentence().startswith(said)


def test_a_test_is_changed_and_removed_with_its_marks(lesson: Lesson) -> None:
    paper = make_paper(lesson.division, lesson.item)
    give(paper, (lesson.pupils[0], 18))
    with pytest.raises(BadInput, match="18"):
        change_paper(paper.id, TYPED | {"out_of": "10"}, actor=lesson.teacher)
    assert change_paper(paper.id, TYPED | {"out_of": "40"}, actor=lesson.teacher) == ["title", "out_of", "coefficient"]
    assert change_paper(paper.id, TYPED | {"out_of": "40"}, actor=lesson.teacher) == []
    remove_paper(paper.id, actor=lesson.teacher)
    assert admin_db.session.scalars(select(Mark.id)).all() == []
    assert admin_db.session.scalars(select(TestPaper.id)).all() == []


def test_the_marks_of_a_group(lesson: Lesson) -> None:
    session, school = admin_db.session, lesson.school
    project = add(Project(school_id=school.id, school_year_id=school.school_year_id, kind="ap", title="Méthodes"))
    group = add(ProjectGroup(school_id=school.id, project_id=project.id, title="Groupe 1", position=1, period_count=3))
    add(ProjectItem(school_id=school.id, project_id=project.id, item_id=lesson.other.id))
    for booklet in lesson.booklets[:2]:
        add(GroupPupil(school_id=school.id, group_id=group.id, booklet_id=booklet.id))
    leader = someone(school, "teacher", "Fauvel")
    staff = session.scalars(select(Staff.id).where(Staff.user_id == leader.user_id)).one()
    add(GroupTeacher(school_id=school.id, group_id=group.id, item_id=lesson.other.id, staff_id=staff))
    chosen = lesson.choose(leader, set=f"g{group.id}", item=str(lesson.other.id))
    assert chosen.set is not None and chosen.period is not None
    assert (chosen.set.label, chosen.period.label) == ("AP – Groupe 1", "Trimestre 1")
    paper = add_paper(chosen, TYPED, actor=leader)
    assert [line.pupil_id for line in lines_of(paper)] == lesson.pupils[:2]
    assert say(paper, lesson.pupils[0], "14", actor=leader).state == "saved"
    assert say(paper, lesson.pupils[3], "14", actor=leader).state == "refused"
    assert say(paper, lesson.pupils[0], "15", "14", actor=lesson.teacher).state == "refused", "another subject"
    with pytest.raises(Conflict, match="contrôles"):
        delete_group(group.id, actor=someone(school, "head"))


@pytest.mark.row("M067", "M068")
def test_the_page_says_when_families_see_it(lesson: Lesson) -> None:
    paper = make_paper(lesson.division, lesson.item, publish_on=date(2026, 12, 13))
    programme = make_programme(lesson.school, "10310019110", "3EME")
    pupil = make_pupil(lesson.school, lesson.division, programme)
    assert pupil.id
    assert [told.day for _p, told in forecasts(paper)] == [date(2026, 12, 14)]
    add(OnlineSetting(school_id=lesson.school.id, marks_publication="scheduled"))
    [(label, told)] = [pair for pair in forecasts(paper) if pair[0] == "3EME"]
    assert label == "3EME" and told.day is None
    for day in (date(2026, 12, 12), date(2026, 12, 20)):
        add(MarksDueDate(school_id=lesson.school.id, programme_id=programme.id, division_id=lesson.division.id,
                         due_on=day))
    [(_label, told)] = [pair for pair in forecasts(paper) if pair[0] == "3EME"]
    assert told.day == date(2026, 12, 20), "the date before the teacher's is passed over"


def test_the_number_of_statements_does_not_grow_with_the_class(lesson: Lesson) -> None:
    paper = make_paper(lesson.division, lesson.item)
    admin_db.session.flush()
    counts = []
    for some in (lesson.pupils[:1], lesson.pupils[1:]):
        with statements() as seen:
            save_marks([Change(mark_cell(paper.id, p), "12", "") for p in some], actor=lesson.teacher)
        counts.append(len(seen))
    assert counts[1] <= counts[0] <= 20, counts
