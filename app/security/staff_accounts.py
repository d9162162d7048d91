"""Which sign-in belongs to which member of staff of the current school: classes and subjects follow (DESIGN §6).

The head ties them. What is proposed (same e-mail address, or same names) is never done by itself: whoever may type an
address into a record must not become a class teacher by it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from flask_appbuilder.security.sqla.models import User
from sqlalchemy import and_, or_, select

from app.audit.services import record
from app.core.actor import Actor
from app.core.clock import today
from app.core.db import admin_db
from app.core.errors import Conflict, NotFound
from app.core.folding import folded
from app.core.scope import current_scope
from app.core.uow import unit_of_work
from app.schools.people import Staff
from app.security.models import RoleGrant
from app.security.queries import current_grant
from app.security.services import need


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who signs in and holds a role on the school."""

    user_id: int
    name: str
    username: str
    email: str


@dataclass(frozen=True, slots=True)
class StaffAccount:
    """A member of staff in place, the account tied to them and, without one, the account to propose."""

    staff_id: int
    name: str
    function: str
    email: str
    account: Account | None
    proposed: Account | None


def staff_accounts() -> tuple[list[StaffAccount], list[Account]]:
    """The school's staff in the order of the alphabet, and the accounts that are tied to nobody; two statements."""
    session = admin_db.session
    here = or_(Staff.ended_on.is_(None), Staff.ended_on > today())
    people = sorted(session.scalars(select(Staff).where(here)), key=lambda staff: (folded(str(staff)), staff.id))
    tied = {staff.user_id for staff in people if staff.user_id}
    accounts = {account.user_id: account for account in _accounts(tied)}
    free = [account for key, account in accounts.items() if key not in tied]
    rows = [StaffAccount(staff.id, str(staff), staff.function or "", staff.email or "",
                         accounts.get(staff.user_id) if staff.user_id else None,
                         None if staff.user_id else _proposed(staff, people, free)) for staff in people]  # fmt: skip
    return rows, free


@unit_of_work()
def tie_accounts(wanted: Mapping[int, int | None], *, actor: Actor) -> int:
    """Tie each of these members of staff to an account, or to none; how many changed.

    Raises `Forbidden` but for the head, `NotFound` for people or accounts that are not the school's, `Conflict` when
    one account would belong to two people.
    """
    need(actor, "edit", "staff_account")
    session = admin_db.session()
    chosen = [user_id for user_id in wanted.values() if user_id]
    if len(chosen) != len(set(chosen)):
        raise Conflict("Le même compte est choisi pour deux personnes.", hint="Laissez-le à une seule.")
    staff = {one.id: one for one in session.scalars(select(Staff).where(Staff.id.in_(wanted)).with_for_update())}
    if len(staff) != len(wanted):
        raise NotFound("Cette personne n'est pas de l'établissement.")
    changed = {key: user_id for key, user_id in wanted.items() if staff[key].user_id != user_id}
    given = {user_id for user_id in changed.values() if user_id}
    if not {account.user_id for account in _accounts()} >= given:
        raise NotFound("Ce compte n'a pas de rôle dans l'établissement.")
    if session.scalars(select(Staff.id).where(Staff.user_id.in_(given), Staff.id.not_in(changed)).limit(1)).first():
        raise Conflict("Ce compte est déjà celui d'une autre personne.", hint="Retirez-le-lui d'abord.")
    for key in changed:
        staff[key].user_id = None
    session.flush()  # two people may exchange their accounts
    for key, user_id in changed.items():
        staff[key].user_id = user_id
        record(session, "staff.account", staff[key], actor=actor, data={"user": user_id})
    return len(changed)


def _accounts(also: Collection[int] = ()) -> list[Account]:
    """Who holds a role on the current school today, and `also` these."""
    scope = current_scope()
    assert scope is not None and scope.kind == "school"
    held = select(RoleGrant.user_id).where(RoleGrant.school_id == scope.id, current_grant(today()))
    users = admin_db.session.scalars(select(User).where(or_(and_(User.id.in_(held), User.active), User.id.in_(also))))
    return sorted(map(_account, users), key=lambda account: (folded(account.name), account.user_id))


def _account(user: User) -> Account:
    return Account(user.id, f"{user.last_name.upper()} {user.first_name}", user.username, user.email)


def _proposed(staff: Staff, people: Sequence[Staff], free: Sequence[Account]) -> Account | None:
    """The one account with the same address, else with the same names, when nobody else of the school could be it."""
    if staff.email:
        same = [account for account in free if folded(account.email) == folded(staff.email)]
        if len(same) == 1 and sum(folded(one.email or "") == folded(staff.email) for one in people) == 1:
            return same[0]
    named = [account for account in free if folded(account.name) in _names(staff)]
    twins = sum(bool(_names(one) & _names(staff)) for one in people)
    return named[0] if len(named) == 1 and twins == 1 else None


def _names(staff: Staff) -> frozenset[str]:
    return frozenset(folded(f"{last} {staff.first_name or ''}".strip())
                     for last in (staff.last_name, staff.usage_name) if last)  # fmt: skip
