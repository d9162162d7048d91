"""Asking for long work, following it, stopping it. Starting and ending it is `app.jobs.runner`'s business.

    job = submit("access.create_codes", school_id, {"division": 12}, actor, "Créer les codes de la 6A")
    job = carry_out(job.id, on_progress=line)     # a command: by the worker when one is up, here otherwise
    return Result(job.result, status=exit_code(job))
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError, OperationalError

from app.audit.services import record
from app.core.actor import Actor
from app.core.errors import Conflict, Forbidden
from app.core.scope import system_scope
from app.core.uow import after_commit, unit_of_work
from app.jobs.context import UNSYNCED
from app.jobs.leases import claim, free_abandoned
from app.jobs.models import Job
from app.jobs.queries import JobView, own_job, read_view, view, worker_is_up
from app.jobs.registry import kind_named
from app.jobs.runner import Progress, run_claimed
from app.workflow import engine

POLL_SECONDS = 0.2
CANCELLED_STATUS = 1


def submit(
    kind: str, school_id: int | None, params: Mapping[str, Any], actor: Actor, label: str,
    dedupe_key: str | None = None, not_before: datetime | None = None,
) -> JobView:
    """Put a job in the queue and wake a worker once that is committed (DESIGN §7).

    `params` are ids and choices, never personal data. With a `dedupe_key` already used, the answer is the first job.
    One with `not_before` is held until then: it can be cancelled, or sent off earlier.
    """
    lane = kind_named(kind).lane(school_id)
    try:
        with unit_of_work() as session, session.begin_nested():
            job = Job(kind=kind, school_id=school_id, params=dict(params), label=label[:200], lane=lane,
                      created_by=actor.user_id, created_by_name=actor.name, dedupe_key=dedupe_key,
                      not_before=not_before)
            session.add(job)
            session.flush()
            engine.record_creation(job, actor=actor, session=session, note={"kind": kind})
            after_commit(ring)
            asked = view(session, job.id)
    except IntegrityError:
        if (first := _already(dedupe_key)) is None:
            raise
        return first
    return asked


def _already(dedupe_key: str | None) -> JobView | None:
    if dedupe_key is None:
        return None
    with unit_of_work() as session:
        job_id = session.scalar(select(Job.id).where(Job.dedupe_key == dedupe_key))
        return view(session, job_id) if job_id else None


def ring() -> None:
    """Wake a worker. A bell nobody hears loses nothing: the scheduler looks every few seconds."""
    from app.jobs.celery_app import wake_worker

    wake_worker()


def run_waiting(on_progress: Progress | None = None) -> int:
    """Run the jobs that wait, one after another, until none is left; how many were run (the worker's loop)."""
    count = 0
    free_abandoned()
    while claimed := claim():
        run_claimed(*claimed, on_progress)
        count += 1
    return count


def run_here(job_id: int, on_progress: Progress | None = None) -> JobView:
    """Run one job in this process (a command, no worker up); when somebody else runs it already, wait for them."""
    while True:
        with suppress(OperationalError):  # SQLite, while whoever runs it writes for long
            free_abandoned()
            if claimed := claim(job_id):
                run_claimed(*claimed, on_progress)
        with system_scope("following a job of one's own"):
            job = read_view(job_id)
        if job.ended:
            return job
        time.sleep(POLL_SECONDS)


def wait(job_id: int, on_progress: Progress | None = None, timeout: float | None = None) -> JobView:
    """Follow a job that a worker runs, until it ends, the worker is gone, or the time is over."""
    limit = time.monotonic() + timeout if timeout is not None else None
    while True:
        with system_scope("following a job of one's own"):
            job = read_view(job_id)
        if on_progress:
            on_progress(job.percent, 100, job.message)
        if job.ended or (limit and time.monotonic() > limit) or not worker_is_up():
            return job
        time.sleep(POLL_SECONDS)


def carry_out(job_id: int, on_progress: Progress | None = None) -> JobView:
    """See a job through to its end: by the worker while one is up, in this process otherwise (DESIGN §8)."""
    job = wait(job_id, on_progress)
    return job if job.ended else run_here(job_id, on_progress)


def exit_code(job: JobView) -> int:
    """0 = all went well, 1 = ended with blocking lines (or cancelled), 2 = refused or failed (DESIGN §8)."""
    if job.state == "done":
        return 1 if job.lines.get("blocking") else 0
    return CANCELLED_STATUS if job.state == "cancelled" else 2


def request_cancel(job_id: int, *, actor: Actor) -> JobView:
    """Stop a job: at once when it waits, between two steps when it runs. What is done stays done."""
    if not actor.can("can_cancel", "job"):
        raise Forbidden()
    with unit_of_work() as session:
        job = own_job(session, job_id)
        session.refresh(job, with_for_update=True)  # it may be starting at this very moment
        if job.state == "running":
            asked = update(Job).where(Job.id == job.id).values(cancel_requested=True)
            session.execute(asked, execution_options=UNSYNCED)  # its version is the engine's
        else:
            engine.apply(job, "cancel", actor=actor, session=session, message="Annulé avant d'avoir commencé.")
        return view(session, job.id)


def send_now(job_id: int, *, actor: Actor) -> JobView:
    """Let a job that is held go at once. Raises `Conflict` when it has gone, or was recalled."""
    with unit_of_work() as session:
        job = own_job(session, job_id)
        session.refresh(job, with_for_update=True)
        if job.state != "queued" or job.not_before is None:
            raise Conflict("Ce traitement n'attend plus son heure de départ.")
        session.execute(update(Job).where(Job.id == job.id).values(not_before=None), execution_options=UNSYNCED)
        record(session, "job.send_now", job, actor=actor)
        after_commit(ring)
        return view(session, job.id)


def take_up_again(job_id: int, *, actor: Actor) -> JobView:
    """Put a failed or cancelled job back in the queue: it goes on where it stopped."""
    with unit_of_work() as session:
        job = own_job(session, job_id)
        engine.apply(job, "retry", actor=actor, session=session, message="")
        after_commit(ring)
        return view(session, job.id)


__all__ = [
    "JobView", "carry_out", "exit_code", "request_cancel", "ring", "run_here", "run_waiting", "send_now", "submit",
    "take_up_again", "wait", "worker_is_up",
]
