"""One line per act. Lines are inserted unhashed in the act's transaction and chained per school by the sealer."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.audit.mixins import AuditLineMixin
from app.core.db import AdminBase
from app.core.scope import MaybeSchoolScoped


class AuditLine(AuditLineMixin, MaybeSchoolScoped, AdminBase):
    """The admin application's trail."""

    __tablename__ = "audit_line"
    __table_args__ = (Index("ix_audit_line_subject", "subject_type", "subject_id"),)

    personal: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    salt: Mapped[str | None] = mapped_column(String(32))
    personal_digest: Mapped[str | None] = mapped_column(String(64))
    chain_position: Mapped[int | None]
    chain_hash: Mapped[str | None] = mapped_column(String(64))
    key_id: Mapped[str | None] = mapped_column(String(8))


class ChainHead(AdminBase):
    """The last sealed line of a school's chain (0 = the academy's own)."""

    __tablename__ = "audit_chain_head"

    chain: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    position: Mapped[int]
    hash: Mapped[str] = mapped_column(String(64))
    line_id: Mapped[int | None] = mapped_column(ForeignKey("audit_line.id"))
