"""A school to synchronise, and one call that writes the files and synchronises."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from app.core.actor import SYSTEM
from app.core.clock import frozen
from app.core.db import admin_db
from app.core.scope import school_scope, system_scope
from app.exchange.demo import uai_of
from app.exchange.sync.outcome import SyncOutcome
from app.exchange.sync.service import synchronise
from app.schools.models import School
from app.schools.services import create_school
from tests.conftest import Urls
from tests.exchange.files import UAI


class Synced:
    """A school under synchronisation."""

    def __init__(self, school_id: int, folder: Path) -> None:
        self.id, self.folder = school_id, folder

    def run(self, *files: bytes | Path, **options: Any) -> SyncOutcome:
        """Synchronise with these files."""
        paths = [data if isinstance(data, Path) else self._keep(n, data) for n, data in enumerate(files)]
        with school_scope(self.id):
            school = admin_db.session.get_one(School, self.id)
            return synchronise(paths, school, actor=SYSTEM, **options)

    def rows(self, statement: Any) -> list[Any]:
        """What the school holds."""
        with school_scope(self.id):
            found = [tuple(row) for row in admin_db.session.execute(statement)]
            admin_db.session.rollback()
            return found

    def all(self, model: Any, *columns: str) -> set[Any]:
        """These columns of every row."""
        return set(self.rows(select(*(getattr(model, name) for name in columns))))

    def _keep(self, number: int, data: bytes) -> Path:
        path = self.folder / f"fichier{number}.xml"
        path.write_bytes(data)
        return path


@pytest.fixture
def clock() -> Iterator[None]:
    """14 September 2026, noon."""
    with frozen(datetime(2026, 9, 14, 10, tzinfo=UTC)):
        yield


def make(uai: str, kind: str, folder: Path) -> Synced:
    """A new school in the year 2026."""
    school = create_school(uai, name="Essai", kind=kind, first_year=2026, actor=SYSTEM)
    with system_scope("its id"):
        return Synced(school.id, folder)


@pytest.fixture
def college(databases: Urls, clock: None, tmp_path: Path) -> Synced:
    """A collège, on each database."""
    return make(UAI, "college", tmp_path)


@pytest.fixture
def ecole(databases: Urls, clock: None, tmp_path: Path) -> Synced:
    """An école, on each database."""
    return make(uai_of(960_112), "ecole", tmp_path)
