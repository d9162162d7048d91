"""The link that proves the e-mail address: single use, one week, and it can be sent again (M118)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.crypto import new_token, token_hash
from app.core.db import portal_db
from app.core.errors import TransitionRefused
from app.core.scope import account_scope, system_scope
from app.core.uow import unit_of_work
from app.portal.mails import confirmation_mail
from app.portal.models import Account, PublishedCode, PublishedPupil, PublishedSchool
from app.portal.notices import mail_to
from app.portal.visitors import Visitor, holder_of
from app.workflow import bulk, engine

LINK_LIVES = timedelta(days=7)
MAIL_KIND = "account.confirmation"


class Link(StrEnum):
    """What a confirmation link is good for."""

    ALIVE = "alive"
    EXPIRED = "expired"
    CONFIRMED = "confirmed"
    LAPSED = "lapsed"
    UNKNOWN = "unknown"


def look_at(token: str) -> tuple[Link, int | None]:
    """What following this link would do, and for which account."""
    account = _behind(portal_db.session(), token)
    if account is None or account.state == "closed":
        return Link.UNKNOWN, None
    if account.state != "provisional":
        return Link(account.state), account.id
    alive = account.confirm_until is not None and account.confirm_until > clock.now()
    return (Link.ALIVE if alive else Link.EXPIRED), account.id


def confirm(token: str) -> Link:
    """Follow the link: the account becomes confirmed. Following it twice is no mistake."""
    with system_scope("the link of a mail is followed by somebody not signed in"), unit_of_work(portal_db) as session:
        account = _behind(session, token)
        if account is None:
            return Link.UNKNOWN
        try:
            engine.apply(account, "confirm", actor=holder_of(account), session=session)
        except TransitionRefused:
            session.refresh(account)
            return look_at(token)[0]
    return Link.CONFIRMED


def send_again(account_id: int, *, visitor: Visitor, portal_url: str) -> bool:
    """Send a new link; the one before it ends. False when the account no longer waits for one, or has no address."""
    visitor.limits.count("mail account", f"portal {account_id}")
    with account_scope(account_id), unit_of_work(portal_db) as session:
        account = session.get(Account, account_id)
        if account is None or account.state != "provisional" or not account.email:
            return False
        send_link(session, account, portal_url, *_named_in_mail(session))
    return True


def send_link_for_school(session: Session, account: Account, portal_url: str) -> None:
    """The school asks for a fresh link in its own act (M118)."""
    with account_scope(account.id):
        named = _named_in_mail(session)
    send_link(session, account, portal_url, *named)


def send_link(
    session: Session, account: Account, portal_url: str, schools: Sequence[str], guardian: str | None
) -> None:
    """Give the account a fresh link and put the mail that carries it in the outbox. The pass-phrase is in no mail."""
    token, until = new_token(), clock.now() + LINK_LIVES
    digest = token_hash(token)
    if account.confirm_hash is None:
        account.confirm_hash, account.confirm_until = digest, until
        session.flush()
    else:
        link: dict[str, Any] = {"confirm_hash": digest, "confirm_until": until}
        engine.apply(account, "resend", actor=holder_of(account), session=session, **link)
    body = confirmation_mail(
        name=guardian or account.identifier,
        schools=tuple(dict.fromkeys(schools)),
        link=f"{portal_url}/confirmation/{token}",
        until=until.astimezone(clock.PARIS).date(),
        portal_url=portal_url,
        locale=account.locale,
    )
    mail_to(session, account, MAIL_KIND, body, key=digest)


def lapse_expired() -> int:
    """Let accounts lapse whose link was not followed within the week; their codes and identifiers are free again."""
    with system_scope("accounts of every family, nightly"), unit_of_work(portal_db) as session:
        over = Account.confirm_until <= clock.now()
        where = (Account.state == "provisional") & over
        return bulk.apply_many(Account, "lapse", where, actor=engine.SYSTEM, session=session).moved


def _behind(session: Session, token: str) -> Account | None:
    return session.scalar(select(Account).where(Account.confirm_hash == token_hash(token)))


def _named_in_mail(session: Session) -> tuple[list[str], str | None]:
    held = (
        select(PublishedSchool.name, PublishedCode.guardian_name)
        .select_from(PublishedCode)
        .join(PublishedPupil, PublishedPupil.id == PublishedCode.pupil_id)
        .join(PublishedSchool, PublishedSchool.id == PublishedPupil.school_id)
        .order_by(PublishedCode.id)
    )
    rows = session.execute(held).all()
    return [name for name, _ in rows], next((guardian for _, guardian in rows if guardian), None)
