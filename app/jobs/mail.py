"""Who writes and who follows the mails of the outboxes. Packages register here from their `tasks` module:

    mail_kind("codes.notify", compose=body_of, on_sent=mark_notified, on_failed=mark_failed)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from app.core.db import Database, admin_db
from app.core.mail import MailOutboxMixin
from app.core.mail_delivery import Delivery, MailKind, OutgoingMail, deliver_pending
from app.core.mail_transport import Transport
from app.core.scope import school_scope, system_scope
from app.jobs.models import MailOutbox

T = TypeVar("T")
Hook = Callable[[Session, OutgoingMail], T]

_kinds: dict[str, MailKind] = {}
_outboxes: list[tuple[Database, type[MailOutboxMixin]]] = [(admin_db, MailOutbox)]


def mail_kind(
    name: str, *, compose: Hook[tuple[str, str | None]] | None = None, on_sent: Hook[None] | None = None,
    on_failed: Hook[None] | None = None,
) -> None:
    """Say what happens to mails of a kind. The functions run in the scope of the mail's school, in the transaction
    that stores the mail's own status: « notified » and « sent » are true together (M091)."""
    _kinds[name] = MailKind(*(_in_its_school(hook) for hook in (compose, on_sent, on_failed)))


def _in_its_school(hook: Hook[Any] | None) -> Hook[Any] | None:
    if hook is None:
        return None

    def scoped(session: Session, mail: OutgoingMail) -> Any:
        with school_scope(mail.school_id) if mail.school_id else system_scope("a mail of no school"):
            return hook(session, mail)

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
