"""Models and migrations agree, on both kinds of database, and every revision can be undone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import inspect

from app import migrations
from app.core.db import Database, admin_db, portal_db
from tests.conftest import new_postgres_database

KINDS = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]


@pytest.fixture(params=[pytest.param(admin_db, id="admin"), pytest.param(portal_db, id="portal")])
def db(request: pytest.FixtureRequest, kind: str, tmp_path: Path) -> Iterator[Database]:
    """One side, on a database of its own: other tests leave their toys' tables in theirs."""
    side: Database = request.param
    side.bind(f"sqlite:///{tmp_path}/own.db" if kind == "sqlite" else new_postgres_database(f"migrations_{side.name}"))
    migrations.upgrade(side)
    yield side
    side.unbind()


def ours(side: Database) -> list[object]:
    """What models and database disagree about, without the tables that other tests declare."""
    return [item for item in migrations.differences(side) if "toy_" not in str(item)]


@pytest.mark.parametrize("kind", KINDS)
def test_down_to_nothing_and_up_again(db: Database, kind: str) -> None:
    assert ours(db) == []
    migrations.downgrade(db, "base")
    assert set(inspect(db.engine).get_table_names()) <= {"alembic_version"}
    migrations.upgrade(db)
    assert ours(db) == []
