"""The toy database, fresh, on both kinds. Only its own few tables are made and emptied."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from tests.workflow.toy import ToyBase, toy_db


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def toys(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Session]:
    """An empty toy database and its session."""
    on_sqlite = request.param == "sqlite"
    url = f"sqlite:///{tmp_path}/toy.db" if on_sqlite else request.getfixturevalue("postgres_urls").admin
    engine = toy_db.bind(url)
    ToyBase.metadata.create_all(engine)
    if not on_sqlite:
        with engine.begin() as connection:
            names = ", ".join(ToyBase.metadata.tables)
            connection.execute(text(f"TRUNCATE {names} RESTART IDENTITY"))
    yield toy_db.session()
    toy_db.unbind()
