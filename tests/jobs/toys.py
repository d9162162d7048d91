"""Kinds of jobs made for tests. `toy_row` has no constraint on purpose: an effect done twice would show as two rows."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterable
from typing import Any

from sqlalchemy import text

from app.core.errors import BadInput
from app.core.uow import unit_of_work
from app.jobs.context import JobContext
from app.jobs.registry import JobKind, job_kind


def make_table() -> None:
    """The table the toys write."""
    with unit_of_work() as session:
        session.execute(text("DROP TABLE IF EXISTS toy_row"))
        session.execute(text("CREATE TABLE toy_row (job_id INTEGER NOT NULL, item INTEGER NOT NULL)"))


def items(job_id: int) -> list[int]:
    """What a job has written, in order of value."""
    with unit_of_work() as session:
        query = text("SELECT item FROM toy_row WHERE job_id = :id ORDER BY item")
        return list(session.scalars(query, {"id": job_id}))


def write(ctx: JobContext, item: int) -> None:
    """One effect."""
    statement = text("INSERT INTO toy_row (job_id, item) VALUES (:job, :item)")
    ctx.session.execute(statement, {"job": ctx.job.id, "item": item})


@job_kind
class Rows(JobKind):
    """Writes `items` rows, `size` a step, waiting `pause` seconds before and inside each step's transaction."""

    name = "toy.rows"

    def plan(self, ctx: JobContext) -> Iterable[Any]:
        for start in range(0, ctx.params["items"], ctx.params["size"]):
            yield list(range(start, min(start + ctx.params["size"], ctx.params["items"])))

    def prepare(self, ctx: JobContext, payload: list[int]) -> Any:
        time.sleep(ctx.params.get("pause", 0))
        ctx.artifact("lot.txt", " ".join(map(str, payload)).encode())
        return len(payload)

    def run_step(self, ctx: JobContext, payload: list[int]) -> None:
        for item in payload:
            write(ctx, item)
            ctx.line("info", f"ligne {item}", subject=str(item))
        time.sleep(ctx.params.get("pause", 0) / 2)
        ctx.count(written=ctx.prepared)

    def finish(self, ctx: JobContext) -> None:
        ctx.message(f"{ctx.result['written']} lignes écrites.")
        ctx.artifact("tout.txt", b"tout")


@job_kind
class Faulty(JobKind):
    """Writes one row, then meets the fault that `params` name."""

    name = "toy.faulty"
    exclusive = True

    def plan(self, ctx: JobContext) -> Iterable[Any]:
        return ["good", "bad"]

    def run_step(self, ctx: JobContext, payload: str) -> None:
        write(ctx, 0 if payload == "good" else 1)
        if payload == "bad":
            self.meet(ctx.params["fault"])

    def meet(self, fault: str) -> None:
        """Raise the named fault."""
        if fault == "file":
            raise BadInput("La balise INE manque.", file="eleves.xml", line=12, hint="Refaites l'export.")
        if fault == "disk":
            raise OSError(28, "No space left on device")
        if fault == "bug":
            raise ZeroDivisionError("the secret of Lou Exemple")
        if fault == "kill":
            os.kill(os.getpid(), signal.SIGKILL)

    def abandon(self, ctx: JobContext, state: str) -> None:
        ctx.session.execute(text("INSERT INTO toy_row (job_id, item) VALUES (:job, -1)"), {"job": ctx.job.id})


@job_kind
class Growing(JobKind):
    """Its first step finds out how many others there are."""

    name = "toy.growing"

    def run_step(self, ctx: JobContext, payload: Any) -> None:
        if payload is None:
            ctx.add_steps([1, 2, 3])
        else:
            write(ctx, payload)


