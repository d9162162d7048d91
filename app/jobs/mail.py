"""Who writes and who follows the mails of the outboxes. Packages register here from their `tasks` module:

    mail_kind("codes.notify", compose=bodies_of, on_sent=mark_notified, on_failed=each_told(mark_failed))
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session

from app.core.db import Database, admin_db
from app.core.mail import MailOutboxMixin
from app.core.mail_delivery import Delivery, deliver_pending
from app.core.mail_kinds import Compose, MailKind, OutgoingMail, Told
from app.core.mail_transport import Transport
from app.core.scope import school_scope, system_scope
from app.jobs.models import MailOutbox

_kinds: dict[str, MailKind] = {}
_outboxes: list[tuple[Database, type[MailOutboxMixin]]] = [(admin_db, MailOutbox)]


def mail_kind(
    name: str, *, compose: Compose | None = None, on_sent: Told | None = None, on_failed: Told | None = None
) -> None:
    """Say what happens to mails of a kind. The functions get mails of one school and run in its scope; the last two in
    the transaction that stores the mails' own status: « notified » and « sent » are true together (M091)."""
    _kinds[name] = MailKind(*(_in_their_school(hook) for hook in (compose, on_sent, on_failed)))


def _in_their_school(hook: Callable[..., Any] | None) -> Any:
    if hook is None:
        return None

    def scoped(session: Session, mails: list[OutgoingMail]) -> Any:
        school_id = mails[0].school_id
        with school_scope(school_id) if school_id else system_scope("a mail of no school"):
            return hook(session, mails)

    return scoped


def add_outbox(db: Database, model: type[MailOutboxMixin]) -> None:
    """One more table of mails to send: the portal's, named by the only package that knows both sides."""
    if (db, model) not in _outboxes:
        _outboxes.append((db, model))


def deliver_all(transport: Transport) -> dict[str, Delivery]:
    """Send what is due in every outbox; the outcome of each, by table."""
    found = {}
    with system_scope("outgoing mail of every school"):
        for db, model in _outboxes:
            found[str(model.__tablename__)] = deliver_pending(db, model, transport, _kinds)  # type: ignore[attr-defined]
    return found
