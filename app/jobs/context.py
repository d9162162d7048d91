"""What a kind of job is given: who asked, with what, and where to report."""

from __future__ import annotations

import mimetypes
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.db import admin_db
from app.core.uow import in_unit_of_work, unit_of_work
from app.jobs.models import Artifact, Job, JobLine, JobStep
from app.jobs.queries import reading
from app.jobs.storage import Storage, storage

UNSYNCED = {"synchronize_session": False}  # bulk statements leave loaded objects alone
SEVERITIES = ("info", "alert", "blocking")
PROGRESS_SECONDS = 0.5
INSERT_CHUNK = 1000


class Cancelled(Exception):
    """Somebody asked the job to stop; raised by `ctx.check_cancelled()`."""


@dataclass(frozen=True, slots=True)
class JobFacts:
    """A job as it was when its runner took it; what changes is not here."""

    id: int
    kind: str
    label: str
    school_id: int | None
    params: dict[str, Any]
    created_by: int | None


@dataclass
class Unstored:
    """What the present step has reported; stored with its done mark, forgotten when it fails."""

    lines: list[dict[str, Any]] = field(default_factory=list)
    artifacts: list[dict[str, Any]] = field(default_factory=list)
    steps: list[Any] = field(default_factory=list)
    result: dict[str, Any] = field(default_factory=dict)
    message: str | None = None


class JobContext:
    """Given to `plan`, `prepare`, `run_step`, `finish`. Reports are stored with the step that made them."""

    def __init__(
        self, job: JobFacts, actor: Actor, result: dict[str, Any],
        on_progress: Callable[[int, int, str], None] | None = None,
    ) -> None:
        self.job, self.actor = job, actor
        self.prepared: Any = None
        self.step_number = 0
        self.done = self.total = 0
        self._stored_result = result
        self._unstored = Unstored()
        self._on_progress = on_progress
        self._last_progress = self._last_look = 0.0

    @property
    def params(self) -> dict[str, Any]:
        """What `submit` was given."""
        return self.job.params

    @property
    def session(self) -> Session:
        """The admin database's session of this thread."""
        return admin_db.session()

    @property
    def storage(self) -> Storage:
        """Where files are kept."""
        return storage()

    @property
    def folder(self) -> Path:
        """The job's own folder, for files that one step leaves to the next."""
        return self.storage.work_folder(self.job.id)

    @property
    def result(self) -> dict[str, Any]:
        """What the job has to say at its end (`--json`, the page), as of now."""
        return self._stored_result | self._unstored.result

    def line(
        self, severity: str, message: str, file: str | None = None, line: int | None = None, subject: str | None = None
    ) -> None:
        """Add a line to the report: info (what changed), alert (what is odd), blocking (what was left out)."""
        if severity not in SEVERITIES:
            raise ValueError(f"severity {severity!r}")
        self._unstored.lines.append({"severity": severity, "message": message, "file": file, "line": line,
                                     "subject": subject[:200] if subject else None})

    def artifact(self, name: str, content: bytes | Path, mime: str | None = None) -> dict[str, Any]:
        """Keep a file for download; repeating the step replaces it. The answer has the artifact's `id` at once in
        `run_step` and `finish`; that of an artifact made in `prepare` gets it before `run_step` is called."""
        path = self.storage.artifact_path(self.job.id, self.step_number, name)
        size, digest = self.storage.write(path, content)
        guessed = mime or mimetypes.guess_type(name)[0] or "application/octet-stream"
        row = {"name": name[:200], "path": path, "mime": guessed, "size": size, "sha256": digest}
        self._unstored.artifacts.append(row)
        if in_unit_of_work():
            self.store_artifacts(self.session)
        return row

    def store_artifacts(self, session: Session) -> None:
        """Write the artifacts not yet stored, each under its id (the runner's business)."""
        for row in self._unstored.artifacts:
            same = select(Artifact.id).where(Artifact.job_id == self.job.id, Artifact.path == row["path"])
            known = session.scalar(same)
            if known is None:
                item = Artifact(job_id=self.job.id, school_id=self.job.school_id, **row)
                session.add(item)
                session.flush()
                known = item.id
            else:
                session.execute(update(Artifact).where(Artifact.id == known).values(row), execution_options=UNSYNCED)
            row["id"] = known
        self._unstored.artifacts = []

    def set_result(self, **values: Any) -> None:
        """Set keys of the job's result."""
        self._unstored.result |= values

    def count(self, **amounts: int) -> None:
        """Add to counters of the job's result."""
        now = self.result
        self._unstored.result |= {key: now.get(key, 0) + amount for key, amount in amounts.items()}

    def add_steps(self, payloads: Iterable[Any]) -> None:
        """Append steps after those planned; stored with the present one."""
        self._unstored.steps.extend(payloads)

    def message(self, text: str) -> None:
        """The sentence shown beside the progress bar, or at the end."""
        self._unstored.message = text[:500]

    def progress(self, done: int, total: int, message: str | None = None) -> None:
        """How far the present step is. Outside a transaction it is written down, at most twice a second."""
        part = min(1.0, done / total) if total else 0.0
        if message:
            self.message(message)
        if self._on_progress and self.total:
            self._on_progress(int(100 * (self.done + part) / self.total), 100, message or "")
        moment = time.monotonic()
        if in_unit_of_work() or moment - self._last_progress < PROGRESS_SECONDS:
            return
        self._last_progress = moment
        values: dict[str, Any] = {"part": part} | ({"message": message[:500]} if message else {})
        with unit_of_work() as session:
            session.execute(update(Job).where(Job.id == self.job.id).values(values), execution_options=UNSYNCED)

    @property
    def cancelled(self) -> bool:
        """Whether somebody asked to stop, looked up at most twice a second (and between two steps)."""
        moment = time.monotonic()
        if in_unit_of_work() or moment - self._last_look < PROGRESS_SECONDS:
            return False
        self._last_look = moment
        with reading() as session:
            return bool(session.scalar(select(Job.cancel_requested).where(Job.id == self.job.id)))

    def check_cancelled(self) -> None:
        """Stop here when somebody asked to; for a long `prepare`. Within a transaction it does nothing."""
        if self.cancelled:
            raise Cancelled

    def begin(self, step_number: int, done: int, total: int) -> None:
        """Start a step with nothing reported yet (the runner's business)."""
        self.step_number, self.done, self.total = step_number, done, total
        self.prepared = None
        self._unstored = Unstored()

    def store(self, session: Session) -> dict[str, Any]:
        """Write what was reported, in the step's transaction; returns the columns of the job to set with it."""
        news, owner = self._unstored, {"job_id": self.job.id, "school_id": self.job.school_id}
        for start in range(0, len(news.lines), INSERT_CHUNK):
            session.execute(insert(JobLine), [owner | row for row in news.lines[start:start + INSERT_CHUNK]])
        values: dict[str, Any] = {"result": self.result}
        if news.steps:
            values["steps_total"] = self._append_steps(session, owner)
        if news.message is not None:
            values["message"] = news.message
        return values

    def stored(self) -> None:
        """The step's transaction is through: its result is the job's."""
        self._stored_result = self.result
        self._unstored = Unstored()

    def _append_steps(self, session: Session, owner: dict[str, Any]) -> int:
        last = session.scalar(select(func.max(JobStep.number)).where(JobStep.job_id == self.job.id)) or 0
        rows = [owner | {"number": last + n, "payload": p} for n, p in enumerate(self._unstored.steps, start=1)]
        for start in range(0, len(rows), INSERT_CHUNK):
            session.execute(insert(JobStep), rows[start:start + INSERT_CHUNK])
        return last + len(rows)

