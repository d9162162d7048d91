"""Writing down what differs. Rows go out in short transactions, so that progress can be written meanwhile."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from app.core.uow import unit_of_work
from app.exchange.models import STAGED, StagedDivision
from app.exchange.sync.checks import SchoolFacts
from app.exchange.sync.outcome import Report

CHUNK = 2000
DIGEST_VERSION = 1  # to be raised when a new column is taken from the files
Progress = Callable[[int, int, str], None]


def digest(*parts: Any) -> str:
    """Hash of a record as it would be applied; the same record gives the same digest (TECH: 2 µs)."""
    return hashlib.blake2b(repr((DIGEST_VERSION, parts)).encode(), digest_size=16).hexdigest()


@dataclass
class Stage:
    """The staging rows of one synchronisation, and what is said and counted on the way."""

    school: SchoolFacts
    batch: str
    source: str
    report: Report
    counts: Counter[str] = field(default_factory=Counter)
    labels: dict[str, str] = field(default_factory=dict)  # known divisions of the year, by code
    written: set[str] = field(default_factory=set)
    total_bytes: int = 0
    progress: Progress | None = None
    _rows: dict[Any, list[dict[str, Any]]] = field(default_factory=dict)
    _waiting: int = 0
    _read: int = 0

    def put(self, model: Any, **row: Any) -> None:
        """One row, written with the next chunk."""
        self.written.add(model.__tablename__)
        self._rows.setdefault(model, []).append(row | {"batch": self.batch, "school_id": self.school.id})
        self._waiting += 1
        if self._waiting >= CHUNK:
            self.flush()

    def division(self, code: str, label: str | None, level: str | None) -> None:
        """A division of the files: staged when it is new or its label changed."""
        if code not in self.labels or (label and label != self.labels[code]):
            self.put(StagedDivision, code=code, label=label, level=level)
            self.labels[code] = label or code

    def flush(self) -> None:
        """Write the waiting rows in one short transaction."""
        if not self._waiting:
            return
        with unit_of_work() as session:
            for model, rows in self._rows.items():
                # Otherwise rows are grouped by which of their values are NULL: hundreds of statements.
                session.execute(insert(model), rows, execution_options={"render_nulls": True})
        self._rows, self._waiting = {}, 0

    def take_back(self, model: Any, source_ids: Iterable[str]) -> None:
        """Forget rows that turned out to be faulty."""
        self.flush()
        with unit_of_work() as session:
            for key in source_ids:
                mine = (model.school_id == self.school.id, model.batch == self.batch, model.source_id == key)
                session.execute(delete(model).where(*mine), execution_options={"synchronize_session": False})

    def on_bytes(self, size: int) -> None:
        """How much of the files is read."""
        self._read += size
        if self.progress:
            self.progress(self._read, max(self.total_bytes, self._read), "Lecture des fichiers")


def clear(session: Session, school_id: int, batch: str) -> None:
    """Drop the staging rows of a batch: before it starts again, and when it has ended."""
    for model in STAGED:
        session.execute(
            delete(model).where(model.school_id == school_id, model.batch == batch),
            execution_options={"synchronize_session": False},
        )


def is_staged(session: Session, school_id: int, batch: str) -> bool:
    """Whether anything of a batch is still staged."""
    return any(
        session.scalar(select(model.id).where(model.school_id == school_id, model.batch == batch).limit(1))
        for model in STAGED
    )
