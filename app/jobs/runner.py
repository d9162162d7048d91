"""Runs one job to its end, step by step. A step's effects, its report and its done mark are one transaction, so a
`kill -9` anywhere repeats at most work outside the database, and never a database effect."""

from __future__ import annotations

import errno
import itertools
import logging
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import CursorResult, insert, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app.core import clock
from app.core.actor import SYSTEM, Actor
from app.core.db import admin_db
from app.core.errors import BadInput, LivretError
from app.core.scope import system_scope
from app.core.uow import unit_of_work
from app.jobs.actors import actor_of
from app.jobs.context import INSERT_CHUNK, UNSYNCED, Cancelled, JobContext, JobFacts
from app.jobs.leases import LeaseKeeper, LeaseLost, hold
from app.jobs.models import Job, JobLine, JobStep
from app.jobs.registry import JobKind, kind_named
from app.workflow import engine

log = logging.getLogger(__name__)

Progress = Callable[[int, int, str], None]  # percent, 100, what is being done
DATABASE_PAUSES = (0.5, 2.0, 5.0)  # a database that is busy or restarting is asked again
stopping = threading.Event()  # set when this process was asked to end: jobs stop between two steps


class Stopping(Exception):
    """This process ends; the job goes on elsewhere or later."""


def run_claimed(job_id: int, owner: str, on_progress: Progress | None = None) -> None:
    """Run a job whose lease is held by `owner`, until it ends, is stopped, or the lease is lost."""
    with system_scope("reading which school a job belongs to"), unit_of_work() as session:
        job = session.get_one(Job, job_id)
        facts = JobFacts(job.id, job.kind, job.label, job.school_id, dict(job.params), job.created_by)
        by, result = job.created_by_name, dict(job.result)
    try:
        kind = kind_named(facts.kind)
    except LookupError:
        log.exception("job %s", job_id)
        kind = JobKind()
    try:
        with kind.scope(facts.school_id), LeaseKeeper(job_id, owner, lambda: kind.scope(facts.school_id)):
            _Run(kind, facts, owner, by, result, on_progress).to_the_end()
    except LeaseLost:
        log.warning("job %s was taken over by another runner", job_id)


class _Run:
    """One run of one job: from where it stands to where it ends."""

    def __init__(
        self, kind: JobKind, facts: JobFacts, owner: str, by: str, result: dict[str, Any], on_progress: Progress | None
    ) -> None:
        self.kind, self.facts, self.owner, self.on_progress = kind, facts, owner, on_progress
        # Until the person's rights are known, nobody acts.
        self.ctx = JobContext(facts, Actor("user", facts.created_by, by), result, on_progress)
        self.by = by

    def to_the_end(self) -> None:
        """Plan, run what is left, finish; every way of not succeeding is an ending too."""
        try:
            self.ctx.actor = actor_of(self.facts, self.by)
            self._plan()
            while (step := self._next_step()) is not None:
                self._patiently(self._step, *step)
            self._patiently(self._finish)
        except LeaseLost:
            raise
        except Stopping:
            self._end("resume", attempts=0)
        except Cancelled:
            self._end("stop", "Arrêté à la demande.")
        except LivretError as error:
            self._end("refuse", error.sentence(), _line_of(error))
        except Exception as error:
            log.exception("job %s (%s) failed", self.facts.id, self.facts.kind)
            sentence = self._explain(error)
            self._end("fail", sentence, {"message": sentence})
        except KeyboardInterrupt:
            self._end("resume", attempts=0)
            raise

    def _patiently(self, work: Callable[..., None], *args: Any) -> None:
        """Try again when the database is locked or away; everything under way was rolled back."""
        for pause in (*DATABASE_PAUSES, None):
            try:
                return work(*args)
            except OperationalError as error:
                if pause is None or "full" in str(error.orig):
                    raise
                log.warning("job %s: %s; trying again in %s s", self.facts.id, error.orig, pause)
                admin_db.session.remove()
                time.sleep(pause)

    def _plan(self) -> None:
        with unit_of_work() as session:
            planned = session.scalar(select(Job.planned).where(Job.id == self.facts.id))
            if planned:
                return
            self.ctx.begin(0, 0, 0)
            total = self._write_steps(session, self.kind.plan(self.ctx))
            self.ctx.store_artifacts(session)
            values = {"steps_total": total} | self.ctx.store(session)
            hold(session, self.facts.id, self.owner, planned=True, attempts=0, **values)
        self.ctx.stored()

    def _write_steps(self, session: Session, payloads: Iterable[Any]) -> int:
        owner = {"job_id": self.facts.id, "school_id": self.facts.school_id}
        numbered, total = enumerate(payloads, start=1), 0
        while chunk := list(itertools.islice(numbered, INSERT_CHUNK)):
            session.execute(insert(JobStep), [owner | {"number": n, "payload": payload} for n, payload in chunk])
            total = chunk[-1][0]
        return total

    def _next_step(self) -> tuple[int, Any, int, int] | None:
        """The first step not yet done: number, payload, how many are done, how many there are."""
        with unit_of_work() as session:
            job = session.execute(select(Job.cancel_requested, Job.steps_done, Job.steps_total, Job.lease_owner)
                                  .where(Job.id == self.facts.id)).one()
            waiting = select(JobStep.number, JobStep.payload).where(
                JobStep.job_id == self.facts.id, JobStep.done_at.is_(None))
            step = session.execute(waiting.order_by(JobStep.number).limit(1)).one_or_none()
        if job.lease_owner != self.owner:
            raise LeaseLost(f"job {self.facts.id}")
        if step is not None and job.cancel_requested:
            raise Cancelled
        if step is not None and stopping.is_set():
            raise Stopping
        if self.on_progress:
            self.on_progress(100 * job.steps_done // max(job.steps_total, 1), 100, "")
        return (step.number, step.payload, job.steps_done, job.steps_total) if step else None

    def _step(self, number: int, payload: Any, done: int, total: int) -> None:
        ctx = self.ctx
        ctx.begin(number, done, total)
        ctx.prepared = self.kind.prepare(ctx, payload)
        with unit_of_work() as session:
            ctx.store_artifacts(session)
            self.kind.run_step(ctx, payload)
            mine = (JobStep.job_id == self.facts.id, JobStep.number == number, JobStep.done_at.is_(None))
            mark = update(JobStep).where(*mine).values(done_at=clock.now())
            marked = session.execute(mark, execution_options=UNSYNCED)
            assert isinstance(marked, CursorResult)
            if marked.rowcount != 1:
                raise LeaseLost(f"step {number} of job {self.facts.id} was done by another")
            hold(session, self.facts.id, self.owner, steps_done=Job.steps_done + 1, part=0.0, attempts=0,
                 **ctx.store(session))
        ctx.stored()

    def _finish(self) -> None:
        ctx = self.ctx
        ctx.begin(ctx.total + 1, ctx.done + 1, ctx.total)
        with unit_of_work() as session:
            self.kind.finish(ctx)
            ctx.store_artifacts(session)
            self._transition(session, "finish", **ctx.store(session))
        ctx.stored()
        if self.on_progress:
            self.on_progress(100, 100, "")
        ctx.storage.drop_work_folder(self.facts.id)

    def _end(
        self, transition: str, message: str | None = None, line: dict[str, Any] | None = None, **values: Any
    ) -> None:
        """Store how a run ended that did not finish: what its step had begun is rolled back already."""
        ended = {"stop": "cancelled", "refuse": "refused", "fail": "failed"}.get(transition)
        self.ctx.begin(self.ctx.step_number, self.ctx.done, self.ctx.total)
        with unit_of_work() as session:
            if ended:
                self._abandon(session, ended)
            if line:
                session.add(JobLine(job_id=self.facts.id, school_id=self.facts.school_id, severity="blocking", **line))
            if message:
                values["message"] = message[:500]
            self._transition(session, transition, part=0.0, **values)

    def _abandon(self, session: Session, state: str) -> None:
        try:
            with session.begin_nested():
                self.kind.abandon(self.ctx, state)
        except Exception:  # the ending itself must be stored whatever happens
            log.exception("job %s could not drop what it had staged", self.facts.id)

    def _transition(self, session: Session, name: str, **values: Any) -> None:
        hold(session, self.facts.id, self.owner)
        job = session.get_one(Job, self.facts.id, populate_existing=True)
        engine.apply(job, name, actor=SYSTEM, session=session, **values)

    def _explain(self, error: Exception) -> str:
        """An unexpected error in one French sentence with what to do; its trace is in the log only."""
        full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
        if full or (isinstance(error, OperationalError) and "full" in str(error.orig)):
            return ("Il n'y a plus de place sur le disque : rien de ce qui était en cours n'a été enregistré. "
                    "Libérez de la place, puis reprenez le traitement.")
        return (f"Le traitement a rencontré une erreur inattendue ({type(error).__name__}). Ce qui était en cours n'a "
                f"pas été enregistré. Prévenez l'administrateur : le détail est dans le journal (traitement "
                f"{self.facts.id}).")


def _line_of(error: LivretError) -> dict[str, Any]:
    place = {"file": error.file, "line": error.line} if isinstance(error, BadInput) else {}
    message = f"{error.message} {error.hint}" if error.hint else error.message
    return {"message": message} | place
