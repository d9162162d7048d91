"""The toy database, fresh, on both kinds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy.orm import Session

from tests.conftest import Urls
from tests.workflow.toy import ToyBase, toy_db


@pytest.fixture
def toys(databases: Urls) -> Iterator[Session]:
    """An empty toy database and its session."""
    url = databases.admin.replace("admin.db", "toy.db") if databases.kind == "sqlite" else databases.admin
    engine = toy_db.bind(url)
    ToyBase.metadata.drop_all(engine)
    ToyBase.metadata.create_all(engine)
    yield toy_db.session()
    toy_db.session.remove()
    ToyBase.metadata.drop_all(engine)
    toy_db.unbind()
