"""Reading jobs: what the pages, the command line and the worker's watchers show."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.db import admin_db, writing
from app.core.errors import NotFound
from app.core.scope import current_scope
from app.core.uow import in_unit_of_work
from app.jobs.models import Artifact, Job, JobLine, WorkerHeartbeat

UP = timedelta(seconds=10)
ENDED = ("done", "refused", "failed", "cancelled")


@dataclass(frozen=True, slots=True)
class JobView:
    """A job as it is at this moment."""

    id: int
    kind: str
    label: str
    school_id: int | None
    state: str
    message: str
    steps_done: int
    steps_total: int
    part: float
    cancel_requested: bool
    created_by_name: str
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    not_before: datetime | None
    result: dict[str, Any] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen."""
        return self.state in ENDED

    @property
    def held(self) -> bool:
        """Whether it waits for its hour, and can be recalled."""
        return self.state == "queued" and self.not_before is not None and self.not_before > clock.now()

    @property
    def percent(self) -> int:
        """How far it is, 0 to 100."""
        if self.state == "done":
            return 100
        return min(99, int(100 * (self.steps_done + self.part) / self.steps_total)) if self.steps_total else 0


def view(session: Session, job_id: int) -> JobView:
    """One job with the number of report lines of each severity. Raises `NotFound`, also outside the scope."""
    job = session.scalar(select(Job).where(Job.id == job_id).execution_options(populate_existing=True))
    if job is None:
        raise NotFound("Ce traitement n'existe pas.")
    counted = select(JobLine.severity, func.count(JobLine.id)).where(JobLine.job_id == job_id)
    lines = dict(session.execute(counted.group_by(JobLine.severity)).all())  # type: ignore[arg-type]
    names = [name for name in JobView.__dataclass_fields__ if name != "lines"]
    return JobView(**{name: getattr(job, name) for name in names}, lines=lines)


@contextmanager
def reading() -> Iterator[Session]:
    """A fresh picture of the database that waits for no writer; within a unit of work, that one's."""
    session = admin_db.session()
    if in_unit_of_work():
        yield session
        return
    session.rollback()
    try:
        with writing(False):
            yield session
    finally:
        session.rollback()


def read_view(job_id: int) -> JobView:
    """`view` of this very moment, however often it is asked."""
    with reading() as session:
        return view(session, job_id)


def own_jobs() -> Select[Job]:
    """The jobs of the current school, newest first; in the academy's scope, those of no school."""
    statement = select(Job).order_by(Job.id.desc())
    scope = current_scope()
    return statement.where(Job.school_id.is_(None)) if scope and scope.kind == "academy" else statement


def own_job(session: Session, job_id: int) -> Job:
    """One of `own_jobs`. Raises `NotFound`."""
    job = session.scalar(own_jobs().where(Job.id == job_id))
    if job is None:
        raise NotFound("Ce traitement n'existe pas.")
    return job


def report(job_id: int, severity: str | None = None, text: str = "") -> Select[JobLine]:
    """The report lines of a job in the order of writing, narrowed by severity and by words in any column."""
    statement = select(JobLine).where(JobLine.job_id == job_id).order_by(JobLine.id)
    if severity:
        statement = statement.where(JobLine.severity == severity)
    for word in text.split()[:10]:
        statement = statement.where(or_(*(column.icontains(word, autoescape=True)
                                          for column in (JobLine.message, JobLine.subject, JobLine.file))))
    return statement


def lines_of(session: Session, job_id: int) -> Iterator[dict[str, Any]]:
    """The report as `--json` prints it: severity, message, file, line."""
    for line in session.scalars(report(job_id).execution_options(yield_per=1000)):
        yield {"severity": line.severity, "message": line.message, "file": line.file, "line": line.line}


def artifacts_of(session: Session, job_id: int) -> list[Artifact]:
    """The files of a job, in the order of writing."""
    return list(session.scalars(select(Artifact).where(Artifact.job_id == job_id).order_by(Artifact.id)))


def worker_is_up() -> bool:
    """Whether a worker gave a sign of life less than 10 s ago."""
    # Not the session, which may hold an older picture; and a reader, even in a request that holds the write lock.
    with writing(False), admin_db.engine.connect() as connection:
        last = connection.execute(select(func.max(WorkerHeartbeat.beat_at))).scalar()
    return last is not None and clock.now() - last < UP
