"""The `sync` job: read and compare in one step, apply in another (DESIGN §7). `params`: `files` (relative to the
instance's files), `dry_run`, `force_year`, `departures`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from app.core.db import admin_db
from app.exchange.sync.checks import SchoolFacts
from app.exchange.sync.outcome import Report, summary
from app.exchange.sync.service import Options, Staged, apply_staged, stage_files
from app.exchange.sync.staging import clear, is_staged
from app.jobs.context import JobContext
from app.jobs.registry import JobKind, job_kind
from app.schools.models import School


@job_kind
class Synchronise(JobKind):
    """One at a time in a school. Killed while reading, it reads again; killed while applying, nothing was applied."""

    name = "sync"
    exclusive = True

    def plan(self, ctx: JobContext) -> Iterable[Any]:
        """Read first; what that found is the next step's payload."""
        yield {"read": True}

    def prepare(self, ctx: JobContext, payload: Any) -> Any:
        """Outside any transaction: parse, compare, stage in short transactions. Once more before applying when the job
        failed or was stopped in between, for what was staged then went with it."""
        again = "read" not in payload
        if again and not _dropped(ctx, Staged(**payload)):
            return None
        files = [ctx.storage.files / path for path in ctx.params["files"]]
        report = Report()

        def told(done: int, total: int, message: str) -> None:
            ctx.check_cancelled()
            ctx.progress(done, total, message)

        staged = stage_files(files, _school(ctx), _batch(ctx), _options(ctx), report, told)
        if not again:
            _hand_over(ctx, report)
        return staged

    def run_step(self, ctx: JobContext, payload: Any) -> None:
        """Append the second step; or apply, with the job's own transaction."""
        if "read" in payload:
            ctx.add_steps([ctx.prepared.as_dict()])
            return
        report = Report()
        staged = ctx.prepared or Staged(**payload)
        counts = apply_staged(staged, _school(ctx), _options(ctx), report, actor=ctx.actor)
        _hand_over(ctx, report)
        ctx.set_result(status="done", counts=counts)
        ctx.message(summary(counts))

    def finish(self, ctx: JobContext) -> None:
        """The files hold a whole school's people: they go with the job."""
        _forget_uploads(ctx)

    def abandon(self, ctx: JobContext, state: str) -> None:
        """Nothing stays of what was staged; files that may be read again (failed, cancelled) are kept."""
        if ctx.job.school_id is not None:
            clear(ctx.session, ctx.job.school_id, _batch(ctx))
        if state == "refused":
            _forget_uploads(ctx)


def _batch(ctx: JobContext) -> str:
    return f"job-{ctx.job.id}"


def _dropped(ctx: JobContext, staged: Staged) -> bool:
    assert ctx.job.school_id is not None
    return bool(staged.written) and not is_staged(ctx.session, ctx.job.school_id, staged.batch)


def _options(ctx: JobContext) -> Options:
    return Options(**{name: bool(ctx.params.get(name)) for name in ("dry_run", "force_year", "departures")})


def _school(ctx: JobContext) -> SchoolFacts:
    return SchoolFacts.of(admin_db.session.get_one(School, ctx.job.school_id))


def _forget_uploads(ctx: JobContext) -> None:
    """Delete what was kept for this job; a file named by its full path is somebody's own."""
    for path in map(Path, ctx.params["files"]):
        if not path.is_absolute():
            (ctx.storage.files / path).unlink(missing_ok=True)


def _hand_over(ctx: JobContext, report: Report) -> None:
    for severity, message, file, line in report.lines:
        ctx.line(severity, message, file, line)
