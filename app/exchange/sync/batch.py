"""One batch of staged rows against its school: what every statement of the application shares."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import String, and_, literal, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.exchange.models import PUT
from app.exchange.sync.checks import SchoolFacts

Names = Sequence[str]
UNSYNCED = {"synchronize_session": False}


@dataclass(frozen=True, slots=True)
class Batch:
    """Which staged rows, of which school, for people of which source."""

    session: Session
    school: SchoolFacts
    name: str
    source: str
    staff_source: str
    written: frozenset[str]  # staging tables that hold something
    bulk: bool = False

    def of(self, model: Any, action: str | None = None) -> Any:
        """The staged rows of one kind."""
        mine = and_(model.school_id == self.school.id, model.batch == self.name)
        return mine if action is None else and_(mine, model.action == action)

    def people(self, model: Any, staged_key: Any, source: str | None = None) -> Any:
        """The person a staged row is about."""
        return and_(
            model.school_id == self.school.id, model.source == (source or self.source), model.source_id == staged_key
        )

    def run(self, statement: Any) -> None:
        """One statement; loaded objects are left alone."""
        self.session.execute(statement, execution_options=UNSYNCED)

    def analyze(self, *models: Any) -> None:
        """After many new rows PostgreSQL still plans for an empty table, down to the checks of foreign keys."""
        if self.bulk and self.is_postgresql:
            for model in models:
                self.session.execute(text(f"ANALYZE {model.__tablename__}"))

    @property
    def is_postgresql(self) -> bool:
        """Which of the two databases this is."""
        return self.session.get_bind().dialect.name == "postgresql"

    def upsert(self, model: Any, columns: dict[str, Any], source: Any, key: Names, changed: Names) -> None:
        """INSERT … SELECT … ON CONFLICT DO UPDATE; `columns` are the expressions by name."""
        dialect = postgresql if self.is_postgresql else sqlite
        statement = dialect.insert(model).from_select(list(columns), source)
        values = {name: statement.excluded[name] for name in changed}
        self.run(statement.on_conflict_do_update(index_elements=list(key), set_=values))


@contextmanager
def joined_by_hash(batch: Batch) -> Iterator[None]:
    """PostgreSQL has no statistics yet on rows staged a moment ago, takes them for few and loops (815 × 815 × 815)."""
    if batch.is_postgresql and batch.written:
        batch.session.execute(text("SET LOCAL enable_nestloop = off"))
        yield
        batch.session.execute(text("SET LOCAL enable_nestloop = on"))
    else:
        yield


def upsert_people(batch: Batch, model: Any, staged: Any, names: Names, source: str) -> None:
    """People by (school, source, source id)."""
    columns = {
        "school_id": staged.school_id,
        "source": literal(source, String),
        "source_id": staged.source_id,
        **{name: getattr(staged, name) for name in names},
    }
    rows = select(*columns.values()).where(batch.of(staged, PUT))
    batch.upsert(model, columns, rows, ("school_id", "source", "source_id"), names)
