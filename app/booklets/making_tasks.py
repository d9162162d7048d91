"""The booklets of classes that were just given a periodicity, made class after class."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from app.booklets.making import make_for_classes
from app.jobs.context import JobContext
from app.jobs.registry import JobKind, job_kind

CLASSES_PER_STEP = 5


@job_kind
class MakeBooklets(JobKind):
    """Parameter `divisions`: ids of classes. What exists already is left alone."""

    name = "booklets.make"
    exclusive = True

    def plan(self, ctx: JobContext) -> Iterable[Any]:
        """A few classes at a time."""
        ids = list(ctx.params["divisions"])
        ctx.set_result(made=0)
        return [ids[start : start + CLASSES_PER_STEP] for start in range(0, len(ids), CLASSES_PER_STEP)]

    def run_step(self, ctx: JobContext, payload: Any) -> None:
        """The missing booklets of these classes; one that has lost its periods meanwhile is reported (M015)."""
        made = make_for_classes(payload, actor=ctx.actor)
        ctx.count(made=made.booklets)
        for label in made.unset:
            ctx.line("alert", f"Aucune période n'est paramétrée pour la division {label}.", subject=label)

    def finish(self, ctx: JobContext) -> None:
        """How many there are."""
        ctx.message(f"Bilans créés : {ctx.result['made']}.")
