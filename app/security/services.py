"""People and the roles they hold: created, invited, granted, ended (C05). The screens and `run.py user` call these.

Each service checks what the actor holds, so that no caller can forget; nobody hands on more than they hold.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from flask_appbuilder.security.sqla.models import Role, User
from sqlalchemy import func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.audit.services import record
from app.core.actor import Actor
from app.core.clock import now, today
from app.core.db import admin_db
from app.core.errors import BadInput, Conflict, Forbidden, NotFound
from app.core.mail import clean_address
from app.core.scope import system_scope
from app.core.uow import unit_of_work
from app.schools.models import School
from app.security import roles
from app.security.models import RoleGrant, RoleProfile, UserSecurity, WebSession
from app.security.passwords import check_passphrase, hash_passphrase, verify_passphrase
from app.security.queries import current_grant, user_epoch
from app.security.seeding import held_by
from app.security.sessions import end_sessions

__all__ = ["create_user", "end_grant", "find_user", "grant", "may_hand_on", "need", "set_passphrase", "update_user"]


def need(actor: Actor, verb: str, resource: str) -> None:
    """Raise `Forbidden` unless the actor holds the permission."""
    if not actor.can(*roles.permission(resource, verb)):
        raise Forbidden()


def find_user(identifier: str) -> User | None:
    """The person behind an identifier or an e-mail, whatever its case."""
    wanted = identifier.strip().lower()
    found = select(User).where(or_(func.lower(User.username) == wanted, func.lower(User.email) == wanted)).limit(1)
    return admin_db.session.scalars(found).first()


def get_person(user_id: int) -> UserSecurity:
    """A person of the current scope, or `NotFound`: another academy's people do not exist here."""
    person = admin_db.session.scalars(select(UserSecurity).where(UserSecurity.user_id == user_id)).one_or_none()
    if person is None:
        raise NotFound("Cette personne n'existe pas.")
    return person


@unit_of_work()
def create_user(
    *,
    actor: Actor,
    authority_id: int,
    first_name: str,
    last_name: str,
    email: str,
    username: str | None = None,
    passphrase: str | None = None,
) -> User:
    """A person who may sign in once a pass-phrase is chosen. The identifier is the e-mail unless given.

    Raises `BadInput` (name or address missing, pass-phrase too weak) or `Conflict` (already known).
    """
    need(actor, "add", "person")
    first, last = _name(first_name), _name(last_name)
    address = clean_address(email).lower()
    identifier = (username or address).strip().lower()
    if find_user(address) or find_user(identifier):
        raise Conflict("Une personne a déjà cette adresse ou cet identifiant.")
    user = User(first_name=first, last_name=last, email=address, username=identifier, active=True, password=None)
    if passphrase is not None:
        check_passphrase(passphrase, about=(identifier, first, last))
        user.password = hash_passphrase(passphrase)
    session = admin_db.session()
    session.add(user)
    try:
        session.flush()
    except IntegrityError as error:  # somebody else was faster
        raise Conflict("Une personne a déjà cette adresse ou cet identifiant.") from error
    session.add(UserSecurity(user_id=user.id, authority_id=authority_id))
    _note(session, "person.create", user, actor, personal={"email": address})
    return user


@unit_of_work()
def update_user(
    user_id: int, *, actor: Actor, first_name: str, last_name: str, email: str, active: bool = True
) -> User:
    """Change a person's name or address, or close the account: its sessions end at once. The address is where a link
    to a new pass-phrase goes: it is changed only by who holds all that the person holds."""
    need(actor, "edit", "person")
    user = get_person(user_id).user
    if user_id == actor.user_id and not active:
        raise Conflict("Vous ne pouvez pas fermer votre propre compte.")
    address = clean_address(email).lower()
    known = find_user(address)
    if known is not None and known.id != user_id:
        raise Conflict("Une autre personne a déjà cette adresse.")
    if address != user.email or active != user.active:
        _must_hold_what_they_hold(admin_db.session(), actor, user_id)
    if user.username == user.email:
        user.username = address
    user.first_name, user.last_name, user.email = _name(first_name), _name(last_name), address
    if user.active and not active:
        end_all_sessions(admin_db.session(), user_id)
    user.active = active
    _note(admin_db.session(), "person.edit", user, actor, data={"active": active}, personal={"email": address})
    return user


def end_all_sessions(session: Session, user_id: int) -> None:
    """Sign a person out everywhere: a new epoch, and no session left."""
    session.execute(
        update(UserSecurity).where(UserSecurity.user_id == user_id).values(epoch=UserSecurity.epoch + 1)
    )
    end_sessions(session.connection(), WebSession, user_id)


def store_passphrase(session: Session, user: User, passphrase: str) -> None:
    """Check and store a pass-phrase; every session of the person ends. The caller is in a unit of work and scope."""
    schools = session.scalars(select(School.name).join(RoleGrant, RoleGrant.school_id == School.id).where(
        RoleGrant.user_id == user.id))  # fmt: skip
    check_passphrase(passphrase, about=(user.username, user.email, user.first_name, user.last_name, *schools))
    user.password = hash_passphrase(passphrase)
    session.execute(update(UserSecurity).where(UserSecurity.user_id == user.id).values(password_set_at=now()))
    end_all_sessions(session, user.id)


@unit_of_work()
def set_passphrase(user_id: int, *, old: str, new: str, actor: Actor) -> int:
    """The person's own change, with the old pass-phrase. Returns the new epoch, for the session that goes on."""
    with system_scope("a person changes their own pass-phrase"):
        session = admin_db.session()
        user = session.get(User, user_id)
        if user is None or not verify_passphrase(user.password, old):
            raise BadInput("La phrase de passe actuelle n'est pas la bonne.")
        store_passphrase(session, user, new)
        _note(session, "person.passphrase", user, actor)
        return session.scalar(select(user_epoch(User.id)).where(User.id == user_id)) or 0


@unit_of_work()
def grant(
    user_id: int,
    role: str | int,
    *,
    actor: Actor,
    school_id: int | None = None,
    authority_id: int | None = None,
    starts_on: date | None = None,
    ends_on: date | None = None,
) -> RoleGrant:
    """Give a role (its key, name or id) on a school, or on the whole academy without `school_id`.

    Raises `Forbidden` when the role holds more than the actor, `BadInput` for dates or a role of the wrong level,
    `Conflict` when the person already has it on these days.
    """
    need(actor, "add", "role_grant")
    session = admin_db.session()
    person, profile = get_person(user_id), find_role(session, role)
    starts = starts_on or today()
    _check_dates(starts, ends_on)
    authority = _authority_of(session, profile, person, school_id, authority_id)
    may_hand_on(session, actor, held_by(session, profile.role_id), authority)
    _refuse_overlap(session, user_id, profile.role_id, school_id, authority, starts, ends_on)
    made = RoleGrant(user_id=user_id, role_id=profile.role_id, authority_id=authority, school_id=school_id,
                     starts_on=starts, ends_on=ends_on, granted_by_id=actor.user_id, granted_at=now())  # fmt: skip
    session.add(made)
    try:
        session.flush()
    except IntegrityError as error:  # the partial unique index, when two people grant at once
        raise Conflict("Cette personne a déjà ce rôle à cet endroit.") from error
    _note(session, "role_grant.give", made, actor, data={"user": user_id, "role": profile.role.name})
    return made


@unit_of_work()
def end_grant(grant_id: int, *, actor: Actor, on: date | None = None) -> RoleGrant:
    """Let a grant end on a day (yesterday by default: it is over at once). One that had not begun ends as it begins."""
    need(actor, "edit", "role_grant")
    session = admin_db.session()
    found = session.scalars(select(RoleGrant).where(RoleGrant.id == grant_id)).one_or_none()
    if found is None:
        raise NotFound("Ce rôle n'existe pas.")
    if found.user_id == actor.user_id and found.school_id is None:
        raise Conflict("Vous ne pouvez pas vous retirer votre rôle académique.", hint="Demandez à un collègue.")
    may_hand_on(session, actor, held_by(session, found.role_id), found.authority_id)
    last = on or today() - timedelta(days=1)
    if last < found.starts_on:  # never ran: nothing may remain of it on any day
        session.delete(found)
    else:
        found.ends_on, found.ended_by_id = last, actor.user_id
    _note(session, "role_grant.end", found, actor, data={"user": found.user_id, "on": last.isoformat()})
    return found


def find_role(session: Session, role: str | int) -> RoleProfile:
    """A role by its id, its key or its name, or `NotFound`."""
    wanted = RoleProfile.role_id == role if isinstance(role, int) else or_(RoleProfile.key == role, Role.name == role)
    found = session.scalars(select(RoleProfile).join(Role, Role.id == RoleProfile.role_id).where(wanted)).first()
    if found is None:
        known = ", ".join(key for key, kind in roles.ROLES.items() if not kind.derived)
        raise NotFound(f"Le rôle « {role} » n'existe pas.", hint=f"Rôles fournis : {known}.")
    return found


def may_hand_on(
    session: Session, actor: Actor, wanted: Iterable[roles.Permission], authority_id: int
) -> None:
    """Raise `Forbidden` unless the actor holds everything in `wanted` on that academy: never more than one's own."""
    if actor.kind == "system":
        return
    if set(wanted) - held_on_academy(session, actor.user_id or 0, authority_id):
        raise Forbidden("Ce rôle donne des droits que vous n'avez pas vous-même : vous ne pouvez pas l'attribuer.")


def _must_hold_what_they_hold(session: Session, actor: Actor, user_id: int) -> None:
    if user_id == actor.user_id:
        return
    running = or_(RoleGrant.ends_on.is_(None), RoleGrant.ends_on >= today())
    grants = select(RoleGrant.role_id, RoleGrant.authority_id).where(RoleGrant.user_id == user_id, running).distinct()
    for role_id, authority_id in session.execute(grants).all():
        try:
            may_hand_on(session, actor, held_by(session, role_id), authority_id)
        except Forbidden:
            raise Forbidden("Cette personne a des droits que vous n'avez pas vous-même.") from None


def held_on_academy(session: Session, user_id: int, authority_id: int) -> frozenset[roles.Permission]:
    """All that a person's academy roles hold today, exercised or only to be handed on."""
    role_ids = session.scalars(
        select(RoleGrant.role_id).where(
            RoleGrant.user_id == user_id, RoleGrant.authority_id == authority_id, RoleGrant.school_id.is_(None),
            current_grant(today()),
        )  # fmt: skip
    )
    return frozenset().union(*(held_by(session, role_id) for role_id in role_ids))


def _name(text: str) -> str:
    cleaned = " ".join(text.split())
    if not cleaned or len(cleaned) > 64:
        raise BadInput("Le nom et le prénom sont nécessaires (64 caractères au plus).")
    return cleaned


def _check_dates(starts: date, ends: date | None) -> None:
    if ends is not None and ends < starts:
        raise BadInput("La date de fin précède la date de début.")


def _authority_of(
    session: Session, profile: RoleProfile, person: UserSecurity, school_id: int | None, authority_id: int | None
) -> int:
    """The academy a grant belongs to; refuses a role of the wrong level and a place out of scope."""
    if profile.key in roles.ROLES and roles.ROLES[profile.key].derived:
        raise BadInput("Le rôle de professeur principal découle de l'affectation à une classe : il ne s'attribue pas.")
    if (profile.level == "academy") is not (school_id is None):
        wanted = "toute l'académie" if profile.level == "academy" else "un établissement"
        raise BadInput(f"Ce rôle s'attribue sur {wanted}.")
    if school_id is None:
        return authority_id or person.authority_id
    school = session.scalars(select(School).where(School.id == school_id)).one_or_none()
    if school is None:
        raise NotFound("Cet établissement n'existe pas.")
    return school.authority_id


def _refuse_overlap(
    session: Session, user_id: int, role_id: int, school_id: int | None, authority_id: int,
    starts: date, ends: date | None,
) -> None:  # fmt: skip
    same_place = RoleGrant.school_id == school_id if school_id else RoleGrant.school_id.is_(None)
    clash = select(RoleGrant.id).where(
        RoleGrant.user_id == user_id, RoleGrant.role_id == role_id, RoleGrant.authority_id == authority_id, same_place,
        or_(RoleGrant.ends_on.is_(None), RoleGrant.ends_on >= starts),
        *([RoleGrant.starts_on <= ends] if ends else []),
    )  # fmt: skip
    if session.scalar(clash.limit(1)) is not None:
        raise Conflict("Cette personne a déjà ce rôle à cet endroit pour tout ou partie de ces dates.")


def _note(session: Session, action: str, subject: object, actor: Actor, **facts: object) -> None:
    record(session, action, subject, actor=actor, **facts)  # type: ignore[arg-type]
