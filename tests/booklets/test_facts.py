"""What a booklet says, as facts: complete, in order, the same after a round trip, read in a few statements."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from app.booklets.facts import facts_of
from app.booklets.models import (
    BaseMastery,
    Booklet,
    BookletScheme,
    GroupPupil,
    GroupTeacher,
    Pathway,
    Project,
    ProjectGroup,
    ProjectItem,
)
from app.core.scope import school_scope
from app.core.uow import unit_of_work
from app.schools.models import School
from letters.booklet_types import BookletFacts, BookletLine, digest, from_plain, plain
from tests.booklets.factories import fill, make_booklet, make_class
from tests.factories import World, add, make_pupil, make_staff
from tests.statements import statements


def test_a_college_booklet(world: World) -> None:
    """Subjects with teachers, averages of pupil and class, projects, pathways, schemes, school life."""
    with school_scope(world.a), unit_of_work() as session:
        school = session.get_one(School, world.a)
        division, (first, second) = make_class(school, pupils=2, scale="marks")
        for booklet, marks in ((first, ("12.50", "8", "15")), (second, ("9.25", "11", "15"))):
            fill(booklet)
            for line, mark in zip(booklet.attainments, marks, strict=True):
                line.average = Decimal(mark)
        second.attainments[2].not_assessed = "Absent"
        _add_second_page(school, first)
        session.flush()
        facts, label = facts_of([first.id])[first.id], division.label
    assert [(line.label, line.average, line.class_average, line.teachers) for line in facts.lines] == [
        ("Français", "12,5", "10,9", "M. BELHAJ"), ("Mathématiques", "8", "9,5", "M. BELHAJ"),
        ("Histoire-géographie", "15", "15", "M. BELHAJ")]  # fmt: skip
    assert facts.lines[0].elements == ("Lire et comprendre un texte.",)
    [project] = facts.projects
    assert project.theme == "Transition écologique et développement durable"
    assert (project.subjects, project.teachers) == (("Français", "Mathématiques"), ("Mme OSEI",))
    assert (project.group_comment, project.comment) == ("Un livret documentaire.", "Des recherches précises.")
    assert [(p.label, p.text) for p in facts.pathways] == [("Parcours citoyen", "Élections des délégués.")]
    assert [(s.label, s.text) for s in facts.schemes] == [
        ("Programme personnalisé de réussite éducative", "Aide en lecture.")]
    assert facts.life and (facts.life.justified, facts.life.unjustified, facts.life.lateness) == (0, 0, 0)
    assert (facts.cycle, facts.levels, facts.year) == (4, ("5e", "4e", "3e"), "2026-2027")
    assert (facts.division, facts.period) == (label, "Trimestre 1")


def _add_second_page(school: School, booklet: Booklet) -> None:
    project = add(Project(school_id=school.id, school_year_id=school.school_year_id, kind="epi", theme="EPI_EDD",
                          title="L'eau et la ville"))
    lines = booklet.attainments[:2]
    for line in lines:
        add(ProjectItem(school_id=school.id, project_id=project.id, item_id=line.item_id))
    group = add(ProjectGroup(school_id=school.id, project_id=project.id, title="Groupe 1", position=1, period_count=3,
                             comment="Un livret documentaire."))
    teacher = make_staff(school, title="MME", last_name="OSEI")
    for line in lines:
        add(GroupTeacher(school_id=school.id, group_id=group.id, item_id=line.item_id, staff_id=teacher.id))
    own = {"school_id": school.id, "booklet_id": booklet.id}
    add(GroupPupil(group_id=group.id, comment="Des recherches précises.", **own))
    add(Pathway(code="PAR_CIT", text="Élections des délégués.", **own))
    add(BookletScheme(code="PPRE", complement="Aide en lecture.", **own))


def test_an_ecole_booklet_prints_what_says_something(world: World) -> None:
    """A sub-area follows its area; areas of which nothing is said are left out, unless a sub-area of theirs speaks."""
    with school_scope(world.ecole), unit_of_work() as session:
        _, [booklet] = make_class(session.get_one(School, world.ecole), pupils=1)
        by_label = {line.item.label: line for line in booklet.attainments}
        by_label["Langage oral"].positioning = 3
        by_label["Mathématiques"].comment = "Calcule vite et juste."
        session.flush()
        facts = facts_of([booklet.id])[booklet.id]
    assert [(line.label, line.depth) for line in facts.lines] == [
        ("Français", 0), ("Langage oral", 1), ("Mathématiques", 0)]
    assert facts.levels == ("CP", "CE1", "CE2")


def test_an_end_of_cycle_booklet(world: World) -> None:
    """The components in their official order, the complement, the synthesis."""
    with school_scope(world.a), unit_of_work() as session:
        school = session.get_one(School, world.a)
        booklet = make_booklet(school, make_pupil(school), model="cycle", complement_code="LCA", complement_level=2,
                               overall_comment="Prêt pour le lycée.")
        for code, level in (("REP_MND", 4), ("CPD_FRA", 3), ("CPD_ETR", 0)):
            add(BaseMastery(school_id=school.id, booklet_id=booklet.id, component=code, level=level))
        facts = facts_of([booklet.id])[booklet.id]
    assert [(m.code, m.level) for m in facts.masteries] == [("CPD_FRA", 3), ("CPD_ETR", 0), ("REP_MND", 4)]
    assert facts.complement and facts.complement.label == "Langues et cultures de l'Antiquité"
    assert (facts.lines, facts.overall_comment) == ((), "Prêt pour le lycée.")


def test_the_number_of_statements_does_not_grow(world: World) -> None:
    """Thirty booklets cost as many statements as two."""
    with school_scope(world.a), unit_of_work() as session:
        _, booklets = make_class(session.get_one(School, world.a), pupils=30, scale="marks")
        for booklet in booklets:
            fill(booklet)
        ids = [booklet.id for booklet in booklets]
        session.expire_all()
        with statements() as few:
            facts_of(ids[:2])
        with statements() as many:
            assert len(facts_of(ids)) == 30
    assert len(few) == len(many) <= 12


def test_another_school_s_booklet_is_not_read(world: World) -> None:
    """The scope decides, not the ids."""
    with school_scope(world.a), unit_of_work() as session:
        _, [booklet] = make_class(session.get_one(School, world.a), pupils=1)
    with school_scope(world.ecole):
        assert facts_of([booklet.id]) == {}


@pytest.fixture
def facts(world: World) -> BookletFacts:
    """A filled collège booklet."""
    with school_scope(world.a), unit_of_work() as session:
        _, [booklet] = make_class(session.get_one(School, world.a), pupils=1, scale="marks")
        fill(booklet)
        return facts_of([booklet.id])[booklet.id]


def test_plain_values_and_back(facts: BookletFacts) -> None:
    """What is stored and published gives the same facts again."""
    stored = json.loads(json.dumps(plain(facts)))
    assert from_plain(stored) == facts
    assert digest(from_plain(stored)) == digest(facts)


@pytest.mark.parametrize("change", [
    {"overall_comment": "Autre chose."}, {"class_teachers": None}, {"period": "Trimestre 2"}, {"life": None},
])  # fmt: skip
def test_another_word_is_another_digest(facts: BookletFacts, change: dict[str, Any]) -> None:
    """Whatever is said counts."""
    assert digest(replace(facts, **change)) != digest(facts)


def test_the_digest_leaves_the_class_aside(facts: BookletFacts) -> None:
    """A correction for another pupil moves the average of the class, and gives nobody else another number."""
    lines: tuple[BookletLine, ...] = tuple(replace(line, class_average="11,1") for line in facts.lines)
    assert lines != facts.lines
    assert digest(replace(facts, lines=lines)) == digest(facts)
