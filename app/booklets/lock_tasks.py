"""Locking and unlocking as jobs. Loaded by `app.booklets.tasks`."""

from __future__ import annotations

from typing import Any

from app.booklets.locking import lock, unlock
from app.booklets.selection import Picked
from app.jobs.context import JobContext
from app.jobs.registry import JobKind, job_kind


@job_kind
class LockBooklets(JobKind):
    """Everything that is complete, in one transaction (M044)."""

    name = "booklets.lock"
    exclusive = True

    def run_step(self, ctx: JobContext, payload: Any) -> None:
        """Lock, and name what could not be, with what it lacks."""
        outcome = lock(Picked.from_params(ctx.params), actor=ctx.actor)
        refused = [{"pupil": one.pupil, "reasons": [unmet.label.fr for unmet in one.reasons]}
                   for one in outcome.refused]  # fmt: skip
        for one in outcome.refused:
            said = " ".join(unmet.label.fr for unmet in one.reasons) or "Ce bilan n'est pas complet."
            ctx.line("alert", said, subject=f"{one.pupil} ({one.division})" if one.division else one.pupil)
        ctx.set_result(done=outcome.done, refused=refused)
        ctx.message(f"Bilans verrouillés : {outcome.done}. Incomplets, non verrouillés : {len(refused)}.")


@job_kind
class UnlockBooklets(JobKind):
    """Back to complete, for a reason (M048)."""

    name = "booklets.unlock"
    exclusive = True

    def run_step(self, ctx: JobContext, payload: Any) -> None:
        """Unlock; editions are withdrawn."""
        params = dict(ctx.params)
        reason = params.pop("reason", "")
        outcome = unlock(Picked.from_params(params), actor=ctx.actor, reason=reason)
        ctx.set_result(done=outcome.done, refused=[])
        ctx.message(f"Bilans déverrouillés : {outcome.done}.")
