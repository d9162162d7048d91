"""The kinds of long work. A domain package declares its own in `app/<package>/tasks.py`:

    @job_kind
    class CreateCodes(JobKind):
        name = "access.create_codes"

        def plan(self, ctx):                    # one transaction; cheap; yields one JSON payload per step (ids only)
            yield from chunks_of_couples(ctx.params)

        def prepare(self, ctx, payload):        # optional, outside any transaction: read files, render, compute
            return render(payload)              # may happen again after a crash

        def run_step(self, ctx, payload):       # one transaction, with the step's done mark and report lines
            store(payload, ctx.prepared)        # happens exactly once

        def finish(self, ctx):                  # the last transaction, with the end of the job
            ctx.set_result(created=…)
"""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from app.core.scope import school_scope, system_scope

if TYPE_CHECKING:
    from app.jobs.context import JobContext


class JobKind:
    """What a kind of job does. Instances hold no state: everything is in the job's rows."""

    name: ClassVar[str]
    # One at a time in each school: the others of this kind wait.
    exclusive: ClassVar[bool] = False

    def plan(self, ctx: JobContext) -> Iterable[Any]:
        """The steps, as JSON payloads. Heavy reading belongs to a first step, which may call `ctx.add_steps`."""
        return [None]

    def prepare(self, ctx: JobContext, payload: Any) -> Any:
        """Work outside the database; what it returns is `ctx.prepared` in `run_step`. Repeated after a crash."""
        return None

    def run_step(self, ctx: JobContext, payload: Any) -> None:
        """The database effects of one step."""
        raise NotImplementedError

    def finish(self, ctx: JobContext) -> None:
        """After the last step, in the transaction that ends the job. Set the closing message and result here."""

    def abandon(self, ctx: JobContext, state: str) -> None:
        """In the transaction that ends the job as refused, failed or cancelled: drop what was only staged."""

    def scope(self, school_id: int | None) -> AbstractContextManager[Any]:
        """Whose rows the job sees: its school's; a job of no school overrides this when it can be narrower."""
        return school_scope(school_id) if school_id is not None else system_scope(f"job {self.name}")

    def lane(self, school_id: int | None) -> str | None:
        """What must run one at a time with it; None = nothing."""
        return f"{self.name}:{school_id or 0}" if self.exclusive else None


_kinds: dict[str, JobKind] = {}
K = TypeVar("K", bound=type[JobKind])


def job_kind(kind: K) -> K:
    """Class decorator: make a kind known by its name."""
    if kind.name in _kinds and type(_kinds[kind.name]).__qualname__ != kind.__qualname__:
        raise ValueError(f"the job kind {kind.name} is declared twice")
    _kinds[kind.name] = kind()
    return kind


def kind_named(name: str) -> JobKind:
    """The kind of that name; looks into every package's `tasks` the first time it is asked for an unknown one."""
    if name not in _kinds:
        load_tasks()
    try:
        return _kinds[name]
    except KeyError:
        raise LookupError(f"no job kind is called {name}") from None


def load_tasks() -> list[str]:
    """Import `app/<package>/tasks.py` of every package that has one: job kinds, tasks, mail kinds register there."""
    import app

    found = []
    for package in pkgutil.iter_modules(app.__path__):
        name = f"app.{package.name}.tasks"
        if package.ispkg and package.name != "portal" and importlib.util.find_spec(name):
            importlib.import_module(name)
            found.append(name)
    return found
