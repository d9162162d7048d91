"""Activating, opening and closing a school's online services through the `service` workflow (M057–M061, M071)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from sqlalchemy import insert, literal, select

from app.core.actor import Actor
from app.core.db import admin_db
from app.core.errors import BadInput
from app.core.uow import unit_of_work
from app.online.choices import mark_activated
from app.online.models import SERVICES, AcademicService, OnlineService
from app.online.rules import rule_clause
from app.schools.models import School
from app.workflow import engine

MOVES = {"open": "open", "closed": "close"}  # state asked for → transition


class ServiceLine(NamedTuple):
    """A service and what the academy decided about it: mandatory, barred, free, or nothing."""

    service: OnlineService
    rule: str | None


def service_lines() -> list[ServiceLine]:
    """The current school's services: the national ones in the order of the shipped list, then the academy's by name."""
    order = {code: position for position, code in enumerate(SERVICES)}
    rows = admin_db.session.execute(select(OnlineService, rule_clause(OnlineService)))
    lines = [ServiceLine(*row) for row in rows]
    return sorted(lines, key=lambda line: (order.get(line.service.code, len(order)), line.service.label))


def list_services() -> list[OnlineService]:
    """The same without what was decided about them."""
    return [line.service for line in service_lines()]


@unit_of_work()
def add_missing_services(school_id: int) -> None:
    """Give a school its closed row for every service of the nation and of its academy (a new school, a new service)."""
    session = admin_db.session
    known = set(session.scalars(select(OnlineService.code).where(OnlineService.school_id == school_id)))
    session.add_all(OnlineService(school_id=school_id, code=code) for code in SERVICES if code not in known)
    academy = select(School.authority_id).where(School.id == school_id).scalar_subquery()
    for own in session.scalars(select(AcademicService.id).where(AcademicService.authority_id == academy)):
        if (code := academic_code(own)) not in known:
            session.add(OnlineService(school_id=school_id, code=code, academic_service_id=own))
    session.flush()


def academic_code(academic_service_id: int) -> str:
    """How a school's row of an academy's service is called."""
    return f"academic-{academic_service_id}"


@unit_of_work()
def offer_to_schools(service: AcademicService) -> None:
    """A new service of the academy: a closed row for each of its schools (M059), in one statement."""
    session = admin_db.session
    session.flush()
    schools = select(School.id, literal(academic_code(service.id)), literal(service.id))
    schools = schools.where(School.authority_id == service.authority_id)
    session.execute(insert(OnlineService).from_select(["school_id", "code", "academic_service_id"], schools))


@unit_of_work()
def activate(*, actor: Actor) -> None:
    """« Activer les Téléservices » (M057): from then on the school has them; the mandatory ones open at once (M061)."""
    mark_activated(actor=actor)
    set_services({line.service.code: "open" for line in service_lines() if line.rule == "mandatory"}, actor=actor)


@unit_of_work()
def set_services(wanted: Mapping[str, str], *, actor: Actor) -> list[OnlineService]:
    """Bring services, by their code, to the state asked for, all or none; those already so are left alone. A school
    that opens its first service has activated them. Returns those that moved. Raises `BadInput`, `TransitionRefused`.
    """
    by_code = {service.code: service for service in list_services()}
    if unknown := [code for code in wanted if code not in by_code]:
        raise BadInput(f"Téléservice inconnu : {', '.join(unknown)}.", hint=f"Choix possibles : {', '.join(by_code)}.")
    if unreadable := [by_code[code].label for code, state in wanted.items() if state not in MOVES]:
        raise BadInput(f"{', '.join(unreadable)} : choisissez « Fermé » ou « Ouvert ».")
    moved = [by_code[code] for code, state in wanted.items() if by_code[code].state != state]
    for service in moved:
        engine.apply(service, MOVES[wanted[service.code]], actor=actor)
    if any(service.state == "open" for service in moved):
        mark_activated(actor=actor)
    return moved


@unit_of_work()
def move_services(codes: Iterable[str], transition: str, *, actor: Actor) -> list[OnlineService]:
    """Open or close services by their code, and return them. Raises as `set_services`."""
    goal = {"open": "open", "close": "closed"}[transition]
    wanted = dict.fromkeys(codes, goal)
    set_services(wanted, actor=actor)
    by_code = {service.code: service for service in list_services()}
    return [by_code[code] for code in wanted]
