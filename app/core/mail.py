"""The outbox: a mail is a row first, and leaves after the commit that decided it (DESIGN §7)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, String, Text
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from app.core import clock
from app.core.types import UtcDateTime


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
