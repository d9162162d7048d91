"""Celery is only a doorbell: nothing but JSON and nobody's name on the wire, and each beat has somebody to hear it."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from celery.schedules import crontab

from app.core import clock, process
from app.core.process import new_owner, surely_dead
from app.core.uow import unit_of_work
from app.jobs import celery_app
from app.jobs.celery_app import make_celery, prepare_broker, prune_broker, replication_rhythm, wake_worker
from app.jobs.heartbeat import Heartbeat
from app.jobs.models import WorkerHeartbeat
from app.jobs.queries import worker_is_up
from app.jobs.registry import load_tasks
from app.jobs.schedule import BEATS
from config import Config
from tests.conftest import Urls


@pytest.fixture
def broker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An SQLite broker of the test's own."""
    path = tmp_path / "broker.db"
    monkeypatch.setenv("LIVRET_BROKER", f"sqla+sqlite:///{path}")
    celery_app.celery_app.cache_clear()
    yield path
    celery_app.celery_app.cache_clear()


def messages(path: Path) -> list[dict[str, object]]:
    with sqlite3.connect(path) as connection:
        return [json.loads(row[0]) for row in connection.execute("SELECT payload FROM kombu_message")]


def test_a_bell_carries_no_argument_and_is_json(broker: Path) -> None:
    wake_worker()
    [message] = messages(broker)
    assert message["content-type"] == "application/json"
    told = message["headers"]
    assert isinstance(told, dict)
    assert (told["task"], told["argsrepr"], told["kwargsrepr"]) == ("jobs.wake", "()", "{}")
    assert told["expires"], "a bell from before a stop is not heard for hours afterwards"


def test_the_queue_is_there_before_anybody_knocks(broker: Path) -> None:
    prepare_broker()
    prepare_broker()
    with sqlite3.connect(broker) as connection:
        assert connection.execute("SELECT name FROM kombu_queue").fetchall() == [("livret",)]
    wake_worker()
    assert len(messages(broker)) == 1


def test_bells_already_heard_are_forgotten(broker: Path) -> None:
    wake_worker()
    wake_worker()
    with sqlite3.connect(broker) as connection:
        connection.execute("UPDATE kombu_message SET visible = 0 WHERE id = 1")
    prune_broker()
    assert len(messages(broker)) == 1


def test_a_broker_that_is_away_loses_nothing(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setenv("LIVRET_BROKER", "redis://127.0.0.1:1/0")
    celery_app.celery_app.cache_clear()
    wake_worker()
    celery_app.celery_app.cache_clear()
    assert "waits for the scheduler" in caplog.text


@pytest.mark.parametrize("broker_url", ["sqla+sqlite:////tmp/x.db", "redis://h/0", "amqp://h//"])
def test_only_json_is_accepted_and_nothing_is_lost_with_a_worker(broker_url: str) -> None:
    conf = make_celery(replace(Config(), broker=broker_url)).conf
    assert conf.accept_content == ["json"] and conf.task_serializer == "json" and conf.result_backend is None
    assert conf.task_acks_late and conf.task_reject_on_worker_lost and conf.worker_prefetch_multiplier == 1
    if broker_url.startswith("redis"):
        longest = celery_app.LONGEST_STEP_SECONDS
        assert conf.broker_transport_options["visibility_timeout"] > 3 * longest


@pytest.mark.row("M111")
def test_replication_is_nightly_or_every_few_minutes() -> None:
    assert replication_rhythm("02:00")["schedule"] == crontab(hour="2", minute="0")
    assert replication_rhythm("5")["schedule"] == 300.0


def test_every_beat_has_a_task_and_every_task_is_ours(settings: Config) -> None:
    app = make_celery(settings)
    load_tasks()
    app.finalize()
    known = {name for name in app.tasks if not name.startswith("celery.")}
    scheduled = {entry["task"] for entry in app.conf.beat_schedule.values()}
    assert {beat.task for beat in BEATS} | {"replication.run"} == scheduled
    assert scheduled | {"jobs.wake"} <= known
    assert all(entry["options"]["expires"] for entry in app.conf.beat_schedule.values())


def test_a_worker_is_up_for_ten_seconds_after_its_last_sign(databases: Urls) -> None:
    beating = Heartbeat()
    assert not worker_is_up()
    beating.beat()
    beating.beat()
    assert worker_is_up()
    with clock.frozen(clock.now() + timedelta(seconds=11)):
        assert not worker_is_up()
    with clock.frozen(clock.now() + timedelta(hours=2)):
        Heartbeat().beat()
    with unit_of_work() as session:
        assert session.query(WorkerHeartbeat).count() == 1, "the silent one is forgotten"


def test_asking_for_a_worker_does_not_wait_for_ones_own_write(databases: Urls) -> None:
    with unit_of_work() as session:
        session.add(WorkerHeartbeat(name="under way", started_at=clock.now(), beat_at=clock.now()))
        session.flush()
        assert not worker_is_up(), "what is not committed does not count, and nobody waits for it"


def test_a_process_is_known_to_be_gone_only_when_it_surely_is() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    place, _pid, _rest = new_owner().split(":", 2)
    owner = f"{place}:{child.pid}:{process._born(child.pid)}:abc"
    assert not surely_dead(owner) and not surely_dead(new_owner())
    child.kill()
    child.wait()
    assert surely_dead(owner)
    assert surely_dead(f"{place}:{os.getpid()}:1:abc"), "the same number, another process"
    assert not surely_dead(f"elsewhere:{child.pid}:1:abc") and not surely_dead(None) and not surely_dead("nonsense")
