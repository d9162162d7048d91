"""What the academy administrator's pages list: people, their roles, the academy's roles (C05). Scoped reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask_appbuilder.security.sqla.models import User
from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import joinedload

from app.core.clock import now, today
from app.core.db import admin_db
from app.core.errors import NotFound
from app.schools.models import School
from app.security import roles
from app.security.models import Invitation, RoleGrant, RoleProfile, UserSecurity
from app.security.queries import current_grant

PAGE = 50


@dataclass(frozen=True, slots=True)
class PersonLine:
    """One person of the list. `state`: active, invited, expired (the link), never (invited), closed."""

    user_id: int
    name: str
    email: str
    state: str
    signed_in_at: Any
    grants: int


def people(search: str = "", page: int = 0) -> tuple[list[PersonLine], int]:
    """The people of this academy by name, a page of them, and how many there are."""
    wanted = _matching(search)
    total = admin_db.session.scalar(select(func.count()).select_from(wanted.subquery())) or 0
    running = (
        select(func.count(RoleGrant.id))
        .where(RoleGrant.user_id == User.id, current_grant(today()))
        .correlate(User)
        .scalar_subquery()
    )
    rows = admin_db.session.execute(
        wanted.add_columns(running, _last_link())
        .order_by(User.last_name, User.first_name, User.id)
        .limit(PAGE)
        .offset(page * PAGE)
    )
    lines = [
        PersonLine(user.id, f"{user.last_name} {user.first_name}", user.email, _state(user, link), person.signed_in_at,
                   count)
        for person, user, count, link in rows
    ]  # fmt: skip
    return lines, total


def _matching(search: str) -> Select[Any]:
    wanted = select(UserSecurity, User).join(User, User.id == UserSecurity.user_id)
    for word in search.split()[:5]:
        like = f"%{word.replace('%', '').replace('_', '').lower()}%"
        wanted = wanted.where(
            or_(func.lower(User.last_name).like(like), func.lower(User.first_name).like(like),
                func.lower(User.email).like(like))
        )  # fmt: skip
    return wanted


def _last_link() -> ColumnElement[Any]:
    last = select(func.max(Invitation.expires_at)).where(Invitation.user_id == User.id)
    return last.correlate(User).scalar_subquery()


def _state(user: User, link: Any) -> str:
    if not user.active:
        return "closed"
    if user.password:
        return "active"
    if link is None:
        return "never"
    return "invited" if link > now() else "expired"


def person(user_id: int) -> tuple[UserSecurity, str]:
    """One person of this academy with the state of the account, or `NotFound`."""
    row = admin_db.session.execute(
        select(UserSecurity, User, _last_link())
        .join(User, User.id == UserSecurity.user_id)
        .where(UserSecurity.user_id == user_id)
    ).one_or_none()
    if row is None:
        raise NotFound("Cette personne n'existe pas.")
    return row[0], _state(row[1], row[2])


def grants(user_id: int | None = None, *, running: bool = False) -> Sequence[RoleGrant]:
    """Grants that this scope sees (a head: those on the school), the latest first."""
    wanted = select(RoleGrant).options(
        joinedload(RoleGrant.role), joinedload(RoleGrant.school), joinedload(RoleGrant.user),
        joinedload(RoleGrant.granted_by),
    )  # fmt: skip
    if user_id is not None:
        wanted = wanted.where(RoleGrant.user_id == user_id)
    if running:
        wanted = wanted.where(current_grant(today()))
    return admin_db.session.scalars(wanted.order_by(RoleGrant.starts_on.desc(), RoleGrant.id.desc()).limit(500)).all()


def known_roles() -> Sequence[RoleProfile]:
    """Shipped roles in the table's order, then the academy's own by name."""
    found = admin_db.session.scalars(select(RoleProfile).options(joinedload(RoleProfile.role))).all()
    order = list(roles.ROLES)
    return sorted(found, key=lambda p: (order.index(p.key) if p.key in order else len(order), p.role.name))


def role_profile(role_id: int) -> RoleProfile:
    """One role that this academy may see, or `NotFound`."""
    found = admin_db.session.scalars(select(RoleProfile).where(RoleProfile.role_id == role_id)).one_or_none()
    if found is None:
        raise NotFound("Ce rôle n'existe pas.")
    return found


def holders(role_id: int) -> int:
    """How many people hold a role today, as far as this scope sees."""
    counted = select(func.count(func.distinct(RoleGrant.user_id))).where(
        RoleGrant.role_id == role_id, current_grant(today())
    )
    return admin_db.session.scalar(counted) or 0


def schools(search: str = "", page: int = 0) -> tuple[Sequence[School], int]:
    """The schools of this academy by name, a page of them, and how many there are."""
    wanted = select(School)
    for word in search.split()[:5]:
        like = f"%{word.replace('%', '').replace('_', '').lower()}%"
        wanted = wanted.where(
            or_(func.lower(School.name).like(like), func.lower(School.uai).like(like),
                func.lower(School.city).like(like))
        )  # fmt: skip
    total = admin_db.session.scalar(select(func.count()).select_from(wanted.subquery())) or 0
    ordered = wanted.order_by(School.name, School.uai).limit(PAGE).offset(page * PAGE)
    return admin_db.session.scalars(ordered).all(), total



def school_id_of(uai: str) -> int | None:
    """The school of this academy with that UAI, None for an empty one."""
    wanted = uai.strip().upper()
    if not wanted:
        return None
    found = admin_db.session.scalar(select(School.id).where(School.uai == wanted[:8]))
    if found is None:
        raise NotFound(f"Aucun établissement de votre académie n'a l'UAI « {wanted} ».")
    return found
