"""The table of `roles.py` written to the database, and how far the database has drifted from it (C05)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flask_appbuilder.security.sqla.models import (
    Permission,
    PermissionView,
    Role,
    ViewMenu,
    assoc_permissionview_role,
)
from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from app.core.scope import system_scope
from app.security import roles
from app.security.models import RoleProfile

Pairs = dict[roles.Permission, int]


@dataclass(frozen=True, slots=True)
class Written:
    """What `write_roles` did."""

    roles: int
    added: int
    removed: int


def write_roles(session: Session) -> Written:
    """Make the database know every permission and every shipped role. Called by `run.py`, under its lock.

    A role that exists keeps what was changed on screen; a permission that is new in this version goes to the roles
    the table gives it to, and one that no longer exists goes from all.
    """
    with system_scope("roles and permissions are the instance's own"):
        before = set(permission_ids(session))
        removed = _remove(session, before - roles.catalogue())
        added = _add(session, roles.catalogue() - before)
        made = 0
        for kind in roles.ROLES.values():
            role_id = _role_id(session, kind.key)
            if role_id is None:
                role_id, made = _make_role(session, kind), made + 1
                give(session, role_id, roles.shipped(kind.key))
            elif fresh := roles.shipped(kind.key) & added:
                give(session, role_id, fresh)
        session.flush()
        return Written(made, len(added), removed)


def permission_ids(session: Session) -> Pairs:
    """Every permission the database knows, with its id."""
    rows = session.execute(
        select(Permission.name, ViewMenu.name, PermissionView.id)
        .join(PermissionView, PermissionView.permission_id == Permission.id)
        .join(ViewMenu, PermissionView.view_menu_id == ViewMenu.id)
    )
    return {(verb, resource): pair_id for verb, resource, pair_id in rows}


def _add(session: Session, wanted: frozenset[roles.Permission]) -> frozenset[roles.Permission]:
    verbs = _named(session, Permission, {verb for verb, _ in wanted})
    resources = _named(session, ViewMenu, {resource for _, resource in wanted})
    for verb, resource in sorted(wanted):
        session.add(PermissionView(permission_id=verbs[verb], view_menu_id=resources[resource]))
    session.flush()
    return wanted


def _named(session: Session, model: type[Permission] | type[ViewMenu], names: set[str]) -> dict[str, int]:
    known = {row.name for row in session.execute(select(model.name))}
    session.add_all(model(name=name) for name in sorted(names - known))
    session.flush()
    return dict(session.execute(select(model.name, model.id)).all())  # type: ignore[arg-type]


def _remove(session: Session, gone: set[roles.Permission]) -> int:
    ids = permission_ids(session)
    doomed = [ids[pair] for pair in gone]
    if doomed:
        links = assoc_permissionview_role
        touched = session.scalars(select(links.c.role_id).where(links.c.permission_view_id.in_(doomed))).all()
        session.execute(delete(links).where(links.c.permission_view_id.in_(doomed)))
        session.execute(delete(PermissionView).where(PermissionView.id.in_(doomed)))
        touch(session, touched)
    return len(doomed)


def _role_id(session: Session, key: str) -> int | None:
    return session.scalar(select(RoleProfile.role_id).where(RoleProfile.key == key))


def _make_role(session: Session, kind: roles.RoleKind) -> int:
    role = Role(name=kind.key)
    session.add(role)
    session.flush()
    session.add(RoleProfile(role_id=role.id, key=kind.key, level=kind.level))
    session.flush()
    return role.id


def held_by(session: Session, role_id: int) -> frozenset[roles.Permission]:
    """What a role has in the database."""
    links = assoc_permissionview_role
    rows = session.execute(
        select(Permission.name, ViewMenu.name)
        .select_from(links)
        .join(PermissionView, PermissionView.id == links.c.permission_view_id)
        .join(Permission, Permission.id == PermissionView.permission_id)
        .join(ViewMenu, ViewMenu.id == PermissionView.view_menu_id)
        .where(links.c.role_id == role_id)
    )
    return frozenset((verb, resource) for verb, resource in rows)


def give(session: Session, role_id: int, wanted: Iterable[roles.Permission]) -> None:
    """Add permissions to a role."""
    ids = permission_ids(session)
    rows = [
        {"role_id": role_id, "permission_view_id": ids[pair]} for pair in set(wanted) - held_by(session, role_id)
    ]
    if rows:
        session.execute(insert(assoc_permissionview_role), rows)
        touch(session, [role_id])


def take(session: Session, role_id: int, unwanted: Iterable[roles.Permission]) -> None:
    """Take permissions from a role."""
    ids = permission_ids(session)
    links = assoc_permissionview_role
    doomed = [ids[pair] for pair in unwanted if pair in ids]
    if doomed:
        own = links.c.role_id == role_id
        session.execute(delete(links).where(own, links.c.permission_view_id.in_(doomed)))
        touch(session, [role_id])


def set_permissions(session: Session, role_id: int, wanted: frozenset[roles.Permission]) -> None:
    """Make a role have exactly these."""
    held = held_by(session, role_id)
    give(session, role_id, wanted - held)
    take(session, role_id, held - wanted)


def touch(session: Session, role_ids: Iterable[int]) -> None:
    """Tell every process that these roles changed."""
    for profile in session.scalars(select(RoleProfile).where(RoleProfile.role_id.in_(set(role_ids)))):
        profile.version += 1
    session.flush()


@dataclass(frozen=True, slots=True)
class Drift:
    """How a shipped role differs from the table."""

    role_id: int
    key: str
    missing: frozenset[roles.Permission]
    extra: frozenset[roles.Permission]

    def __bool__(self) -> bool:
        return bool(self.missing or self.extra)


def drift(session: Session) -> list[Drift]:
    """Each shipped role against the table, in the table's order (C05)."""
    found = []
    for key in roles.ROLES:
        role_id = _role_id(session, key)
        if role_id is not None:
            held, wanted = held_by(session, role_id), roles.shipped(key)
            found.append(Drift(role_id, key, wanted - held, held - wanted))
    return found
