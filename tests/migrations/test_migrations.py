"""Models and migrations agree, on both kinds of database, and every revision can be undone."""

from __future__ import annotations

import pytest
from sqlalchemy import inspect

from app import migrations
from app.core.db import Database, admin_db, portal_db
from tests.conftest import Urls

SIDES = [pytest.param(admin_db, id="admin"), pytest.param(portal_db, id="portal")]


@pytest.mark.parametrize("db", SIDES)
def test_nothing_is_missing_from_the_migrations(databases: Urls, db: Database) -> None:
    assert migrations.differences(db) == []


@pytest.mark.parametrize("db", SIDES)
def test_down_to_nothing_and_up_again(databases: Urls, db: Database) -> None:
    migrations.downgrade(db, "base")
    assert set(inspect(db.engine).get_table_names()) <= {"alembic_version"}
    migrations.upgrade(db)
    assert migrations.differences(db) == []
