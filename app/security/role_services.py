"""Roles changed on screen (C05): an academy's own, and the shipped ones, never beyond what the editor holds."""

from __future__ import annotations

from flask_appbuilder.security.sqla.models import Role
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.audit.services import record
from app.core.actor import Actor
from app.core.db import admin_db
from app.core.errors import BadInput, Conflict
from app.core.uow import unit_of_work
from app.schools.models import Authority
from app.security import roles
from app.security.models import RoleProfile
from app.security.naming import stored_name
from app.security.people import role_profile
from app.security.seeding import held_by, set_permissions
from app.security.services import may_hand_on, need

# Without these nobody could put the roles right again.
KEPT = frozenset({roles.permission("role", "list"), roles.permission("role", "edit")})


@unit_of_work()
def create_role(
    name: str, wanted: frozenset[roles.Permission], *, actor: Actor, authority_id: int, level: str = "school"
) -> RoleProfile:
    """A role of the academy's own. Raises `Forbidden` beyond what the actor holds, `Conflict` on a name in use."""
    need(actor, "add", "role")
    session = admin_db.session()
    cleaned = " ".join(name.split())
    if not 2 <= len(cleaned) <= 40 or ":" in cleaned:
        raise BadInput("Le nom d'un rôle compte de 2 à 40 caractères, sans deux-points.")
    if level not in ("school", "academy"):
        raise BadInput("Un rôle s'attribue sur un établissement ou sur l'académie.")
    stored = stored_name(authority_id, cleaned)
    if session.scalar(select(Role.id).where(func.lower(Role.name) == stored.lower())):
        raise Conflict("Un rôle porte déjà ce nom.")
    _check(session, wanted, actor, authority_id, level)
    role = Role(name=stored)
    session.add(role)
    session.flush()
    profile = RoleProfile(role_id=role.id, authority_id=authority_id, level=level)
    session.add(profile)
    set_permissions(session, role.id, wanted)
    record(session, "role.create", role, actor=actor, data={"permissions": len(wanted)})
    return profile


@unit_of_work()
def edit_role(role_id: int, wanted: frozenset[roles.Permission], *, actor: Actor, authority_id: int) -> RoleProfile:
    """Make a role hold exactly `wanted`. What is added must be the actor's own."""
    need(actor, "edit", "role")
    session = admin_db.session()
    profile = role_profile(role_id)
    _refuse_shared(session, profile)
    held = held_by(session, role_id)
    _check(session, wanted - held, actor, authority_id, profile.level)
    if profile.key == roles.ACADEMY_ADMIN and not wanted >= KEPT:
        raise Conflict("L'administrateur académique garde la gestion des rôles : sans elle, personne ne l'aurait plus.")
    set_permissions(session, role_id, wanted)
    changed = {"added": _spelled(wanted - held), "removed": _spelled(held - wanted)}
    record(session, "role.edit", profile.role, actor=actor, data=changed)
    return profile


@unit_of_work()
def reset_role(role_id: int, *, actor: Actor, authority_id: int) -> RoleProfile:
    """Give a shipped role back what the table says."""
    profile = role_profile(role_id)
    if profile.key is None:
        raise Conflict("Seul un rôle fourni peut être rétabli.")
    return edit_role(role_id, roles.shipped(profile.key), actor=actor, authority_id=authority_id)


def may_edit(profile: RoleProfile) -> bool:
    """Whether this academy may change the role: its own, or a shipped one when it is alone on the instance."""
    return profile.key is None or not _several_academies(admin_db.session())


def _refuse_shared(session: Session, profile: RoleProfile) -> None:
    if profile.key is not None and _several_academies(session):
        raise Conflict(
            "Plusieurs académies partagent ce rôle fourni.",
            hint="Créez un rôle propre à votre académie à partir de lui.",
        )


def _several_academies(session: Session) -> bool:
    return (session.scalar(select(func.count(Authority.id))) or 0) > 1


def _check(
    session: Session, wanted: frozenset[roles.Permission], actor: Actor, authority_id: int, level: str
) -> None:
    misplaced = wanted - roles.offered(level)
    if misplaced:
        raise BadInput(f"Ces droits n'ont pas de sens pour un tel rôle : {', '.join(_spelled(misplaced))}.")
    may_hand_on(session, actor, wanted, authority_id)


def _spelled(found: frozenset[roles.Permission]) -> list[str]:
    return sorted(f"{resource}:{verb.removeprefix('can_')}" for verb, resource in found)
