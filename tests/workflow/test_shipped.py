"""The files of `workflows/`: what DESIGN §4 says of each, and every transition of every one of them, run."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from app.access.models import ActivationCode
from app.audit.services import trail_of
from app.booklets.models import Booklet
from app.core import clock
from app.core.actor import SYSTEM, Actor
from app.core.db import admin_db
from app.core.errors import TransitionRefused
from app.core.scope import school_scope, system_scope
from app.core.uow import unit_of_work
from app.jobs.models import Job
from app.online.models import OnlineService, ServiceRule
from app.portal.models import Account
from app.security.roles import RESOURCES
from app.workflow import bulk, catalogue, engine
from app.workflow.definition import HOLDER, Transition, permission_pairs
from app.workflow.definition import SYSTEM as BY_SYSTEM
from app.workflow.history import history
from app.workflow.registry import conditions
from tests import factories
from tests.factories import World
from tests.workflow.samples import SAMPLES, SEALED, force, make

STATES = {
    "guardian_code": "created notified used refused invalidated",
    "account": "provisional confirmed lapsed closed",
    "service": "closed open",
    "job": "queued running done refused failed cancelled",
    "booklet": "draft complete locked edited",
}
NOON = datetime(2026, 11, 20, 11, 0, tzinfo=UTC)


def test_the_folder_is_without_fault() -> None:
    assert catalogue.check_all() == []
    assert set(STATES) <= set(catalogue.names())


@pytest.mark.row("C02")
@pytest.mark.parametrize("name", list(STATES))
def test_the_states_are_those_of_the_design_and_of_the_database(name: str) -> None:
    definition = catalogue.definition(name)
    assert list(definition.states) == STATES[name].split()
    model = {"guardian_code": ActivationCode, "account": Account, "service": OnlineService, "job": Job,
             "booklet": Booklet}[name]
    check = next(c for c in model.__table__.constraints if "state_known" in str(c.name))
    for state in definition.states:
        assert f"'{state}'" in str(check.sqltext)  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", list(STATES))
def test_every_permission_is_in_the_table_of_rights(name: str) -> None:
    for permission, resource in catalogue.definition(name).permissions():
        verbs = {verb for verbs in RESOURCES[resource].rights.values() for verb in verbs}
        assert permission.removeprefix("can_") in verbs, f"{resource}:{permission}"


def actor_for(transition: Transition) -> Actor:
    """Somebody who holds exactly what the transition asks for."""
    if pairs := permission_pairs(transition.allowed):
        return Actor.person(5, "Odile Marchenoir", pairs)
    return Actor("account", 5, "Une mère") if HOLDER in transition.allowed else SYSTEM


@pytest.mark.row("C02")
def test_every_transition_moves_records_and_does_the_same_for_one_as_for_many(world: World) -> None:
    for name in STATES:
        for transition in catalogue.ready(name).transitions.values():
            for source in transition.sources:
                _run_both_ways(world, name, transition, source)


def _run_both_ways(world: World, name: str, move: Transition, source: str) -> None:
    transition, actor, database = move.name, actor_for(move), SAMPLES[name].database
    with clock.frozen(NOON), system_scope("test"), unit_of_work(database) as session:
        one, other = (make(name, world, source, transition) for _ in range(2))
        model, trail = type(one), trail_of(type(one))
        before = session.scalar(select(func.count(trail.id)))
        reason = "Essai" if move.ask else None
        engine.apply(one, transition, actor=actor, reason=reason)
        session.flush()
        assert session.scalar(select(func.count(trail.id))) == before + 1
        outcome = bulk.apply_many(model, transition, model.id == other.id, actor=actor, session=session, reason=reason)
        assert (outcome.moved, outcome.refused) == (1, 0)
        assert session.scalar(select(func.count(trail.id))) == before + 2
        assert one.state == other.state == move.moves[source]
        assert one.version == other.version == 2
        assert _facts(one) == _facts(other)
        assert [e.sentence() for e in history(one)] == [e.sentence() for e in history(other)] == [str(move.done)]


def _facts(item: Any) -> dict[str, Any]:
    """The columns that do not tell one sample from another."""
    own = {"id", "guardian_id", "lookup_hash", "identifier", "identifier_key", "confirm_hash", "code", "pupil_id",
           "last_name", "first_name", "first_names", "birth_date"}
    return {c.key: getattr(item, c.key) for c in item.__table__.columns if c.key not in own}


@pytest.mark.parametrize("name", list(STATES))
def test_every_other_state_refuses(sqlite_world: World, name: str) -> None:
    definition, database = catalogue.ready(name), SAMPLES[name].database
    with system_scope("test"), unit_of_work(database):
        for transition in definition.transitions.values():
            for state in definition.states.keys() - transition.moves.keys():
                item = make(name, sqlite_world, state, transition.name)
                with pytest.raises(TransitionRefused) as caught:
                    engine.apply(item, transition.name, actor=SYSTEM, reason="x")
                assert [u.code for u in caught.value.unmet] == ["state"]


# Those of the booklet are many: tests/booklets/test_completeness.py draws them at random.
@pytest.mark.parametrize("name", [name for name in STATES if name != "booklet"])
def test_both_forms_of_the_shipped_conditions_agree(sqlite_world: World, name: str) -> None:
    """Each condition is met once and unmet once, on an object and in SQL."""
    definition, database = catalogue.ready(name), SAMPLES[name].database
    for use in {use.name for kind, use in definition.uses() if kind == "condition"}:
        answers = set()
        with system_scope("test"), unit_of_work(database) as session:
            for item in _both_kinds(use, name, sqlite_world):
                met = not conditions[use](item)
                answers.add(met)
                model = type(item)
                found = session.scalar(select(model.id).where(model.id == item.id, conditions[use].clause(model)))
                assert (found is not None) is met
        assert answers == {True, False}, use


def _both_kinds(condition: str, name: str, world: World) -> Any:
    """Objects of which the condition is true, and objects of which it is not; a new condition adds its case here."""
    if condition == "school_has_open_service":
        yield make(name, world, "created")
        force(admin_db, OnlineService, OnlineService.school_id == world.a, state="closed")  # b's stay open
        yield admin_db.session.scalars(select(ActivationCode)).one()
    elif condition == "has_served":
        yield from (make(name, world, "refused", t) for t in ("reinstate", "reinstate_used"))
    elif condition in ("service_not_barred", "service_not_mandatory"):
        kind = condition.removeprefix("service_not_")
        code = "marks" if kind == "barred" else "absences"
        for school, rule in ((None, kind), (world.b, "free")):
            factories.add(ServiceRule(authority_id=world.authority, code=code, school_id=school, kind=rule))
        mine = OnlineService.code.in_((code, "booklets")) & OnlineService.school_id.in_((world.a, world.b))
        yield from admin_db.session.scalars(select(OnlineService).where(mine))  # a school's own rule wins
    elif condition == "cancel_was_requested":
        yield from (make(name, world, "running", t) for t in ("stop", "finish"))
    elif condition in ("confirmation_link_alive", "confirmation_link_dead"):
        for until in (-1, 0, 1):
            with clock.frozen(NOON):
                item = make(name, world, "provisional")
                item.confirm_until = NOON + timedelta(seconds=until)
                yield item
    else:
        raise AssertionError(f"no case for {condition}")


@pytest.mark.row("C02", "M081")
@pytest.mark.parametrize("transition", ["use", "refuse", "replace", "invalidate"])
def test_the_readable_form_goes_when_a_code_is_used_or_ended(world: World, transition: str) -> None:
    """SECURITY_TRAPS 33: destroyed at use, invalidation and refusal, when only the first block stays as a hint."""
    with school_scope(world.a), unit_of_work():
        code = make("guardian_code", world, "notified")
        engine.apply(code, transition, actor=SYSTEM)
        assert (code.sealed, code.hint) == (None, "0AAA")


def test_a_code_can_be_notified_again_and_keeps_its_readable_form_until_used(world: World) -> None:
    with school_scope(world.a), unit_of_work():
        code = make("guardian_code", world, "created")
        for _ in range(2):
            engine.apply(code, "notify", actor=SYSTEM, notified_on=clock.today(), notified_mode="paper")
            assert (code.state, code.sealed, code.notified_mode) == ("notified", SEALED, "paper")
        assert code.version == 3


def test_a_code_carried_over_is_readable_until_its_letter_has_gone(world: World) -> None:
    """DESIGN §7: the family gets the new code although an account holds it already."""
    with school_scope(world.a), unit_of_work(), clock.frozen(NOON):
        code, told = make("guardian_code", world, "created"), make("guardian_code", world, "notified")
        for item in (code, told):
            engine.apply(item, "carry_over", actor=SYSTEM)
        assert (code.state, code.sealed, str(code.carried_over_on)) == ("used", SEALED, "2026-11-20")
        assert told.sealed is None  # its letter had gone before
        engine.apply(code, "notify", actor=SYSTEM, notified_on=clock.today(), notified_mode="email")
        assert (code.state, code.sealed) == ("used", None)


def test_allowing_again_leaves_the_old_code_dead(world: World) -> None:
    with school_scope(world.a), unit_of_work():
        code = make("guardian_code", world, "created")
        engine.apply(code, "refuse", actor=SYSTEM)
        engine.apply(code, "allow", actor=SYSTEM)
        assert code.state == "invalidated"
        assert engine.available(code, SYSTEM) == []


@pytest.mark.row("C02")
def test_a_set_stays_within_its_school(world: World) -> None:
    """The gate holds for every statement of a bulk transition; the trail says the school of each line."""
    with system_scope("test"), unit_of_work():
        for school in (world.a, world.b):
            code = make("guardian_code", world, "created")
            if school == world.b:
                people = world.of[world.b]
                table = ActivationCode.__table__
                moved = {"school_id": world.b, "guardian_id": people["mother"], "pupil_id": people["pupils"][0]}
                admin_db.session().connection().execute(table.update().where(table.c.id == code.id).values(moved))
    with school_scope(world.a), unit_of_work() as session:
        every = ActivationCode.id > 0
        outcome = bulk.apply_many(ActivationCode, "notify", every, actor=SYSTEM, session=session)
        assert (outcome.moved, outcome.refused) == (1, 0)
        assert bulk.explain_many(ActivationCode, "allow", every, actor=SYSTEM, session=session)[0].count == 1
    with system_scope("test"):
        states = select(ActivationCode.school_id, ActivationCode.state).order_by(ActivationCode.school_id)
        assert list(admin_db.session.execute(states)) == [(world.a, "notified"), (world.b, "created")]
        trail = trail_of(ActivationCode)
        lines = select(trail.school_id).where(trail.batch == outcome.batch)
        assert list(admin_db.session.scalars(lines)) == [world.a]


def test_only_the_application_takes_what_is_its_own() -> None:
    """No person, whatever the rights, starts a job, uses a code for somebody else or lapses an account."""
    everything = [pair for name in STATES for pair in catalogue.definition(name).permissions()]
    almighty = Actor.person(1, "Odile Marchenoir", everything)
    for name in STATES:
        for transition in catalogue.definition(name).transitions.values():
            if transition.allowed == (BY_SYSTEM,):
                assert not engine.permitted(transition, almighty)
