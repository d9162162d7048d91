"""When a booklet is complete: the rule on one booklet and the same rule in SQL, drawn at random and by hand."""

from __future__ import annotations

import random
from collections.abc import Iterator
from decimal import Decimal

import pytest
from sqlalchemy import delete, select

from app.booklets.models import AttainmentElement, BaseMastery, Booklet, BookletFault
from app.core import clock
from app.core.actor import Actor
from app.core.db import admin_db
from app.core.errors import TransitionRefused
from app.core.scope import school_scope
from app.core.uow import unit_of_work
from app.curriculum.reference import BASE_COMPONENTS
from app.schools.models import School
from app.workflow import bulk, catalogue, engine
from app.workflow.registry import conditions
from tests.booklets.factories import fill, make_booklet, make_class, make_element
from tests.factories import World, make_pupil

HEAD = Actor.person(1, "Odile Marchenoir", [("can_lock", "booklet"), ("can_unlock", "booklet")])


@pytest.fixture(params=["college", "ecole"])
def school(request: pytest.FixtureRequest, world: World) -> Iterator[School]:
    """A school of each kind, in its scope, on both databases."""
    school_id = world.a if request.param == "college" else world.ecole
    with school_scope(school_id), unit_of_work() as session:
        yield session.get_one(School, school_id)


def refresh(booklet: Booklet) -> Booklet:
    admin_db.session.flush()
    admin_db.session.expire_all()
    return booklet


@pytest.mark.row("M044")
def test_complete_follows_the_data_by_itself(school: School) -> None:
    _, booklets = make_class(school)
    where = Booklet.school_id == school.id
    assert bulk.follow_many(Booklet, where, session=admin_db.session) == {"complete": 0, "reopen": 0}
    fill(booklets[0])
    assert bulk.follow_many(Booklet, where, session=admin_db.session) == {"complete": 1, "reopen": 0}
    assert refresh(booklets[0]).state == "complete" and booklets[1].state == "draft"
    booklets[0].overall_comment = None
    assert bulk.follow_many(Booklet, where, session=admin_db.session) == {"complete": 0, "reopen": 1}
    assert refresh(booklets[0]).state == "draft"


@pytest.mark.parametrize("scale", ["marks", "letters"])
def test_marks_and_letters_count_as_positioning_does(school: School, scale: str) -> None:
    _, [booklet] = make_class(school, pupils=1, scale=scale)
    for line in fill(booklet).attainments:
        line.positioning = None
        line.average, line.letter = (Decimal("12.5"), None) if scale == "marks" else (None, "B")
    engine.follow(refresh(booklet))
    assert booklet.state == "complete"
    for line in booklet.attainments:
        line.average = line.letter = None
    engine.follow(refresh(booklet))
    assert booklet.state == "draft"


@pytest.mark.row("M042", "M045")
def test_a_refused_lock_says_what_is_missing_and_where(school: School) -> None:
    _, [booklet] = make_class(school, pupils=1)
    fill(booklet)
    first = booklet.attainments[0]
    first.comment = None
    booklet.areas_needed = 3
    refresh(booklet)
    engine.follow(booklet)
    with pytest.raises(TransitionRefused):
        engine.apply(booklet, "lock", actor=HEAD)
    unmet = engine.unmet_conditions(booklet, catalogue.ready("booklet").transition("complete").requires)
    assert ("attainment", first.id) in [u.record for u in unmet]
    assert any("appréciation" in u.message and "Français" in u.message for u in unmet)
    assert all(u.lifted_by.fr for u in unmet)


@pytest.mark.row("M026")
def test_a_blocking_line_of_an_import_stands_against_lock_and_edition(school: School) -> None:
    _, [booklet] = make_class(school, pupils=1)
    fill(booklet)
    engine.follow(refresh(booklet))
    fault = BookletFault(school_id=school.id, booklet_id=booklet.id, message="INE inconnu")
    admin_db.session.add(fault)
    admin_db.session.flush()
    assert [u.code for u in engine.explain(booklet, "lock", HEAD)] == ["no_blocking_line"]
    fault.settled_at = clock.now()
    admin_db.session.flush()
    engine.apply(booklet, "lock", actor=HEAD)


def test_not_followed_and_not_assessed_ask_nothing(world: World) -> None:
    with school_scope(world.a), unit_of_work() as session:
        _, [booklet] = make_class(session.get_one(School, world.a), pupils=1)
        fill(booklet)
        for line in booklet.attainments[:2]:
            line.comment = line.positioning = None
        booklet.attainments[0].followed, booklet.attainments[1].not_assessed = False, "Professeur non remplacé"
        engine.follow(refresh(booklet))
        assert booklet.state == "complete"


def test_the_end_of_a_cycle_needs_its_eight_components(world: World) -> None:
    with school_scope(world.a), unit_of_work() as session:
        school = session.get_one(School, world.a)
        booklet = make_booklet(school, make_pupil(school), model="cycle", overall_comment="Synthèse.")
        missing = engine.unmet_conditions(booklet, catalogue.ready("booklet").transition("complete").requires)
        assert [u.code for u in missing] == ["components_positioned"] * 8
        for code in BASE_COMPONENTS:
            session.add(BaseMastery(school_id=school.id, booklet_id=booklet.id, component=code, level=0))
        engine.follow(refresh(booklet))
        assert booklet.state == "complete"


def shake(booklet: Booklet, chance: random.Random) -> None:
    """Take away a few things from a complete booklet."""
    for line in list(booklet.attainments):
        for name in ("comment", "positioning"):
            if chance.random() < 0.12:
                setattr(line, name, None)
        if chance.random() < 0.12:
            line.not_assessed = "Absence"
        if chance.random() < 0.1:
            line.followed = False
        if chance.random() < 0.12:
            admin_db.session.execute(delete(AttainmentElement).where(AttainmentElement.attainment_id == line.id))
        elif chance.random() < 0.1:
            make_element(line, f"Autre élément {line.id}")
    if chance.random() < 0.15:
        booklet.overall_comment = None
    if chance.random() < 0.15:
        booklet.lateness = None
    booklet.areas_needed = chance.choice([None, 1, 2])
    booklet.life_needed = chance.choice([None, True, False])


def test_the_rule_on_one_and_the_rule_in_sql_agree(school: School) -> None:
    chance = random.Random(11)
    _, booklets = make_class(school, pupils=60)
    for booklet in booklets:
        shake(fill(booklet), chance)
    refresh(booklets[0])
    uses = catalogue.ready("booklet").transition("lock").requires
    answers = set()
    for use in uses:
        clause = conditions[use.name].clause(Booklet, **use.parameters)
        met = set(admin_db.session.scalars(select(Booklet.id).where(clause)))
        for booklet in booklets:
            answers.add((use.name, booklet.id in met))
            assert (booklet.id in met) is not conditions[use.name](booklet, **use.parameters), (use.name, booklet.id)
    assert {found for name, found in answers if name == "overall_comment_written"} == {True, False}
    assert len(answers) >= 6
