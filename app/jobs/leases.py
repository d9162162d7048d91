"""Taking jobs and giving them up. A lease is renewed while its holder lives; who finds it expired frees the job, and
every write of a runner is refused once its lease has gone to another."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from app.core import clock
from app.core.actor import SYSTEM
from app.core.db import admin_db
from app.core.process import new_owner, surely_dead
from app.core.scope import system_scope
from app.core.uow import unit_of_work
from app.jobs.models import Job, JobLine
from app.workflow import engine

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=15)
RENEW_SECONDS = 3.0
# Starts without completing a single step. Generous: a machine that restarts again and again is not the step's fault,
# and repeating a step costs time only.
MAX_ATTEMPTS = 20


class LeaseLost(Exception):
    """Another runner has taken the job over: what is under way here must not be stored."""


def claim(job_id: int | None = None) -> tuple[int, str] | None:
    """Take the oldest job that waits (or this one) for a lease: (job id, owner), or None when there is none. One that
    is held does not go before its time."""
    with system_scope("the worker runs the jobs of every school"), unit_of_work() as session:
        waiting = select(Job.id).where(*_ready()).order_by(Job.id)
        for found in session.scalars(waiting.where(Job.id == job_id) if job_id else waiting.limit(50)).all():
            if owner := _take(session, found):
                return found, owner
    return None


def _ready() -> tuple[ColumnElement[bool], ...]:
    return Job.state == "queued", or_(Job.not_before.is_(None), Job.not_before <= clock.now())


def _take(session: Session, job_id: int) -> str | None:
    locked = select(Job).where(Job.id == job_id, *_ready()).with_for_update(skip_locked=True)
    job = session.scalars(locked.execution_options(populate_existing=True)).one_or_none()
    if job is None or not _lane_is_free(session, job):
        return None
    owner = new_owner()
    try:
        with session.begin_nested():
            engine.apply(job, "start", actor=SYSTEM, session=session, lease_owner=owner,
                         lease_until=clock.now() + LEASE, attempts=job.attempts + 1)
    except IntegrityError:  # another worker has just started a job of the same lane
        return None
    return owner


def _lane_is_free(session: Session, job: Job) -> bool:
    taken = select(Job.id).where(Job.lane == job.lane, Job.state == "running")
    return job.lane is None or session.scalar(taken) is None


def free_abandoned() -> int:
    """Put back in the queue the running jobs whose runner is gone; how many jobs may start now. A job that took its
    process down `MAX_ATTEMPTS` times in a row at the same step is given up, one that was asked to stop is stopped."""
    with system_scope("the reaper looks after the jobs of every school"), unit_of_work() as session:
        running = select(Job.id, Job.lease_owner, Job.lease_until).where(Job.state == "running")
        for row in session.execute(running).all():
            expired = row.lease_until is None or row.lease_until < clock.now()
            if expired or surely_dead(row.lease_owner):
                _free(session, row.id, row.lease_owner)
        return len(session.scalars(select(Job.id).where(*_ready())).all())


def _free(session: Session, job_id: int, owner: str | None) -> None:
    locked = select(Job).where(Job.id == job_id, Job.state == "running", Job.lease_owner == owner)
    job = session.scalars(locked.with_for_update(skip_locked=True)).one_or_none()
    if job is None:
        return
    if job.lease_until and job.lease_until >= clock.now() and not surely_dead(owner):
        return
    if job.cancel_requested:
        engine.apply(job, "stop", actor=SYSTEM, session=session, message="Arrêté à la demande.")
    elif job.attempts >= MAX_ATTEMPTS:
        message = (f"Le traitement s'est interrompu {job.attempts} fois de suite à la même étape "
                   f"({job.steps_done + 1} sur {max(job.steps_total, job.steps_done + 1)}) : il est arrêté. "
                   "Prévenez l'administrateur, qui trouvera le détail dans le journal du worker.")
        session.add(JobLine(job_id=job.id, school_id=job.school_id, severity="blocking", message=message))
        engine.apply(job, "fail", actor=SYSTEM, session=session, message=message)
    else:
        engine.apply(job, "resume", actor=SYSTEM, session=session)


def hold(session: Session, job_id: int, owner: str, **values: Any) -> None:
    """Set columns of a running job together with a fresh lease, in the caller's transaction, or raise `LeaseLost`."""
    mine = update(Job).where(Job.id == job_id, Job.lease_owner == owner, Job.state == "running")
    result = session.execute(mine.values(lease_until=clock.now() + LEASE, **values),
                             execution_options={"synchronize_session": False})
    if result.rowcount != 1:  # type: ignore[attr-defined]
        raise LeaseLost(f"job {job_id}")


class LeaseKeeper(threading.Thread):
    """Renews a lease while its holder works, in a thread of its own."""

    def __init__(self, job_id: int, owner: str, scope: Callable[[], Any]) -> None:
        super().__init__(name=f"lease-{job_id}", daemon=True)
        self.job_id, self.owner, self.scope = job_id, owner, scope
        self._ended = threading.Event()

    def __enter__(self) -> LeaseKeeper:
        self.start()
        return self

    def __exit__(self, *_details: Any) -> None:
        self._ended.set()
        self.join()

    def run(self) -> None:
        """Until told to stop, or until the lease has gone to another (the runner's own writes notice)."""
        with self.scope():
            while not self._ended.wait(RENEW_SECONDS):
                try:
                    with unit_of_work() as session:
                        hold(session, self.job_id, self.owner)
                except LeaseLost:
                    break
                except DBAPIError:
                    log.warning("the lease of job %s could not be renewed", self.job_id, exc_info=True)
        admin_db.session.remove()
