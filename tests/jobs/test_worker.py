"""Real Celery workers, killed with SIGKILL while they work: every row is written once, and work goes on by itself."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from sqlalchemy import select

from app.core.scope import system_scope
from app.core.uow import unit_of_work
from app.jobs import celery_app, services
from app.jobs.models import Artifact, Job, JobLine
from app.jobs.storage import Storage, use_storage
from config import ROOT, Config, load
from tests.conftest import Urls
from tests.factories import World
from tests.jobs.conftest import OPERATOR
from tests.jobs.toys import items, make_table
from tests.smtp import smtp_server

START_SECONDS = 90  # several test processes may be starting workers at once


class Instance:
    """The processes of one test's instance."""

    def __init__(self, environment: dict[str, str], logs: Path) -> None:
        self.environment, self.logs = environment, logs
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(self, *command: str) -> subprocess.Popen[bytes]:
        """A Celery process that knows the toys."""
        log = (self.logs / f"{command[0]}-{len(self.processes)}.log").open("wb")
        full = [sys.executable, "-m", "celery", "-A", "tests.jobs.toy_worker", *command, "--loglevel", "INFO"]
        process = subprocess.Popen(full, cwd=ROOT, env=self.environment, stdout=log, stderr=log)
        self.processes.append(process)
        return process

    def worker(self) -> subprocess.Popen[bytes]:
        """One worker, as `serve` starts it."""
        return self.start("worker", "--pool", "threads", "--concurrency", "4", "--without-gossip", "--without-mingle",
                          "-n", f"w{len(self.processes)}@essai")

    def scheduler(self) -> subprocess.Popen[bytes]:
        """Celery beat."""
        return self.start("beat", "--schedule", str(self.logs / "beat.db"), "--pidfile", "")

    def stop(self) -> None:
        """End what still runs."""
        for process in self.processes:
            process.kill()
            process.wait()

    def told(self) -> str:
        """What the processes said (shown when a test fails)."""
        return "\n".join(path.read_text(errors="replace")[-3000:] for path in sorted(self.logs.glob("*.log")))


def broker_of(urls: Urls, settings: Config) -> str:
    """SQLite goes with a broker of its kind, PostgreSQL with Redis: the two ways Livret is installed."""
    if urls.kind == "sqlite":
        return settings.broker
    server = os.environ.get("LIVRET_TEST_REDIS")
    if not server:
        pytest.skip("LIVRET_TEST_REDIS is not set: run.py test starts a Redis")
    number = 1 + int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw") or 0) % 15
    url = f"{server.rstrip('/').removesuffix('/0')}/{number}"
    redis.Redis.from_url(url).flushdb()
    return url


@pytest.fixture
def instance(
    databases: Urls, world: World, settings: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Instance]:
    """An instance whose databases the test sees too; no process is started yet."""
    said = {"LIVRET_HOME": str(settings.home), "LIVRET_ADMIN_DB": databases.admin, "LIVRET_PORTAL_DB": databases.portal,
            "LIVRET_BROKER": broker_of(databases, settings), "LIVRET_MAIL": settings.mail, "PYTHONPATH": str(ROOT)}
    for name, value in said.items():
        monkeypatch.setenv(name, value)
    celery_app.celery_app.cache_clear()
    celery_app.prepare_broker()  # as `serve` does before it starts anything
    make_table()
    use_storage(Storage(settings.home))
    found = Instance(os.environ | said, tmp_path)
    with system_scope("tests of the worker"):
        yield found
    found.stop()
    use_storage(None)
    celery_app.celery_app.cache_clear()


def ask(world: World, **params: Any) -> int:
    return services.submit("toy.rows", world.a, params, OPERATOR, "Essai").id


def until(instance: Instance, found: Callable[[], bool], seconds: float, what: str) -> float:
    """Wait for something; how long it took."""
    began = time.monotonic()
    while not found():
        fallen = [process for process in instance.processes if (process.poll() or 0) > 0]
        if fallen or time.monotonic() - began > seconds:
            pytest.fail(f"{what}\n{instance.told()}")
        time.sleep(0.05)
    return time.monotonic() - began


def state(job_id: int) -> tuple[str, int]:
    with unit_of_work() as session:
        row = session.execute(select(Job.state, Job.steps_done).where(Job.id == job_id)).one()
        return row.state, row.steps_done


def holder(job_id: int) -> int | None:
    """The process that holds a job's lease."""
    with unit_of_work() as session:
        owner = session.scalar(select(Job.lease_owner).where(Job.id == job_id))
    return int(owner.split(":")[1]) if owner else None


def test_a_worker_wakes_at_once_and_is_seen(instance: Instance, world: World) -> None:
    assert not services.worker_is_up()
    worker = instance.worker()
    until(instance, services.worker_is_up, START_SECONDS, "no worker came up")
    job_id = ask(world, items=6, size=2)
    seen: list[int] = []
    job = services.carry_out(job_id, lambda done, _total, _message: seen.append(done))
    assert job.state == "done" and items(job_id) == list(range(6)), instance.told()
    assert seen[-1] == 100
    worker.send_signal(signal.SIGTERM)
    worker.wait(40)
    assert not services.worker_is_up(), "it said that it goes"
    assert services.carry_out(ask(world, items=2, size=1)).state == "done", "without a worker it runs here"


def test_kill_nine_at_random_moments(instance: Instance, world: World) -> None:
    job_id = ask(world, items=60, size=2, pause=0.06)
    chance, kills = random.Random(7), 0
    while state(job_id)[0] != "done":
        worker, before = instance.worker(), state(job_id)[1]
        until(instance, lambda: state(job_id) != ("queued", before), START_SECONDS, "nobody took the job")  # noqa: B023
        if kills < 4:
            time.sleep(chance.uniform(0.0, 1.2))
            worker.kill()
            worker.wait()
            kills += 1
        else:
            until(instance, lambda: state(job_id)[0] == "done", 90, "the job did not end")
    assert kills == 4, "the job ended too early to be interesting"
    assert items(job_id) == list(range(60))
    with unit_of_work() as session:
        lines = list(session.scalars(select(JobLine.message).where(JobLine.job_id == job_id).order_by(JobLine.id)))
        files = list(session.scalars(select(Artifact.path).where(Artifact.job_id == job_id)))
        assert session.get_one(Job, job_id).result == {"written": 60}
    assert lines == [f"ligne {n}" for n in range(60)]
    assert len(files) == len(set(files)) == 31


def test_another_worker_goes_on_within_seconds(instance: Instance, world: World) -> None:
    instance.worker()
    instance.worker()
    instance.scheduler()
    until(instance, services.worker_is_up, START_SECONDS, "no worker came up")
    job_id = ask(world, items=400, size=2, pause=0.05)
    until(instance, lambda: state(job_id)[1] >= 3, START_SECONDS, "the job did not begin")
    first = holder(job_id)
    assert first is not None
    os.kill(first, signal.SIGKILL)
    until(instance, lambda: holder(job_id) not in (first, None), 20, "nobody took the job over")
    services.request_cancel(job_id, actor=OPERATOR)
    until(instance, lambda: state(job_id)[0] == "cancelled", 20, "it did not stop")
    written = items(job_id)
    assert written == list(range(len(written))) and len(written) == 2 * state(job_id)[1]


def test_the_worker_sends_the_mail(instance: Instance, world: World) -> None:
    from app.core.mail import NewMail, queue_mails
    from app.jobs.models import MailOutbox

    with smtp_server() as mailbox:
        instance.environment["LIVRET_MAIL"] = mailbox.url
        with unit_of_work() as session:
            queue_mails(session, MailOutbox, [
                NewMail(f"m{n}", f"a{n}@famille.example", "Bonjour", "Texte", school_id=world.a) for n in range(30)])
        instance.worker()
        instance.scheduler()
        until(instance, lambda: len(mailbox.received) == 30, START_SECONDS, "the mail did not leave")
        assert mailbox.connections == 1
    assert load().mail.startswith("file:"), "the test's own settings are untouched"
