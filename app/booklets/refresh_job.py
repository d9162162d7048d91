"""The job behind « Synchronisation élèves enseignants » (M014–M016): one step per class."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from app.booklets.refreshing import KIND, classes_to_refresh, refresh_class
from app.jobs.context import JobContext
from app.jobs.registry import JobKind, job_kind

DONE = "La synchronisation s'est déroulée avec succès."


@job_kind
class RefreshBooklets(JobKind):
    """`params`: `divisions`, their ids. One at a time in a school; a class that is done stays done after a crash."""

    name = KIND
    exclusive = True

    def plan(self, ctx: JobContext) -> Iterable[Any]:
        """The classes, in the order of their labels. What booklets say of the school is read when they are edited."""
        chosen = [row for row in classes_to_refresh() if row.id in ctx.params["divisions"]]
        ctx.line("info", f"Synchronisation lancée pour : {', '.join(row.label for row in chosen)}")
        ctx.line("info", "L'établissement a bien été mis à jour")
        ctx.set_result(classes=len(chosen), made=0, updated=0, unset=0)
        return [row.id for row in chosen]

    def run_step(self, ctx: JobContext, payload: Any) -> None:
        """One class, one transaction; without periods it gets its sentence and the others go on (M015)."""
        done = refresh_class(payload, actor=ctx.actor)
        if done.unset:
            ctx.line("alert", f"Aucune période n'est paramétrée pour la division {done.label}.")
        if done.made:
            ctx.line("info", f"{done.made} bilan(s) créé(s) pour la division {done.label}.")
        if done.dropped:
            ctx.line("info", f"{done.dropped} bilan(s) vide(s) retiré(s) de la division {done.label}.")
        for name in done.pupils:
            ctx.line("info", f"L'élève {name} ({done.label}) a été mis à jour.", subject=name)
        ctx.count(made=done.made, updated=len(done.pupils), unset=int(done.unset))

    def finish(self, ctx: JobContext) -> None:
        """The closing sentence."""
        ctx.line("info", DONE)
        ctx.message(DONE)
