"""The worker's and the scheduler's entry: `celery -A app.jobs.celery worker --pool threads`, `… beat`.

A worker makes one admin application at its start, writes no schema, and gives a sign of life every 3 s.
"""

from __future__ import annotations

import logging
from typing import Any

from celery import signals

from app.core.db import portal_db
from app.jobs.base_task import LivretTask
from app.jobs.celery_app import celery_app, wake_worker
from app.jobs.heartbeat import Heartbeat
from app.jobs.registry import load_tasks
from app.jobs.runner import stopping
from config import load

log = logging.getLogger(__name__)
celery = celery_app()
_heartbeat = Heartbeat()


@signals.worker_init.connect
def _open_instance(**_details: Any) -> None:
    """Bind the databases and load what packages register, before the first task."""
    from app import create_admin

    try:
        settings = load()
        LivretTask.web = create_admin(settings)
        portal_db.bind(settings.portal_db)
        log.info("tasks of %s", ", ".join(load_tasks()))
    except Exception:  # Celery would swallow it and serve without databases
        log.exception("the instance could not be opened")
        raise SystemExit(1) from None


@signals.worker_ready.connect
def _say_ready(**_details: Any) -> None:
    """Show that somebody is here, and take up what waited meanwhile."""
    _heartbeat.start()
    wake_worker()


@signals.worker_shutting_down.connect
def _stop_between_steps(**_details: Any) -> None:
    """Asked to end: jobs stop after their present step and go back to the queue."""
    stopping.set()


@signals.worker_shutdown.connect
def _say_gone(**_details: Any) -> None:
    if _heartbeat.is_alive():
        _heartbeat.stop()
