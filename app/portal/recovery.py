"""Identifier or pass-phrase forgotten (M122). The page only writes the request down: it takes the same time whoever
asks, and the worker answers by mail, to the address that the account already has."""

from __future__ import annotations

from typing import Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.audit.services import record
from app.core import clock
from app.core.crypto import new_token
from app.core.db import portal_db
from app.core.folding import folded
from app.core.mail import NewMail, queue_mail
from app.core.scope import system_scope
from app.core.uow import unit_of_work
from app.portal.keys import give_link
from app.portal.mails import identifiers_mail
from app.portal.models import Account, PortalMail, RecoveryRequest
from app.portal.signup import identifier_key
from app.portal.visitors import Visitor, holder_of

Forgotten = Literal["identifier", "passphrase"]
BATCH = 200
MAIL_KIND = "account.identifier"
LONGEST = 300


def ask(kind: Forgotten, typed: str, locale: str, *, visitor: Visitor) -> None:
    """Write a request down. Raises `TooManyAttempts`, whether the person exists or not."""
    typed = typed.strip()[:LONGEST]
    visitor.limits.count("recovery address", visitor.address)
    visitor.limits.count("mail account", f"forgotten {kind} {folded(typed)}")
    with system_scope("somebody not signed in forgot something"), unit_of_work(portal_db) as session:
        session.add(RecoveryRequest(kind=kind, typed=typed, locale=locale, at=clock.now()))


def answer_requests(portal_url: str) -> int:
    """Answer every request that waits, by mail when there is somebody to answer; how many there were."""
    total = 0
    while count := _answer_batch(portal_url):
        total += count
    return total


def _answer_batch(portal_url: str) -> int:
    with system_scope("requests of families who are not signed in"), unit_of_work(portal_db) as session:
        asked = select(RecoveryRequest).order_by(RecoveryRequest.id).limit(BATCH).with_for_update(skip_locked=True)
        found = list(session.scalars(asked))
        for request in found:
            if request.kind == "identifier":
                _send_identifiers(session, request, portal_url)
            else:
                _send_link(session, request, portal_url)
            session.delete(request)
        return len(found)


def _send_identifiers(session: Session, request: RecoveryRequest, portal_url: str) -> None:
    """The identifiers of the confirmed accounts of an address, to that very address as the account has it."""
    same = func.lower(Account.email) == request.typed.lower()
    wanted = select(Account).where(same, Account.email != "", Account.state == "confirmed").order_by(Account.id)
    accounts = list(session.scalars(wanted))
    if not accounts:
        return
    body = identifiers_mail(identifiers=[account.identifier for account in accounts], portal_url=portal_url,
                            locale=request.locale)  # fmt: skip
    queue_mail(session, PortalMail, NewMail(
        dedupe_key=f"{MAIL_KIND}:{new_token()}", to_address=accounts[0].email, subject=body.subject, text=body.text,
        html=body.html, kind=MAIL_KIND, ref=str(accounts[0].id)))  # fmt: skip
    for account in accounts:
        record(session, "account.forgotten_identifier", account, actor=holder_of(account))


def _send_link(session: Session, request: RecoveryRequest, portal_url: str) -> None:
    key = identifier_key(request.typed)[:200]
    account = session.scalar(select(Account).where(Account.identifier_key == key, Account.state == "confirmed"))
    if account is not None and give_link(session, account, portal_url):
        record(session, "account.forgotten_passphrase", account, actor=holder_of(account))
