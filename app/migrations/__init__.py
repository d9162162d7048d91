"""Plain Alembic for both databases. `upgrade` is called by run.py, once, under a lock; nothing else writes schema."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config as AlembicConfig
from sqlalchemy import MetaData, text

from app.core.db import Database, PortalBase, admin_db, writing

HERE = Path(__file__).parent
LOCK = 7_305_411  # any number of our own, for PostgreSQL's advisory lock


def admin_metadata() -> MetaData:
    """Every table of the admin database: FAB's users and roles, and ours."""
    import app.access.models
    import app.audit.models
    import app.booklets.models
    import app.curriculum.models
    import app.exchange.models
    import app.jobs.models
    import app.online.absences
    import app.online.models
    import app.online.papers
    import app.replication.models
    import app.schools.models
    import app.schools.people
    import app.schools.periods
    import app.security.models  # noqa: F401
    from app.core.db import AdminBase

    return AdminBase.metadata


def portal_metadata() -> MetaData:
    """Every table of the portal database."""
    import app.portal.models
    import app.portal.records  # noqa: F401

    return PortalBase.metadata


def upgrade(db: Database, revision: str = "head") -> None:
    """Bring a bound database to `revision`. Safe to call from several processes at once."""
    with _connection(db) as connection:
        command.upgrade(_alembic(db, connection), revision)


def downgrade(db: Database, revision: str) -> None:
    """Take a bound database back to `revision` (« base » = empty)."""
    with _connection(db) as connection:
        command.downgrade(_alembic(db, connection), revision)


def new_revision(db: Database, message: str) -> None:
    """Write the next revision from the difference between models and database (developers)."""
    with _connection(db) as connection:
        command.revision(_alembic(db, connection), message, autogenerate=True)


def differences(db: Database) -> list[Any]:
    """What models and database disagree about; empty when migrations are complete."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    metadata = admin_metadata() if db is admin_db else portal_metadata()
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "render_as_batch": True})
        return list(compare_metadata(context, metadata))


@contextmanager
def _connection(db: Database) -> Iterator[Any]:
    with writing(), db.engine.begin() as connection:  # on SQLite, BEGIN IMMEDIATE is the lock
        if not db.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
        yield connection


def _alembic(db: Database, connection: Any) -> AlembicConfig:
    side = "admin" if db is admin_db else "portal"
    config = AlembicConfig()
    config.set_main_option("script_location", str(HERE / side))
    config.attributes["connection"] = connection
    config.attributes["metadata"] = admin_metadata() if db is admin_db else portal_metadata()
    return config



