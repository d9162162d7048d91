"""What a school may do to the account behind its codes (M099, M118): send the confirmation link again, cancel an
account that waits for it, hand a slip to who has no e-mail. It never learns a pass-phrase."""

from __future__ import annotations

from sqlalchemy import select

from app.access.models import PortalAccount
from app.access.pupil_codes import new_slip
from app.audit.services import record
from app.core.actor import Actor
from app.core.db import admin_db
from app.core.errors import Conflict, NotFound
from app.core.uow import unit_of_work
from app.replication.orders import order


def account_of_school(account_id: int) -> PortalAccount:
    """An account that holds a code of this school. Raises `NotFound`."""
    found = admin_db.session.scalar(select(PortalAccount).where(PortalAccount.id == account_id))
    if found is None:
        raise NotFound("Ce compte n'existe pas.")
    return found


def takes_slip(account: PortalAccount) -> bool:
    """Whether the counter may hand a slip: the account waits for its confirmation, has no address, or is a pupil's. Any
    other holder gets a link, so that nobody of the school can enter."""
    waits = account.state == "provisional"
    return waits or (account.state == "confirmed" and (account.kind == "pupil" or not account.email))


@unit_of_work()
def send_again(account_id: int, *, actor: Actor) -> PortalAccount:
    """The confirmation link, once more (M118). Raises `NotFound`, `Conflict`."""
    account = _provisional(account_id)
    if not account.email:
        raise Conflict("Ce compte n'a pas d'adresse électronique.", hint="Remettez une fiche d'accès au guichet.")
    order(admin_db.session(), "reset", account_id=account.id)
    record(admin_db.session(), "account.resend", account, actor=actor)
    return account


@unit_of_work()
def cancel(account_id: int, *, actor: Actor) -> PortalAccount:
    """End a provisional account: its codes and its identifier are free again. Raises `NotFound`, `Conflict`."""
    account = _provisional(account_id)
    order(admin_db.session(), "close", account_id=account.id)
    record(admin_db.session(), "account.cancel", account, actor=actor)
    return account


@unit_of_work()
def counter_slip(account_id: int, *, actor: Actor) -> tuple[PortalAccount, str]:
    """A code for one use within three days, by which its holder confirms the account and chooses a pass-phrase. It is
    shown once. Raises `NotFound`, `Conflict` for who can use a link."""
    account = account_of_school(account_id)
    if not takes_slip(account):
        raise Conflict("Ce compte n'a pas besoin de fiche : son titulaire reçoit un lien à son adresse.")
    return account, new_slip(account, actor)


def _provisional(account_id: int) -> PortalAccount:
    account = account_of_school(account_id)
    if account.state != "provisional":
        raise Conflict("Ce compte n'est pas provisoire.")
    return account
