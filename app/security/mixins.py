"""Tables that both applications need, each in its own database: the columns are declared once, here."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.types import UtcDateTime


class WebSessionMixin:
    """One browser that has something to remember (`app.security.sessions`).

    The cookie holds 256 random bits, the table only their hash: whoever reads the table cannot use it.
    `owner_id` is the signed-in user or account (NULL before sign-in); `epoch` is the owner's epoch at sign-in,
    so that raising it ends every session of the owner at once.
    """

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    owner_id: Mapped[int | None] = mapped_column(index=True)
    epoch: Mapped[int] = mapped_column(default=0)
    data: Mapped[str] = mapped_column(Text, default="{}")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class ThrottleMixin:
    """One counter of attempts (`app.security.throttle`). The key is hashed: it names addresses, accounts."""

    key_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    hits: Mapped[int]
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
