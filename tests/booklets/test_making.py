"""Making booklets: who gets one, with which lines, what the class remembers, its schemes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from sqlalchemy import func, select

from app.audit.models import AuditLine
from app.booklets.making import make_booklets, make_cycle_booklets, make_for_classes
from app.booklets.models import (
    Attainment,
    AttainmentElement,
    Booklet,
    BookletScheme,
    ClassElement,
    ClassExemption,
    ClassPathway,
    PositioningType,
)
from app.core.actor import SYSTEM
from app.core.db import admin_db
from app.core.scope import school_scope
from app.core.uow import unit_of_work
from app.curriculum.elements import element_ids
from app.curriculum.models import SupportScheme, TeachingItem, TeachingService
from app.schools.models import Division, DivisionStaff, GradeLevel, School
from app.schools.people import Enrolment, Pupil
from app.schools.periods import PeriodScheme
from tests.booklets.factories import make_area, make_items, make_scheme
from tests.factories import World, add, make_division, make_pupil, make_staff
from tests.statements import statements


@pytest.fixture
def college(world: World) -> Iterator[School]:
    """A collège in its scope, on both databases."""
    with school_scope(world.a), unit_of_work() as session:
        yield session.get_one(School, world.a)


@pytest.fixture
def ecole(world: World) -> Iterator[School]:
    """An école in its scope, on both databases."""
    with school_scope(world.ecole), unit_of_work() as session:
        yield session.get_one(School, world.ecole)


def ready_class(school: School, pupils: int = 3, code: str = "4C") -> tuple[Division, list[TeachingItem], list[Pupil]]:
    """A class with trimesters, its three subjects (or its areas) and pupils, and no booklet yet."""
    division = make_division(school, code)
    make_scheme(school, division)
    items = make_items(school)
    if school.kind == "college":
        for item in items:
            serve(division, item)
    return division, items, [make_pupil(school, division) for _ in range(pupils)]


def serve(division: Division, item: TeachingItem, **staff: Any) -> None:
    """Somebody teaches this subject to this class."""
    member = make_staff(admin_db.session.get_one(School, division.school_id), **staff) if staff else None
    add(TeachingService(school_id=division.school_id, division_id=division.id, item_id=item.id,
                        staff_id=member.id if member else None))


def level(code: str, cycle: int, rank: int) -> GradeLevel:
    """A level of the shipped list."""
    return add(GradeLevel(code=code, label=code, cycle=cycle, rank=rank))


def set_enrolment(pupil: Pupil, **facts: Any) -> None:
    """Change a pupil's year in the school."""
    enrolment = admin_db.session.scalars(select(Enrolment).where(Enrolment.pupil_id == pupil.id)).one()
    for name, value in facts.items():
        setattr(enrolment, name, value)
    admin_db.session.flush()


def booklets_of(pupil: Pupil) -> list[Booklet]:
    """In the order of the periods."""
    mine = select(Booklet).where(Booklet.pupil_id == pupil.id).order_by(Booklet.position)
    return list(admin_db.session.scalars(mine))


def count(model: type, *where: Any) -> int:
    return admin_db.session.scalar(select(func.count()).select_from(model).where(*where)) or 0


def test_one_booklet_per_pupil_and_period_with_the_lines_of_the_class(college: School) -> None:
    division, items, pupils = ready_class(college)
    assert make_booklets(division.id, actor=SYSTEM).booklets == 9
    assert count(Attainment) == 27
    first, second, third = booklets_of(pupils[0])
    assert [b.period_label for b in (first, second, third)] == ["Trimestre 1", "Trimestre 2", "Trimestre 3"]
    assert (first.model, first.state, first.division_label, first.period_count) == ("college", "draft", "4C", 3)
    assert {line.item_id for line in first.attainments} == {item.id for item in items}
    history = (AuditLine.action == "booklet.create", AuditLine.subject_type == "booklet")
    assert count(AuditLine, *history) == 9


def test_making_twice_makes_nothing(college: School) -> None:
    division, _, _ = ready_class(college)
    make_booklets(division.id, actor=SYSTEM)
    assert make_booklets(division.id, actor=SYSTEM).booklets == 0
    assert (count(Booklet), count(Attainment)) == (9, 27)


def test_a_class_without_periods_is_named_and_the_others_go_on(college: School) -> None:
    division, _, _ = ready_class(college)
    bare = make_division(college, "3A")
    make_pupil(college, bare)
    made = make_for_classes([bare.id, division.id], actor=SYSTEM)
    assert (made.booklets, made.unset) == (9, ("3A",))


def test_only_who_is_there_in_the_period(college: School) -> None:
    division, _, (late, gone, always) = ready_class(college)
    set_enrolment(late, starts_on=date(2026, 12, 1))
    set_enrolment(gone, ends_on=date(2026, 12, 1))
    make_booklets(division.id, actor=SYSTEM)
    assert [[b.position for b in booklets_of(pupil)] for pupil in (late, gone, always)] == [[2, 3], [1, 2], [1, 2, 3]]


def test_a_subject_with_two_teachers_and_one_with_none(college: School) -> None:
    division, (french, maths, history), [pupil] = ready_class(college, pupils=1)
    serve(division, french, last_name="BELHAJ", title="M.")
    serve(division, french, last_name="AUBRAC", title="MME")
    serve(division, maths, last_name="PARTI", ended_on=date(2020, 1, 1))
    make_booklets(division.id, actor=SYSTEM)
    shown = {line.item_id: line.teachers for line in booklets_of(pupil)[0].attainments}
    assert shown == {french.id: "Mme AUBRAC, M. BELHAJ", maths.id: None, history.id: None}


def test_areas_and_level_of_a_class_of_two_levels(ecole: School) -> None:
    division, areas, (cp, cm1, gs) = ready_class(ecole, code="CP-CM1")
    art = add(TeachingItem(school_id=ecole.id, kind="area", code="STC-RAC", label="Sciences", short_label="Sciences",
                           cycle=3))
    for pupil, code, cycle, rank in ((cp, "CP", 2, 40), (cm1, "CM1", 3, 70), (gs, "GS", 1, 30)):
        set_enrolment(pupil, grade_level_id=level(code, cycle, rank).id)
    make_booklets(division.id, actor=SYSTEM)
    younger, older = booklets_of(cp)[0], booklets_of(cm1)[0]
    assert (younger.cycle, younger.level_label, older.cycle, older.level_label) == (2, "CP", 3, "CM1")
    assert {line.item_id for line in younger.attainments} == {area.id for area in areas}
    assert [line.item_id for line in older.attainments] == [art.id]
    assert booklets_of(gs) == []
    child = next(area for area in areas if area.parent_id)
    assert {line.area_id for line in younger.attainments if line.item_id == child.id} == {child.parent_id}


def test_the_class_staff_teaches_every_area_unless_somebody_is_named(ecole: School) -> None:
    division, areas, [pupil] = ready_class(ecole, pupils=1)
    for name, leads in (("FAUVEL", True), ("DURAND", False)):
        member = make_staff(ecole, last_name=name, title="MME")
        add(DivisionStaff(school_id=ecole.id, division_id=division.id, staff_id=member.id, is_class_teacher=leads))
    sport = next(area for area in areas if area.code == "EPS-RAC")
    serve(division, sport, last_name="ROUX", title="M.")
    make_booklets(division.id, actor=SYSTEM)
    booklet = booklets_of(pupil)[0]
    assert booklet.class_teachers == "Mme FAUVEL"
    shown = {line.item_id: line.teachers for line in booklet.attainments}
    assert shown.pop(sport.id) == "M. ROUX"
    assert set(shown.values()) == {"Mme DURAND, Mme FAUVEL"}


def test_what_the_class_entered_reaches_who_comes_later(college: School) -> None:
    division, (french, maths, _), _ = ready_class(college, pupils=1)
    make_booklets(division.id, actor=SYSTEM)
    place = {"school_id": college.id, "division_id": division.id, "position": 1, "period_count": 3}
    [element] = element_ids(["Lire et comprendre un texte."])
    add(ClassElement(**place, item_id=french.id, element_id=element))
    add(ClassElement(**place, item_id=french.id, element_id=element, level_code="5E"))
    add(ClassPathway(**place, code="PAR_CIT", text="Visite du Parlement."))
    add(ClassExemption(**place, item_id=maths.id, reason="Professeur non remplacé"))
    late = make_pupil(college, division)
    assert make_booklets(division.id, actor=SYSTEM).booklets == 3
    first, second, _ = booklets_of(late)
    lines = {line.item_id: line for line in first.attainments}
    assert [held.element.text for held in lines[french.id].elements] == ["Lire et comprendre un texte."]
    assert lines[maths.id].not_assessed == "Professeur non remplacé"
    assert [(held.code, held.text) for held in first.pathways] == [("PAR_CIT", "Visite du Parlement.")]
    assert count(AttainmentElement) == 1 and second.pathways == []


@pytest.mark.row("M021")
def test_a_scheme_is_attached_when_it_shares_a_day_with_the_period(college: School) -> None:
    division, _, [pupil] = ready_class(college, pupils=1)
    dates = ((date(2026, 11, 30), date(2026, 12, 1)), (date(2027, 3, 11), date(2027, 3, 11)), (date(2026, 8, 1), None))
    for code, (starts_on, ends_on) in zip(("PPRE", "PAI", "PAP"), dates, strict=True):
        add(SupportScheme(school_id=college.id, pupil_id=pupil.id, code=code, starts_on=starts_on, ends_on=ends_on,
                          complement="Lecture" if code == "PPRE" else None))
    make_booklets(division.id, actor=SYSTEM)
    assert [sorted(s.code for s in b.schemes) for b in booklets_of(pupil)] == [
        ["PAP", "PPRE"], ["PAI", "PAP", "PPRE"], ["PAP"]]  # fmt: skip
    assert count(BookletScheme, BookletScheme.complement == "Lecture") == 2


def test_the_scale_of_the_level(college: School) -> None:
    division, _, [pupil] = ready_class(college, pupils=1)
    grade = level("4E", 4, 110)
    division.grade_level_id = grade.id
    add(PositioningType(school_id=college.id, grade_level_id=grade.id, scale="marks", scale_max=10))
    make_booklets(division.id, actor=SYSTEM)
    assert {(b.scale, b.scale_max, b.cycle) for b in booklets_of(pupil)} == {("marks", 10, 4)}


def test_end_of_cycle_booklets_are_for_the_last_level_of_a_cycle(college: School) -> None:
    division, _, (sixth, fifth, gone) = ready_class(college)
    last = level("6E", 3, 90)
    set_enrolment(sixth, grade_level_id=last.id)
    set_enrolment(fifth, grade_level_id=level("5E", 4, 100).id)
    set_enrolment(gone, grade_level_id=last.id, ends_on=date(2026, 12, 1))
    assert make_cycle_booklets([division.id], actor=SYSTEM).booklets == 1
    assert make_cycle_booklets([division.id], actor=SYSTEM).booklets == 0
    [booklet] = booklets_of(sixth)
    assert (booklet.model, booklet.cycle_end, booklet.period_label) == ("cycle", 3, "Fin du cycle 3")
    assert booklet.attainments == []


def test_as_many_statements_for_thirty_pupils_as_for_three(college: School) -> None:
    seen = []
    for number, code in ((3, "4A"), (30, "4B")):
        division = make_division(college, code)
        scheme = add_scheme(college, division)
        for item in admin_db.session.scalars(select(TeachingItem)).all() or make_items(college):
            serve(division, item)
        for _ in range(number):
            make_pupil(college, division)
        with statements() as sent:
            assert make_booklets(division.id, actor=SYSTEM).booklets == number * 3
        seen.append(len(sent))
        assert scheme is not None
    assert seen[0] == seen[1] <= 25


def add_scheme(school: School, division: Division) -> Any:
    """Its own trimesters: a label is unique in a school."""
    for number, known in enumerate(admin_db.session.scalars(select(PeriodScheme)).all()):
        known.label = f"Trimestre, {number}"
    admin_db.session.flush()
    return make_scheme(school, division)


def test_another_schools_class_is_not_there(college: School, world: World) -> None:
    with school_scope(world.b):
        other = make_division(admin_db.session.get_one(School, world.b), "4Z")
    assert make_booklets(other.id, actor=SYSTEM).booklets == 0


def test_an_area_of_the_same_code_in_another_cycle_stays_out(ecole: School) -> None:
    division, areas, [pupil] = ready_class(ecole, pupils=1)
    retired = make_area(ecole, "EMC-RAC", "Enseignement moral et civique", 90)
    retired.retired = True
    admin_db.session.flush()
    make_booklets(division.id, actor=SYSTEM)
    assert {line.item_id for line in booklets_of(pupil)[0].attainments} == {area.id for area in areas}
