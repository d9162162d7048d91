"""Signing in. Unknown identifiers, wrong pass-phrases and dead accounts get one answer, in one time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.core import clock
from app.core.db import portal_db
from app.core.errors import LivretError
from app.core.scope import account_scope
from app.core.uow import unit_of_work
from app.portal.events import tell_school
from app.portal.models import Account, PublishedCode
from app.portal.signup import identifier_key
from app.portal.visitors import Visitor
from app.security.passwords import hash_passphrase, needs_rehash, verify_passphrase

OPEN_STATES = ("provisional", "confirmed")


class SignInRefused(LivretError):
    """Identifier or pass-phrase is wrong; which of them is not said."""

    code = "sign_in_refused"
    status = 401

    def __init__(self) -> None:
        super().__init__("Identifiant ou phrase de passe incorrects.")


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who is there. A provisional account sees nothing but « confirm your address »."""

    account_id: int
    epoch: int
    confirmed: bool
    locale: str


def sign_in(identifier: str, passphrase: str, *, visitor: Visitor) -> SignedIn:
    """Check the pass-phrase, throttled. The first sign-in of a confirmed account makes its codes « used »."""
    key = identifier_key(identifier)[:200]
    with visitor.limits.sign_in(key, visitor.address):
        found = portal_db.session.scalar(
            select(Account).where(Account.identifier_key == key, Account.state.in_(OPEN_STATES))
        )
        stored = found.password_hash if found else None
        if not verify_passphrase(stored, passphrase) or found is None:
            raise SignInRefused
    return _welcome(found.id, passphrase if needs_rehash(found.password_hash) else None)


def _welcome(account_id: int, passphrase: str | None) -> SignedIn:
    fresh = hash_passphrase(passphrase) if passphrase else None
    with account_scope(account_id), unit_of_work(portal_db) as session:
        account = session.get(Account, account_id, populate_existing=True)
        if account is None or account.state not in OPEN_STATES:
            raise SignInRefused
        if fresh:
            account.password_hash = fresh
        confirmed = account.state == "confirmed"
        if confirmed:
            account.signed_in_at = clock.now()
            _use_codes(session, account.id)
        return SignedIn(account.id, account.epoch, confirmed, account.locale)


def _use_codes(session: Session, account_id: int) -> None:
    """Used = an account holds it and has signed in once (DESIGN §4). Told to the school once."""
    moment = clock.now()
    unused = update(PublishedCode).where(PublishedCode.account_id == account_id, PublishedCode.used_at.is_(None))
    statement: Any = unused.values(used_at=moment).returning(PublishedCode.id)
    ids = sorted(session.scalars(statement.execution_options(synchronize_session=False)))
    told = [{"code_id": code_id, "account_id": account_id, "at": moment.isoformat()} for code_id in ids]
    tell_school(session, "code.used", told)
