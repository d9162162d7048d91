"""Unit of work: the outermost one commits, and the world hears afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy.orm import Session

from app.core.db import Database, admin_db, writing

_KEY = "unit_of_work_callbacks"


@contextmanager
def unit_of_work(db: Database = admin_db) -> Iterator[Session]:
    """Run the block in one transaction of `db`; nested calls join it. Usable as a decorator too.

    Commits at the end of the outermost block, rolls back on any exception. Callbacks given to
    `after_commit` run once the commit is through, and never after a rollback.
    """
    session = db.session()
    if _KEY in session.info:
        yield session
        return
    if session.in_transaction() and db.is_sqlite and not (session.new or session.dirty or session.deleted):
        session.rollback()  # a read transaction cannot become a writer on SQLite
    callbacks: list[tuple[Callable[..., Any], tuple[Any, ...]]] = []
    session.info[_KEY] = callbacks
    try:
        with writing():
            yield session
            session.commit()
    except BaseException:
        session.rollback()
        raise
    finally:
        del session.info[_KEY]
    for callback, args in callbacks:
        callback(*args)


def in_unit_of_work(db: Database = admin_db) -> bool:
    """Whether a unit of work is open on this thread."""
    return _KEY in db.session().info


def after_commit(callback: Callable[..., Any], *args: Any, db: Database = admin_db) -> None:
    """Call `callback(*args)` once the open unit of work is committed (at once when none is open)."""
    callbacks = db.session().info.get(_KEY)
    if callbacks is None:
        callback(*args)
    else:
        callbacks.append((callback, args))
