"""What both trails share: the admin's and the portal's."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from app.core import clock
from app.core.types import UtcDateTime


class AuditLineMixin:
    """`action` is a stable name (`guardian_code.notify`), `data` small and without personal content; what is
    personal goes to `personal`, which can be erased without breaking the chain (only its salted digest is hashed)."""

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    action: Mapped[str] = mapped_column(String(60))
    subject_type: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[int | None]
    actor_id: Mapped[int | None]
    actor_name: Mapped[str] = mapped_column(String(200), default="")
    old_state: Mapped[str | None] = mapped_column(String(20))
    new_state: Mapped[str | None] = mapped_column(String(20))
    data: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    # The lines of one bulk transition share it: it names the moved rows in SQL, without listing them.
    batch: Mapped[str | None] = mapped_column(String(32), index=True)
