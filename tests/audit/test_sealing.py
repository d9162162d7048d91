"""The sealer's task: what acts wrote is chained by the worker, within the minute that DESIGN §7 allows."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from app.audit.models import AuditLine
from app.audit.sealer import verify
from app.audit.services import record
from app.core.actor import SYSTEM
from app.core.db import admin_db
from app.core.scope import current_scope, school_scope, system_scope
from app.core.uow import unit_of_work
from app.jobs.celery_app import make_celery
from app.jobs.registry import load_tasks
from app.jobs.schedule import BEATS
from app.online.models import OnlineService
from app.workflow import engine
from config import Config
from tests.factories import World

LIMIT = timedelta(seconds=60)


def test_the_task_seals_what_acts_wrote(world: World, settings: Config) -> None:
    """As the worker runs it: found by name, outside any scope; a second run has nothing to add."""
    with school_scope(world.a), unit_of_work() as session:
        service = session.scalars(select(OnlineService).where(OnlineService.code == "marks")).one()
        engine.apply(service, "open", actor=SYSTEM)
    with system_scope("a line of the academy"), unit_of_work() as session:
        record(session, "test.academy", actor=SYSTEM)
    load_tasks()
    seal = make_celery(settings).tasks["audit.seal"]
    seal()
    first = positions()
    assert first == {"service.open": 1, "test.academy": 1}
    assert current_scope() is None
    seal()
    assert positions() == first
    assert verify(world.a) == verify(None) == []


def positions() -> dict[str, int | None]:
    """Every line's place in its chain, by what it says."""
    with system_scope("reading the trail"):
        found = admin_db.session.execute(select(AuditLine.action, AuditLine.chain_position))
        return {line.action: line.chain_position for line in found}


def test_the_beat_leaves_time_to_spare() -> None:
    """The worker hears of it often enough: one beat may be lost and the line is still sealed in time."""
    beat = next(beat for beat in BEATS if beat.task == "audit.seal")
    assert 2 * timedelta(seconds=beat.seconds) <= LIMIT
