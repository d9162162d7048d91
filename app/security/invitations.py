"""An invited person chooses the pass-phrase through a single-use link (C05). The same link serves who forgot it.

The link is made from a key and the invitation's id when the mail leaves, and only its hash is stored: neither the
database nor the outbox ever holds a link that opens an account.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import timedelta
from typing import Any

from flask import current_app, has_app_context
from flask_appbuilder.security.sqla.models import Role, User
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.audit.services import record
from app.core.actor import Actor
from app.core.clock import PARIS, now, today
from app.core.crypto import keyring, token_hash
from app.core.db import admin_db
from app.core.errors import Conflict, LivretError
from app.core.mail import NewMail, queue_mail
from app.core.scope import system_scope
from app.core.uow import unit_of_work
from app.jobs.models import MailOutbox
from app.schools.models import School
from app.security.models import Invitation, RoleGrant
from app.security.queries import current_grant
from app.security.services import find_user, get_person, need, store_passphrase
from config import load
from letters.mail import render_mail
from letters.types import InvitationMail

LASTS = timedelta(hours=72)
KIND = "invitation"


class LinkDead(LivretError):
    """The link was used, is too old, was replaced, or never existed: the same answer for all."""

    code = "link_dead"
    status = 410

    def __init__(self) -> None:
        super().__init__("Ce lien n'est plus valable.", hint="Demandez à votre académie de vous en envoyer un autre.")


@unit_of_work()
def invite(user_id: int, *, actor: Actor) -> Invitation:
    """Send a person a link to choose a pass-phrase; earlier links die. Sent again as often as asked."""
    need(actor, "invite", "person")
    session = admin_db.session()
    person = get_person(user_id)
    if not person.user.active:
        raise Conflict("Ce compte est fermé.", hint="Rouvrez-le avant d'inviter cette personne.")
    return _send(session, person.user, person.authority_id, actor)


@unit_of_work()
def send_recovery(identifier: str) -> None:
    """Send a link to whoever asks for it under this identifier or e-mail, if there is such a person. The caller
    answers the same either way, and has counted the attempt."""
    with system_scope("somebody forgot a pass-phrase"):
        session = admin_db.session()
        user = find_user(identifier)
        if user is not None and user.active:
            person = get_person(user.id)
            _send(session, user, person.authority_id, Actor.person(user.id, user.get_full_name(), ()))


def _send(session: Session, user: User, authority_id: int, actor: Actor) -> Invitation:
    invited_by = actor.name if actor.kind == "user" and actor.user_id != user.id else ""
    moment = now()
    session.execute(
        update(Invitation).where(Invitation.user_id == user.id, Invitation.used_at.is_(None)).values(used_at=moment)
    )
    made = Invitation(user_id=user.id, authority_id=authority_id, token_hash=f"pending-{moment.timestamp()}-{user.id}",
                      created_at=moment, expires_at=moment + LASTS)  # fmt: skip
    session.add(made)
    session.flush()
    made.token_hash = token_hash(token_of(made))
    record(session, "person.invite", user, actor=actor, personal={"email": user.email})
    queue_mail(session, MailOutbox, NewMail(
        dedupe_key=f"invitation-{made.id}", to_address=user.email, to_name=user.get_full_name(),
        subject="Votre accès à Livret", kind=KIND, ref=f"{made.id}|{invited_by}"[:80],
    ))  # fmt: skip
    return made


def token_of(invitation: Invitation, key_id: str | None = None) -> str:
    """The link's secret part: an HMAC of the invitation under the session key, 256 bits."""
    ring = keyring()
    key = ring.get("session", key_id) if key_id else ring.current("session")[1]
    what = f"invitation:{invitation.id}:{invitation.created_at.timestamp():.6f}"
    digest = hmac.new(key, what.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def compose(session: Session, mail: Any) -> tuple[str, str | None]:
    """The body, written when the mail leaves (`app.core.mail_delivery.MailKind`)."""
    number, _bar, invited_by = mail.ref.partition("|")
    with system_scope("the body of an invitation"):
        found = session.get_one(Invitation, int(number))
        body = render_mail(
            InvitationMail(
                name=found.user.get_full_name(),
                username=found.user.username,
                invited_by=invited_by or "Votre académie",
                roles=tuple(_roles_in_words(session, found.user_id)) or ("Accès à Livret",),
                accept_url=f"{_admin_url()}/invitation#jeton={_token(found)}",
                expires_on=found.expires_at.astimezone(PARIS).date(),
            )
        )
    return body.text, body.html


def _token(found: Invitation) -> str:
    for key_id in keyring().ids("session"):
        token = token_of(found, key_id)
        if token_hash(token) == found.token_hash:
            return token
    raise LinkDead


def _roles_in_words(session: Session, user_id: int) -> list[str]:
    from app.security.naming import french_role

    rows = session.execute(
        select(Role.name, School.name, School.uai, RoleGrant.ends_on)
        .join(RoleGrant, RoleGrant.role_id == Role.id)
        .outerjoin(School, School.id == RoleGrant.school_id)
        .where(RoleGrant.user_id == user_id, current_grant(today()))
    )
    return [
        french_role(role) + (f", {school} ({uai})" if school else "")
        + (f", jusqu'au {ends:%d/%m/%Y}" if ends else "")
        for role, school, uai, ends in rows
    ]  # fmt: skip


def _admin_url() -> str:
    settings = current_app.config.get("LIVRET") if has_app_context() else None
    return str((settings or load()).admin_url)


@unit_of_work()
def accept(token: str, passphrase: str) -> int:
    """Store the pass-phrase of whoever holds the link, once; returns the user's id. Raises `LinkDead`, or
    `PassphraseRefused` and then the link stays good."""
    with system_scope("whoever holds the link is the person invited"):
        session = admin_db.session()
        found = live_invitation(session, token)
        used = session.execute(
            update(Invitation).where(Invitation.id == found.id, Invitation.used_at.is_(None)).values(used_at=now())
        )
        if used.rowcount != 1:  # type: ignore[attr-defined]
            raise LinkDead
        store_passphrase(session, found.user, passphrase)
        record(session, "person.accept", found.user, actor=Actor.person(found.user_id, found.user.get_full_name(), ()))
        return found.user_id


def live_invitation(session: Session, token: str) -> Invitation:
    """The invitation behind a link that may still be used."""
    found = session.scalars(select(Invitation).where(Invitation.token_hash == token_hash(token.strip()))).one_or_none()
    if found is None or found.used_at is not None or found.expires_at <= now() or not found.user.active:
        raise LinkDead
    return found
