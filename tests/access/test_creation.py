"""Guardians' codes: who gets one, how it is kept, and what a second creation changes (M075–M081)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from app.access.models import VALID_STATES, AccessRefusal, ActivationCode
from app.access.queries import Selection, count_couples, couples
from app.access.services import NoServiceOpen, create_codes, new_row, readable, withdraw_unnotified
from app.core import clock, codes
from app.core.actor import SYSTEM, Actor
from app.core.db import admin_db
from app.core.errors import Conflict, NotFound, TransitionRefused
from app.core.scope import school_scope, system_scope
from app.core.uow import unit_of_work
from app.online.services import move_services
from app.schools.people import Enrolment, GuardianLink
from app.workflow import engine
from tests.factories import World
from tests.statements import statements

session = admin_db.session


def open_a_service(school: int) -> None:
    with school_scope(school):
        move_services(["booklets"], "open", actor=SYSTEM)


@pytest.mark.row("M077")
def test_without_an_open_service_nothing_is_created(world: World) -> None:
    with school_scope(world.a):
        with pytest.raises(NoServiceOpen) as refused:
            create_codes(Selection(), actor=SYSTEM)
        assert "Aucun téléservice n'est ouvert" in refused.value.message
        assert session.scalars(select(ActivationCode)).all() == []


@pytest.mark.row("M075", "M077", "M080")
def test_one_code_for_each_legal_couple_and_a_second_run_creates_none(world: World) -> None:
    open_a_service(world.a)
    with school_scope(world.a):
        with unit_of_work():  # a person to contact (no legal rank) does not qualify
            session.execute(
                update(GuardianLink).where(GuardianLink.guardian_id == world.of[world.a]["father"]).values(rank=None)
            )
        assert create_codes(Selection(), actor=SYSTEM).created == 3
        again = create_codes(Selection(), actor=SYSTEM)
        assert (again.created, again.already_valid) == (0, 3)
    with school_scope(world.b):
        assert session.scalars(select(ActivationCode)).all() == []


@pytest.mark.row("M078")
@pytest.mark.parametrize(("population", "created"), [("all", 4), ("programme", 4), ("division", 3)])
def test_selection_by_school_programme_or_division(world: World, population: str, created: int) -> None:
    open_a_service(world.a)
    mine = world.of[world.a]
    target = {"all": None, "programme": mine["programme"], "division": mine["divisions"][0]}[population]
    with school_scope(world.a):
        assert create_codes(Selection(population, target), actor=SYSTEM).created == created


@pytest.mark.row("M078", "M079")
def test_the_list_shows_every_couple_or_only_those_without_a_code(world: World) -> None:
    open_a_service(world.a)
    mine = world.of[world.a]
    with school_scope(world.a):
        create_codes(Selection("division", mine["divisions"][0]), actor=SYSTEM)
        everyone = couples(Selection())
        assert [c.division for c in everyone] == ["5B", "6A", "6A", "6A"]
        assert [c.code is not None for c in everyone] == [False, True, True, True]
        assert [c.guardian.id for c in couples(Selection(), only_without_code=True)] == [mine["other"]]
        assert count_couples(Selection()).without == 1


@pytest.mark.row("M076")
def test_a_code_is_shown_in_blocks_and_kept_sealed(world: World) -> None:
    open_a_service(world.a)
    with school_scope(world.a):
        create_codes(Selection(), actor=SYSTEM)
        code = session.scalars(select(ActivationCode)).first()
        shown = readable(code)
        assert [len(block) for block in shown.split(" - ")] == [4, 3, 3, 3]
        assert code.hint == shown[:4]
        assert codes.compact(shown).encode() not in code.sealed
        assert codes.compact(shown) not in code.lookup_hash


@pytest.mark.row("M080")
def test_a_couple_that_refused_gets_no_code(world: World) -> None:
    open_a_service(world.a)
    mine = world.of[world.a]
    with school_scope(world.a):
        with unit_of_work():
            session.add(AccessRefusal(school_id=world.a, guardian_id=mine["mother"], pupil_id=mine["pupils"][0]))
        outcome = create_codes(Selection(), actor=SYSTEM)
        assert (outcome.created, outcome.refused) == (3, 1)
        refused = {c.pupil.id: c.refused for c in couples(Selection()) if c.guardian.id == mine["mother"]}
        assert refused == {mine["pupils"][0]: True, mine["pupils"][1]: False}


@pytest.mark.row("M075")
def test_the_database_holds_one_valid_code_per_couple(world: World) -> None:
    open_a_service(world.a)
    mine = world.of[world.a]
    with school_scope(world.a):
        create_codes(Selection(), actor=SYSTEM)
        with pytest.raises(IntegrityError), unit_of_work():
            row = new_row(world.a, mine["mother"], mine["pupils"][0], clock.now())
            session.execute(insert(ActivationCode), [row])


@pytest.mark.row("M081")
def test_an_unnotified_access_can_be_taken_back_and_only_that_one(world: World) -> None:
    open_a_service(world.a)
    with school_scope(world.a):
        create_codes(Selection(), actor=SYSTEM)
        first, second, *_ = session.scalars(select(ActivationCode).order_by(ActivationCode.id)).all()
        engine.apply(second, "notify", actor=SYSTEM, notified_on=clock.today(), notified_mode="paper")
        ids = first.id, second.id
        taken = withdraw_unnotified(ids[0], actor=SYSTEM)
        assert (taken.state, taken.sealed) == ("invalidated", None)
        with pytest.raises(Conflict, match="déjà été notifié"):
            withdraw_unnotified(ids[1], actor=SYSTEM)
        assert create_codes(Selection(), actor=SYSTEM).created == 1
    with school_scope(world.b), pytest.raises(NotFound):
        withdraw_unnotified(ids[0], actor=SYSTEM)


@pytest.mark.row("M081")
def test_taking_back_needs_the_permission(world: World) -> None:
    open_a_service(world.a)
    with school_scope(world.a):
        create_codes(Selection(), actor=SYSTEM)
        code_id = session.scalar(select(ActivationCode.id))
        with pytest.raises(TransitionRefused):
            withdraw_unnotified(code_id, actor=Actor.person(1, "Une enseignante", []))
        assert session.scalars(select(ActivationCode.state)).all() == ["created"] * 4


@pytest.mark.row("M075")
def test_a_code_stays_valid_from_one_school_year_to_the_next(world: World) -> None:
    open_a_service(world.a)
    with school_scope(world.a):
        create_codes(Selection(), actor=SYSTEM)
    with clock.frozen(clock.now() + timedelta(days=400)), school_scope(world.a):
        assert create_codes(Selection(), actor=SYSTEM).created == 0
        assert set(session.scalars(select(ActivationCode.state))) <= set(VALID_STATES)


def test_pupils_who_left_get_no_code(world: World) -> None:
    open_a_service(world.a)
    with school_scope(world.a):
        with unit_of_work():
            gone = world.of[world.a]["pupils"][2]
            session.execute(update(Enrolment).where(Enrolment.pupil_id == gone).values(ends_on=clock.today()))
        assert create_codes(Selection(), actor=SYSTEM).created == 3


def test_creation_costs_at_most_ten_statements(world: World) -> None:
    open_a_service(world.a)
    with school_scope(world.a), statements() as sent:
        create_codes(Selection(), actor=SYSTEM)
    assert len(sent) <= 10, sent


def test_every_creation_has_its_audit_line(world: World) -> None:
    from app.audit.models import AuditLine

    open_a_service(world.a)
    with school_scope(world.a):
        create_codes(Selection(), actor=Actor("system", None, "essai"))
    with system_scope("reads the trail"):
        lines = session.scalars(select(AuditLine).where(AuditLine.action == "guardian_code.create")).all()
        assert [(line.school_id, line.actor_name) for line in lines] == [(world.a, "essai")] * 4
