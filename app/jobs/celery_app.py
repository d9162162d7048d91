"""Celery, the doorbell: it wakes workers and beats time. What is to be done is in the job table (DESIGN §7)."""

from __future__ import annotations

import logging
from datetime import time
from functools import cache
from typing import Any

from celery import Celery
from celery.schedules import crontab
from kombu.exceptions import KombuError
from kombu.transport.sqlalchemy import Transport as SqlTransport
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import SQLAlchemyError

from app.jobs.schedule import BEATS, every
from app.replication.schedule import parse
from config import Config, load

log = logging.getLogger(__name__)

LONGEST_STEP_SECONDS = 600
WAKE_EXPIRES_SECONDS = 60
CONNECT_SECONDS = 3
POLL_SECONDS = 0.3


def make_celery(config: Config) -> Celery:
    """The Celery application of an instance. JSON only, ids only, no result backend."""
    if config.broker.startswith("sqla"):
        # Its options go to create_engine, which knows no such name; a bell is heard after 0.15 s instead of 0.5.
        SqlTransport.polling_interval = POLL_SECONDS
    app = Celery("livret", broker=config.broker, task_cls="app.jobs.base_task:LivretTask", set_as_current=False)
    app.conf.update(
        task_serializer="json", accept_content=["json"], result_backend=None, task_ignore_result=True,
        task_acks_late=True, task_reject_on_worker_lost=True, worker_prefetch_multiplier=1,
        task_default_queue="livret", worker_hijack_root_logger=False,
        worker_send_task_events=False, task_send_sent_event=False, worker_enable_remote_control=False,
        broker_connection_retry_on_startup=True, broker_connection_timeout=CONNECT_SECONDS,
        broker_transport_options=_transport_options(config.broker),
        beat_schedule=beat_schedule(config), beat_schedule_filename=str(config.home / "beat" / "schedule"),
        timezone="Europe/Paris", enable_utc=True,
    )
    return app


def _transport_options(broker: str) -> dict[str, Any]:
    if broker.startswith("sqla"):  # handed to create_engine as they are
        return {"connect_args": {"timeout": 30}} if "sqlite" in broker else {}
    if broker.startswith("redis"):
        return {"visibility_timeout": 3 * LONGEST_STEP_SECONDS + 60, "socket_connect_timeout": CONNECT_SECONDS}
    return {}


def beat_schedule(config: Config) -> dict[str, dict[str, Any]]:
    """Celery's form of the table in `app.jobs.schedule`. (`every` says how long a beat waits to be heard.)"""
    entries = {beat.task: every(beat.seconds) | {"task": beat.task} for beat in BEATS}
    return entries | {"replication.run": {"task": "replication.run"} | replication_rhythm(config.replicate)}


def replication_rhythm(setting: str) -> dict[str, Any]:
    """« 02:00 » = every night at that time, « 5 » = every 5 minutes (M111)."""
    when = parse(setting)
    if isinstance(when, time):
        return {"schedule": crontab(hour=str(when.hour), minute=str(when.minute)), "options": {"expires": 3600}}
    return every(when.total_seconds())


@cache
def celery_app() -> Celery:
    """The application of this process, from its environment."""
    return make_celery(load())


@cache
def _broker_engine(broker: str) -> Engine | None:
    if not broker.startswith("sqla+"):
        return None
    return create_engine(broker.removeprefix("sqla+"), connect_args=_transport_options(broker).get("connect_args", {}))


def prepare_broker() -> None:
    """Make the SQL broker's tables and queue before several processes knock at once: Kombu asks whether they exist and
    then makes them, and the slower of two would die of it."""
    app = celery_app()
    if not app.conf.broker_url.startswith("sqla"):
        return
    with app.connection_for_write() as connection, connection.channel() as channel:
        app.amqp.queues[app.conf.task_default_queue](channel).declare()


def prune_broker() -> None:
    """Kombu's SQL broker keeps every message it has delivered: drop those already heard."""
    if engine := _broker_engine(load().broker):
        with engine.begin() as connection:
            connection.execute(text("DELETE FROM kombu_message WHERE NOT visible"))


def wake_worker() -> None:
    """Ring. When the broker is away the scheduler's next beat finds the job all the same."""
    try:
        celery_app().send_task("jobs.wake", expires=WAKE_EXPIRES_SECONDS, retry=False, ignore_result=True)
    except (KombuError, OSError, SQLAlchemyError) as error:
        log.warning("the broker could not be reached (%s): the job waits for the scheduler", type(error).__name__)
