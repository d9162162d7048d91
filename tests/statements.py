"""What the database is asked: tests and measures count statements, not seconds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from app.core.db import admin_db


@contextmanager
def statements(db: Any = admin_db) -> Iterator[list[str]]:
    """The texts of the SQL statements sent to this database within the block, one for each message."""
    seen: list[str] = []

    def note(*arguments: Any) -> None:
        seen.append(arguments[2])

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
