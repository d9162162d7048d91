"""Opening and closing a school's online services through the `service` workflow (M058, M059, M071)."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select

from app.core.actor import Actor
from app.core.db import admin_db
from app.core.errors import BadInput
from app.core.uow import unit_of_work
from app.online.models import SERVICES, OnlineService
from app.workflow import engine


def list_services() -> list[OnlineService]:
    """The current school's services, in the order of the shipped list."""
    order = list(SERVICES)
    return sorted(admin_db.session.scalars(select(OnlineService)), key=lambda service: order.index(service.code))


@unit_of_work()
def add_missing_services(school_id: int) -> None:
    """Give a school its closed row for every national service (a new school, or a service added to the list)."""
    session = admin_db.session
    known = set(session.scalars(select(OnlineService.code).where(OnlineService.school_id == school_id)))
    session.add_all(OnlineService(school_id=school_id, code=code) for code in SERVICES if code not in known)
    session.flush()


@unit_of_work()
def move_services(codes: Iterable[str], transition: str, *, actor: Actor) -> list[OnlineService]:
    """Open or close services by their code; those already so are left alone. Raises `BadInput` for unknown codes."""
    by_code = {service.code: service for service in list_services()}
    wanted = list(codes)
    if unknown := [code for code in wanted if code not in by_code]:
        raise BadInput(f"Téléservice inconnu : {', '.join(unknown)}.", hint=f"Choix possibles : {', '.join(SERVICES)}.")
    goal = {"open": "open", "close": "closed"}[transition]
    for code in wanted:
        if by_code[code].state != goal:
            engine.apply(by_code[code], transition, actor=actor)
    return [by_code[code] for code in wanted]
