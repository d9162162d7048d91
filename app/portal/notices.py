"""Telling the holder of an account, by mail, what happened in it (M120)."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.core import clock
from app.core.crypto import new_token
from app.core.mail import NewMail, queue_mail
from app.portal.events import tell_school
from app.portal.mails import changed_mail
from app.portal.models import Account, PortalMail
from letters.mail import MailBody

CHANGED = "account.changed"


def mail_to(session: Session, account: Account, kind: str, body: MailBody, *, key: str, to: str = "") -> None:
    """Put a mail about an account in the outbox. An account without address gets none."""
    if address := to or account.email:
        queue_mail(session, PortalMail, NewMail(
            dedupe_key=f"{kind}:{key}", to_address=address, subject=body.subject, text=body.text, html=body.html,
            kind=kind, ref=str(account.id)))  # fmt: skip


def tell_holder(
    session: Session, account: Account, what: str, detail: str | None = None, *, portal_url: str, to: str = ""
) -> None:
    """Tell what was changed: at the account's address, or at the one it had before (`to`)."""
    body = changed_mail(name=account.identifier, what=what, detail=detail, at=clock.now().astimezone(clock.PARIS),
                        portal_url=portal_url, locale=account.locale)  # fmt: skip
    mail_to(session, account, CHANGED, body, key=new_token(), to=to)


def tell_mirror(session: Session, account: Account) -> None:
    """The school's mirror of the account shows the same identifier and address (M099)."""
    told = {"account_id": account.id, "identifier": account.identifier, "email": account.email}
    tell_school(session, CHANGED, [told])
