"""Small writes that must not share the fate of the request around them: sessions, counters of attempts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

from app.core.db import Database, writing
from app.core.uow import in_unit_of_work


@contextmanager
def own_transaction(db: Database) -> Iterator[Connection]:
    """A transaction on a connection of its own, committed at the end of the block.

    SQLite has one writer: what this thread has merely read, or locked in advance, is let go first. Inside a unit of
    work that would undo work in progress, so there it is an error.
    """
    if db.is_sqlite:
        if in_unit_of_work(db):
            raise RuntimeError("own_transaction inside a unit of work would wait for itself on SQLite")
        db.session.rollback()
    with writing(), db.engine.begin() as connection:
        yield connection
