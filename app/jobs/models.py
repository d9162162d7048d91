"""Long work as rows: the job table is the truth, Celery only wakes a worker (DESIGN §7)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, Integer, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core import clock
from app.core.db import AdminBase
from app.core.mail import MailOutboxMixin
from app.core.scope import MaybeSchoolScoped
from app.core.types import UtcDateTime
from app.workflow.stateful import Stateful

RUNNING = text("state = 'running'")


class Job(MaybeSchoolScoped, Stateful, AdminBase):
    """One piece of long work. `params` holds ids and choices, never personal data.

    `lease_owner` is the runner that works on it until `lease_until`; whoever finds the lease expired may take over.
    `attempts` counts the takeovers since the last completed step. `lane` names what must run one at a time: the
    database refuses a second running job of the same lane.
    """

    __tablename__ = "job"
    __workflow__ = "job"
    __table_args__ = (
        UniqueConstraint("school_id", "id"),
        CheckConstraint("state IN ('queued', 'running', 'done', 'refused', 'failed', 'cancelled')", "state_known"),
        CheckConstraint("steps_done <= steps_total", "steps_in_order"),
        Index("ix_job_state_lease_until", "state", "lease_until"),
        Index("uq_job_lane_running", "lane", unique=True, postgresql_where=RUNNING, sqlite_where=RUNNING),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(60))
    label: Mapped[str] = mapped_column(String(200))
    params: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    result: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    created_by: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id", ondelete="SET NULL"))
    created_by_name: Mapped[str] = mapped_column(String(200), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    planned: Mapped[bool] = mapped_column(default=False)
    steps_done: Mapped[int] = mapped_column(default=0)
    steps_total: Mapped[int] = mapped_column(default=0)
    part: Mapped[float] = mapped_column(default=0.0)  # how much of the step under way, 0 to 1
    message: Mapped[str] = mapped_column(String(500), default="")
    cancel_requested: Mapped[bool] = mapped_column(default=False)
    lease_owner: Mapped[str | None] = mapped_column(String(120))
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(default=0)
    lane: Mapped[str | None] = mapped_column(String(100))
    dedupe_key: Mapped[str | None] = mapped_column(String(150), unique=True)
    not_before: Mapped[datetime | None] = mapped_column(UtcDateTime)

    def __str__(self) -> str:
        return self.label


class JobStep(MaybeSchoolScoped, AdminBase):
    """One chunk of a job. Its effects, its report lines and `done_at` are committed together, once."""

    __tablename__ = "job_step"
    __table_args__ = (UniqueConstraint("job_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    job_id: Mapped[int] = mapped_column(ForeignKey("job.id", ondelete="CASCADE"))
    number: Mapped[int]
    payload: Mapped[Any] = mapped_column(JSON)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class JobLine(MaybeSchoolScoped, AdminBase):
    """One line of a job's report: what changed (info), what is odd (alert), what was left out (blocking)."""

    __tablename__ = "job_line"
    __table_args__ = (
        CheckConstraint("severity IN ('info', 'alert', 'blocking')", "severity_known"),
        Index("ix_job_line_job_id_severity", "job_id", "severity"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    job_id: Mapped[int] = mapped_column(ForeignKey("job.id", ondelete="CASCADE"))
    severity: Mapped[str] = mapped_column(String(10))
    message: Mapped[str] = mapped_column(Text)
    file: Mapped[str | None] = mapped_column(String(200))
    line: Mapped[int | None] = mapped_column(Integer)
    subject: Mapped[str | None] = mapped_column(String(200))


class Artifact(MaybeSchoolScoped, AdminBase):
    """A file a job produced: `path` is relative to the instance's files folder, `name` is what the reader saves."""

    __tablename__ = "artifact"
    __table_args__ = (UniqueConstraint("school_id", "id"), UniqueConstraint("job_id", "path"))

    id: Mapped[int] = mapped_column(primary_key=True)
    job_id: Mapped[int] = mapped_column(ForeignKey("job.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(200))
    path: Mapped[str] = mapped_column(String(300))
    mime: Mapped[str] = mapped_column(String(100))
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)

    job: Mapped[Job] = relationship(lazy="raise")

    def __str__(self) -> str:
        return self.name


class WorkerHeartbeat(AdminBase):
    """A worker is up when its last beat is younger than 10 s."""

    __tablename__ = "worker_heartbeat"

    name: Mapped[str] = mapped_column(String(120), primary_key=True)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    beat_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class MailOutbox(MailOutboxMixin, MaybeSchoolScoped, AdminBase):
    """Mails of the admin application, sent by the worker after the commit that decided them."""

    __tablename__ = "mail_outbox"
