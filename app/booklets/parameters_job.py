"""An academy's parameters reach its schools, one after another."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select

from app.booklets.parameters import apply_parameters
from app.core.scope import school_scope
from app.jobs.context import JobContext
from app.jobs.registry import JobKind, job_kind
from app.schools.models import School


@job_kind
class ApplyParameters(JobKind):
    """Parameter `authority`: the academy whose schools follow."""

    name = "booklets.parameters"
    exclusive = True

    def plan(self, ctx: JobContext) -> Iterable[Any]:
        """Its schools."""
        mine = select(School.id).where(School.authority_id == ctx.params["authority"]).order_by(School.id)
        return list(ctx.session.scalars(mine))

    def run_step(self, ctx: JobContext, payload: Any) -> None:
        """The open booklets of one school."""
        with school_scope(payload):
            apply_parameters(actor=ctx.actor)
