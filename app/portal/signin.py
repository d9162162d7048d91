"""Signing in. Unknown identifiers, wrong pass-phrases and dead accounts get one answer, in one time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
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
from app.portal.policy import account_allows_digits
from app.portal.signup import identifier_key
from app.portal.visitors import Visitor
from app.security.digits import is_digits
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
    """Who is there. A provisional account sees nothing but « confirm your address »; one with digits whose academy no
    longer allows them (`weak`) is asked for a pass-phrase."""

    account_id: int
    epoch: int
    confirmed: bool
    locale: str
    weak: bool = False


def sign_in(identifier: str, passphrase: str, *, visitor: Visitor) -> SignedIn:
    """Check the pass-phrase, throttled. The first sign-in of a confirmed account makes its codes « used »."""
    key = identifier_key(identifier)[:200]
    with visitor.limits.sign_in(key, visitor.address), digits_counted(passphrase, key, visitor):
        found = portal_db.session.scalar(
            select(Account).where(Account.identifier_key == key, Account.state.in_(OPEN_STATES))
        )
        stored = found.password_hash if found else None
        if not verify_passphrase(stored, passphrase) or found is None:
            raise SignInRefused
    return _welcome(found.id, passphrase if needs_rehash(found.password_hash) else None, is_digits(passphrase))


@contextmanager
def digits_counted(secret: str, key: str, visitor: Visitor) -> Iterator[None]:
    """Six digits are a million: ten wrong ones a day for an account, whoever types them and from wherever (M121). What
    was typed decides, so that the answer does not tell which accounts have digits."""
    if not is_digits(secret):
        yield
        return
    visitor.limits.count("digits address", visitor.address)
    visitor.limits.count("digits account", key)
    yield
    visitor.limits.clear("digits account", key)
    visitor.limits.forgive("digits address", visitor.address)


def _welcome(account_id: int, passphrase: str | None, digits: bool) -> SignedIn:
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
            use_codes(session, account.id)
        weak = digits and not account_allows_digits(session, account.id)
        return SignedIn(account.id, account.epoch, confirmed, account.locale, weak)


def use_codes(session: Session, account_id: int) -> None:
    """Used = an account holds it and has signed in once (DESIGN §4). Told to the school once."""
    moment = clock.now()
    unused = update(PublishedCode).where(PublishedCode.account_id == account_id, PublishedCode.used_at.is_(None))
    statement: Any = unused.values(used_at=moment).returning(PublishedCode.id)
    ids = sorted(session.scalars(statement.execution_options(synchronize_session=False)))
    told = [{"code_id": code_id, "account_id": account_id, "at": moment.isoformat()} for code_id in ids]
    tell_school(session, "code.used", told)
