"""The outbox: a mail is a row first, and leaves after the commit that decided it (DESIGN §7)."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import CheckConstraint, Index, String, Text, insert, select
from sqlalchemy.orm import Mapped, Session, declared_attr, mapped_column

from app.core import clock
from app.core.errors import BadInput
from app.core.types import UtcDateTime

CHUNK = 500
DEFAULT_DOMAIN = "livret.example.org"


class MailOutboxMixin:
    """Mails of one application (both databases have such a table).

    `status`: pending → sending → sent, failed (the server's words are in `error`), or uncertain: the process died, or
    the line fell, between handing the mail over and hearing the answer. An uncertain mail is repeated under the same
    Message-ID and stays shown as uncertain (`repeated`), for it may have arrived twice. `kind` names who is told when
    it has gone, `ref` is that owner's id.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    dedupe_key: Mapped[str] = mapped_column(String(150), unique=True)
    kind: Mapped[str] = mapped_column(String(40), default="")
    ref: Mapped[str | None] = mapped_column(String(80))
    to_name: Mapped[str] = mapped_column(String(200), default="")
    to_address: Mapped[str] = mapped_column(String(254))
    reply_to: Mapped[str | None] = mapped_column(String(254))
    subject: Mapped[str] = mapped_column(String(250))
    text: Mapped[str] = mapped_column(Text, default="")
    html: Mapped[str | None] = mapped_column(Text)
    message_id: Mapped[str] = mapped_column(String(250), unique=True)
    status: Mapped[str] = mapped_column(String(10), default="pending")
    attempts: Mapped[int] = mapped_column(default=0)
    repeated: Mapped[bool] = mapped_column(default=False)
    keep_body: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    next_try_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=clock.now)
    claimed_by: Mapped[str | None] = mapped_column(String(120))
    claimed_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    error: Mapped[str | None] = mapped_column(String(500))

    @declared_attr.directive
    def __table_args__(cls) -> Any:  # noqa: N805 - SQLAlchemy's declared_attr
        return (
            CheckConstraint("status IN ('pending', 'sending', 'sent', 'failed', 'uncertain')", "status_known"),
            Index(f"ix_{cls.__tablename__}_status_next_try_at", "status", "next_try_at"),  # type: ignore[attr-defined]
        )


@dataclass(frozen=True, slots=True)
class NewMail:
    """A mail to put in the outbox. `dedupe_key` says what it is about, so that asking twice sends once.

    With `text` empty, the kind's `compose` writes the body when the mail leaves: nothing readable waits in the table.
    """

    dedupe_key: str
    to_address: str
    subject: str
    text: str = ""
    html: str | None = None
    to_name: str = ""
    reply_to: str | None = None
    kind: str = ""
    ref: str | None = None
    school_id: int | None = None
    keep_body: bool = False


def clean_address(address: str) -> str:
    """The one address in `address`, in ASCII. Raises `BadInput` for anything else (two addresses, a comma, accents)."""
    try:
        found = validate_email(address.strip(), check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError as error:
        raise BadInput(f"L'adresse « {address} » n'est pas une adresse électronique.") from error
    if not found.ascii_email:
        raise BadInput(f"L'adresse « {address} » porte des caractères accentués que le courrier ne transporte pas.")
    return found.ascii_email


def queue_mail(session: Session, model: type[MailOutboxMixin], mail: NewMail) -> int:
    """Put one mail in the outbox, in the caller's transaction; returns its id (the first one's, when asked twice)."""
    return queue_mails(session, model, [mail])[mail.dedupe_key]


def queue_mails(session: Session, model: type[MailOutboxMixin], mails: Iterable[NewMail]) -> dict[str, int]:
    """Put many mails in the outbox in a few statements; returns the id of each `dedupe_key`."""
    wanted = {mail.dedupe_key: mail for mail in mails}
    known = _ids(session, model, list(wanted))
    rows = [_row(model, mail) for key, mail in wanted.items() if key not in known]
    if rows:
        session.execute(insert(model), rows)
        known |= _ids(session, model, [row["dedupe_key"] for row in rows])
    return known


def _ids(session: Session, model: type[MailOutboxMixin], keys: list[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for start in range(0, len(keys), CHUNK):
        named = model.dedupe_key.in_(keys[start:start + CHUNK])
        found |= dict(session.execute(select(model.dedupe_key, model.id).where(named)).all())  # type: ignore[arg-type]
    return found


def _row(model: type[MailOutboxMixin], mail: NewMail) -> dict[str, Any]:
    row = {field.name: getattr(mail, field.name) for field in fields(mail)}
    if not hasattr(model, "school_id"):
        del row["school_id"]
    return row | {
        "to_address": clean_address(mail.to_address),
        "to_name": one_line(mail.to_name)[:200],
        "subject": one_line(mail.subject)[:250],
        "message_id": f"<{uuid.uuid4().hex}@{_domain()}>",
    }


def one_line(text: str) -> str:
    """What may stand in a header: no line ends, no control characters."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def _domain() -> str:
    """The right half of Message-IDs: the sender's domain, not the machine's name."""
    return os.environ.get("LIVRET_MAIL_SENDER", "").rpartition("@")[2].rstrip("> ") or DEFAULT_DOMAIN
