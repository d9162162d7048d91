"""A school with the toys' table, and a storage folder of the test's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.core.actor import Actor
from app.core.scope import school_scope
from app.jobs import celery_app, services
from app.jobs.storage import Storage, use_storage
from tests.factories import World
from tests.jobs.toys import make_table

OPERATOR = Actor("system", None, "ligne de commande (essai)")


@pytest.fixture
def bells(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How often a worker was rung for."""
    rung: list[int] = []
    monkeypatch.setattr(celery_app, "wake_worker", lambda: rung.append(1))
    return rung


@pytest.fixture
def school(world: World, tmp_path: Path, bells: list[int]) -> Iterator[World]:
    """Inside the first school, on both kinds of database."""
    make_table()
    use_storage(Storage(tmp_path / "home"))
    with school_scope(world.a):
        yield world
    use_storage(None)


def ask(
    world: World, kind: str, dedupe_key: str | None = None, actor: Actor = OPERATOR, **params: Any
) -> services.JobView:
    """Submit a toy in the first school."""
    return services.submit(kind, world.a, params, actor, f"Essai {kind}", dedupe_key)
