"""Models and migrations agree, on both kinds of database, and every revision can be undone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from app import migrations
from app.core.db import Database, admin_db, portal_db, writing
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


@pytest.mark.parametrize("kind", KINDS)
def test_messages_keep_their_codes_when_their_table_is_rebuilt(kind: str, tmp_path: Path) -> None:
    """SQLite makes a table anew to change it; what points at it must be there afterwards."""
    admin_db.bind(f"sqlite:///{tmp_path}/kept.db" if kind == "sqlite" else new_postgres_database("migrations_kept"))
    migrations.upgrade(admin_db, "0003")
    with writing(), admin_db.engine.begin() as connection:
        for line in KEPT.strip().splitlines():
            connection.execute(text(line))
    for step in (lambda: migrations.upgrade(admin_db), lambda: migrations.downgrade(admin_db, "0003")):
        step()
        with admin_db.engine.connect() as connection:
            assert connection.execute(text("SELECT notification_id, code_id FROM notification_code")).all() == [(1, 1)]
            assert connection.execute(text("SELECT guardian_id, status FROM notification")).all() == [(1, "done")]
    admin_db.unbind()


KEPT = """
INSERT INTO authority (id, code, name) VALUES (1, '25', 'Montrevel')
INSERT INTO school_year (id, authority_id, first_year, starts_on, ends_on) VALUES (1, 1, 2026, '2026-09-01', '2027-07-06')
INSERT INTO school (id, authority_id, school_year_id, uai, kind, name) VALUES (1, 1, 1, '0250001A', 'college', 'Essai')
INSERT INTO pupil (id, school_id, source, source_id, last_name, first_name, birth_date) VALUES (1, 1, 'manual', '1', 'A', 'B', '2014-01-01')
INSERT INTO guardian (id, school_id, source, source_id, last_name) VALUES (1, 1, 'manual', '1', 'A')
INSERT INTO activation_code (id, school_id, holder, guardian_id, pupil_id, hint, lookup_key, lookup_hash, created_at, changed_at, state, version) VALUES (1, 1, 'guardian', 1, 1, '0AAA', 'k', 'h', '2026-09-01', '2026-09-01', 'created', 1)
INSERT INTO job (id, school_id, kind, label, params, result, created_by_name, created_at, planned, steps_done, steps_total, part, message, cancel_requested, attempts, state, version) VALUES (1, 1, 'x', 'x', '{}', '{}', '', '2026-09-01', true, 0, 0, 0, '', false, 0, 'done', 1)
INSERT INTO notification (id, school_id, job_id, guardian_id, mode, status, position) VALUES (1, 1, 1, 1, 'paper', 'done', 0)
INSERT INTO notification_code (id, school_id, notification_id, code_id) VALUES (1, 1, 1, 1)
"""  # noqa: E501 - one statement a line
