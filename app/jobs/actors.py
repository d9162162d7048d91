"""In whose name a job acts: the person who asked for it, with the rights held now on the job's school."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from app.core.actor import Actor
from app.core.uow import unit_of_work
from app.jobs.context import JobFacts

Resolver = Callable[[int, int | None], Actor]
_resolver: Resolver | None = None


def use_actor_resolver(resolver: Resolver | None) -> None:
    """Say how a person's rights are found: `(user_id, school_id) -> Actor`; None goes back to `app.security`."""
    global _resolver
    _resolver = resolver


def actor_of(job: JobFacts, name: str) -> Actor:
    """The actor of a job. What nobody signed in asked for (command line, schedule) is the system's, under its name."""
    if job.created_by is None:
        return Actor("system", None, name or "Livret")
    resolver = _resolver or import_module("app.security.manager").actor_for_user
    with unit_of_work():
        return resolver(job.created_by, job.school_id)
