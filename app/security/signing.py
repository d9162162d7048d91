"""Signing in and out of the admin application: one answer, in one time, for everything that is wrong."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask_appbuilder.security.sqla.models import User
from sqlalchemy import update

from app.audit.services import record
from app.core.actor import Actor
from app.core.clock import now
from app.core.db import admin_db
from app.core.errors import LivretError
from app.core.scope import system_scope
from app.core.uow import unit_of_work
from app.security.models import UserSecurity
from app.security.passwords import hash_passphrase, needs_rehash, verify_passphrase
from app.security.services import find_user
from app.security.web import throttles


class WrongSignIn(LivretError):
    """Unknown identifier, wrong pass-phrase, closed account or no pass-phrase yet: never which."""

    code = "wrong_sign_in"
    status = 401

    def __init__(self) -> None:
        super().__init__("Identifiant ou phrase de passe incorrects.")


def authenticate(identifier: str, passphrase: str, address: str) -> User | None:
    """The person whose pass-phrase this is, or None. Counted before it is looked at; raises `TooManyAttempts`."""
    try:
        with throttles().sign_in(identifier, address):
            return _check(identifier, passphrase)
    except WrongSignIn:
        return None


def _check(identifier: str, passphrase: str) -> User:
    with system_scope("somebody signs in"):
        user = find_user(identifier)
        right = verify_passphrase(user.password if user is not None and user.active else None, passphrase)
        if user is None or not right:
            raise WrongSignIn
        user_id = user.id
    _remember(user_id, passphrase)
    return user


@unit_of_work()
def _remember(user_id: int, passphrase: str) -> None:
    with system_scope("somebody signed in"):
        session = admin_db.session()
        user = session.get_one(User, user_id)
        if needs_rehash(user.password or ""):
            user.password = hash_passphrase(passphrase)
        user.last_login = datetime.now(UTC).replace(tzinfo=None)  # FAB's column has no zone
        session.execute(update(UserSecurity).where(UserSecurity.user_id == user_id).values(signed_in_at=now()))
        record(session, "person.sign_in", user, actor=Actor.person(user_id, user.get_full_name(), ()))


def begin_session(session: Any, user: User, epoch: int) -> None:
    """Turn the browser's session into that of `user`: new token, nothing of before (session fixation)."""
    session.sign_in(user.id, epoch)
    session["_user_id"] = str(user.id)
    session["_fresh"] = True
