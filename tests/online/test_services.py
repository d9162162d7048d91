"""Activation, opening and closing; what the academy adds, imposes and bars (M057–M061, M071)."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.core.actor import SYSTEM, Actor
from app.core.db import admin_db
from app.core.errors import BadInput, Forbidden, TransitionRefused
from app.core.scope import academy_scope, school_scope, system_scope
from app.core.uow import unit_of_work
from app.online.choices import set_lpc_delay
from app.online.models import SERVICES, AcademicService, OnlineService, ServiceRule
from app.online.rules import close_barred
from app.online.services import activate, list_services, move_services, offer_to_schools, service_lines, set_services
from app.online.settings import settings_of_school
from app.schools.models import School, SchoolYear
from app.schools.services import create_school
from tests.factories import World, uai

BARRED = ("Vous ne pouvez prétendre à ce téléservice : - soit vous n'êtes pas utilisateur du module Sconet "
          "correspondant, - soit vous n'êtes pas expérimentateur de ce téléservice.")  # fmt: skip


def rule(world: World, code: str, kind: str, school: int | None = None) -> None:
    """A decision of the academy."""
    with system_scope("test"), unit_of_work() as session:
        session.add(ServiceRule(authority_id=world.authority, school_id=school, code=code, kind=kind))


def states(school: int) -> dict[str, str]:
    with school_scope(school):
        return {service.code: service.state for service in list_services()}


@pytest.mark.row("M057")
def test_a_school_begins_without_online_services_and_activates_them_once(world: World) -> None:
    with school_scope(world.a):
        assert settings_of_school().activated_on is None
        activate(actor=SYSTEM)
        first = settings_of_school().activated_on
        assert first is not None
        activate(actor=SYSTEM)
        assert settings_of_school().activated_on == first
    assert set(states(world.a).values()) == {"closed"}
    with school_scope(world.b):
        assert settings_of_school().activated_on is None, "another school is not concerned"


@pytest.mark.row("M057")
def test_opening_a_service_is_activating(world: World) -> None:
    with school_scope(world.a):
        move_services(["marks"], "open", actor=SYSTEM)
        assert settings_of_school().activated_on is not None


@pytest.mark.row("M057", "M059")
def test_activation_asks_for_the_right_to_open(world: World) -> None:
    clerk = Actor.person(1, "Sabine Loriot", [("can_list", "service")])
    with school_scope(world.a):
        with pytest.raises(Forbidden):
            activate(actor=clerk)
        with pytest.raises(TransitionRefused):
            set_services({"marks": "open"}, actor=clerk)


@pytest.mark.row("M059", "M071")
def test_choices_are_stored_together_or_not_at_all(world: World) -> None:
    rule(world, "b2i", "barred")
    with school_scope(world.a):
        moved = set_services({"marks": "open", "absences": "open", "competences": "closed"}, actor=SYSTEM)
        assert {service.code for service in moved} == {"marks", "absences"}
        with pytest.raises(TransitionRefused):
            set_services({"marks": "closed", "b2i": "open"}, actor=SYSTEM)
        with pytest.raises(BadInput, match="Consultation des notes : choisissez"):
            set_services({"marks": "entrouvert"}, actor=SYSTEM)
        with pytest.raises(BadInput, match="Téléservice inconnu : cantine"):
            set_services({"cantine": "open"}, actor=SYSTEM)
    assert {code for code, state in states(world.a).items() if state == "open"} == {"marks", "absences"}


@pytest.mark.row("M060")
def test_what_is_barred_cannot_be_opened(world: World) -> None:
    rule(world, "marks", "barred")
    rule(world, "marks", "free", world.b)
    with school_scope(world.a), pytest.raises(TransitionRefused) as refused:
        move_services(["marks"], "open", actor=SYSTEM)
    assert [str(unmet) for unmet in refused.value.unmet] == [BARRED]
    with school_scope(world.b):
        move_services(["marks"], "open", actor=SYSTEM)
    assert states(world.b)["marks"] == "open", "the school's own rule wins"


@pytest.mark.row("M060")
def test_barring_closes_where_it_was_open_and_nowhere_else(world: World) -> None:
    for school in (world.a, world.b):
        with school_scope(school):
            move_services(["marks", "competences"], "open", actor=SYSTEM)
            set_lpc_delay("30", actor=SYSTEM)
    rule(world, "competences", "barred")
    rule(world, "competences", "free", world.b)
    with academy_scope(world.authority):
        assert close_barred("competences") == 1
    assert (states(world.a)["competences"], states(world.a)["marks"]) == ("closed", "open")
    assert states(world.b)["competences"] == "open"
    with school_scope(world.a):
        assert settings_of_school().lpc_delay == 30


@pytest.mark.row("M061")
def test_what_is_mandatory_opens_with_activation_and_cannot_be_closed(world: World) -> None:
    rule(world, "absences", "mandatory")
    with school_scope(world.a):
        activate(actor=SYSTEM)
        assert states(world.a) == dict.fromkeys(SERVICES, "closed") | {"absences": "open"}
        with pytest.raises(TransitionRefused, match="L'académie a rendu ce téléservice obligatoire"):
            set_services({"absences": "closed"}, actor=SYSTEM)


@pytest.mark.row("M061")
def test_without_rule_nothing_is_asked_of_a_school(world: World) -> None:
    with school_scope(world.a):
        assert {line.rule for line in service_lines()} == {None}
        move_services(list(SERVICES), "open", actor=SYSTEM)
        move_services(list(SERVICES), "close", actor=SYSTEM)
    assert set(states(world.a).values()) == {"closed"}


@pytest.mark.row("M059")
def test_a_service_of_the_academy_reaches_each_of_its_schools_closed(world: World) -> None:
    with academy_scope(world.authority), unit_of_work() as session:
        diary = AcademicService(authority_id=world.authority, label="Cahier de textes", url="https://cahier.example.org")
        session.add(diary)
        offer_to_schools(diary)
        code = f"academic-{diary.id}"
    for school in (world.a, world.b, world.ecole):
        assert states(school)[code] == "closed"
    with school_scope(world.a):
        assert [service.label for service in list_services()] == [*SERVICES.values(), "Cahier de textes"]
        move_services([code], "open", actor=SYSTEM)
    assert (states(world.a)[code], states(world.b)[code]) == ("open", "closed")


@pytest.mark.row("M059")
def test_a_new_school_has_the_services_of_its_academy(world: World) -> None:
    with system_scope("test"), unit_of_work() as session:
        session.add(AcademicService(authority_id=world.authority, label="Cahier", url="https://cahier.example.org"))
        year = session.get_one(SchoolYear, world.year)
        made = create_school(uai(990_044), name="Collège neuf", actor=SYSTEM, authority=("99", "x"),
                             first_year=year.first_year)  # fmt: skip
    with system_scope("test"):
        rows = admin_db.session.scalars(select(OnlineService).where(OnlineService.school_id == made.id)).all()
        assert len(rows) == len(SERVICES) + 1
        assert admin_db.session.get_one(School, made.id).authority_id == world.authority
