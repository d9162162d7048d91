"""What the replicator remembers, on the admin side: orders to the portal, events already read, schools that changed."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core import clock
from app.core.db import AdminBase
from app.core.types import UtcDateTime


class ReplicationCommand(AdminBase):
    """An order to the portal that does not wait for the next replication (revoke a code, …). Carries ids only.

    It is applied once: the portal writes the number in the transaction that obeys (`AppliedCommand`), and
    `applied_at` here only spares asking again.
    """

    __tablename__ = "replication_command"
    __table_args__ = (
        CheckConstraint(
            "kind IN ('revoke', 'withdraw', 'attach', 'detach', 'close', 'unpublish', 'reset', 'slip')", "kind_known"
        ),
        Index(
            "ix_replication_command_waiting",
            "number",
            postgresql_where=text("applied_at IS NULL"),
            sqlite_where=text("applied_at IS NULL"),
        ),
    )

    number: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    applied_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ReplicationMark(AdminBase):
    """Whether a school changed since it was last published: `changed` grows with every transaction that wrote
    something the portal may show (`app.replication.marks`), `published` is the value the replicator last dealt with,
    `checked` the value at which revocations were last looked for."""

    __tablename__ = "replication_mark"
    __table_args__ = (
        Index(
            "ix_replication_mark_waiting",
            "school_id",
            postgresql_where=text("changed <> published OR changed <> checked"),
            sqlite_where=text("changed <> published OR changed <> checked"),
        ),
    )

    school_id: Mapped[int] = mapped_column(ForeignKey("school.id", ondelete="CASCADE"), primary_key=True)
    changed: Mapped[int] = mapped_column(default=1)
    published: Mapped[int] = mapped_column(default=0)
    checked: Mapped[int] = mapped_column(default=0)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ReplicationState(AdminBase):
    """One row: the last portal event taken over, and when the replicator last ran."""

    __tablename__ = "replication_state"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=1)
    last_event: Mapped[int] = mapped_column(default=0)
    last_run_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_day: Mapped[date | None]
