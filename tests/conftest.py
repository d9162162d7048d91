"""Fixtures: fresh migrated databases (SQLite and PostgreSQL), keys, the two applications.

`databases` runs a test on both kinds. A test that only needs one asks for `sqlite_databases`.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text

from app import migrations
from app.core.crypto import ADMIN_KEYS, KeyRing, make_keys, use_keys
from app.core.db import Database, admin_db, portal_db
from app.core.scope import set_scope
from config import Config
from tests.factories import World, build_world

SIDES = {"admin": admin_db, "portal": portal_db}


@dataclass(frozen=True)
class Urls:
    """Where the two databases of a test are."""

    kind: str
    admin: str
    portal: str


@pytest.fixture(scope="session")
def keys_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keys made once; the ring loaded in the test process holds both sides'."""
    folder = tmp_path_factory.mktemp("keys")
    make_keys(folder)
    use_keys(KeyRing(folder / "admin", ADMIN_KEYS))
    return folder


@pytest.fixture(scope="session")
def sqlite_templates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two migrated SQLite files, copied for each test."""
    folder = tmp_path_factory.mktemp("templates")
    for name, db in SIDES.items():
        _prepare(db, f"sqlite:///{folder}/{name}.db")
    return folder


def _prepare(db: Database, url: str) -> None:
    db.bind(url)
    migrations.upgrade(db)
    if db is admin_db:
        with db.engine.connect() as connection:  # nothing stays in the write-ahead log of the file to copy
            connection.execute(text("SELECT 1"))
    db.unbind()


def new_postgres_database(name: str) -> str:
    """An empty database on the tests' server; its URL."""
    server = os.environ.get("LIVRET_TEST_PG")
    if not server:
        pytest.skip("LIVRET_TEST_PG is not set: run.py test starts a PostgreSQL")
    database = f"livret_{name}_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}_{os.getpid()}"
    with psycopg.connect(server.replace("postgresql+psycopg:", "postgresql:"), autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{database}"')
        connection.execute(f'CREATE DATABASE "{database}"')
    return f"{server.rsplit('/', 1)[0]}/{database}"


@pytest.fixture(scope="session")
def postgres_urls() -> Urls:
    """Two migrated databases of this test process, emptied before each test."""
    urls = {name: new_postgres_database(name) for name in SIDES}
    for name, db in SIDES.items():
        _prepare(db, urls[name])
    return Urls("postgresql", urls["admin"], urls["portal"])


def _empty(url: str) -> None:
    """Only what holds rows: emptying every table by TRUNCATE, which one reference asks of all, takes ten times longer.
    As a replica the server asks no trigger and no foreign key."""
    with psycopg.connect(url.replace("postgresql+psycopg:", "postgresql:"), autocommit=True) as connection:
        named = connection.execute(
            "SELECT quote_ident(tablename) FROM pg_tables "
            "WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
        ).fetchall()
        first_rows = " UNION ALL ".join(f"(SELECT '{name}' FROM {name} LIMIT 1)" for (name,) in named)
        full = [f"DELETE FROM {name}" for (name,) in connection.execute(first_rows).fetchall()]
        restart = ("SELECT setval(quote_ident(sequencename)::regclass, 1, false) FROM pg_sequences "
                   "WHERE schemaname = 'public' AND last_value IS NOT NULL")  # fmt: skip
        connection.execute("; ".join(["SET session_replication_role = replica", *full, restart]))


@pytest.fixture
def sqlite_databases(sqlite_templates: Path, keys_folder: Path, tmp_path: Path) -> Iterator[Urls]:
    """Both databases, fresh, on SQLite."""
    for name in SIDES:
        shutil.copy(sqlite_templates / f"{name}.db", tmp_path / f"{name}.db")
    yield from _bound(Urls("sqlite", f"sqlite:///{tmp_path}/admin.db", f"sqlite:///{tmp_path}/portal.db"))


@pytest.fixture
def postgres_databases(postgres_urls: Urls, keys_folder: Path) -> Iterator[Urls]:
    """Both databases, fresh, on PostgreSQL."""
    _empty(postgres_urls.admin)
    _empty(postgres_urls.portal)
    yield from _bound(postgres_urls)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def databases(request: pytest.FixtureRequest) -> Urls:
    """Both databases, fresh; the test runs once on each kind."""
    return request.getfixturevalue("sqlite_databases" if request.param == "sqlite" else "postgres_databases")


def _bound(urls: Urls) -> Iterator[Urls]:
    admin_db.bind(urls.admin)
    portal_db.bind(urls.portal)
    set_scope(None)
    yield urls
    set_scope(None)
    admin_db.unbind()
    portal_db.unbind()


@pytest.fixture
def world(databases: Urls) -> World:
    """An academy with two collèges and an école (see tests/factories.py), on both kinds of database."""
    return build_world()


@pytest.fixture
def sqlite_world(sqlite_databases: Urls) -> World:
    """The same on SQLite only."""
    return build_world()


@pytest.fixture
def settings(tmp_path: Path, keys_folder: Path) -> Config:
    """A configuration whose folder is the test's own; the databases are those of the test's fixtures."""
    home = tmp_path / "home"
    home.mkdir(exist_ok=True)
    shutil.copytree(keys_folder, home / "keys", dirs_exist_ok=True)
    return replace(Config(), home=home, broker=f"sqla+sqlite:///{home}/broker.db", mail=f"file://{home}/mail")
