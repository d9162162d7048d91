"""Who holds what, where, today. Read under a system scope: these queries decide which scope there will be."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal
from weakref import WeakKeyDictionary

from flask_appbuilder.security.sqla.models import Permission, PermissionView, Role, ViewMenu, assoc_permissionview_role
from sqlalchemy import ColumnElement, and_, exists, false, func, or_, select
from sqlalchemy.orm import Session

from app.core.clock import today
from app.core.scope import Scope, system_scope
from app.schools.models import Authority, Division, DivisionStaff, School, SchoolYear
from app.schools.people import Staff
from app.security import roles
from app.security.models import RoleGrant, RoleProfile, UserSecurity

Right = roles.Permission
PlaceKind = Literal["school", "academy"]
WHY = "what a person may do is asked before any scope is entered"


@dataclass(frozen=True, slots=True)
class Place:
    """A school, or a whole academy: where one works."""

    kind: PlaceKind
    id: int
    name: str = ""
    uai: str = ""
    roles: tuple[str, ...] = ()
    school_kind: str = ""  # college or ecole, of the school entered

    @property
    def scope(self) -> Scope:
        """What exists there."""
        return Scope(self.kind, self.id)


@dataclass(frozen=True, slots=True)
class HeldRole:
    """A role held today. `level` is school or academy, `version` changes with its permissions."""

    id: int
    name: str
    key: str | None
    level: str
    version: int


@dataclass(frozen=True, slots=True)
class Standing:
    """What one person is in one place, today."""

    user_id: int
    place: Place
    authority_id: int
    authority: str
    school_year: str
    staff_id: int | None
    roles: tuple[HeldRole, ...]
    permissions: frozenset[Right]
    elsewhere: bool  # whether there are other places to go to


def user_epoch(owner: ColumnElement[Any]) -> Any:
    """The present epoch of a user: zero once the account is unknown to us, so that no session matches."""
    return select(UserSecurity.epoch).where(UserSecurity.user_id == owner).scalar_subquery()


def current_grant(day: date) -> ColumnElement[bool]:
    """A grant that runs on `day`, both ends included."""
    return and_(RoleGrant.starts_on <= day, or_(RoleGrant.ends_on.is_(None), RoleGrant.ends_on >= day))


def led_classes(user_id: int) -> Any:
    """Assignments by which this user is class teacher in the current year of a school (DESIGN §6)."""
    return (
        select(DivisionStaff.id)
        .join(Staff, and_(Staff.id == DivisionStaff.staff_id, Staff.school_id == DivisionStaff.school_id))
        .join(Division, and_(Division.id == DivisionStaff.division_id, Division.school_id == DivisionStaff.school_id))
        .where(
            Staff.user_id == user_id,
            or_(Staff.ended_on.is_(None), Staff.ended_on > today()),
            DivisionStaff.is_class_teacher,
            DivisionStaff.school_id == School.id,
            Division.school_year_id == School.school_year_id,
        )
    )


def standing(session: Session, user_id: int, kind: str, place_id: int) -> Standing | None:
    """What the person is in that place today; None when it is not theirs (any more)."""
    with system_scope(WHY):
        found = _school(session, user_id, place_id) if kind == "school" else _academy(session, user_id, place_id)
        if found is None:
            return None
        place, authority_id, authority, year, staff_id, leads, count = found
        held = _held(session, user_id, authority_id, place, leads=leads)
        permissions = effective(session, held, kind)
    if not permissions:
        return None
    entered = place.kind == "school" and any(role.level == "academy" for role in held)
    return Standing(
        user_id, place, authority_id, authority, year, staff_id, held, permissions, elsewhere=count > 1 or entered
    )


def _school(session: Session, user_id: int, school_id: int) -> Any:
    staff = select(Staff.id).where(Staff.user_id == user_id, Staff.school_id == School.id).limit(1)
    row = session.execute(
        select(School.id, School.uai, School.name, School.kind, School.authority_id, Authority.name.label("authority"),
               SchoolYear.first_year, staff.scalar_subquery().label("staff_id"),
               led_classes(user_id).correlate(School).exists().label("leads"), _count_places(user_id))
        .join(Authority, Authority.id == School.authority_id)
        .join(SchoolYear, SchoolYear.id == School.school_year_id)
        .where(School.id == school_id)
    ).one_or_none()  # fmt: skip
    if row is None:
        return None
    place = Place("school", row.id, row.name, row.uai, school_kind=row.kind)
    year = f"{row.first_year}-{row.first_year + 1}"
    return place, row.authority_id, row.authority, year, row.staff_id, row.leads, row.places


def _academy(session: Session, user_id: int, authority_id: int) -> Any:
    row = session.execute(
        select(Authority.id, Authority.name, _count_places(user_id)).where(Authority.id == authority_id)
    ).one_or_none()
    if row is None:
        return None
    return Place("academy", row.id, row.name), row.id, row.name, "", None, False, row.places


def _count_places(user_id: int) -> Any:
    """Places given by grants; those of class teachers without a grant are rare and found on the page itself."""
    places = (
        select(RoleGrant.school_id, RoleGrant.authority_id)
        .where(RoleGrant.user_id == user_id, current_grant(today()))
        .distinct()
        .subquery()
    )
    return select(func.count()).select_from(places).scalar_subquery().label("places")


def _held(session: Session, user_id: int, authority_id: int, place: Place, *, leads: bool) -> tuple[HeldRole, ...]:
    here = RoleGrant.school_id == place.id if place.kind == "school" else false()
    granted = exists().where(
        RoleGrant.role_id == Role.id,
        RoleGrant.user_id == user_id,
        RoleGrant.authority_id == authority_id,
        or_(RoleGrant.school_id.is_(None), here),
        current_grant(today()),
    )
    derived = RoleProfile.key == roles.CLASS_TEACHER if leads else false()
    rows = session.execute(
        select(Role.id, Role.name, RoleProfile.key, RoleProfile.level, RoleProfile.version)
        .join(RoleProfile, RoleProfile.role_id == Role.id)
        .where(or_(granted, derived))
        .order_by(Role.id)
    )
    return tuple(HeldRole(*row) for row in rows)


Remembered = dict[int, tuple[int, frozenset[roles.Permission]]]  # role → its version and what it has
_remembered: WeakKeyDictionary[Any, Remembered] = WeakKeyDictionary()  # by engine


def effective(session: Session, held: Iterable[HeldRole], place: str) -> frozenset[roles.Permission]:
    """The permissions exercised in a kind of place. Roles are read again only when their version changed."""
    held = list(held)
    known = _remembered.setdefault(session.get_bind(), {})
    stale = {role.id: role.version for role in held if known.get(role.id, (0,))[0] != role.version}
    if stale:
        known |= _read_permissions(session, stale)
    gathered: dict[str, set[roles.Permission]] = {}
    for role in held:
        gathered.setdefault(role.level, set()).update(known[role.id][1])
    parts = (roles.exercised(found, place=place, level=level) for level, found in gathered.items())
    return frozenset().union(*parts)


def _read_permissions(session: Session, versions: dict[int, int]) -> Remembered:
    links = assoc_permissionview_role
    rows = session.execute(
        select(links.c.role_id, Permission.name, ViewMenu.name)
        .select_from(links)
        .join(PermissionView, PermissionView.id == links.c.permission_view_id)
        .join(Permission, Permission.id == PermissionView.permission_id)
        .join(ViewMenu, ViewMenu.id == PermissionView.view_menu_id)
        .where(links.c.role_id.in_(versions))
    )
    found: dict[int, set[roles.Permission]] = {role_id: set() for role_id in versions}
    for role_id, verb, resource in rows:
        found[role_id].add((verb, resource))
    return {role_id: (versions[role_id], frozenset(pairs)) for role_id, pairs in found.items()}


def places_of(session: Session, user_id: int) -> list[Place]:
    """Where this person may work today: whole academies first, then schools by name (« changer d'établissement »)."""
    with system_scope(WHY):
        running = (RoleGrant.user_id == user_id, current_grant(today()))
        academies = session.execute(
            select(Authority.id, Authority.name, Role.name)
            .join(RoleGrant, RoleGrant.authority_id == Authority.id)
            .join(Role, Role.id == RoleGrant.role_id)
            .where(*running, RoleGrant.school_id.is_(None))
            .order_by(Authority.name, Role.name)
        )
        schools = session.execute(
            select(School.id, School.uai, School.name, Role.name)
            .join(RoleGrant, RoleGrant.school_id == School.id)
            .join(Role, Role.id == RoleGrant.role_id)
            .where(*running)
        ).all()
        led = session.execute(
            select(School.id, School.uai, School.name).where(led_classes(user_id).correlate(School).exists())
        )
        found = [*schools, *((*row, roles.CLASS_TEACHER) for row in led)]
    return [*_merged_academies(academies), *_merged_schools(found)]


def _merged_academies(rows: Iterable[Any]) -> list[Place]:
    names: dict[int, tuple[str, list[str]]] = {}
    for authority_id, name, role in rows:
        names.setdefault(authority_id, (name, []))[1].append(role)
    return [Place("academy", key, name, "", tuple(held)) for key, (name, held) in names.items()]


def _merged_schools(rows: Iterable[Any]) -> list[Place]:
    found: dict[int, tuple[str, str, list[str]]] = {}
    for school_id, uai, name, role in rows:
        found.setdefault(school_id, (uai, name, []))[2].append(role)
    places = [Place("school", key, name, uai, tuple(held)) for key, (uai, name, held) in found.items()]
    return sorted(places, key=lambda place: (place.name, place.uai))
